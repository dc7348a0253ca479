/** The world of the scripted host: models, settings, older conversations. */
import type { ModelView, SettingsView } from '../../generated/api';
import { add, conversation, type Conversation } from './conversations';
import { CANNED } from './replies';

const GB = 1_000_000_000;

function model(
  id: string,
  name: string,
  parameters_b: number,
  bytes: number,
  fit: Partial<ModelView['fit']>,
): ModelView {
  return {
    id,
    name,
    task: 'chat',
    sees: false,
    hears: false,
    parameters_b,
    bytes,
    licence: 'Apache-2.0',
    homepage: `https://example.org/${id}`,
    starter: false,
    fit: {
      level: 'fits',
      needs_bytes: bytes * 1.2,
      has_bytes: 16 * GB,
      tokens_per_s: null,
      sentence: '',
      ...fit,
    },
    place: { kind: 'available' },
  };
}

/** What a spoken conversation needs, as the catalogue has it. */
function voiceModels(installed: boolean): ModelView[] {
  const all = (
    [
      ['moonshine-tiny-en', 'Moonshine tiny, English', 'speech_to_text', 43_943_830],
      ['smart-turn-v3.2', 'Smart Turn v3.2', 'end_of_turn', 8_679_182],
      ['silero-vad', 'Silero voice activity, 16 kHz', 'voice_activity', 1_289_603],
      ['onnxruntime', 'ONNX Runtime', 'runtime', 28_912_640],
    ] as const
  ).map(([id, name, task, bytes]) => {
    const one = { ...model(id, name, 0, bytes, { level: 'unknown', needs_bytes: null }), task, bytes };
    one.parameters_b = null;
    one.licence = 'MIT';
    return one;
  });
  for (const one of all) {
    if (installed) one.place = { kind: 'installed', path: `/home/you/models/${one.id}`, imported: false };
  }
  return all;
}

export function models(installed: boolean, voice = installed): ModelView[] {
  const starter = model('smollm2-135m', 'SmolLM2 135M', 0.135, 98_362_432, { tokens_per_s: 120 });
  starter.starter = true;
  if (installed) starter.place = { kind: 'installed', path: '/home/you/models/smollm2', imported: false };
  const gemma = model('gemma-4-e2b', 'Gemma 4 E2B', 5.1, 2.84 * GB, { tokens_per_s: 14 });
  gemma.sees = gemma.hears = true;
  const qwen = model('qwen3-vl-8b', 'Qwen3-VL 8B', 8, 5.2 * GB, { level: 'slow', tokens_per_s: 3.2 });
  qwen.sees = true;
  return [
    starter,
    ...voiceModels(voice),
    gemma,
    model('qwen3.5-0.8b', 'Qwen3.5 0.8B', 0.8, 0.563 * GB, { tokens_per_s: 42 }),
    qwen,
    model('llama-70b', 'Llama 3.3 70B', 70, 42 * GB, { level: 'will_not_fit' }),
    { ...model('whisper-tiny', 'Whisper tiny', 0.04, 0.03 * GB, {}), task: 'speech_to_text' },
  ];
}

export function settings(): SettingsView {
  return {
    values: {
      general: {
        language: 'system',
        theme: 'system',
        send_with: 'enter',
        text_size: 100,
        reduced_motion: 'system',
        on_close: 'ask',
        notify: 'plain',
      },
      shortcuts: { summon: 'Alt+Space', talk: 'Alt+Shift+Space', look: 'Ctrl+Alt+Space' },
      model: {
        active: 'smollm2-135m',
        context_tokens: 8192,
        threads: null,
        gpu: 'auto',
        temperature: 0.7,
        top_p: 0.95,
        top_k: 40,
        min_p: 0.05,
        repeat_penalty: 1,
        seed: null,
        max_tokens: null,
        thinking: 'auto',
        system_prompt: '',
      },
      models: { folder: null, hub_endpoint: null, offline: false },
      voice: {
        microphone: null,
        speaker: null,
        mode: 'hands_free',
        language: 'auto',
        recogniser: null,
        voice: null,
        rate: 1,
        volume: 1,
      },
      history: { keep_deleted_days: 30 },
    },
    path: '/home/you/.config/hark/settings.toml',
    problems: [],
    data_folder: '/home/you/.local/share/hark',
    models_folder: '/home/you/.local/share/hark/models',
  };
}

const TITLES = [
  'Tides, explained to a child',
  'Git rebase or merge',
  'A letter to the landlord',
  'Sourdough that does not rise',
  '怎样用 Python 读取很大的 CSV 文件',
  'Rust lifetimes in a struct that borrows from itself and why that is hard',
  'Ideas for a rainy Sunday',
  'Regex for dates',
  'Una carta de recomendación',
  'Packing list for the mountains',
];

const HOUR = 3_600_000;

export function conversations(count: number): Conversation[] {
  const now = Date.now();
  const out: Conversation[] = [];
  for (let n = 0; n < count; n++) {
    const title = TITLES[n % TITLES.length] ?? '';
    const age = n < 3 ? n * 60_000 : n < 6 ? 25 * HOUR + n : n * 20 * HOUR;
    const one = conversation(`c${n}`, n < TITLES.length ? title : `${title} (${n})`, now - age);
    one.pinned = n === 7;
    const question = add(one, null, 'user', `${title}: can you help me with that?`);
    const answer = add(
      one,
      question.id,
      'assistant',
      n === 0 ? CANNED : `Yes. About “${title}”: begin small.`,
    );
    answer.model = 'SmolLM2 135M';
    answer.details = details(answer.text.length);
    out.push(one);
  }
  return out;
}

export function details(characters: number, dropped = 0) {
  return {
    prompt_tokens: 412,
    reused_tokens: 380,
    completion_tokens: Math.round(characters / 4),
    first_token_ms: 83.4,
    prefill_tokens_per_s: 301.2,
    decode_tokens_per_s: 80.4,
    dropped_messages: dropped,
    context_tokens: 8192,
    cut_short: false,
  };
}
