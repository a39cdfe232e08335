/** What the pointer does over the photo: move the wipe line, pan, or mark a place. */

import { Navigation, place } from "./navigation.ts";
import type { Marks } from "./viewer-marks.ts";
import type { Stage } from "./viewer-stage.ts";

/** CSS pixels: a shorter drag is a click. */
const SMALLEST_MARK = 6;
const GRAB_LINE = 28;

export class Pointer {
  readonly navigation: Navigation;
  /** Set while places are being marked; null while one looks. */
  marking: Marks | null = null;
  private action: "none" | "pan" | "wipe" = "none";
  private last = { x: 0, y: 0 };

  constructor(private readonly stage: Stage) {
    const { canvas, view } = stage;
    this.navigation = new Navigation(canvas, view, () => this.cursor());
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.lose(event));
    canvas.addEventListener("dblclick", () => this.toggleActual());
  }

  dispose(): void {
    this.navigation.destroy();
  }

  setMarking(marks: Marks | null): void {
    this.marking = marks;
    this.stage.pending = null;
    this.stage.marks = marks?.list ?? [];
    this.cursor();
    this.stage.redraw();
  }

  private toggleActual(): void {
    if (this.marking) return;
    if (this.stage.view.fitted) this.stage.view.actual(this.last);
    else this.stage.view.fit();
  }

  private down(event: PointerEvent): void {
    if (this.navigation.pointerDown(event)) {
      this.marking?.cancel();
      this.stage.pending = null;
      return;
    }
    if (event.button !== 0) return;
    event.preventDefault();
    this.stage.canvas.setPointerCapture(event.pointerId);
    this.last = place(event, this.stage.canvas);
    if (this.marking) this.marking.begin(this.stage.view.toPhoto(this.last.x, this.last.y), event.shiftKey);
    else this.action = event.pointerType !== "mouse" && this.nearLine() ? "wipe" : "pan";
    this.cursor();
  }

  private nearLine(): boolean {
    return Math.abs(this.last.x - this.stage.wipe * this.stage.canvas.clientWidth) < GRAB_LINE;
  }

  private move(event: PointerEvent): void {
    if (this.navigation.pointerMove(event)) return;
    const at = place(event, this.stage.canvas);
    if (this.marking?.drawing) {
      this.stage.pending = this.marking.extend(this.stage.view.toPhoto(at.x, at.y));
      this.stage.redraw();
    } else if (this.action === "pan") this.stage.view.panBy(at.x - this.last.x, at.y - this.last.y);
    else if (!this.marking && (this.action === "wipe" || event.pointerType === "mouse")) this.wipeTo(at.x);
    this.last = at;
  }

  private wipeTo(x: number): void {
    this.stage.setWipe(x / this.stage.canvas.clientWidth);
  }

  private up(event: PointerEvent): void {
    if (this.navigation.pointerUp(event)) return;
    const at = place(event, this.stage.canvas);
    if (this.marking?.drawing) {
      const { view } = this.stage;
      this.marking.finish(view.toPhoto(at.x, at.y), (SMALLEST_MARK * view.ratio) / view.scale);
      this.stage.pending = null;
      this.stage.redraw();
    }
    this.action = "none";
    this.cursor();
  }

  private lose(event: PointerEvent): void {
    this.navigation.pointerUp(event);
    this.marking?.cancel();
    this.stage.pending = null;
    this.action = "none";
    this.stage.redraw();
  }

  private cursor(): void {
    const panning = this.action === "pan" || this.navigation.busy;
    this.stage.canvas.style.cursor = panning ? "grabbing" : this.marking ? "crosshair" : "";
  }
}
