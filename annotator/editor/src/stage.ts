/** The canvases: photo, mask over it, marks on top, and one frame loop that draws only what changed. */

import { make } from "./dom.ts";
import { boundsOf, drawMarks, type Mark } from "./marks.ts";
import type { MaskBuffer } from "./mask.ts";
import { type Look, Overlay } from "./overlay.ts";
import type { Picture } from "./picture.ts";
import { type Point, type Rect, Viewport } from "./viewport.ts";

export class Stage {
  readonly element = make("div", { class: "stage" });
  readonly viewport = new Viewport(() => this.moved());
  private readonly photo = make("canvas", { class: "layer photo", "aria-hidden": "true" });
  private readonly mask = make("canvas", { class: "layer mask", "aria-hidden": "true" });
  private readonly marks = make("canvas", { class: "layer marks", "aria-hidden": "true" });
  private readonly ring = make("div", { class: "ring", hidden: "" });
  private readonly watcher: ResizeObserver;
  private picture: Picture | undefined;
  private overlay: Overlay | undefined;
  private places: readonly Mark[] = [];
  private frame = 0;
  private whole = true;
  private stale: Rect | undefined;
  private ringAt: Point | undefined;
  private ringSize = 0;

  /** @param before runs at the start of every frame: whoever draws does so there, once per frame. */
  constructor(
    private readonly before: () => void,
    private readonly view: () => void,
  ) {
    this.element.append(this.photo, this.mask, this.marks, this.ring);
    this.watcher = new ResizeObserver(() => this.measure());
    this.watcher.observe(this.element);
  }

  /** Shows a photo with its mask; nothing where it is undefined. */
  show(content: { picture: Picture; mask: MaskBuffer; look: Look; places: readonly Mark[] } | undefined): void {
    this.picture?.close();
    this.picture = content?.picture;
    this.overlay = content && new Overlay(content.mask, content.look);
    this.places = content?.places ?? [];
    if (content) this.viewport.setPhoto(content.picture.width, content.picture.height);
    this.measure();
    this.moved();
  }

  setLook(look: Look): void {
    this.overlay?.setLook(look);
    this.moved();
  }

  /** How the mask lies over the photo: its opacity in [0, 1], and whether it shows at all. */
  setVeil(opacity: number, shown: boolean): void {
    this.mask.style.opacity = String(opacity);
    this.mask.style.visibility = shown ? "visible" : "hidden";
  }

  setContrast(strong: boolean): void {
    this.photo.style.filter = strong ? "contrast(1.9)" : "";
  }

  /** Photo pixels whose mask changed. */
  maskChanged(rect: Rect): void {
    if (rect.x0 >= rect.x1 || rect.y0 >= rect.y1) return;
    this.overlay?.invalidate(rect);
    const old = this.stale;
    this.stale = old
      ? { x0: Math.min(old.x0, rect.x0), y0: Math.min(old.y0, rect.y0), x1: Math.max(old.x1, rect.x1), y1: Math.max(old.y1, rect.y1) }
      : rect;
    this.ask();
  }

  /** Puts the tip's outline under the pointer (CSS pixels), or hides it. `size` is in photo pixels. */
  setRing(at: Point | undefined, size: number): void {
    this.ringAt = at;
    this.ringSize = size;
    this.placeRing();
  }

  /** Asks for a frame. */
  ask(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  /** Goes to a place that a verdict points at, counted from 0. */
  showPlace(index: number): void {
    const place = this.places[index];
    if (place) this.viewport.show(boundsOf(place));
  }

  overview(): ReturnType<Picture["overview"]> | undefined {
    return this.picture?.overview();
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.watcher.disconnect();
    this.picture?.close();
  }

  private measure(): void {
    const { clientWidth, clientHeight } = this.element;
    if (clientWidth > 0 && clientHeight > 0) this.viewport.resize(clientWidth, clientHeight, devicePixelRatio);
  }

  private moved(): void {
    this.whole = true;
    this.ask();
  }

  private draw(): void {
    this.frame = 0;
    this.before();
    if (this.whole) this.drawAll();
    else if (this.stale) this.drawPart(this.stale);
    this.whole = false;
    this.stale = undefined;
  }

  private drawAll(): void {
    for (const canvas of [this.photo, this.mask, this.marks]) {
      const context = canvas.getContext("2d");
      if (!context) continue;
      if (!this.viewport.size(canvas)) context.clearRect(0, 0, canvas.width, canvas.height);
      if (canvas === this.photo) this.picture?.draw(context, this.viewport);
      else if (canvas === this.mask) this.overlay?.draw(context, this.viewport);
      else drawMarks(context, this.places, (x, y) => this.viewport.toCanvas(x, y), 2 * this.viewport.ratio);
    }
    this.placeRing();
    this.view();
  }

  private drawPart(rect: Rect): void {
    const context = this.mask.getContext("2d");
    if (!context) return;
    const margin = 2 + Math.ceil(2 * Math.max(1, this.viewport.scale));
    const start = this.viewport.toCanvas(rect.x0, rect.y0);
    const end = this.viewport.toCanvas(rect.x1, rect.y1);
    const x = Math.floor(start.x) - margin;
    const y = Math.floor(start.y) - margin;
    const width = Math.ceil(end.x) + margin - x;
    const height = Math.ceil(end.y) + margin - y;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.clearRect(x, y, width, height);
    const around = Math.ceil(margin / this.viewport.scale) + 1;
    this.overlay?.draw(context, this.viewport, { x0: rect.x0 - around, y0: rect.y0 - around, x1: rect.x1 + around, y1: rect.y1 + around });
    context.restore();
  }

  private placeRing(): void {
    this.ring.hidden = this.ringAt === undefined;
    if (!this.ringAt) return;
    const across = Math.max(3, (this.ringSize * this.viewport.scale) / this.viewport.ratio);
    this.ring.style.width = this.ring.style.height = `${across}px`;
    this.ring.style.transform = `translate(${this.ringAt.x - across / 2}px, ${this.ringAt.y - across / 2}px)`;
  }
}
