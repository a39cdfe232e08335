/** The mask at full resolution: what the base says, what was drawn over it, and undo by stroke. */

import { type Action, type Coordinate, cover, cut, type DraftEvent, DRAWN, ERASED, Log, reach, type StrokePayload, UNTOUCHED } from "./strokes.ts";
import type { Rect } from "./viewport.ts";

const BLOCK = 64;

/** Blocks as they were before an action, two bits per pixel; swapping them with what is there now undoes and redoes. */
type Patch = Map<number, Uint32Array>;

export type BaseKind = "proposal" | "annotation" | "empty";

/**
 * A pixel counts as defect where it was drawn, or where it was not erased and the base has it. Hand and base are kept
 * apart, so that the threshold can move under the strokes without drawing them again.
 */
export class MaskBuffer {
  readonly hand: Uint8Array;
  readonly log = new Log();
  /** The smallest value of the base that counts as defect. */
  cut: number;
  private readonly across: number;
  private readonly patches = new Map<Action, Patch>();
  private open: Patch | undefined;
  private preview: number | undefined;
  private strokeSize = 0;
  private strokeTool: "brush" | "eraser" = "brush";

  /**
   * @param base uint8 values of the photo's size: probabilities of a proposal, or 0 and 255 of an annotation's mask.
   * @param changed is told which pixels may look different now.
   */
  constructor(
    readonly width: number,
    readonly height: number,
    readonly base: Uint8Array | undefined,
    readonly baseKind: BaseKind,
    private readonly baseThreshold: number,
    private readonly changed: (rect: Rect) => void,
  ) {
    this.hand = new Uint8Array(width * height);
    this.across = Math.ceil(width / BLOCK);
    this.cut = this.leastValue();
  }

  /** The threshold in force: the one under the slider's thumb while it moves, else the log's, else the proposal's. */
  get threshold(): number {
    return this.preview ?? this.log.threshold() ?? this.baseThreshold;
  }

  get all(): Rect {
    return { x0: 0, y0: 0, x1: this.width, y1: this.height };
  }

  /** Shows another threshold without making it an event; undefined goes back to the log's. */
  previewThreshold(value: number | undefined): void {
    if (value === this.preview) return;
    this.preview = value;
    this.rebase();
  }

  /** Starts a stroke that is drawn piece by piece; `finish` makes it an action. */
  begin(tool: "brush" | "eraser", size: number): void {
    this.strokeTool = tool;
    this.strokeSize = size;
    this.open = new Map();
  }

  /** Draws a chain of points into the stroke in hand. */
  extend(points: readonly Coordinate[]): void {
    this.paint(points, this.strokeSize, this.strokeTool, this.open);
  }

  /** Adds the event of pixels that `extend` has drawn already. */
  record(event: DraftEvent & { kind: "stroke" }): void {
    const change = this.log.apply(event);
    if (change.kind !== "nothing") this.keep(change.action, this.open ?? new Map());
  }

  /** The stroke in hand has ended. */
  finish(): void {
    this.open = undefined;
  }

  /** Applies an event of the log, drawing what it draws. */
  apply(event: DraftEvent): void {
    const change = this.log.apply(event);
    if (change.kind === "nothing") return;
    if (change.action.kind === "threshold") {
      this.rebase();
    } else if (change.kind === "added" || change.kind === "continued") {
      const patch = this.patches.get(change.action) ?? new Map();
      const piece = change.action.pieces[change.action.pieces.length - 1];
      this.paint(piece.points, piece.size, piece.tool, patch);
      this.keep(change.action, patch);
    } else {
      this.swap(change.action, change.action.pieces);
    }
  }

  /** Whether the pixel is a defect. */
  has(index: number): boolean {
    const hand = this.hand[index];
    return hand === DRAWN || (hand === UNTOUCHED && this.base !== undefined && this.base[index] >= this.cut);
  }

  /** Marked pixels among those with an index in [start, end). */
  count(start: number, end: number): number {
    const { hand, base, cut: least } = this;
    let marked = 0;
    if (base) for (let i = start; i < end; i++) marked += hand[i] === UNTOUCHED ? +(base[i] >= least) : hand[i] & 1;
    else for (let i = start; i < end; i++) marked += hand[i] & 1;
    return marked;
  }

  /** The mask as bytes 0 and 1, row by row. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.hand.length);
    for (let index = 0; index < bytes.length; index++) bytes[index] = this.has(index) ? 1 : 0;
    return bytes;
  }

  private leastValue(): number {
    return this.baseKind === "annotation" ? 128 : cut(this.threshold);
  }

  private rebase(): void {
    const least = this.leastValue();
    if (least === this.cut) return;
    this.cut = least;
    this.changed(this.all);
  }

  private paint(points: readonly Coordinate[], size: number, tool: "brush" | "eraser", patch: Patch | undefined): void {
    const rect = reach(points, size, this.width, this.height);
    if (rect.x0 === rect.x1) return;
    if (patch) this.save(rect, patch);
    const value = tool === "brush" ? DRAWN : ERASED;
    cover(points, size, this.width, this.height, (row, start, end) => {
      this.hand.fill(value, row * this.width + start, row * this.width + end);
    });
    this.changed(rect);
  }

  /** Forgets the patches of actions that a new one has pushed off the log. */
  private keep(action: Action, patch: Patch): void {
    this.patches.set(action, patch);
    if (this.patches.size <= this.log.actions.length) return;
    const alive = new Set(this.log.actions);
    for (const old of this.patches.keys()) if (!alive.has(old)) this.patches.delete(old);
  }

  private save(rect: Rect, patch: Patch): void {
    for (let row = rect.y0 >> 6; row <= (rect.y1 - 1) >> 6; row++) {
      for (let column = rect.x0 >> 6; column <= (rect.x1 - 1) >> 6; column++) {
        const key = row * this.across + column;
        if (!patch.has(key)) patch.set(key, this.pack(key));
      }
    }
  }

  private swap(action: Action, pieces: readonly StrokePayload[]): void {
    const patch = this.patches.get(action);
    if (!patch) return;
    for (const [key, before] of patch) {
      patch.set(key, this.pack(key));
      this.unpack(key, before);
    }
    this.changed(reach(pieces.flatMap((piece) => piece.points), Math.max(...pieces.map((piece) => piece.size)), this.width, this.height));
  }

  private blockRect(key: number): Rect {
    const x0 = (key % this.across) * BLOCK;
    const y0 = Math.floor(key / this.across) * BLOCK;
    return { x0, y0, x1: Math.min(x0 + BLOCK, this.width), y1: Math.min(y0 + BLOCK, this.height) };
  }

  private pack(key: number): Uint32Array {
    const { x0, y0, x1, y1 } = this.blockRect(key);
    const packed = new Uint32Array((BLOCK * BLOCK) / 16);
    for (let y = y0; y < y1; y++) {
      const at = y * this.width;
      const into = (y - y0) * 4;
      for (let x = x0; x < x1; x++) packed[into + ((x - x0) >> 4)] |= this.hand[at + x] << (((x - x0) & 15) * 2);
    }
    return packed;
  }

  private unpack(key: number, packed: Uint32Array): void {
    const { x0, y0, x1, y1 } = this.blockRect(key);
    for (let y = y0; y < y1; y++) {
      const at = y * this.width;
      const from = (y - y0) * 4;
      for (let x = x0; x < x1; x++) this.hand[at + x] = (packed[from + ((x - x0) >> 4)] >>> (((x - x0) & 15) * 2)) & 3;
    }
  }
}
