/** The open conversation: how events change it, and what can be read off it. */
import type { MessageView, UiEvent, UiEventBody } from '../generated/api';
import type { ConversationView } from '../generated/api';
import type { OpenConversation } from './state';

type Body<K extends UiEventBody['kind']> = Extract<UiEventBody, { kind: K }>;

/** `'lost'` when the event does not fit what is here. */
export function reduceOpen(open: OpenConversation, event: UiEvent): OpenConversation | 'lost' {
  const body = event.body;
  if (event.seq <= open.seq) return open;
  if (body.kind === 'conversation_changed') {
    if (body.conversation.id !== open.id) return open;
    const { title, pinned, model } = body.conversation;
    return { ...open, title, pinned, model };
  }
  if (!('conversation' in body) || body.conversation !== open.id) return open;
  switch (body.kind) {
    case 'path':
      return path(open, body);
    case 'reading':
      return { ...open, reading: { message: body.message, done: body.done, total: body.total } };
    case 'delta':
      return delta(open, body);
    case 'message':
      return {
        ...open,
        reading: open.reading?.message === body.message.id ? null : open.reading,
        messages: open.messages.map((one) => (one.id === body.message.id ? body.message : one)),
      };
    case 'queue':
      return { ...open, queue: body.queue };
    case 'draft':
      return {
        ...open,
        draft: body.text,
        filesGiven: body.attachments ?? [],
        draftsGiven: open.draftsGiven + 1,
      };
  }
}

function path(open: OpenConversation, body: Body<'path'>): OpenConversation | 'lost' {
  const keep = body.after === null ? 0 : open.messages.findIndex((one) => one.id === body.after) + 1;
  if (body.after !== null && keep === 0) return 'lost';
  return { ...open, reading: null, messages: [...open.messages.slice(0, keep), ...body.messages] };
}

/** A delta for a message of another branch changes nothing here. */
function delta(open: OpenConversation, body: Body<'delta'>): OpenConversation {
  const at = open.messages.findLastIndex((one) => one.id === body.message);
  const one = open.messages[at];
  if (!one) return open;
  const messages = open.messages.slice();
  messages[at] = { ...one, text: one.text + body.text, thinking: one.thinking + body.thinking };
  return { ...open, reading: null, messages };
}

/** The reply to `open_conversation`, brought up to date by the events that came while it was on its way. */
export function opened(view: ConversationView, missed: UiEvent[]): OpenConversation {
  let open: OpenConversation = { ...view, reading: null, draftsGiven: 0, filesGiven: [] };
  for (const event of missed) {
    const next = reduceOpen(open, event);
    if (next !== 'lost') open = next;
  }
  return open;
}

/** The reply that is being made, if one is. */
export function streaming(open: OpenConversation | null): MessageView | null {
  return open?.messages.findLast((one) => one.state.kind === 'streaming') ?? null;
}

export function lastOf(open: OpenConversation | null, speaker: MessageView['speaker']): MessageView | null {
  return open?.messages.findLast((one) => one.speaker === speaker) ?? null;
}

/** The version before or after this one; null at the ends. */
export function neighbour(message: MessageView, step: -1 | 1): string | null {
  return message.versions[message.versions.indexOf(message.id) + step] ?? null;
}

/** What a reply that has begun is doing. */
export type Phase = 'reading' | 'thinking' | 'writing' | 'done';

export function phaseOf(message: MessageView): Phase {
  if (message.state.kind !== 'streaming') return 'done';
  if (message.text !== '') return 'writing';
  return message.thinking === '' ? 'reading' : 'thinking';
}
