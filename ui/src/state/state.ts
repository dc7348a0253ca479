/**
 * Everything the window knows, as plain data that is never changed in place. Only `reduce` and the few functions of this
 * folder make a new one from an old one, so the same event list always leads to the same window.
 */
import type {
  AttachmentView,
  ConversationSummary,
  ConversationView,
  DownloadView,
  EngineView,
  ModelView,
  Notice,
  SensorsView,
  ServerView,
  SettingsView,
  Snapshot,
  SummonView,
  VoiceLevels,
  VoiceView,
} from '../generated/api';
import { SILENCE } from './voice';

/** How far the engine has read the prompt of a reply that is to come. */
export interface Reading {
  message: string;
  done: number;
  total: number;
}

export interface OpenConversation extends ConversationView {
  reading: Reading | null;
  /** How often the application itself changed the draft: the field then shows it. */
  draftsGiven: number;
  /** The files of those messages. */
  filesGiven: readonly AttachmentView[];
}

export interface ConversationList {
  items: ConversationSummary[];
  /** Cursor of the next page; null when all are here. */
  next: string | null;
}

export interface SearchResults extends ConversationList {
  query: string;
}

export interface State {
  /** Number of the last event applied. */
  seq: number;
  /** An event is missing: nothing more is applied until a new snapshot is taken. */
  lost: boolean;
  version: string;
  platform: string;
  firstRun: boolean;
  /** Text typed before any conversation was begun. */
  draft: string;
  list: ConversationList;
  /** Null when nothing is searched for. */
  search: SearchResults | null;
  open: OpenConversation | null;
  settings: SettingsView;
  servers: ServerView[];
  models: ModelView[];
  downloads: DownloadView[];
  engine: EngineView;
  notices: Notice[];
  voice: VoiceView;
  sensors: SensorsView;
  summon: SummonView;
  /** Told apart from the rest: see `Feed`. */
  levels: VoiceLevels;
}

/** A fresh state; what was open stays open when the snapshot replaces an older state. */
export function fromSnapshot(snapshot: Snapshot, before: State | null): State {
  return {
    seq: snapshot.seq,
    lost: false,
    version: snapshot.version,
    platform: snapshot.platform,
    firstRun: snapshot.first_run,
    draft: snapshot.draft,
    list: { items: snapshot.conversations.items, next: snapshot.conversations.next },
    search: before?.search ?? null,
    open: before?.open ?? null,
    settings: snapshot.settings,
    servers: snapshot.servers,
    models: snapshot.models,
    downloads: snapshot.downloads,
    engine: snapshot.engine,
    notices: snapshot.notices,
    voice: snapshot.voice,
    sensors: snapshot.sensors,
    summon: snapshot.summon,
    levels: SILENCE,
  };
}
