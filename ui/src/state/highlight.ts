/** Cuts a text into parts that match a search and parts that do not. */

export interface Part {
  text: string;
  hit: boolean;
}

export function parts(text: string, matches: readonly (readonly [number, number])[]): Part[] {
  const out: Part[] = [];
  let at = 0;
  for (const [start, end] of matches) {
    if (start < at || end <= start || start >= text.length) continue;
    if (start > at) out.push({ text: text.slice(at, start), hit: false });
    out.push({ text: text.slice(start, end), hit: true });
    at = end;
  }
  if (at < text.length) out.push({ text: text.slice(at), hit: false });
  return out;
}

/** Where the words of a query stand in a title, whatever their case. */
export function occurrences(text: string, query: string): [number, number][] {
  const lower = text.toLowerCase();
  const out: [number, number][] = [];
  for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
    for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + word.length)) {
      out.push([at, at + word.length]);
    }
  }
  return out.sort((a, b) => a[0] - b[0]);
}
