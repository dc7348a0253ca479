/** Replies of the scripted host: made bit by bit, stopped, queued behind each other. */
import type { AttachmentView } from '../../generated/api';
import { add, tail, view, type Conversation, type Node } from './conversations';
import { details } from './data';
import { script } from './replies';
import type { World } from './world';

const TICK_MS = 30;

export class Talk {
  readonly #running = new Map<string, () => void>();

  constructor(private readonly world: World) {}

  say(one: Conversation, parent: string | null, text: string, files: AttachmentView[] = []): void {
    const question = add(one, parent, 'user', text, { kind: 'complete' }, files);
    if (one.title === '') one.title = (text || (files[0]?.name ?? '')).slice(0, 60);
    this.answer(one, question, parent);
  }

  /** Begins a reply to a question; views are told what follows `after`. */
  answer(one: Conversation, question: Node, after: string | null): void {
    const reply = add(one, question.id, 'assistant', '', { kind: 'streaming' });
    reply.model = 'SmolLM2 135M';
    one.updated = Date.now();
    this.world.emit({ kind: 'path', conversation: one.id, after, messages: tail(one, after) });
    this.world.changed(one);
    this.#stream(one, reply, question.text);
  }

  #stream(one: Conversation, reply: Node, question: string): void {
    const plan = script(question);
    let read = 0;
    const timer = setInterval(() => {
      if (read < 400) {
        read += 200;
        this.#say(one, { kind: 'reading', done: read, total: 400 }, reply);
      } else if (reply.thinking.length < plan.thinking.length) {
        this.#grow(one, reply, '', plan.thinking.slice(reply.thinking.length, reply.thinking.length + 8));
      } else if (plan.fails && reply.text.length > 100) {
        this.#end(one, reply, {
          kind: 'failed',
          error: { code: 'engine_gone', message: 'The engine ended in the middle of a reply (signal 9).' },
        });
      } else if (reply.text.length < plan.text.length) {
        this.#grow(one, reply, plan.text.slice(reply.text.length, reply.text.length + plan.step), '');
      } else this.#end(one, reply, { kind: 'complete' });
    }, TICK_MS);
    this.#running.set(one.id, () => {
      clearInterval(timer);
      this.#running.delete(one.id);
    });
  }

  #say(one: Conversation, body: { kind: 'reading'; done: number; total: number }, reply: Node): void {
    this.world.emit({ ...body, conversation: one.id, message: reply.id });
  }

  #grow(one: Conversation, reply: Node, text: string, thinking: string): void {
    reply.text += text;
    reply.thinking += thinking;
    this.world.emit({ kind: 'delta', conversation: one.id, message: reply.id, text, thinking });
  }

  #end(one: Conversation, reply: Node, state: Node['state']): void {
    this.#running.get(one.id)?.();
    reply.state = state;
    reply.details = details(reply.text.length, one.nodes.length > 12 ? 3 : 0);
    this.world.emit({ kind: 'message', conversation: one.id, message: view(one, reply) });
    this.world.changed(one);
    const next = one.queue.shift();
    if (!next) return;
    this.queueChanged(one);
    this.say(one, one.head, next.text, next.attachments);
  }

  replying(one: Conversation): boolean {
    return this.#running.has(one.id);
  }

  stop(one: Conversation): void {
    const reply = one.nodes.find((node) => node.state.kind === 'streaming');
    if (reply && this.replying(one)) this.#end(one, reply, { kind: 'stopped' });
  }

  queueChanged(one: Conversation): void {
    this.world.emit({ kind: 'queue', conversation: one.id, queue: one.queue });
  }
}
