/** What can be read off the lists of models and servers. Pure. */
import type { DownloadView, ModelView } from '../generated/api';
import type { State } from './state';

/** Where a chosen model's id is kept among the settings. */
export const MODEL_SETTING = ['model', 'active'] as const;
export const SERVER_PREFIX = 'server:';

export function chatModels(models: ModelView[]): ModelView[] {
  return models.filter((one) => one.task === 'chat');
}

export function isUsable(model: ModelView): boolean {
  return model.place.kind === 'installed';
}

const FIT_ORDER = { fits: 0, unknown: 1, slow: 2, will_not_fit: 3 } as const;

/** The best to offer first: what fits, and among that the smallest download. */
export function byFit(models: ModelView[]): ModelView[] {
  return [...models].sort(
    (a, b) =>
      FIT_ORDER[a.fit.level] - FIT_ORDER[b.fit.level] ||
      (a.bytes ?? Infinity) - (b.bytes ?? Infinity) ||
      a.name.localeCompare(b.name),
  );
}

export function downloadOf(state: State, model: string): DownloadView | null {
  return state.downloads.find((one) => one.model === model) ?? null;
}

/** Name for people of a model's or a server's id. */
export function nameOf(state: State, id: string): string {
  if (id.startsWith(SERVER_PREFIX)) {
    const server = state.servers.find((one) => SERVER_PREFIX + one.id === id);
    return server?.name ?? id;
  }
  return state.models.find((one) => one.id === id)?.name ?? id;
}

/** The model or server chosen for the open conversation, else in the settings. */
export function chosen(state: State): string | null {
  const [section, name] = MODEL_SETTING;
  const setting = state.settings.values[section]?.[name];
  return state.open?.model ?? (typeof setting === 'string' && setting !== '' ? setting : null);
}

/** Name of what will answer next; null when nothing can. */
export function answering(state: State): string | null {
  const id = chosen(state);
  if (
    id !== null &&
    (id.startsWith(SERVER_PREFIX) || state.models.some((one) => one.id === id && isUsable(one)))
  ) {
    return nameOf(state, id);
  }
  return 'model' in state.engine ? state.engine.model : null;
}

/** Whether this model is the one that will answer. */
export function isChosen(state: State, id: string): boolean {
  const wanted = chosen(state);
  return wanted === null ? nameOf(state, id) === answering(state) : wanted === id;
}

/** Whether a message could be answered: by a model that is here or by a server. */
export function canAnswer(state: State): boolean {
  return state.engine.kind !== 'no_model' || chosen(state)?.startsWith(SERVER_PREFIX) === true;
}

/** How much of a download is here; null while its size is not known. */
export function share(download: DownloadView): number | null {
  return download.total_bytes ? download.done_bytes / download.total_bytes : null;
}

/** Several downloads as one; what failed is not among them. Null when none runs. */
export function together(downloads: DownloadView[]): DownloadView | null {
  const running = downloads.filter((one) => one.state.kind !== 'failed');
  const first = running[0];
  if (!first) return null;
  const sum = (of: (one: DownloadView) => number) => running.reduce((all, one) => all + of(one), 0);
  const left = running.map((one) => one.seconds_left);
  return {
    model: first.model,
    state: { kind: running.every((one) => one.state.kind === 'checking') ? 'checking' : 'running' },
    done_bytes: sum((one) => one.done_bytes),
    // Until every size is known the whole is not: a bar that went backwards would be worse than none.
    total_bytes: running.every((one) => one.total_bytes !== null) ? sum((one) => one.total_bytes ?? 0) : null,
    bytes_per_s: sum((one) => one.bytes_per_s),
    seconds_left: left.every((one) => one !== null) ? Math.max(...left.map((one) => one ?? 0)) : null,
  };
}

/** At most three to offer first: what is here or on its way, then the most able of those that fit. */
export function offers(state: State): ModelView[] {
  const all = byFit(chatModels(state.models));
  const mine = all.filter((one) => isUsable(one) || downloadOf(state, one.id) !== null || one.starter);
  const others = all
    .filter((one) => !mine.includes(one) && one.place.kind === 'available' && one.fit.level === 'fits')
    .sort((a, b) => (b.parameters_b ?? 0) - (a.parameters_b ?? 0));
  return [...mine, ...others].slice(0, 3);
}
