/** One conversation, small enough to read, for the tests of the state. */
import type {
  ConversationSummary,
  ConversationView,
  MessageView,
  Snapshot,
  VoiceView,
} from '../../src/generated/api';
import { opened } from '../../src/state/conversation';
import { fromSnapshot, type State } from '../../src/state/state';

export function message(id: string, more: Partial<MessageView> = {}): MessageView {
  return {
    id,
    speaker: id.startsWith('u') ? 'user' : 'assistant',
    text: `text of ${id}`,
    thinking: '',
    state: { kind: 'complete' },
    created: 0,
    model: null,
    versions: [id],
    details: null,
    ...more,
  };
}

export function summary(id: string, more: Partial<ConversationSummary> = {}): ConversationSummary {
  return {
    id,
    title: `Title ${id}`,
    pinned: false,
    updated: 0,
    snippet: '',
    matches: [],
    replying: false,
    model: null,
    ...more,
  };
}

export function conversation(seq: number, messages: MessageView[]): ConversationView {
  return { seq, id: 'c1', title: '', pinned: false, draft: '', model: null, messages, queue: [] };
}

export function voice(more: Partial<VoiceView> = {}): VoiceView {
  return {
    phase: 'off',
    waits_for: null,
    conversation: null,
    muted: false,
    mode: 'hands_free',
    microphone: { kind: 'closed' },
    speaker: { kind: 'closed' },
    caption: { committed: '', tentative: '' },
    speaking: null,
    problem: null,
    timings: null,
    sharing: null,
    ...more,
  };
}

export function snapshot(seq: number, more: Partial<Snapshot> = {}): Snapshot {
  return {
    seq,
    version: '0.1.0',
    platform: 'linux',
    conversations: { items: [], next: null },
    draft: '',
    settings: { values: {}, path: '', problems: [], data_folder: '', models_folder: '' },
    models: [],
    servers: [],
    engine: { kind: 'no_model' },
    downloads: [],
    notices: [],
    first_run: false,
    voice: voice(),
    sensors: { since: 0, sensors: [] },
    summon: { kind: 'unavailable' },
    ...more,
  };
}

export function state(seq: number, messages: MessageView[] = []): State {
  return { ...fromSnapshot(snapshot(seq), null), open: opened(conversation(seq, messages), []) };
}
