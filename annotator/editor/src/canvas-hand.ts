/** What a pointer does on the stage: draws, erases, pans, and carries the tip's outline along. */

import { Navigation, place } from "./navigation.ts";
import type { Stage } from "./stage.ts";
import type { Point } from "./viewport.ts";

const RIGHT_BUTTON = 2;
const PEN_ERASER = 32;

export interface Drawing {
  /** May a stroke start now? */
  ready(): boolean;
  size(): number;
  /** `other` asks for the other tool, `straight` for a line from the end of the last stroke. */
  start(at: Point, other: boolean, straight: boolean): void;
  move(points: Point[]): void;
  end(at: Point | undefined): void;
  resize(direction: 1 | -1): void;
  touched(): void;
}

export class Hand {
  readonly navigation: Navigation;
  private drawing: number | undefined;

  constructor(
    private readonly stage: Stage,
    private readonly work: Drawing,
  ) {
    const { element, viewport } = stage;
    this.navigation = new Navigation(element, viewport, () => this.cursor(), (event) => this.wheel(event));
    element.addEventListener("pointerdown", this.onDown);
    element.addEventListener("pointermove", this.onMove);
    element.addEventListener("pointerup", this.onUp);
    element.addEventListener("pointercancel", this.onUp);
    element.addEventListener("pointerleave", () => this.stage.setRing(undefined, 0));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  get busy(): boolean {
    return this.drawing !== undefined;
  }

  /** Puts the outline where the pointer is, in the size of now. */
  cursor(): void {
    const panning = this.navigation.busy || this.navigation.spaceHeld;
    this.stage.element.dataset["cursor"] = panning ? (this.navigation.busy ? "grabbing" : "grab") : "tip";
    this.stage.setRing(panning || !this.work.ready() ? undefined : this.navigation.pointer, this.work.size());
  }

  destroy(): void {
    this.navigation.destroy();
  }

  private toPhoto(event: PointerEvent): Point {
    const at = place(event, this.stage.element);
    return this.stage.viewport.toPhoto(at.x, at.y);
  }

  private onControl(event: Event): boolean {
    return event.composedPath()[0] !== this.stage.element;
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (this.onControl(event)) return;
    this.work.touched();
    if (this.navigation.pointerDown(event)) {
      if (this.drawing !== undefined) this.finish(undefined);
      return;
    }
    const other = (event.buttons & (RIGHT_BUTTON | PEN_ERASER)) !== 0;
    if (this.drawing !== undefined || !this.work.ready() || (event.button !== 0 && !other)) return;
    this.stage.element.setPointerCapture(event.pointerId);
    this.drawing = event.pointerId;
    this.work.start(this.toPhoto(event), other, event.shiftKey);
  };

  private readonly onMove = (event: PointerEvent): void => {
    this.work.touched();
    if (this.navigation.pointerMove(event)) return;
    if (event.pointerId === this.drawing) {
      const steps = event.getCoalescedEvents();
      this.work.move((steps.length > 0 ? steps : [event]).map((step) => this.toPhoto(step)));
    }
    this.cursor();
  };

  private readonly onUp = (event: PointerEvent): void => {
    this.navigation.pointerUp(event);
    if (event.pointerId === this.drawing) this.finish(event.type === "pointerup" ? this.toPhoto(event) : undefined);
    this.cursor();
  };

  private finish(at: Point | undefined): void {
    this.drawing = undefined;
    this.work.end(at);
  }

  private wheel(event: WheelEvent): boolean {
    this.work.touched();
    if (!event.shiftKey) return false;
    const turn = event.deltaY || event.deltaX;
    if (turn !== 0) this.work.resize(turn < 0 ? 1 : -1);
    return true;
  }
}
