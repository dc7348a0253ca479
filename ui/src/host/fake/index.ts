/**
 * A host without an application behind it, for tests and for drawing: it answers every command in memory. In the product's
 * build it does not exist.
 */
import type { Commands } from '../../generated/api';
import { ApiFailure, isExternal, type Args, type CommandName, type Host, type Reply } from '../types';
import { AttachedFiles } from './attached';
import {
  branch,
  conversation,
  found,
  opened,
  showBranch,
  summary,
  tail,
  type Conversation,
} from './conversations';
import { FakeDesktop } from './desktop';
import { Fetches } from './fetches';
import { Talk } from './talk';
import { DEVICES, SHARABLE, Spoken, VOICES } from './voice';
import { ready, World } from './world';
import { compare } from '../../state/list';

type Table = { [K in keyof Commands]: (args: Commands[K]['args']) => Commands[K]['reply'] };

/** What is shared looks like this: a plot. */
const SEEN =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 36"><rect width="64" height="36" fill="#fff"/><path d="M6 30h52M6 30V6M6 28l12-8 12 4 14-14 12 3" fill="none" stroke="#25c"/></svg>';

const NOTHING = {} as Record<symbol, never>;

export function fakeHost(query: URLSearchParams): Host {
  const scene = query.get('scene') ?? 'usual';
  const world = new World(scene);
  const spoken = new Spoken(world, scene, () => {
    const one = conversation(`c${world.data.conversations.length + 1}v`, '', Date.now());
    world.data.conversations.unshift(one);
    return one;
  });
  const attached = new AttachedFiles();
  // With `desktop` in the address, the page is in a window of the program's own.
  const desktop = query.has('desktop') ? new FakeDesktop(world, attached, scene) : null;
  const table = commands(world, spoken, attached);
  // Tests look at what was opened and can make things happen.
  const seen: string[] = [];
  const calls: [CommandName, unknown][] = [];
  Object.assign(window, { harkFake: { world, voice: spoken, desktop, opened: seen, calls } });
  return {
    async call<K extends CommandName>(name: K, args: Args<K>): Promise<Reply<K>> {
      await new Promise((resolve) => setTimeout(resolve));
      calls.push([name, args]);
      const reply = (table[name] as (args: Args<K>) => Reply<K>)(structuredClone(args));
      if (name === 'change_setting') desktop?.keysChanged();
      world.save();
      return structuredClone(reply);
    },
    listen: async (onEvent) => world.listen(onEvent),
    openExternal: (url) => {
      if (isExternal(url)) seen.push(url);
    },
    ...(desktop && { desktop }),
  };
}

