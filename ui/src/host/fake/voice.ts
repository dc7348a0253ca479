/**
 * A spoken conversation without sound: a script of two turns with a short word over the first reply and a real
 * interruption of the second, at the pace of speech. In the scene `voice_still` nothing happens by itself: the test does it
 * through `harkFake.voice`.
 */
import type { Sharable, SharedThing, SoundDevices, SoundSide, VoiceView, Voices } from '../../generated/api';
import { ApiFailure } from '../types';
import { add, tail, view, type Conversation, type Node } from './conversations';
import { details } from './data';
import type { World } from './world';

const LEVEL_MS = 33;
const WORD_MS = 210;
const MICROPHONE = 'Built-in Microphone';
const SPEAKER = 'Built-in Speakers';

export const DEVICES: SoundDevices = {
  microphones: [
    { name: 'alsa_input.pci', label: MICROPHONE, is_default: true },
    { name: 'alsa_input.usb', label: 'Yeti Stereo Microphone', is_default: false },
  ],
  speakers: [
    { name: 'alsa_output.pci', label: SPEAKER, is_default: true },
    { name: 'bluez_output', label: 'WH-1000XM4', is_default: false },
  ],
};

export const VOICES: Voices = {
  voices: [
    { id: 'espeak:en', name: 'English', languages: ['en'] },
    { id: 'espeak:es', name: 'Español', languages: ['es'] },
  ],
};

export const SHARABLE: Sharable = {
  screens: [
    { screen: 1, name: 'HDMI-1', width: 2560, height: 1440 },
    { screen: 2, name: 'eDP-1', width: 1920, height: 1200 },
  ],
  windows: [
    { window: 7, title: 'tides.py – Editor', program: 'editor' },
    { window: 9, title: '', program: 'xterm' },
  ],
  cameras: [{ camera: '0', name: 'Integrated Camera' }],
  screen_problem: null,
  camera_problem: null,
  desktop_asks: false,
};

const TIMINGS = {
  silence_seen: 72,
  transcript_final: 148,
  end_believed: 131,
  first_token: 203,
  first_audio: 229,
  first_sound: 243,
};

interface Turn {
  said: string;
  reply: string;
  /** After so many words somebody speaks over it: a short word, or a question that ends it. */
  over?: { at: number; ends: boolean };
}

const SCRIPT: Turn[] = [
  {
    said: 'Why does the sea come in twice a day?',
    reply:
      'Because there are two bulges. The Moon pulls the near side of the sea a little more than the Earth, and the far side a little less, so the water stands high on both sides.',
    over: { at: 12, ends: false },
  },
  {
    said: 'And why are some tides so much higher?',
    reply:
      'When the Sun and the Moon pull in one line, their tides add up. That happens at new and at full Moon, and it is called a spring tide.',
    over: { at: 14, ends: true },
  },
  { said: 'So at half Moon they are small?', reply: 'Yes. Those are the neap tides.' },
];

export function silent(): VoiceView {
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
  };
}

/** Thrown inside the script when the conversation was ended meanwhile. */
const ENDED = new Error('ended');

export class Spoken {
  #view = silent();
  /** Which conversation it is: what an earlier one still does has no effect. */
  #number = 0;
  #levels: ReturnType<typeof setInterval> | undefined;
  #talks: 'user' | 'assistant' | null = null;
  #hushed = false;

  constructor(
    private readonly world: World,
    private readonly scene: string,
    private readonly begin: () => Conversation,
  ) {}

  get view(): VoiceView {
    return this.#view;
  }

  /** Tests say what is to be seen. */
  set(more: Partial<VoiceView>): void {
    this.#view = { ...this.#view, ...more };
    const { phase, microphone } = this.#view;
    this.world.listens(
      microphone.kind === 'open' ? microphone.device : null,
      phase === 'off' ? 'check' : 'talk',
    );
    this.world.emit({ kind: 'voice', voice: this.#view });
  }

  levels(user: number, assistant: number): void {
    this.world.emit({ kind: 'voice_levels', levels: { user, assistant } });
  }

  start(id: string | null): void {
    if (this.scene === 'no_voice_models')
      throw new ApiFailure({
        code: 'no_model',
        message: 'A model that recognises speech is needed. Download one under Models.',
      });
    this.stop();
    const mode = this.world.data.settings.values['voice']?.['mode'];
    this.set({
      ...silent(),
      phase: 'starting',
      waits_for: 'speech',
      conversation: id,
      mode: mode === 'push_to_talk' ? mode : 'hands_free',
    });
    const mine = this.#number;
    void this.#run(mine).catch((thrown: unknown) => {
      if (thrown !== ENDED) throw thrown;
    });
  }

