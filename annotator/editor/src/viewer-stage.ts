/** The photo itself: two pictures under one viewport with a wipe line between them, a mask and marks on top. */

import { drawMarks, type Mark } from "./marks.ts";
import type { Picture } from "./picture.ts";
import type { MaskLook, MaskPyramid } from "./viewer-mask.ts";
import { clamp, Viewport } from "./viewport.ts";

export interface Scene {
  width: number;
  height: number;
  before: Picture;
  /** Null where there is only one picture to look at. */
  after: Picture | null;
  mask: MaskPyramid | null;
  afterName: string;
}

export type Side = "wipe" | "before" | "after";

/** A picture as it lies in the window, kept until the view moves: a wipe then costs two copies. */
class Layer {
  private readonly canvas = document.createElement("canvas");
  private key = "";

  draw(target: CanvasRenderingContext2D, key: string, paint: (context: CanvasRenderingContext2D) => void): void {
    const { width, height } = target.canvas;
    const full = `${key} ${width}×${height}`;
    if (full !== this.key) {
      this.canvas.width = width;
      this.canvas.height = height;
      paint(contextOf(this.canvas));
      this.key = full;
    }
    target.drawImage(this.canvas, 0, 0);
  }
}

export class Stage {
  readonly view: Viewport;
  /** Where the wipe line stands, as a share of the window's width. */
  wipe = 0.5;
  side: Side = "wipe";
  marks: readonly Mark[] = [];
  pending: Mark | null = null;
  readonly look: MaskLook & { visible: boolean } = {
    colour: [0, 0, 0],
    opacity: 0.5,
    contour: false,
    visible: false,
  };
  private scene: Scene | null = null;
  private sceneNumber = 0;
  private lastPlace = "";
  /** The view moved since the last frame: a kept layer would be of no use to the next one. */
  private moving = false;
  private overlay: ImageData | null = null;
  private frame = 0;
  private readonly layers = { before: new Layer(), after: new Layer(), mask: new Layer() };
  private readonly observer: ResizeObserver;

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly onDrawn: () => void,
  ) {
    canvas.setAttribute("role", "img");
    this.view = new Viewport(() => this.redraw());
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas);
  }

  dispose(): void {
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }

  /** Show another scene; the view stays where it is when it is the same photo with another result. */
  show(scene: Scene | null, keepView = false): void {
    this.scene = scene;
    this.sceneNumber++;
    this.pending = null;
    if (scene && !keepView) {
      this.view.setPhoto(scene.width, scene.height);
      this.wipe = 0.5;
      this.side = "wipe";
    }
    this.redraw();
  }

  /** Ask for a frame; however often, there is one per screen refresh. */
  redraw(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
      this.onDrawn();
    });
  }

  setWipe(share: number): void {
    this.wipe = clamp(share, 0, 1);
    this.side = "wipe";
    this.redraw();
  }

  private resize(): void {
    const box = this.canvas.getBoundingClientRect();
    if (box.width > 0) this.view.resize(box.width, box.height, window.devicePixelRatio || 1);
    this.redraw();
  }

  private draw(): void {
    this.view.size(this.canvas);
    const context = contextOf(this.canvas);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const scene = this.scene;
    if (!scene) return;
    this.moving = this.placeKey() !== this.lastPlace;
    this.lastPlace = this.placeKey();
    this.drawPictures(context, scene);
    if (this.look.visible && scene.mask) this.drawMask(context, scene.mask);
    const shown = this.pending ? [...this.marks, this.pending] : this.marks;
    drawMarks(context, shown, (x, y) => this.view.toCanvas(x, y), 1.5 * this.view.ratio);
    if (scene.after && this.side === "wipe") this.drawWipeLine(context);
    this.canvas.setAttribute("aria-label", this.describe(scene));
  }

  private drawPictures(context: CanvasRenderingContext2D, scene: Scene): void {
    const { before, after } = scene;
    if (!after || this.side === "before") return this.drawPicture(context, "before", before);
    if (this.side === "after") return this.drawPicture(context, "after", after);
    const line = Math.round(this.wipe * this.view.width);
    this.clipped(context, 0, line, () => this.drawPicture(context, "before", before));
    this.clipped(context, line, this.view.width, () => this.drawPicture(context, "after", after));
  }

  private clipped(context: CanvasRenderingContext2D, from: number, to: number, draw: () => void): void {
    context.save();
    context.beginPath();
    context.rect(from, 0, to - from, this.view.height);
    context.clip();
    draw();
    context.restore();
  }

  private drawPicture(context: CanvasRenderingContext2D, name: "before" | "after", picture: Picture): void {
    if (this.moving) picture.draw(context, this.view);
    else this.layers[name].draw(context, this.placeKey(), (layer) => picture.draw(layer, this.view));
  }

  private drawMask(context: CanvasRenderingContext2D, mask: MaskPyramid): void {
    const key = `${this.placeKey()} ${JSON.stringify(this.look)}`;
    this.layers.mask.draw(context, key, (layer) => {
      const overlay = this.overlayOf(layer.canvas.width, layer.canvas.height);
      mask.paint(overlay, { scale: this.view.scale, left: this.view.x, top: this.view.y }, this.look);
      layer.putImageData(overlay, 0, 0);
    });
  }

  private overlayOf(width: number, height: number): ImageData {
    const fits = this.overlay?.width === width && this.overlay.height === height;
    if (!fits || !this.overlay) this.overlay = new ImageData(width, height);
    return this.overlay;
  }

  private drawWipeLine(context: CanvasRenderingContext2D): void {
    const { ratio, height, photoHeight } = this.view;
    const x = Math.round(this.wipe * this.view.width);
    const top = Math.max(0, this.view.toCanvas(0, 0).y);
    const bottom = Math.min(height, this.view.toCanvas(0, photoHeight).y);
    context.fillStyle = "rgba(0, 0, 0, 0.55)";
    context.fillRect(x - 2 * ratio, top, 4 * ratio, bottom - top);
    context.fillStyle = "#fff";
    context.fillRect(x - ratio, top, 2 * ratio, bottom - top);
  }

  private placeKey(): string {
    return `${this.sceneNumber} ${this.view.scale} ${this.view.x} ${this.view.y}`;
  }

  private describe(scene: Scene): string {
    if (!scene.after) return this.look.visible ? "The photo under its mask" : "The photo";
    if (this.side === "before") return "The original photo";
    if (this.side === "after") return `The result: ${scene.afterName}`;
    return `Original left, ${scene.afterName} right of a line at ${Math.round(100 * this.wipe)} %`;
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser gives no canvas to draw on.");
  return context;
}
