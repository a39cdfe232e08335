/** Marking rejected places: rectangles and scribbles in whole photo pixels. */

import { boundsOf, type Mark, type Rectangle } from "./marks.ts";
import { clamp, type Point } from "./viewport.ts";

export class Marks {
  readonly list: Mark[] = [];
  private start: Point | null = null;
  private trail: [number, number][] = [];

  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {}

  get drawing(): boolean {
    return this.start !== null;
  }

  begin(at: Point, scribble: boolean): void {
    this.start = this.inside(at);
    this.trail = scribble ? [[this.start.x, this.start.y]] : [];
  }

  /** The mark as it would be if the pointer were let go at `at`; null while there is none yet. */
  extend(at: Point): Mark | null {
    if (!this.start) return null;
    const end = this.inside(at);
    if (this.trail.length === 0) return rectangleBetween(this.start, end);
    const last = this.trail[this.trail.length - 1];
    if (last[0] !== end.x || last[1] !== end.y) this.trail.push([end.x, end.y]);
    return this.trail.length > 1 ? { kind: "scribble", points: this.trail } : null;
  }

  /** Keep the mark, unless it is a mere click: `smallest` is in photo pixels. */
  finish(at: Point, smallest: number): void {
    const mark = this.extend(at);
    this.start = null;
    if (mark && extent(mark) >= Math.max(1, smallest)) this.list.push(thinned(mark));
  }

  cancel(): void {
    this.start = null;
  }

  /** A rectangle without a mouse: in the middle of what is seen, to be moved with the arrow keys. */
  addRectangle(middle: Point, size: number): void {
    const side = Math.max(2, Math.round(size));
    const from = this.inside({ x: middle.x - side / 2, y: middle.y - side / 2 });
    const to = this.inside({ x: middle.x + side / 2, y: middle.y + side / 2 });
    const mark = rectangleBetween(from, to);
    if (mark) this.list.push(mark);
  }

  /** Move the newest rectangle, or with `resize` its lower right corner; false when the newest mark is none. */
  nudge(dx: number, dy: number, resize: boolean): boolean {
    const mark = this.list[this.list.length - 1];
    if (!mark || mark.kind !== "rectangle") return false;
    if (resize) {
      mark.width = clamp(mark.width + dx, 1, this.width - mark.x);
      mark.height = clamp(mark.height + dy, 1, this.height - mark.y);
    } else {
      mark.x = clamp(mark.x + dx, 0, this.width - mark.width);
      mark.y = clamp(mark.y + dy, 0, this.height - mark.height);
    }
    return true;
  }

  private inside(at: Point): Point {
    return { x: clamp(Math.round(at.x), 0, this.width), y: clamp(Math.round(at.y), 0, this.height) };
  }
}

function rectangleBetween(a: Point, b: Point): Rectangle | null {
  const width = Math.abs(a.x - b.x);
  const height = Math.abs(a.y - b.y);
  if (width < 1 || height < 1) return null;
  return { kind: "rectangle", x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width, height };
}

function extent(mark: Mark): number {
  const { x0, y0, x1, y1 } = boundsOf(mark);
  return Math.max(x1 - x0, y1 - y0);
}

const MOST_POINTS = 2000;

function thinned(mark: Mark): Mark {
  if (mark.kind === "rectangle" || mark.points.length <= MOST_POINTS) return mark;
  const every = Math.ceil(mark.points.length / MOST_POINTS);
  return { kind: "scribble", points: mark.points.filter((_, index) => index % every === 0) };
}