  stop(): void {
    this.#number++;
    clearInterval(this.#levels);
    this.#levels = undefined;
    this.#talks = null;
    const open = this.#reply();
    if (open) this.#finish(open.one, open.node, 'stopped');
    if (this.#view.phase !== 'off' || this.#view.microphone.kind !== 'closed')
      this.set({ ...silent(), conversation: this.#view.conversation });
  }

  hush(): void {
    this.#hushed = true;
    if (this.scene === 'voice_still' || this.#view.phase === 'off')
      this.set({ speaking: null, phase: this.#rest() });
  }

  mute(muted: boolean): void {
    this.#on();
    this.set({
      muted,
      microphone: muted ? { kind: 'closed' } : this.#open(),
      phase: muted ? 'muted' : 'listening',
    });
  }

  mode(mode: VoiceView['mode']): void {
    this.#on();
    this.set({ mode, phase: mode === 'push_to_talk' ? 'waiting_for_key' : 'listening' });
  }

  key(down: boolean): void {
    this.#on();
    this.#talks = down ? 'user' : null;
    this.set({ phase: down ? 'hearing' : this.#rest() });
  }

  check(): void {
    if (this.#view.phase !== 'off') return;
    if (this.scene === 'no_microphone') {
      this.set({ microphone: LOST });
      return;
    }
    this.set({ microphone: this.#open(), speaker: { kind: 'open', device: SPEAKER } });
    this.#talks = 'user';
    this.#meter();
  }

  share(what: SharedThing): void {
    this.#on();
    if (!this.world.data.models.some((one) => one.sees && one.place.kind === 'installed'))
      throw new ApiFailure({
        code: 'cannot_see',
        message: 'SmolLM2 135M cannot see pictures. Qwen3-VL 2B can, and fits this machine: download it.',
      });
    this.set({ sharing: { what, name: nameOf(what), on: true, pictures: 1 } });
  }

  unshare(): void {
    this.set({ sharing: null });
  }

  read(message: string): void {
    this.set({ speaking: message, speaker: { kind: 'open', device: SPEAKER } });
  }

  #on(): void {
    if (this.#view.phase === 'off')
      throw new ApiFailure({ code: 'bad_request', message: 'There is no spoken conversation.' });
  }

  #rest(): VoiceView['phase'] {
    if (this.#view.phase === 'off') return 'off';
    if (this.#view.mode === 'push_to_talk') return 'waiting_for_key';
    return this.#view.muted ? 'muted' : 'listening';
  }

  #open(): VoiceView['microphone'] {
    const chosen = this.world.data.settings.values['voice']?.['microphone'];
    const device = DEVICES.microphones.find((one) => one.name === chosen);
    return { kind: 'open', device: device?.label ?? MICROPHONE };
  }

  /** Levels as speech has them: syllables, pauses, a little noise of the room. */
  #meter(): void {
    if (this.#levels !== undefined || this.scene === 'voice_still') return;
    const began = performance.now();
    this.#levels = setInterval(() => {
      const s = (performance.now() - began) / 1000;
      const syllables = Math.max(0, Math.sin(s * 13) * 0.5 + Math.sin(s * 7.3 + 1) * 0.35 + 0.35);
      const phrase = 0.55 + 0.45 * Math.sin(s * 1.9);
      const speech = Math.min(1, 0.18 + syllables * phrase * 0.85);
      const room = 0.03 + 0.02 * Math.abs(Math.sin(s * 3));
      const muted = this.#view.microphone.kind !== 'open';
      this.levels(
        muted ? 0 : this.#talks === 'user' ? speech : room,
        this.#talks === 'assistant' ? speech : 0,
      );
    }, LEVEL_MS);
  }

  async #wait(mine: number, ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (mine !== this.#number) throw ENDED;
  }

  async #run(mine: number): Promise<void> {
    await this.#wait(mine, 450);
    if (this.scene === 'no_microphone') {
      this.set({
        phase: 'no_microphone',
        waits_for: null,
        microphone: LOST,
        speaker: { kind: 'open', device: SPEAKER },
      });
      return;
    }
    this.set({
      phase: 'listening',
      waits_for: null,
      microphone: this.#open(),
      speaker: { kind: 'open', device: SPEAKER },
    });
    if (this.#view.mode === 'push_to_talk') this.set({ phase: 'waiting_for_key' });
    this.#meter();
    if (this.scene === 'voice_still') return;
    for (const turn of SCRIPT) await this.#turn(mine, turn);
  }

  async #turn(mine: number, turn: Turn): Promise<void> {
    await this.#wait(mine, 1_300);
    while (this.#view.muted || this.#view.mode === 'push_to_talk') await this.#wait(mine, 300);
    await this.#hear(mine, turn.said);
    const one = this.#conversation();
    const after = one.head;
    const question = add(one, after, 'user', turn.said);
    if (one.title === '') one.title = turn.said.slice(0, 60);
    const reply = add(one, question.id, 'assistant', '', { kind: 'streaming' });
    reply.model = 'SmolLM2 135M';
    this.world.emit({ kind: 'path', conversation: one.id, after, messages: tail(one, after) });
    this.world.changed(one);
    this.set({ speaking: reply.id, caption: { committed: '', tentative: '' } });
    await this.#wait(mine, 260);
    this.set({ phase: 'speaking', timings: TIMINGS });
    await this.#speak(mine, one, reply, turn);
  }

  async #hear(mine: number, said: string): Promise<void> {
    this.#talks = 'user';
    this.set({ phase: 'hearing' });
    const words = said.split(' ');
    for (let n = 1; n <= words.length; n++) {
      await this.#wait(mine, WORD_MS);
      const committed = words.slice(0, Math.max(0, n - 2)).join(' ');
      this.set({ caption: { committed, tentative: words.slice(Math.max(0, n - 2), n).join(' ') } });
    }
    this.#talks = null;
    this.set({ phase: 'thinking', caption: { committed: said, tentative: '' } });
    await this.#wait(mine, 240);
  }

  async #speak(mine: number, one: Conversation, reply: Node, turn: Turn): Promise<void> {
    this.#hushed = false;
    this.#talks = 'assistant';
    const words = turn.reply.split(/(?<= )/);
    for (const [n, word] of words.entries()) {
      if (n === turn.over?.at) {
        this.#talks = 'user';
        this.set({ phase: 'contested' });
        await this.#wait(mine, 900);
        if (turn.over.ends) break;
        this.#talks = 'assistant';
        this.set({ phase: 'speaking' });
      }
      await this.#wait(mine, WORD_MS);
      if (this.#hushed) break;
      reply.text += word;
      this.world.emit({ kind: 'delta', conversation: one.id, message: reply.id, text: word, thinking: '' });
    }
    this.#talks = null;
    const whole = reply.text === turn.reply;
    this.#finish(one, reply, whole ? 'complete' : this.#hushed ? 'stopped' : 'interrupted');
    this.set({ speaking: null, phase: this.#rest() });
  }

  #finish(one: Conversation, node: Node, kind: 'complete' | 'stopped' | 'interrupted'): void {
    node.state = { kind };
    node.details = details(node.text.length);
    this.world.emit({ kind: 'message', conversation: one.id, message: view(one, node) });
    this.world.changed(one);
  }

  /** The reply that is being spoken. */
  #reply(): { one: Conversation; node: Node } | null {
    const one = this.world.data.conversations.find((other) => other.id === this.#view.conversation);
    const node = one?.nodes.find((other) => other.id === this.#view.speaking);
    return one && node?.state.kind === 'streaming' ? { one, node } : null;
  }

  #conversation(): Conversation {
    const found = this.world.data.conversations.find((one) => one.id === this.#view.conversation);
    if (found) return found;
    const one = this.begin();
    this.set({ conversation: one.id });
    return one;
  }
}

function nameOf(what: SharedThing): string {
  if (what.kind === 'screen') return SHARABLE.screens.find((one) => one.screen === what.screen)?.name ?? '';
  if (what.kind === 'window') return SHARABLE.windows.find((one) => one.window === what.window)?.title ?? '';
  return SHARABLE.cameras.find((one) => one.camera === what.camera)?.name ?? '';
}

const LOST: SoundSide = {
  kind: 'lost',
  device: null,
  error: {
    code: 'sound',
    message: 'There is no microphone. Plug one in; it is found by itself.',
    sound: { kind: 'no_microphone' },
  },
};
