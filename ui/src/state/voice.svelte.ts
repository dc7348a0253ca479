/** What a person can ask of the spoken conversation, and where its panel is. */
import type { ApiError, SoundDevices, VoiceChoice, VoiceView } from '../generated/api';
import { toFailure, type Args, type CommandName, type Host, type Reply } from '../host';
import { Levels } from './levels';
import type { State } from './state';
import { belongsTo, isMicrophoneOpen, isOn, isReplying } from './voice';

export type PanelPlace = 'docked' | 'full' | 'hidden';

export interface VoicePorts {
  host: Host;
  state(): State | null;
  ask<K extends CommandName>(name: K, args: Args<K>): Promise<Reply<K> | null>;
  open(conversation: string): Promise<void>;
  startNew(): void;
}

export class Voice {
  place = $state<PanelPlace>('docked');
  /** Somebody pressed the button; until it is ended the panel shows even a beginning that failed. */
  asked = $state(false);
  /** Why it could not even begin. */
  failure = $state.raw<ApiError | null>(null);
  /** Counts up whenever the panel should get the focus. */
  focusPanel = $state(0);
  devices = $state.raw<SoundDevices | null>(null);
  voices = $state.raw<VoiceChoice[] | null>(null);
  /** The last message that was spoken since the voice was begun; older ones are history. */
  lastSpoken = $state.raw<string | null>(null);
  readonly levels = new Levels();
  #keys: Promise<unknown> = Promise.resolve();
  #looking: Promise<void> | null = null;

  constructor(private readonly ports: VoicePorts) {}

  get view(): VoiceView | null {
    return this.ports.state()?.voice ?? null;
  }

  /** Its conversation is the one shown, and there is something to show. */
  get here(): boolean {
    const state = this.ports.state();
    if (!state) return false;
    const open = state.open?.id ?? null;
    if (isOn(state.voice)) return belongsTo(state.voice, open);
    return this.asked && (this.failure !== null || state.voice.problem !== null);
  }

  get panelShown(): boolean {
    return this.here && this.place !== 'hidden';
  }

  /** A new state stands: the panel follows. */
  follow(before: State | null, now: State): void {
    const was = before !== null && isOn(before.voice);
    if (now.voice.speaking !== null) this.lastSpoken = now.voice.speaking;
    if (isOn(now.voice)) {
      this.failure = null;
      const begun = was && before.voice.conversation === null && now.voice.conversation !== null;
      // The first words began a conversation: it is shown, unless another was opened meanwhile.
      if (begun && now.open === null && now.voice.conversation) void this.#showBegun(now.voice.conversation);
    } else if (was) {
      this.asked = now.voice.problem !== null;
      this.lastSpoken = null;
      if (this.place === 'full') this.place = 'docked';
    }
    if (!isOn(now.voice) && !isMicrophoneOpen(now.voice) && now.voice.speaker.kind !== 'open')
      this.levels.rest();
  }

  /** Who talks has keys of their own in the panel: the conversation that their first words begin keeps the focus there. */
  async #showBegun(id: string): Promise<void> {
    const talking = document.activeElement?.closest('section.voice') != null;
    await this.ports.open(id);
    if (talking) this.focusPanel++;
  }

  /** Begins in the conversation that is shown; what is on there already is brought back into sight. */
  async start(): Promise<void> {
    const state = this.ports.state();
    if (!state) return;
    this.failure = null;
    this.asked = true;
    if (this.place === 'hidden') this.place = 'docked';
    if (!(isOn(state.voice) && this.here)) {
      try {
        await this.ports.host.call('start_voice', { conversation: state.open?.id ?? null });
      } catch (thrown) {
        this.failure = toFailure(thrown).error;
      }
    }
    this.focusPanel++;
  }

  /** Brings the panel back, from wherever one is. */
  async show(): Promise<void> {
    this.place = this.place === 'full' ? 'full' : 'docked';
    const id = this.view?.conversation ?? null;
    if (!this.here && id !== null) await this.ports.open(id);
    else if (!this.here) this.ports.startNew();
    this.focusPanel++;
  }

  async end(): Promise<void> {
    this.asked = false;
    this.failure = null;
    if (this.place === 'full') this.place = 'docked';
    if (this.view && (isOn(this.view) || isMicrophoneOpen(this.view))) await this.ports.ask('stop_voice', {});
  }

  /** Esc: a reply that is heard stops; else the conversation ends. */
  async escape(): Promise<void> {
    if (this.view && isReplying(this.view)) await this.hush();
    else await this.end();
  }

  async hush(): Promise<void> {
    await this.ports.ask('stop_speaking', {});
  }

  async toggleMute(): Promise<void> {
    if (this.view && isOn(this.view)) await this.ports.ask('mute_voice', { muted: !this.view.muted });
  }

  async toggleMode(): Promise<void> {
    const mode = this.view?.mode === 'push_to_talk' ? 'hands_free' : 'push_to_talk';
    await this.ports.ask('choose_voice_mode', { mode });
  }

  /** Down and up arrive in this order, however long one of them takes on its way. */
  async talkKey(down: boolean): Promise<void> {
    if (!this.view || !isOn(this.view)) return;
    this.#keys = this.#keys.then(() => this.ports.ask('talk_key', { down }));
    await this.#keys;
  }

  async readAloud(conversation: string, message: string): Promise<void> {
    if (this.view?.speaking === message) await this.hush();
    else await this.ports.ask('read_aloud', { conversation, message });
  }

  /** Asks what devices and voices there are; they change while the window is open. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const [devices, voices] = await Promise.all([
      this.ports.ask('sound_devices', {}),
      this.ports.ask('voices', {}),
    ]);
    this.devices = devices;
    this.voices = voices?.voices ?? null;
  }
}
