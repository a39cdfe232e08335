/** Moves a viewport by wheel, pinch, space or middle drag, and keys. Shared by the mask editor and the review viewer. */

import type { Point, Viewport } from "./viewport.ts";

const WHEEL_STEP = 1.0015;
const KEY_STEP = 1.25;
const KEY_PAN = 80;

export const NAVIGATION_KEYS: ReadonlyArray<readonly [string, string]> = [
  ["wheel", "zoom to the pointer"],
  ["+ −", "zoom in, out"],
  ["F", "fit the whole photo"],
  ["Z", "1:1, one photo pixel per screen pixel"],
  ["space drag", "move the photo (also the middle button, two fingers, arrow keys)"],
];

/** Where a pointer or wheel event happened, CSS pixels from the element's corner. */
export function place(event: MouseEvent, element: Element): Point {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

/** True where a key belongs to whoever has the focus: a field, a slider, a dialog. */
export function typing(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && target.type === "range") return /^(Arrow|Page|Home|End)/.test(event.key);
  if (target instanceof HTMLInputElement) return target.type !== "checkbox";
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName);
}

export class Navigation {
  /** Space is held: the main button pans. */
  spaceHeld = false;
  /** The last place of the pointer over the element, for zooming by key. */
  pointer: Point | undefined;
  private readonly touches = new Map<number, Point>();
  private dragging: { id: number; at: Point } | undefined;

  /**
   * @param wheel may take a wheel event for itself (return true) before it zooms.
   * @param cursor is told when panning starts, ends or becomes possible.
   */
  constructor(
    private readonly element: HTMLElement,
    private readonly viewport: Viewport,
    private readonly cursor: () => void = () => {},
    private readonly wheel: (event: WheelEvent) => boolean = () => false,
  ) {
    element.addEventListener("wheel", this.onWheel, { passive: false });
    element.addEventListener("pointerleave", this.onLeave);
  }

  /** Two fingers or a pan in progress: a tool must not draw. */
  get busy(): boolean {
    return this.dragging !== undefined || this.touches.size > 1;
  }

  /** Returns true where the press belongs to navigation and not to the tool. */
  pointerDown(event: PointerEvent): boolean {
    const at = place(event, this.element);
    if (event.pointerType === "touch") this.touches.set(event.pointerId, at);
    if (this.touches.size > 1) return true;
    if (event.button !== 1 && !(event.button === 0 && this.spaceHeld)) return false;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.dragging = { id: event.pointerId, at };
    this.cursor();
    return true;
  }

  /** Returns true where the move belonged to navigation. */
  pointerMove(event: PointerEvent): boolean {
    const at = place(event, this.element);
    this.pointer = at;
    if (this.touches.has(event.pointerId) && this.touches.size > 1) {
      this.pinch(event.pointerId, at);
      return true;
    }
    if (this.dragging?.id !== event.pointerId) return false;
    this.viewport.panBy(at.x - this.dragging.at.x, at.y - this.dragging.at.y);
    this.dragging.at = at;
    return true;
  }

  /** Returns true where the release ended a pan or a pinch. */
  pointerUp(event: PointerEvent): boolean {
    const pinched = this.touches.size > 1;
    this.touches.delete(event.pointerId);
    if (this.dragging?.id !== event.pointerId) return pinched;
    this.dragging = undefined;
    this.cursor();
    return true;
  }

  /** Returns true where the key moved the view. Ignores keys with control, alt or command. */
  keyDown(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === " ") {
      this.hold(true);
      return true;
    }
    const actions: Record<string, () => void> = {
      "+": () => this.viewport.zoomAt(this.centre(), KEY_STEP),
      "=": () => this.viewport.zoomAt(this.centre(), KEY_STEP),
      "-": () => this.viewport.zoomAt(this.centre(), 1 / KEY_STEP),
      f: () => this.viewport.fit(),
      z: () => this.viewport.actual(this.pointer),
      ArrowLeft: () => this.viewport.panBy(KEY_PAN, 0),
      ArrowRight: () => this.viewport.panBy(-KEY_PAN, 0),
      ArrowUp: () => this.viewport.panBy(0, KEY_PAN),
      ArrowDown: () => this.viewport.panBy(0, -KEY_PAN),
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return false;
    action();
    return true;
  }

  keyUp(event: KeyboardEvent): void {
    if (event.key === " ") this.hold(false);
  }

  /** The window lost the focus: no key is held any more. */
  blur(): void {
    this.hold(false);
    this.touches.clear();
    this.dragging = undefined;
    this.cursor();
  }

  destroy(): void {
    this.element.removeEventListener("wheel", this.onWheel);
    this.element.removeEventListener("pointerleave", this.onLeave);
  }

  private hold(held: boolean): void {
    if (this.spaceHeld === held) return;
    this.spaceHeld = held;
    this.cursor();
  }

  private centre(): Point {
    return this.pointer ?? { x: this.element.clientWidth / 2, y: this.element.clientHeight / 2 };
  }

  private pinch(id: number, at: Point): void {
    const other = [...this.touches].find(([touch]) => touch !== id)?.[1];
    const before = this.touches.get(id);
    this.touches.set(id, at);
    if (!other || !before) return;
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    this.viewport.panBy((at.x - before.x) / 2, (at.y - before.y) / 2);
    const apart = Math.hypot(before.x - other.x, before.y - other.y);
    if (apart > 1) this.viewport.zoomAt(middle, Math.hypot(at.x - other.x, at.y - other.y) / apart);
  }

  private readonly onLeave = (): void => {
    this.pointer = undefined;
  };

  private readonly onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    if (this.wheel(event)) return;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : event.deltaMode === WheelEvent.DOM_DELTA_PAGE ? 400 : 1;
    const speed = event.ctrlKey ? 6 : 1;
    this.viewport.zoomAt(place(event, this.element), WHEEL_STEP ** (-event.deltaY * unit * speed));
  };
}
