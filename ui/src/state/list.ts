/** The list of conversations: order, pages, groups by day. */
import type { ConversationPage, ConversationSummary } from '../generated/api';
import type { ConversationList } from './state';

/** Pinned first, then newest first: the order in which the application pages. */
export function compare(a: ConversationSummary, b: ConversationSummary): number {
  if (a.pinned !== b.pinned) return a.pinned ? -1 : 1;
  return b.updated - a.updated || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

/** Puts a conversation where it belongs, in place of its older self. */
export function upsert<L extends ConversationList>(list: L, one: ConversationSummary): L {
  const items = list.items.filter((item) => item.id !== one.id);
  let at = items.findIndex((item) => compare(one, item) < 0);
  if (at < 0) at = items.length;
  items.splice(at, 0, one);
  return { ...list, items };
}

/** Search results keep their order and the passage found; the rest follows the conversation. */
export function refresh<L extends ConversationList>(list: L, one: ConversationSummary): L {
  if (!list.items.some((item) => item.id === one.id)) return list;
  const items = list.items.map((item) =>
    item.id === one.id ? { ...one, snippet: item.snippet, matches: item.matches } : item,
  );
  return { ...list, items };
}

export function remove<L extends ConversationList>(list: L, id: string): L {
  if (!list.items.some((item) => item.id === id)) return list;
  return { ...list, items: list.items.filter((item) => item.id !== id) };
}

/** Adds the next page. What moved between two pages may come twice: the one that is here already is newer. */
export function append<L extends ConversationList>(list: L, page: ConversationPage): L {
  const known = new Set(list.items.map((item) => item.id));
  return {
    ...list,
    items: [...list.items, ...page.items.filter((item) => !known.has(item.id))],
    next: page.next,
  };
}

export type GroupName = 'found' | 'pinned' | 'today' | 'yesterday' | 'earlier';

export interface Group {
  name: GroupName;
  items: ConversationSummary[];
}

function startOfDay(ms: number): number {
  const day = new Date(ms);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

function groupOf(item: ConversationSummary, today: number, yesterday: number): GroupName {
  if (item.pinned) return 'pinned';
  if (item.updated >= today) return 'today';
  return item.updated >= yesterday ? 'yesterday' : 'earlier';
}

/** Groups in the order of the list, by local days. */
export function groups(items: ConversationSummary[], now: number): Group[] {
  const today = startOfDay(now);
  const yesterday = startOfDay(today - 1);
  const out: Group[] = [];
  for (const item of items) {
    const name = groupOf(item, today, yesterday);
    const last = out[out.length - 1];
    if (last?.name === name) last.items.push(item);
    else out.push({ name, items: [item] });
  }
  return out;
}
