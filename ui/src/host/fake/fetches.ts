/** Downloads of the scripted host: a few seconds each, whatever the size. */
import type { DownloadView, ModelView } from '../../generated/api';
import { ready, type World } from './world';

const TICK_MS = 100;
const TICKS = 40;

export class Fetches {
  readonly #timers = new Map<string, ReturnType<typeof setInterval>>();

  constructor(private readonly world: World) {}

  begin(model: ModelView): void {
    if (this.#timers.has(model.id)) return;
    const total = model.bytes ?? 1;
    const download: DownloadView = {
      model: model.id,
      state: { kind: 'running' },
      done_bytes: 0,
      total_bytes: total,
      bytes_per_s: total / (TICKS * (TICK_MS / 1000)),
      seconds_left: TICKS * (TICK_MS / 1000),
    };
    this.world.data.downloads.push(download);
    this.world.emit({ kind: 'download', download });
    const timer = setInterval(() => this.#tick(model, download, total), TICK_MS);
    this.#timers.set(model.id, timer);
  }

  #tick(model: ModelView, download: DownloadView, total: number): void {
    download.done_bytes = Math.min(total, download.done_bytes + total / TICKS);
    download.seconds_left = (total - download.done_bytes) / download.bytes_per_s;
    if (download.done_bytes < total) {
      this.world.emit({ kind: 'download', download });
      return;
    }
    this.cancel(model.id);
    model.place = { kind: 'installed', path: `/home/you/models/${model.id}`, imported: false };
    this.world.modelsChanged();
    if (this.world.data.engine.kind === 'no_model') {
      const section = this.world.data.settings.values['model'];
      if (section) section['active'] = model.id;
      this.world.data.engine = ready(model.name);
      this.world.emit({ kind: 'engine', engine: this.world.data.engine });
      this.world.settingsChanged();
    }
  }

  cancel(model: string): void {
    clearInterval(this.#timers.get(model));
    this.#timers.delete(model);
    this.world.data.downloads = this.world.data.downloads.filter((one) => one.model !== model);
    this.world.emit({ kind: 'download_ended', model });
  }
}
