/** A mask to look at: kept as a pyramid, painted for what the window shows, so that its size has no limit. */

import type { Colour } from "./preferences.ts";

interface Level {
  width: number;
  height: number;
  /** 1 = defect. */
  cells: Uint8Array;
}

/** Where the photo lies in the window: window = photo · scale + offset, in device pixels. */
export interface Placement {
  scale: number;
  left: number;
  top: number;
}

export interface MaskLook {
  colour: Colour;
  /** 0 to 1. */
  opacity: number;
  contour: boolean;
}

const DARK = 0xb0000000;
const STRIPE_PIXELS = 4_000_000;

export class MaskPyramid {
  private readonly levels: Level[];
  private sampled = new Uint8Array(0);

  constructor(width: number, height: number, cells: Uint8Array) {
    this.levels = [{ width, height, cells }];
    let level: Level = { width, height, cells };
    while (level.width > 64 && level.height > 64) {
      level = halve(level);
      this.levels.push(level);
    }
  }

  /** Fill `target` with the mask as it lies in the window. A thin defect stays visible however far one zooms out. */
  paint(target: ImageData, place: Placement, look: MaskLook): void {
    const inside = this.sample(target.width, target.height, place);
    const [red, green, blue] = look.colour;
    const solid = (255 << 24) | (blue << 16) | (green << 8) | red;
    const body = (Math.round(255 * look.opacity) << 24) | (solid & 0xffffff);
    const pixels = new Uint32Array(target.data.buffer);
    if (look.contour) paintContour(pixels, inside, target.width, target.height, solid);
    else for (let i = 0; i < pixels.length; i++) pixels[i] = inside[i] ? body : 0;
  }

  private sample(width: number, height: number, place: Placement): Uint8Array {
    const step = Math.max(0, Math.min(this.levels.length - 1, Math.floor(Math.log2(1 / place.scale))));
    const level = this.levels[step];
    const shrink = 1 / (place.scale * 2 ** step);
    const [left, right] = seen(place.left, shrink, level.width, width);
    const [top, bottom] = seen(place.top, shrink, level.height, height);
    const columns = new Int32Array(width);
    for (let x = left; x < right; x++) columns[x] = Math.floor((x + 0.5 - place.left) * shrink);
    const inside = this.window(width * height);
    for (let y = top; y < bottom; y++) {
      const base = Math.floor((y + 0.5 - place.top) * shrink) * level.width;
      for (let x = left; x < right; x++) inside[y * width + x] = level.cells[base + columns[x]];
    }
    return inside;
  }

  private window(size: number): Uint8Array {
    if (this.sampled.length === size) return this.sampled.fill(0);
    this.sampled = new Uint8Array(size);
    return this.sampled;
  }
}

/** The window's pixels, half-open, on which a level of `size` cells lies. */
function seen(start: number, shrink: number, size: number, window: number): [number, number] {
  const inside = (x: number): boolean => Math.floor((x + 0.5 - start) * shrink) < size;
  const first = Math.max(0, Math.ceil(start - 0.5));
  let end = Math.min(window, Math.ceil(start + size / shrink));
  while (end > first && !inside(end - 1)) end--;
  return [first, end];
}

/** A line around the mask that leaves what lies under it in sight, with a dark one around it: it reads on any photo. */
function paintContour(pixels: Uint32Array, inside: Uint8Array, width: number, height: number, solid: number): void {
  pixels.fill(0);
  for (let y = 2; y < height - 2; y++) {
    for (let x = 2; x < width - 2; x++) {
      const i = y * width + x;
      if (inside[i]) continue;
      if (touches(inside, i, width)) pixels[i] = solid;
      else if (touchesAt(inside, i, 2, 2 * width)) pixels[i] = DARK;
    }
  }
}

function touches(inside: Uint8Array, i: number, width: number): boolean {
  return touchesAt(inside, i, 1, width) || touchesAt(inside, i, width - 1, width + 1);
}

function touchesAt(inside: Uint8Array, i: number, a: number, b: number): boolean {
  return (inside[i - a] | inside[i + a] | inside[i - b] | inside[i + b]) !== 0;
}

function halve(level: Level): Level {
  const width = Math.ceil(level.width / 2);
  const height = Math.ceil(level.height / 2);
  const cells = new Uint8Array(width * height);
  for (let y = 0; y < level.height; y++) {
    const from = y * level.width;
    const to = (y >> 1) * width;
    for (let x = 0; x < level.width; x++) {
      if (level.cells[from + x]) cells[to + (x >> 1)] = 1;
    }
  }
  return { width, height, cells };
}

/** Read the mask's PNG, any value above 127 being a defect, in stripes that every browser's canvas can hold. */
export function readMask(picture: ImageBitmap): MaskPyramid {
  const { width, height } = picture;
  const cells = new Uint8Array(width * height);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = Math.min(height, Math.max(1, Math.floor(STRIPE_PIXELS / width)));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser gives no canvas to draw on.");
  for (let top = 0; top < height; top += canvas.height) {
    const rows = Math.min(canvas.height, height - top);
    context.drawImage(picture, 0, top, width, rows, 0, 0, width, rows);
    const { data } = context.getImageData(0, 0, width, rows);
    for (let i = 0; i < width * rows; i++) cells[top * width + i] = (data[4 * i]) > 127 ? 1 : 0;
  }
  return new MaskPyramid(width, height, cells);
}
