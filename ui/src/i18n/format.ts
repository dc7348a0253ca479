/**
 * ICU-light messages: `{name}`, and `{n, plural, =0 {…} one {…} other {… # …}}`. Plus numbers, bytes and times in the
 * reader's own way. Pure: the locale is an argument.
 */
export type Params = Record<string, string | number>;

const formats = new Map<string, Intl.NumberFormat>();

export function number(locale: string, value: number, options: Intl.NumberFormatOptions = {}): string {
  const key = locale + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.NumberFormat(locale, options)));
  return format.format(value);
}

/** Fills a message. An unknown parameter stays visible as `{name}`: easier to find than a hole. */
export function format(locale: string, message: string, params: Params = {}): string {
  let out = '';
  let at = 0;
  while (at < message.length) {
    const open = message.indexOf('{', at);
    if (open < 0) return out + message.slice(at);
    const close = closing(message, open);
    out += message.slice(at, open) + placeholder(locale, message.slice(open + 1, close), params);
    at = close + 1;
  }
  return out;
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return at;
  }
  return text.length;
}

function placeholder(locale: string, inner: string, params: Params): string {
  const comma = inner.indexOf(',');
  const name = (comma < 0 ? inner : inner.slice(0, comma)).trim();
  const value = params[name];
  if (value === undefined) return `{${name}}`;
  if (comma < 0) return typeof value === 'number' ? number(locale, value) : value;
  return plural(locale, inner.slice(inner.indexOf(',', comma + 1) + 1), Number(value), params);
}

function plural(locale: string, cases: string, n: number, params: Params): string {
  const wanted = [`=${n}`, new Intl.PluralRules(locale).select(n), 'other'];
  const found = new Map<string, string>();
  for (let at = 0; at < cases.length;) {
    const open = cases.indexOf('{', at);
    if (open < 0) break;
    const close = closing(cases, open);
    found.set(cases.slice(at, open).trim(), cases.slice(open + 1, close));
    at = close + 1;
  }
  const chosen = wanted.map((one) => found.get(one)).find((one) => one !== undefined) ?? '';
  return format(locale, chosen.replaceAll('#', number(locale, n)), params);
}

/** A large number in words: 135 million, 51亿. */
export function count(locale: string, value: number): string {
  return number(locale, value, { notation: 'compact', compactDisplay: 'long', maximumSignificantDigits: 3 });
}

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

/** Decimal units, as disks and downloads are sold: 1.1 GB. */
export function bytes(locale: string, value: number): string {
  let unit = 0;
  let scaled = value;
  while (scaled >= 999.5 && unit < BYTE_UNITS.length - 1) {
    scaled /= 1000;
    unit++;
  }
  const digits = scaled < 10 && unit > 1 ? 1 : 0;
  return number(locale, scaled, {
    style: 'unit',
    unit: BYTE_UNITS[unit],
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  });
}

/** 0.3 s, 12 s, 4 min, 2 h: one unit is enough to wait by. */
export function seconds(locale: string, value: number): string {
  const [scaled, unit] =
    value < 90 ? [value, 'second'] : value < 5400 ? [value / 60, 'minute'] : [value / 3600, 'hour'];
  const maximumFractionDigits = scaled < 10 && unit !== 'minute' ? (scaled < 1 ? 2 : 1) : 0;
  return number(locale, scaled, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits });
}

export function percent(locale: string, share: number): string {
  return number(locale, share, { style: 'percent', maximumFractionDigits: 0 });
}

/** The time today, else the date. */
export function when(locale: string, ms: number, now: number): string {
  const date = new Date(ms);
  const sameDay = date.toDateString() === new Date(now).toDateString();
  return new Intl.DateTimeFormat(locale, sameDay ? { timeStyle: 'short' } : { dateStyle: 'medium' }).format(
    date,
  );
}

/** The time, and before today the date too. */
export function moment(locale: string, ms: number, now: number): string {
  const date = new Date(ms);
  const sameDay = date.toDateString() === new Date(now).toDateString();
  const style: Intl.DateTimeFormatOptions = { timeStyle: 'short' };
  if (!sameDay) style.dateStyle = 'medium';
  return new Intl.DateTimeFormat(locale, style).format(date);
}
