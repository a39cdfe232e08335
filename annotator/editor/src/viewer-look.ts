/** The controls for looking, shared by both modes: mask, contour, opacity, blink and zoom, each with its key. */

import { keycap, make, makeButton, setPressed } from "./dom.ts";
import type { Desk } from "./viewer-desk.ts";
import type { Key } from "./viewer-keys.ts";
import { clamp } from "./viewport.ts";

export class LookControls {
  readonly element: HTMLElement;
  private readonly mask = makeButton("mask", "M", () => this.toggleMask());
  private readonly contour = makeButton("contour", "C", () => this.toggleContour());
  private readonly blinker = makeButton("blink", "space", () => this.blink());
  private readonly zoom = make("span", { class: "zoom", title: "Screen pixels per photo pixel" });
  private readonly opacity = make("input", {
    type: "range",
    min: "10",
    max: "100",
    step: "5",
    title: "How strongly the mask covers the photo (O and ⇧O)",
    "aria-label": "Mask opacity, per cent",
  });

  constructor(
    private readonly desk: Desk,
    private readonly blink: () => void,
    private readonly blinkSays: string,
  ) {
    const { view } = desk.stage;
    this.opacity.addEventListener("input", () => this.setOpacity(Number(this.opacity.value) / 100));
    const fit = makeButton("fit", "F", () => view.fit());
    const actual = makeButton("1:1", "Z", () => view.actual());
    this.element = make(
      "div",
      { class: "look", role: "group", "aria-label": "Looking" },
      this.blinker, this.mask, this.contour, this.opacity, keycap("O"), make("span", { class: "gap" }), fit, actual, this.zoom,
    );
  }

  keys(): Key[] {
    const { navigation } = this.desk.pointer;
    const move = (event: KeyboardEvent): boolean => navigation.keyDown(event);
    return [
      { shown: "space", keys: [" "], says: this.blinkSays, run: (event) => (event.repeat ? undefined : this.blink()) },
      { shown: "M", keys: ["m"], says: "show or hide the mask", run: () => this.toggleMask() },
      { shown: "C", keys: ["c"], says: "contour of the mask only", run: () => this.toggleContour() },
      { shown: "O ⇧O", keys: ["o"], says: "mask more, less opaque", run: (event) => this.step(event.shiftKey ? -0.1 : 0.1) },
      { shown: "F", keys: ["f"], says: "fit the whole photo", run: () => this.desk.stage.view.fit() },
      { shown: "Z", keys: ["z"], says: "1:1, one photo pixel per screen pixel", run: () => this.desk.stage.view.actual(navigation.pointer) },
      { shown: "+ −", keys: ["+", "=", "-"], says: "zoom in, out (or the wheel)", run: move },
      { shown: "?", keys: ["?"], says: "these keys", run: () => this.desk.shell.toggleHelp() },
    ];
  }

  refresh(): void {
    const { look, view } = this.desk.stage;
    setPressed(this.mask, look.visible);
    setPressed(this.contour, look.contour);
    this.opacity.value = String(Math.round(look.opacity * 100));
    this.opacity.disabled = look.contour;
    this.zoom.textContent = `${Math.round(view.scale * 100)} %`;
  }

  toggleMask(): void {
    this.desk.stage.look.visible = !this.desk.stage.look.visible;
    this.desk.stage.redraw();
  }

  private toggleContour(): void {
    const { look } = this.desk.stage;
    look.contour = !look.contour;
    look.visible = true;
    this.desk.stage.redraw();
  }

  private step(by: number): void {
    this.setOpacity(this.desk.stage.look.opacity + by);
  }

  private setOpacity(opacity: number): void {
    this.desk.stage.look.opacity = clamp(opacity, 0.1, 1);
    this.desk.stage.look.visible = true;
    this.desk.stage.redraw();
  }
}
