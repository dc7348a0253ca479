/** Which rows of a long list have to be drawn. Pure: heights and the scroll position come in, rows come out. */
import type { ConversationSummary } from '../generated/api';
import type { Group, GroupName } from './list';

export interface Row {
  top: number;
  /** Position among all conversations, from 0. */
  index: number;
  item: ConversationSummary;
}

export interface Section {
  name: GroupName;
  top: number;
  rows: Row[];
}

export interface Layout {
  height: number;
  sections: Section[];
  rows: Row[];
}

export interface RowSizes {
  heading: number;
  row: number;
}

export function layout(groups: Group[], sizes: RowSizes): Layout {
  const sections: Section[] = [];
  const all: Row[] = [];
  let top = 0;
  for (const group of groups) {
    const section: Section = { name: group.name, top, rows: [] };
    top += sizes.heading;
    for (const item of group.items) {
      const row = { top, index: all.length, item };
      section.rows.push(row);
      all.push(row);
      top += sizes.row;
    }
    sections.push(section);
  }
  return { height: top, sections, rows: all };
}

/** The sections with only the rows between two heights; `keep` stays drawn wherever it is, because it has the focus. */
export function visible(
  whole: Layout,
  sizes: RowSizes,
  from: number,
  to: number,
  keep: string | null = null,
): Section[] {
  return whole.sections
    .map((section) => {
      const first = Math.max(0, Math.floor((from - section.top - sizes.heading) / sizes.row));
      const last = Math.max(0, Math.ceil((to - section.top - sizes.heading) / sizes.row));
      const rows = section.rows.slice(first, last);
      const kept = keep === null ? undefined : section.rows.find((row) => row.item.id === keep);
      if (!kept || rows.includes(kept)) return { ...section, rows };
      // In its place: an element that is moved in the document loses the focus.
      const before = kept.top < (rows[0]?.top ?? 0);
      return { ...section, rows: before ? [kept, ...rows] : [...rows, kept] };
    })
    .filter((section) => section.rows.length > 0);
}
