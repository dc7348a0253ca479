/** Conversations of the scripted host: trees of messages of which one branch is shown. */
import type {
  AttachmentView,
  ConversationSummary,
  ConversationView,
  MessageState,
  MessageView,
  QueuedView,
} from '../../generated/api';

export interface Node extends Omit<MessageView, 'versions'> {
  parent: string | null;
}

export interface Conversation {
  id: string;
  title: string;
  pinned: boolean;
  updated: number;
  deleted: boolean;
  draft: string;
  model: string | null;
  nodes: Node[];
  /** The last message of the branch shown. */
  head: string | null;
  queue: QueuedView[];
}

export function conversation(id: string, title: string, updated: number): Conversation {
  return {
    id,
    title,
    pinned: false,
    updated,
    deleted: false,
    draft: '',
    model: null,
    nodes: [],
    head: null,
    queue: [],
  };
}

export function view(one: Conversation, node: Node): MessageView {
  const { parent, ...message } = node;
  const versions = one.nodes
    .filter((other) => other.parent === parent && other.speaker === node.speaker)
    .map((other) => other.id);
  return { ...message, versions };
}

/** The branch shown, first message first. */
export function branch(one: Conversation): Node[] {
  const out: Node[] = [];
  for (let id = one.head; id !== null;) {
    const node = one.nodes.find((other) => other.id === id);
    if (!node) break;
    out.unshift(node);
    id = node.parent;
  }
  return out;
}

/** What follows `after` on the branch shown. */
export function tail(one: Conversation, after: string | null): MessageView[] {
  const shown = branch(one);
  const from = after === null ? 0 : shown.findIndex((node) => node.id === after) + 1;
  return shown.slice(from).map((node) => view(one, node));
}

export function add(
  one: Conversation,
  parent: string | null,
  speaker: MessageView['speaker'],
  text: string,
  state: MessageState = { kind: 'complete' },
  attachments: AttachmentView[] = [],
): Node {
  const node: Node = {
    id: `${one.id}-m${one.nodes.length + 1}`,
    parent,
    speaker,
    text,
    thinking: '',
    state,
    created: Date.now(),
    model: null,
    details: null,
    ...(attachments.length > 0 && { attachments }),
  };
  one.nodes.push(node);
  one.head = node.id;
  return node;
}

/** Shows the branch through this message, down to its newest end. */
export function showBranch(one: Conversation, id: string): void {
  let head = id;
  for (;;) {
    const child = one.nodes.findLast((node) => node.parent === head);
    if (!child) break;
    head = child.id;
  }
  one.head = head;
}

export function summary(one: Conversation): ConversationSummary {
  const shown = branch(one);
  return {
    id: one.id,
    title: one.title,
    pinned: one.pinned,
    updated: one.updated,
    snippet: (shown.at(-1)?.text ?? '').slice(0, 120),
    matches: [],
    model: one.model,
    replying: shown.some((node) => node.state.kind === 'streaming'),
  };
}

/** The passage that a search found, or null. */
export function found(one: Conversation, query: string): ConversationSummary | null {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const texts = [...one.nodes.map((node) => node.text), one.title];
  const text = texts.find((candidate) => words.every((word) => candidate.toLowerCase().includes(word)));
  if (text === undefined) return null;
  const at = Math.max(0, text.toLowerCase().indexOf(words[0] ?? '') - 30);
  const snippet = (at > 0 ? '…' : '') + text.slice(at, at + 160).replaceAll('\n', ' ');
  const matches: [number, number][] = [];
  for (const word of words) {
    for (let hit = snippet.toLowerCase().indexOf(word); hit >= 0;) {
      matches.push([hit, hit + word.length]);
      hit = snippet.toLowerCase().indexOf(word, hit + word.length);
    }
  }
  matches.sort((a, b) => a[0] - b[0]);
  return { ...summary(one), snippet, matches };
}

export function opened(one: Conversation, seq: number): ConversationView {
  return {
    seq,
    id: one.id,
    title: one.title,
    pinned: one.pinned,
    draft: one.draft,
    model: one.model,
    messages: branch(one).map((node) => view(one, node)),
    queue: one.queue,
  };
}
