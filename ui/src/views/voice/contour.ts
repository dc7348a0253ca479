/**
 * The living shape: a body of sound that lies between two speakers. Its middle is now; what Hark says flows to the left,
 * what the user says to the right, as their messages stand in the conversation. Pure: levels and time in, a path out.
 */
import type { VoiceLevels } from '../../generated/api';

/** How many levels are kept: at thirty a second about one and a half seconds of sound. */
const KEPT = 44;
/** Over so many levels both halves come to the same height in the middle. */
const JOINT = 11;
/** Levels below this are the room's own noise, and no movement. */
const STILL = 0.035;
/** What nobody would see. */
const NOTHING = 0.003;
export const LEVEL_MS = 1000 / 30;

export class History {
  #user = new Array<number>(KEPT).fill(0);
  #assistant = new Array<number>(KEPT).fill(0);

  push(levels: VoiceLevels): void {
    this.#user = [calm(levels.user, this.#user[0] ?? 0), ...this.#user.slice(0, -1)];
    this.#assistant = [calm(levels.assistant, this.#assistant[0] ?? 0), ...this.#assistant.slice(0, -1)];
  }

  /** Nothing moves any more. */
  get flat(): boolean {
    return [...this.#user, ...this.#assistant].every((one) => one === 0);
  }

  /**
   * Half heights, 0..=1, from the left end over the middle to the right end. `passed` is the part of a step since the last
   * level, 0..=1: the shape flows instead of stepping.
   */
  heights(passed: number): number[] {
    const left = side(this.#assistant, passed);
    const right = side(this.#user, passed);
    // Both halves meet in one middle, without an edge.
    const middle = Math.max(left[0] ?? 0, right[0] ?? 0);
    const blend = (one: number, n: number) => {
      const far = Math.min(1, n / JOINT);
      return middle + (one - middle) * far * far * (3 - 2 * far);
    };
    return [...left.map(blend).reverse(), middle, ...right.map(blend)];
  }
}

/** Up at once, down a little slower than the sound: it breathes rather than flickers. */
function calm(level: number, before: number): number {
  const loud = level < STILL ? 0 : Math.min(1, level);
  const next = before + (loud - before) * (loud > before ? 0.72 : 0.34);
  return next < NOTHING ? 0 : next;
}

function side(kept: number[], passed: number): number[] {
  const out: number[] = [];
  for (let n = 0; n < KEPT - 1; n++) {
    const here = kept[n] ?? 0;
    const newer = kept[n - 1] ?? here;
    const between = here + (newer - here) * (1 - Math.min(1, Math.max(0, passed)));
    out.push(between * taper(n / (KEPT - 1)));
  }
  return smooth(out);
}

/** Full in the middle, nothing at the end. */
function taper(at: number): number {
  return Math.cos((at * Math.PI) / 2) ** 0.9 * Math.min(1, (1 - at) * 5);
}

function smooth(values: number[]): number[] {
  return values.map((one, n) => {
    const before = values[n - 1] ?? one;
    const after = values[n + 1] ?? one;
    return before * 0.25 + one * 0.5 + after * 0.25;
  });
}

/**
 * A closed path around these half heights, in a box from (-200, -50) to (200, 50). `line` is half of the height of the line
 * at rest, 0..=1.
 */
export function contour(heights: number[], line: number, scale = 1): string {
  const last = heights.length - 1;
  const points = heights.map((one, n): [number, number] => {
    const x = -200 + (400 * n) / last;
    // The line thins out to nothing at both ends.
    const rest = line * Math.min(1, (1 - Math.abs(x) / 200) * 12);
    return [x, (rest + Math.min(1, one * scale) * (1 - line)) * 50];
  });
  const upper = curve(points.map(([x, y]) => [x, -y]));
  const lower = curve(points.map(([x, y]): [number, number] => [x, y]).reverse());
  return `M${upper}L${lower}Z`;
}

/** Through the middles between points: round everywhere, and never beyond them. */
function curve(points: [number, number][]): string {
  const text = ([x, y]: [number, number]) => `${x.toFixed(1)} ${y.toFixed(2)}`;
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return '';
  let out = text(first);
  for (let n = 1; n < points.length - 1; n++) {
    const [x, y] = points[n] ?? first;
    const [nx, ny] = points[n + 1] ?? last;
    out += `Q${text([x, y])} ${text([(x + nx) / 2, (y + ny) / 2])}`;
  }
  return out + `L${text(last)}`;
}
