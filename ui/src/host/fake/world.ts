/** State of the scripted host and its event stream; kept in the session storage, so that a reload finds it again. */
import type {
  DownloadView,
  EngineView,
  ModelView,
  Notice,
  Sensor,
  SensorPurpose,
  SensorsView,
  SummonView,
  ServerView,
  SettingsView,
  UiEvent,
  UiEventBody,
} from '../../generated/api';
import { summary, type Conversation } from './conversations';
import { conversations, models, settings } from './data';

const STORE = 'hark.fake';

export interface Data {
  seq: number;
  draft: string;
  conversations: Conversation[];
  settings: SettingsView;
  models: ModelView[];
  servers: ServerView[];
  engine: EngineView;
  downloads: DownloadView[];
  notices: Notice[];
  firstRun: boolean;
  sensors: SensorsView;
  summon: SummonView;
}

const SENSORS = ['microphone', 'camera', 'screen'] as const;
const never = (sensor: Sensor) => ({ sensor, uses: [], times: 0, total_ms: 0 });

/**
 * `?scene=`: empty, first_run, no_model, many, down, loading, problems, notice; for the voice: voice_still,
 * no_voice_models, no_microphone.
 */
function fresh(scene: string): Data {
  const bare = scene === 'first_run' || scene === 'no_model';
  const mute = bare || scene === 'no_voice_models';
  const data: Data = {
    seq: 1,
    draft: '',
    conversations: conversations(scene === 'many' ? 10_000 : bare || scene === 'empty' ? 0 : 14),
    settings: settings(),
    models: models(!bare, !mute),
    servers: [],
    engine: bare ? { kind: 'no_model' } : ready(),
    downloads: [],
    notices: [],
    firstRun: scene === 'first_run',
    sensors: { since: Date.now(), sensors: SENSORS.map(never) },
    summon: { kind: 'unavailable' },
  };
  if (scene === 'down') {
    data.engine = {
      kind: 'down',
      error: { code: 'engine_degraded', message: 'The engine ended three times within a minute (signal 6).' },
    };
  }
  if (scene === 'loading') data.engine = { kind: 'loading', model: 'SmolLM2 135M', progress: 0.42 };
  if (scene === 'problems') {
    data.settings.problems = [
      { path: 'model.temperature', line: 12, message: 'must be a number from 0 to 2; 0.7 is used.' },
      { path: '', line: 31, message: 'This line is not understood.' },
    ];
  }
  if (scene === 'notice') {
    data.notices = [
      { id: 'n1', error: { code: 'disk_full', message: 'No space left on /home. 12 MB are needed.' } },
    ];
  }
  return data;
}

export function ready(model = 'SmolLM2 135M'): EngineView {
  return { kind: 'ready', model, device: 'CPU, 2 threads', context_tokens: 8192, sees: false };
}

export class World {
  data: Data;
  readonly #listeners = new Set<(event: UiEvent) => void>();
  readonly #keep: boolean;

  constructor(scene: string) {
    const kept = sessionStorage.getItem(STORE);
    this.#keep = scene !== 'many';
    this.data = kept && this.#keep ? (JSON.parse(kept) as Data) : fresh(scene);
    // What was being made when the page went away has ended.
    for (const one of this.data.conversations) {
      for (const node of one.nodes) if (node.state.kind === 'streaming') node.state = { kind: 'interrupted' };
    }
  }

  listen(listener: (event: UiEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(body: UiEventBody): void {
    const event = { seq: ++this.data.seq, body };
    // As over a wire: nothing is shared with who listens.
    const copy = JSON.stringify(event);
    for (const listener of this.#listeners) listener(JSON.parse(copy) as UiEvent);
    if (this.#keep && body.kind !== 'delta' && body.kind !== 'voice_levels') this.save();
  }

  save(): void {
    if (this.#keep) sessionStorage.setItem(STORE, JSON.stringify(this.data));
  }

  changed(one: Conversation): void {
    this.emit({ kind: 'conversation_changed', conversation: summary(one) });
  }

  /** The microphone is on with this device, or off: as the application notes it. */
  listens(device: string | null, purpose: SensorPurpose): void {
    const log = this.data.sensors.sensors.find((one) => one.sensor === 'microphone');
    if (!log) return;
    const open = log.uses[0]?.until === null ? log.uses[0] : null;
    if ((open?.device ?? null) === device && (open === null || open.purpose === purpose)) return;
    if (open) {
      open.until = Date.now();
      log.total_ms += open.until - open.from;
    }
    if (device !== null) {
      log.uses.unshift({ from: Date.now(), until: null, device, purpose });
      log.times++;
    }
    this.emit({ kind: 'sensors', sensors: this.data.sensors });
  }

  modelsChanged(): void {
    this.emit({ kind: 'models', models: this.data.models });
  }

  settingsChanged(): void {
    this.emit({ kind: 'settings', settings: this.data.settings, servers: this.data.servers });
  }
}
