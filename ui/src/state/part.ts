/**
 * A part of a still of the screen, as it is drawn with the pointer or moved with keys. Pure. Parts are measured in pixels of
 * the still, the page in CSS pixels: on a screen with small pixels one of CSS is several of the still.
 */
import type { StillPart } from '../generated/api';
import type { KeyPress } from './keys';

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

/** Where a still is on a page: CSS pixels to each of its own, and its upper left corner. */
export interface Laid extends Point {
  scale: number;
}

/** What is smaller than this, pixels of the still, was a click. */
export const LEAST = 4;

/** So far a key moves or resizes, CSS pixels; with Ctrl it is one pixel of the still. */
const STEP = 16;

/** As large as there is room for, in the middle: as a rule it is exactly as large as the page. */
export function laid(still: Size, page: Size): Laid {
  const scale = Math.min(page.width / still.width, page.height / still.height) || 1;
  return {
    scale,
    x: (page.width - still.width * scale) / 2,
    y: (page.height - still.height * scale) / 2,
  };
}

/** The corner between pixels of the still that is nearest to a point of the page. */
export function onStill(point: Point, at: Laid, still: Size): Point {
  return {
    x: within(Math.round((point.x - at.x) / at.scale), still.width),
    y: within(Math.round((point.y - at.y) / at.scale), still.height),
  };
}

/** The part between two corners, whichever way it is drawn. */
export function between(a: Point, b: Point): StillPart {
  return {
    x: Math.min(a.x, b.x),
    y: Math.min(a.y, b.y),
    width: Math.abs(a.x - b.x),
    height: Math.abs(a.y - b.y),
  };
}

/** Where a part is on the page, CSS pixels. */
export function onPage(part: StillPart, at: Laid): StillPart {
  return {
    x: at.x + part.x * at.scale,
    y: at.y + part.y * at.scale,
    width: part.width * at.scale,
    height: part.height * at.scale,
  };
}

/** What keys begin with: the middle, half as wide and as high. */
export function middle(still: Size): StillPart {
  return {
    x: Math.round(still.width / 4),
    y: Math.round(still.height / 4),
    width: Math.max(1, Math.round(still.width / 2)),
    height: Math.max(1, Math.round(still.height / 2)),
  };
}

const WAYS: Record<string, Point> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** What an arrow key makes of a part: moved, with Shift resized at its right and lower edge; null: no such key. */
export function moved(part: StillPart, press: KeyPress, at: Laid, still: Size): StillPart | null {
  const way = WAYS[press.key];
  if (!way || press.altKey) return null;
  const far = press.ctrlKey || press.metaKey ? 1 : Math.max(1, Math.round(STEP / at.scale));
  const [right, down] = [way.x * far, way.y * far];
  if (press.shiftKey) {
    return {
      ...part,
      width: Math.max(1, within(part.width + right, still.width - part.x)),
      height: Math.max(1, within(part.height + down, still.height - part.y)),
    };
  }
  return {
    ...part,
    x: within(part.x + right, still.width - part.width),
    y: within(part.y + down, still.height - part.height),
  };
}

export function isClick(part: StillPart): boolean {
  return part.width < LEAST || part.height < LEAST;
}

function within(at: number, most: number): number {
  return Math.min(Math.max(at, 0), most);
}
