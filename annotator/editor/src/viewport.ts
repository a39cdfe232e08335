/** Where a photo lies on a canvas. Lengths named css are CSS pixels from the canvas' corner, all others device or photo pixels. */

export interface Point {
  x: number;
  y: number;
}

/** Half-open rectangle [x0, x1) × [y0, y1). */
export interface Rect {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export const LARGEST_SCALE = 40;
const MARGIN = 24;
/** Device pixels of the photo that can never be pushed off the canvas. */
const KEEP_IN_SIGHT = 80;

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/**
 * One scale (device pixels per photo pixel) and one offset (device pixels). `changed` is told of every move; whoever
 * draws asks for a frame then. While nobody has zoomed or panned, the photo stays fitted through every resize.
 */
export class Viewport {
  scale = 1;
  x = 0;
  y = 0;
  ratio = 1;
  width = 1;
  height = 1;
  photoWidth = 1;
  photoHeight = 1;
  fitted = true;

  constructor(private readonly changed: () => void = () => {}) {}

  /** Shows another photo, fitted. */
  setPhoto(width: number, height: number): void {
    this.photoWidth = width;
    this.photoHeight = height;
    this.fit();
  }

  /** Tells the size of the canvas in CSS pixels and the device's pixel ratio; keeps the centre of the view where it is. */
  resize(cssWidth: number, cssHeight: number, ratio: number): void {
    const centre = this.toPhoto(this.width / this.ratio / 2, this.height / this.ratio / 2);
    this.ratio = ratio;
    this.width = Math.max(1, Math.round(cssWidth * ratio));
    this.height = Math.max(1, Math.round(cssHeight * ratio));
    if (this.fitted) this.fit();
    else this.centreOn(centre);
  }

  /** The scale at which the whole photo is seen; small photos are not blown up beyond four times. */
  fitScale(): number {
    const margin = 2 * MARGIN * this.ratio;
    const across = Math.max(this.width - margin, this.width / 2) / this.photoWidth;
    const down = Math.max(this.height - margin, this.height / 2) / this.photoHeight;
    return Math.min(across, down, 4);
  }

  fit(): void {
    this.scale = this.fitScale();
    this.x = (this.width - this.photoWidth * this.scale) / 2;
    this.y = (this.height - this.photoHeight * this.scale) / 2;
    this.fitted = true;
    this.changed();
  }

  /** One photo pixel per device pixel, around a place on the canvas (its middle where none is given). */
  actual(css: Point = this.middle()): void {
    this.zoomTo(1, css);
  }

  zoomAt(css: Point, factor: number): void {
    this.zoomTo(this.scale * factor, css);
  }

  /** Sets the scale so that the photo's point under `css` stays under it. */
  zoomTo(scale: number, css: Point = this.middle()): void {
    const under = this.toPhoto(css.x, css.y);
    this.scale = clamp(scale, Math.min(this.fitScale(), 1) / 4, LARGEST_SCALE);
    this.x = css.x * this.ratio - under.x * this.scale;
    this.y = css.y * this.ratio - under.y * this.scale;
    this.moved();
  }

  panBy(cssX: number, cssY: number): void {
    this.x += cssX * this.ratio;
    this.y += cssY * this.ratio;
    this.moved();
  }

  centreOn(photo: Point): void {
    this.x = this.width / 2 - photo.x * this.scale;
    this.y = this.height / 2 - photo.y * this.scale;
    this.moved();
  }

  /** Brings a rectangle of the photo into view with some of its surroundings. */
  show(rect: Rect): void {
    const across = this.width / Math.max(1, rect.x1 - rect.x0);
    const down = this.height / Math.max(1, rect.y1 - rect.y0);
    this.scale = clamp(Math.min(across, down) / 2.5, this.fitScale(), Math.max(2, this.fitScale()));
    this.centreOn({ x: (rect.x0 + rect.x1) / 2, y: (rect.y0 + rect.y1) / 2 });
  }

  /** Goes back to a view of the same photo. */
  restore(view: Pick<Viewport, "scale" | "x" | "y" | "fitted">): void {
    Object.assign(this, view);
    this.changed();
  }

  toPhoto(cssX: number, cssY: number): Point {
    return { x: (cssX * this.ratio - this.x) / this.scale, y: (cssY * this.ratio - this.y) / this.scale };
  }

  /** Device pixels on the canvas of a point of the photo. */
  toCanvas(photoX: number, photoY: number): Point {
    return { x: photoX * this.scale + this.x, y: photoY * this.scale + this.y };
  }

  /** The part of the photo in view, in whole photo pixels. */
  visible(): Rect {
    const start = this.toPhoto(0, 0);
    const end = this.toPhoto(this.width / this.ratio, this.height / this.ratio);
    return {
      x0: clamp(Math.floor(start.x), 0, this.photoWidth),
      y0: clamp(Math.floor(start.y), 0, this.photoHeight),
      x1: clamp(Math.ceil(end.x), 0, this.photoWidth),
      y1: clamp(Math.ceil(end.y), 0, this.photoHeight),
    };
  }

  /** Gives the canvas its size in device pixels (which clears it); false where it has that size already. */
  size(canvas: HTMLCanvasElement): boolean {
    if (canvas.width === this.width && canvas.height === this.height) return false;
    canvas.width = this.width;
    canvas.height = this.height;
    return true;
  }

  /** From here on, drawing in photo pixels lands in the right place. */
  apply(context: CanvasRenderingContext2D): void {
    context.setTransform(this.scale, 0, 0, this.scale, this.x, this.y);
  }

  private middle(): Point {
    return { x: this.width / this.ratio / 2, y: this.height / this.ratio / 2 };
  }

  private moved(): void {
    this.fitted = false;
    const keepX = Math.min(KEEP_IN_SIGHT, this.photoWidth * this.scale);
    const keepY = Math.min(KEEP_IN_SIGHT, this.photoHeight * this.scale);
    this.x = clamp(this.x, keepX - this.photoWidth * this.scale, this.width - keepX);
    this.y = clamp(this.y, keepY - this.photoHeight * this.scale, this.height - keepY);
    this.changed();
  }
}
