/**
 * The rasteriser of strokes and the fold of a draft's event log; annotator/strokes.py does the same, bit for bit.
 * Coordinates are eighths of a photo pixel; the pixel (i, j) has its centre at (8i + 4, 8j + 4) and is painted exactly
 * when that centre lies within 4·size of a segment.
 */

import type { Rect } from "./viewport.ts";

export type Tool = "brush" | "eraser";
export type Coordinate = [number, number];

export interface StrokePayload {
  id?: string;
  tool: Tool;
  size: number;
  points: Coordinate[];
  rect: [number, number, number, number];
  ms: number;
  /** Pieces of one long stroke share a group and are undone together. */
  group?: string;
}

export type DraftEvent =
  | { kind: "stroke"; payload: StrokePayload }
  | { kind: "threshold"; payload: { id?: string; value: number } }
  | { kind: "undo"; payload: { id?: string } }
  | { kind: "redo"; payload: { id?: string } };

/** What a pixel is by hand: nothing drawn there, drawn, or erased. Anything else is up to the base. */
export const UNTOUCHED = 0;
export const DRAWN = 1;
export const ERASED = 2;

export const LARGEST_COORDINATE = 2 ** 21 - 1;

class Segment {
  private readonly dx: number;
  private readonly dy: number;
  private readonly l2: number;

  constructor(
    private readonly ax: number,
    private readonly ay: number,
    private readonly bx: number,
    private readonly by: number,
    private readonly radius: number,
  ) {
    this.dx = bx - ax;
    this.dy = by - ay;
    this.l2 = this.dx * this.dx + this.dy * this.dy;
  }

  covers(column: number, row: number): boolean {
    const cx = 8 * column + 4;
    const cy = 8 * row + 4;
    const px = cx - this.ax;
    const py = cy - this.ay;
    const d = px * this.dx + py * this.dy;
    const r2 = this.radius * this.radius;
    if (d <= 0 || this.l2 === 0) return px * px + py * py <= r2;
    if (d >= this.l2) return (cx - this.bx) * (cx - this.bx) + (cy - this.by) * (cy - this.by) <= r2;
    const c = px * this.dy - py * this.dx;
    return c * c <= r2 * this.l2;
  }

  /** A covered column of the row, or undefined where there is none: a row meets a segment's neighbourhood in one run. */
  seed(row: number): number | undefined {
    const cy = 8 * row + 4;
    const inside = Math.min(Math.max(cy, Math.min(this.ay, this.by)), Math.max(this.ay, this.by));
    const share = this.dy === 0 ? 0 : Math.min(Math.max((inside - this.ay) / this.dy, 0), 1);
    const column = Math.floor((this.ax + this.dx * share - 4) / 8);
    if (this.covers(column, row)) return column;
    return this.covers(column + 1, row) ? column + 1 : undefined;
  }

  /** The covered column furthest from a covered one in a direction, by bisection. */
  last(row: number, seed: number, step: 1 | -1): number {
    let near = 0;
    let far = Math.ceil((Math.abs(this.dx) + this.radius) / 8) + 2;
    while (far - near > 1) {
      const middle = (near + far) >> 1;
      if (this.covers(seed + step * middle, row)) near = middle;
      else far = middle;
    }
    return seed + step * near;
  }

  rows(): [number, number] {
    return [
      Math.floor((Math.min(this.ay, this.by) - this.radius) / 8),
      Math.floor((Math.max(this.ay, this.by) + this.radius) / 8) + 1,
    ];
  }
}

/**
 * Calls `run(row, start, end)` for every half-open run of pixels that a chain of points covers, cut to the photo; runs
 * of neighbouring segments overlap. A chain of one point is a dot.
 */
export function cover(
  points: readonly Coordinate[],
  size: number,
  width: number,
  height: number,
  run: (row: number, start: number, end: number) => void,
): void {
  const count = Math.max(1, points.length - 1);
  for (let index = 0; index < count; index++) {
    const a = points[index];
    const b = points[Math.min(index + 1, points.length - 1)];
    const segment = new Segment(a[0], a[1], b[0], b[1], 4 * size);
    const [first, last] = segment.rows();
    for (let row = Math.max(0, first); row < Math.min(height, last); row++) {
      const seed = segment.seed(row);
      if (seed === undefined) continue;
      const start = Math.max(0, segment.last(row, seed, -1));
      const end = Math.min(width, segment.last(row, seed, 1) + 1);
      if (start < end) run(row, start, end);
    }
  }
}

/** The rectangle that a chain of points can touch, cut to the photo. */
export function reach(points: readonly Coordinate[], size: number, width: number, height: number): Rect {
  let [x0, y0] = points[0];
  let [x1, y1] = points[0];
  for (const [x, y] of points) {
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x);
    y1 = Math.max(y1, y);
  }
  const radius = 4 * size;
  const rect = {
    x0: Math.max(0, Math.floor((x0 - radius) / 8)),
    y0: Math.max(0, Math.floor((y0 - radius) / 8)),
    x1: Math.min(width, Math.floor((x1 + radius) / 8) + 1),
    y1: Math.min(height, Math.floor((y1 + radius) / 8) + 1),
  };
  return rect.x0 < rect.x1 && rect.y0 < rect.y1 ? rect : { x0: 0, y0: 0, x1: 0, y1: 0 };
}

/** The smallest value of an 8-bit probability map that counts as defect. */
export function cut(threshold: number): number {
  return Math.max(1, Math.ceil(255 * threshold));
}

/** One thing that undo takes back: a threshold, or the pieces of one stroke. */
export type Action = { kind: "threshold"; value: number } | { kind: "stroke"; pieces: StrokePayload[] };

/** What an event log amounts to. */
export class Log {
  readonly actions: Action[] = [];
  /** Actions in force; those behind are undone and can be redone. */
  done = 0;

  /** Adds an event and says what it did to the actions. */
  apply(event: DraftEvent): Change {
    if (event.kind === "undo") return this.done > 0 ? { kind: "undone", action: this.actions[--this.done] } : NOTHING;
    if (event.kind === "redo") {
      return this.done < this.actions.length ? { kind: "redone", action: this.actions[this.done++] } : NOTHING;
    }
    if (event.kind === "threshold") return this.add({ kind: "threshold", value: event.payload.value });
    const last = this.done === this.actions.length ? this.actions[this.done - 1] : undefined;
    const group = event.payload.group;
    if (group !== undefined && last?.kind === "stroke" && last.pieces[last.pieces.length - 1].group === group) {
      last.pieces.push(event.payload);
      return { kind: "continued", action: last };
    }
    return this.add({ kind: "stroke", pieces: [event.payload] });
  }

  /** The last threshold in force; undefined where the base's own holds. */
  threshold(): number | undefined {
    for (let index = this.done - 1; index >= 0; index--) {
      const action = this.actions[index];
      if (action.kind === "threshold") return action.value;
    }
    return undefined;
  }

  private add(action: Action): Change {
    this.actions.length = this.done;
    this.actions.push(action);
    this.done++;
    return { kind: "added", action };
  }
}

export type Change = { kind: "nothing" } | { kind: "added" | "continued" | "undone" | "redone"; action: Action };

const NOTHING: Change = { kind: "nothing" };
