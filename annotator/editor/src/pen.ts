/** Turns a pointer's way over the photo into strokes: points in eighths of a pixel, in pieces of a second at most. */

import type { MaskBuffer } from "./mask.ts";
import { newId } from "./saving.ts";
import { type Coordinate, type DraftEvent, LARGEST_COORDINATE, reach, type Tool } from "./strokes.ts";
import { clamp, type Point } from "./viewport.ts";

const PIECE_MS = 1000;

export function toCoordinate(point: Point): Coordinate {
  const eighths = (value: number): number => clamp(Math.round(value * 8), -LARGEST_COORDINATE, LARGEST_COORDINATE);
  return [eighths(point.x), eighths(point.y)];
}

/** One stroke from press to release. */
export class Pen {
  private readonly group = newId();
  private readonly waiting: Coordinate[] = [];
  private piece: Coordinate[] = [];
  private pieceStart: number;
  private last: Coordinate;
  private cutBefore = false;

  /**
   * @param since milliseconds since the draft was opened.
   * @param made takes every finished piece as an event; the mask has it already.
   */
  constructor(
    private readonly mask: MaskBuffer,
    private readonly tool: Tool,
    private readonly size: number,
    start: Point,
    private readonly since: () => number,
    private readonly made: (event: DraftEvent) => void,
  ) {
    this.last = toCoordinate(start);
    this.waiting.push(this.last);
    this.pieceStart = since();
    mask.begin(tool, size);
  }

  /** Adds a place of the pointer. Places nearer than a sixteenth of the tip to the last one change nothing visible. */
  move(point: Point): void {
    const at = toCoordinate(point);
    const step = Math.max(4, this.size / 2);
    if (Math.hypot(at[0] - this.last[0], at[1] - this.last[1]) < step) return;
    this.last = at;
    this.waiting.push(at);
  }

  /** Draws what has been collected into the mask. */
  draw(): void {
    if (this.waiting.length > 0) {
      const from = this.piece[this.piece.length - 1];
      this.mask.extend(from ? [from, ...this.waiting] : this.waiting);
      this.piece.push(...this.waiting.splice(0));
    }
    if (this.since() - this.pieceStart >= PIECE_MS) this.cutPiece();
  }

  /** The pointer was released at `point`: the stroke is complete. */
  end(point?: Point): void {
    if (point) {
      const at = toCoordinate(point);
      if (at[0] !== this.last[0] || at[1] !== this.last[1]) this.waiting.push(at);
    }
    this.draw();
    this.cutPiece();
    this.mask.finish();
  }

  /** Where the stroke ended: a straight line may go on from there. */
  get at(): Point {
    return { x: this.last[0] / 8, y: this.last[1] / 8 };
  }

  private cutPiece(): void {
    const now = this.since();
    this.pieceStart = now;
    if (this.piece.length === 0) return;
    const rect = reach(this.piece, this.size, this.mask.width, this.mask.height);
    const [points, next] = [this.piece, this.piece[this.piece.length - 1]];
    const lasting = points.length > 1 || !this.cutBefore;
    this.piece = [next];
    if (!lasting || rect.x0 === rect.x1) return;
    this.cutBefore = true;
    const payload = {
      id: newId(),
      tool: this.tool,
      size: this.size,
      points,
      rect: [rect.x0, rect.y0, rect.x1, rect.y1] as [number, number, number, number],
      ms: Math.round(now),
      group: this.group,
    };
    const event: DraftEvent & { kind: "stroke" } = { kind: "stroke", payload };
    this.mask.record(event);
    this.made(event);
  }
}