function commands(world: World, spoken: Spoken, attached: AttachedFiles): Table {
  const { data } = world;
  const talk = new Talk(world);
  const fetches = new Fetches(world);
  let next = data.conversations.length + 1;

  const get = (id: string): Conversation => {
    const one = data.conversations.find((other) => other.id === id);
    if (!one) throw new ApiFailure({ code: 'not_found', message: 'There is no such conversation.' });
    return one;
  };
  const model = (id: string) => {
    const one = data.models.find((other) => other.id === id);
    if (!one) throw new ApiFailure({ code: 'not_found', message: 'There is no such model.' });
    return one;
  };
  const page: Table['list_conversations'] = ({ query: words, cursor, limit }) => {
    const alive = data.conversations.filter((one) => !one.deleted);
    const all =
      words.trim() === ''
        ? alive.map(summary).sort(compare)
        : alive.map((one) => found(one, words)).filter((one) => one !== null);
    const from = Number(cursor ?? 0);
    const items = all.slice(from, from + limit);
    return { items, next: from + limit < all.length ? String(from + limit) : null };
  };

  return {
    snapshot: () => ({
      seq: data.seq,
      version: '0.1.0',
      platform: 'linux',
      conversations: page({ query: '', cursor: null, limit: 100 }),
      draft: data.draft,
      settings: data.settings,
      models: data.models,
      servers: data.servers,
      engine: data.engine,
      downloads: data.downloads,
      notices: data.notices,
      first_run: data.firstRun,
      voice: spoken.view,
      sensors: data.sensors,
      summon: data.summon,
    }),
    list_conversations: page,
    open_conversation: ({ conversation: id }) => opened(get(id), data.seq),
    send: ({ conversation: id, text, attachments }) => {
      const files = (attachments ?? []).map(({ content }) => attached.get(content));
      if (data.engine.kind === 'no_model') {
        throw new ApiFailure({ code: 'no_model', message: 'No model is installed.' });
      }
      const one = id === null ? conversation(`c${next++}`, '', Date.now()) : get(id);
      if (id === null) {
        data.conversations.unshift(one);
        data.draft = '';
      }
      one.draft = '';
      const queued = talk.replying(one);
      if (queued) {
        one.queue.push({
          id: `q${Date.now()}-${one.queue.length}`,
          text,
          ...(files.length > 0 && { attachments: files }),
        });
        talk.queueChanged(one);
      } else talk.say(one, one.head, text, files);
      return { conversation: one.id, queued };
    },
    attach: (file) =>
      attached.take(file, !data.models.some((one) => one.sees && one.place.kind === 'installed')),
    detach: ({ content }) => (attached.drop(content), NOTHING),
    thumbnail: ({ content }) => attached.data(content),
    attached_file: ({ content }) => attached.data(content),
    stop: ({ conversation: id }) => (talk.stop(get(id)), NOTHING),
    edit: ({ conversation: id, message, text }) => {
      const one = get(id);
      const old = one.nodes.find((node) => node.id === message);
      talk.stop(one);
      talk.say(one, old?.parent ?? null, text, old?.attachments);
      return NOTHING;
    },
    regenerate: ({ conversation: id, message }) => {
      const one = get(id);
      const parent = one.nodes.find((node) => node.id === message)?.parent ?? null;
      const question = one.nodes.find((node) => node.id === parent);
      if (question) talk.answer(one, question, question.id);
      return NOTHING;
    },
    switch_branch: ({ conversation: id, message }) => {
      const one = get(id);
      showBranch(one, message);
      const after = one.nodes.find((node) => node.id === message)?.parent ?? null;
      world.emit({ kind: 'path', conversation: id, after, messages: tail(one, after) });
      return NOTHING;
    },
    take_back: ({ conversation: id, queued }) => {
      const one = get(id);
      one.queue = one.queue.filter((waiting) => waiting.id !== queued);
      talk.queueChanged(one);
      return NOTHING;
    },
    rename: ({ conversation: id, title }) => {
      const one = get(id);
      one.title = title;
      world.changed(one);
      return NOTHING;
    },
    pin: ({ conversation: id, pinned }) => {
      const one = get(id);
      one.pinned = pinned;
      world.changed(one);
      return NOTHING;
    },
    delete: ({ conversation: id }) => {
      get(id).deleted = true;
      world.emit({ kind: 'conversation_removed', id });
      return NOTHING;
    },
    undelete: ({ conversation: id }) => {
      const one = get(id);
      one.deleted = false;
      world.changed(one);
      return NOTHING;
    },
    save_draft: ({ conversation: id, text }) => {
      if (id === null) data.draft = text;
      else get(id).draft = text;
      return NOTHING;
    },
    export: ({ conversation: id, format }) => ({
      path: `/home/you/Downloads/${branch(get(id)).length} messages.${format === 'json' ? 'json' : 'md'}`,
    }),
    import: ({ json }) => {
      try {
        const read: unknown = JSON.parse(json);
        const count = Array.isArray(read) ? read.length : 1;
        for (let n = 0; n < count; n++) {
          data.conversations.push(conversation(`c${next++}`, `Imported ${n + 1}`, Date.now()));
        }
        return { conversations: count };
      } catch {
        throw new ApiFailure({ code: 'bad_request', message: 'This file is not an export of Hark.' });
      }
    },
    choose_model: ({ conversation: id, model: wanted }) => {
      if (id !== null) {
        get(id).model = wanted;
        world.changed(get(id));
      } else {
        const section = data.settings.values['model'];
        if (section) section['active'] = wanted;
        world.settingsChanged();
        const chosen = data.models.find((one) => one.id === wanted);
        if (chosen) {
          data.engine = ready(chosen.name);
          world.emit({ kind: 'engine', engine: data.engine });
        }
      }
      return NOTHING;
    },
    download_model: ({ model: id }) => (fetches.begin(model(id)), NOTHING),
    cancel_download: ({ model: id }) => (fetches.cancel(id), NOTHING),
    remove_model: ({ model: id }) => {
      model(id).place = { kind: 'available' };
      world.modelsChanged();
      return NOTHING;
    },
    import_model: ({ path }) => {
      if (!path.endsWith('.gguf')) {
        throw new ApiFailure({ code: 'bad_model', message: `“${path}” is not a GGUF file.` });
      }
      const name = path.split('/').at(-1) ?? path;
      data.models.push({
        ...structuredClone(model('smollm2-135m')),
        id: `file:${path}`,
        name,
        starter: false,
        place: { kind: 'installed', path, imported: true },
      });
      world.modelsChanged();
      return { model: `file:${path}` };
    },
    restart_engine: () => {
      data.engine = ready();
      world.emit({ kind: 'engine', engine: data.engine });
      return NOTHING;
    },
    change_setting: ({ path, value }) => {
      const [section = '', name = ''] = path.split('.');
      const values = data.settings.values[section];
      if (values) values[name] = value;
      world.settingsChanged();
      return NOTHING;
    },
    open_settings_file: () => NOTHING,
    finish_first_run: () => {
      data.firstRun = false;
      return NOTHING;
    },
    save_server: ({ id, key, ...rest }) => {
      const old = data.servers.find((one) => one.id === id);
      const server = {
        id: id ?? `s${data.servers.length + 1}`,
        ...rest,
        has_key: key === null ? !!old?.has_key : key !== '',
      };
      data.servers = [...data.servers.filter((one) => one.id !== server.id), server];
      world.settingsChanged();
      return { server: server.id };
    },
    remove_server: ({ server }) => {
      data.servers = data.servers.filter((one) => one.id !== server);
      world.settingsChanged();
      return NOTHING;
    },
    test_server: ({ base_url }) => {
      if (!base_url.startsWith('http')) {
        throw new ApiFailure({ code: 'server', message: `“${base_url}” is not an http address.` });
      }
      return { models: ['qwen3-30b', 'gemma-4-27b'], kind: 'llama-server' };
    },
    dismiss_notice: ({ notice }) => {
      data.notices = data.notices.filter((one) => one.id !== notice);
      world.emit({ kind: 'notice_gone', id: notice });
      return NOTHING;
    },
    start_voice: ({ conversation: id }) => (spoken.start(id), NOTHING),
    stop_voice: () => (spoken.stop(), NOTHING),
    mute_voice: ({ muted }) => (spoken.mute(muted), NOTHING),
    choose_voice_mode: ({ mode }) => (spoken.mode(mode), NOTHING),
    talk_key: ({ down }) => (spoken.key(down), NOTHING),
    stop_speaking: () => (spoken.hush(), NOTHING),
    sound_devices: () => DEVICES,
    voices: () => VOICES,
    check_microphone: () => (spoken.check(), NOTHING),
    play_test_tone: () => NOTHING,
    read_aloud: ({ message }) => (spoken.read(message), NOTHING),
    sharable: () => SHARABLE,
    share: ({ what }) => (spoken.share(what), NOTHING),
    stop_sharing: () => (spoken.unshare(), NOTHING),
    shared_picture: () => ({ media_type: 'image/svg+xml', data: btoa(SEEN) }),
  };
}
