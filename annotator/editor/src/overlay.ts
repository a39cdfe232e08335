/** Paints the mask over the photo: tiles of colour at full or reduced resolution, refreshed where pixels changed. */

import { countBlocks } from "./counting.ts";
import type { MaskBuffer } from "./mask.ts";
import { DRAWN, UNTOUCHED } from "./strokes.ts";
import type { Rect, Viewport } from "./viewport.ts";

const TILE = 512;
const LEVELS = 4;

export interface Look {
  /** CSS colours as [red, green, blue]. */
  drawn: readonly [number, number, number];
  proposed: readonly [number, number, number];
  contour: boolean;
}

interface Tile {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
  /** Level pixels inside the tile that must be computed again. */
  stale: Rect | undefined;
}

/** Little-endian RGBA of a colour at an opacity of 0 to 255. */
function packed(colour: readonly [number, number, number], alpha: number): number {
  return ((alpha << 24) | (colour[2] << 16) | (colour[1] << 8) | colour[0]) >>> 0;
}

function union(a: Rect | undefined, b: Rect): Rect {
  if (!a) return b;
  return { x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1) };
}

/** Level `n` has one pixel for 2ⁿ × 2ⁿ of the photo, as opaque as its share of marked pixels asks for. */
export class Overlay {
  private readonly levels: Array<Map<number, Tile>> = Array.from({ length: LEVELS }, () => new Map());
  private look: Look;

  constructor(
    private readonly mask: MaskBuffer,
    look: Look,
  ) {
    this.look = look;
  }

  setLook(look: Look): void {
    this.look = look;
    this.invalidate(this.mask.all);
  }

  /** Photo pixels whose mask changed. A contour depends on the neighbours, so one pixel around is stale too. */
  invalidate(rect: Rect): void {
    this.levels.forEach((tiles, level) => {
      for (const [key, tile] of tiles) {
        const { x0, y0 } = this.origin(key, level);
        const inside = {
          x0: Math.max(0, ((rect.x0 - 1) >> level) - x0),
          y0: Math.max(0, ((rect.y0 - 1) >> level) - y0),
          x1: Math.min(TILE, (rect.x1 >> level) + 2 - x0),
          y1: Math.min(TILE, (rect.y1 >> level) + 2 - y0),
        };
        if (inside.x0 < inside.x1 && inside.y0 < inside.y1) tile.stale = union(tile.stale, inside);
      }
    });
  }

  /** Draws what the viewport shows, or only `part` (photo pixels) of it. */
  draw(context: CanvasRenderingContext2D, viewport: Viewport, part: Rect = this.mask.all): void {
    const level = this.levelFor(viewport.scale);
    const seen = viewport.visible();
    const size = TILE << level;
    context.imageSmoothingEnabled = viewport.scale < 1;
    context.imageSmoothingQuality = "low";
    viewport.apply(context);
    const [x0, x1] = [Math.max(seen.x0, part.x0), Math.min(seen.x1, part.x1)];
    const [y0, y1] = [Math.max(seen.y0, part.y0), Math.min(seen.y1, part.y1)];
    for (let y = Math.floor(y0 / size); y * size < y1; y++) {
      for (let x = Math.floor(x0 / size); x * size < x1; x++) {
        const tile = this.fresh(y * this.across(level) + x, level);
        context.drawImage(tile.canvas, x * size, y * size, size, size);
      }
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** The finest level that is not shrunk by half or more; for a contour one that is not shrunk at all, or it would fade. */
  private levelFor(scale: number): number {
    const exact = -Math.log2(scale);
    return Math.min(LEVELS - 1, Math.max(0, this.look.contour ? Math.ceil(exact - 1e-9) : Math.floor(exact + 1e-9)));
  }

  private across(level: number): number {
    return Math.ceil(this.mask.width / (TILE << level));
  }

  private origin(key: number, level: number): { x0: number; y0: number } {
    return { x0: (key % this.across(level)) * TILE, y0: Math.floor(key / this.across(level)) * TILE };
  }

  private fresh(key: number, level: number): Tile {
    let tile = this.levels[level].get(key);
    if (!tile) {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = TILE;
      const context = canvas.getContext("2d", { willReadFrequently: true });
      if (!context) throw new Error("This browser gives no more canvas memory. Close other tabs and reload.");
      tile = { canvas, context, stale: { x0: 0, y0: 0, x1: TILE, y1: TILE } };
      this.levels[level].set(key, tile);
    }
    if (tile.stale) this.refresh(tile, key, level, tile.stale);
    tile.stale = undefined;
    return tile;
  }

  private refresh(tile: Tile, key: number, level: number, stale: Rect): void {
    const { x0, y0 } = this.origin(key, level);
    const width = stale.x1 - stale.x0;
    const picture = tile.context.createImageData(width, stale.y1 - stale.y0);
    const pixels = new Uint32Array(picture.data.buffer);
    const left = x0 + stale.x0;
    const top = y0 + stale.y0;
    if (this.look.contour) this.outline(pixels, left, top, width, level);
    else if (level === 0) this.flat(pixels, left, top, width);
    else this.reduced(pixels, left, top, width, level);
    tile.context.putImageData(picture, stale.x0, stale.y0);
  }

  private flat(pixels: Uint32Array, left: number, top: number, width: number): void {
    const { hand, base, cut, width: across, height: down } = this.mask;
    const drawn = packed(this.look.drawn, 255);
    const proposed = packed(this.mask.baseKind === "annotation" ? this.look.drawn : this.look.proposed, 255);
    const right = Math.min(left + width, across);
    for (let y = top, into = 0; y < Math.min(down, top + pixels.length / width); y++, into += width) {
      for (let x = left, at = y * across + left, to = into; x < right; x++, at++, to++) {
        const value = hand[at];
        if (value === DRAWN) pixels[to] = drawn;
        else if (value === UNTOUCHED && base !== undefined && base[at] >= cut) pixels[to] = proposed;
      }
    }
  }

  private reduced(pixels: Uint32Array, left: number, top: number, width: number, level: number): void {
    const height = pixels.length / width;
    const { drawn, proposed } = countBlocks(this.mask, left, top, width, height, level);
    const proposedColour = this.mask.baseKind === "annotation" ? this.look.drawn : this.look.proposed;
    const alphas = opacities(level);
    const drawnColours = Uint32Array.from(alphas, (alpha) => packed(this.look.drawn, alpha));
    const proposedColours = Uint32Array.from(alphas, (alpha) => packed(proposedColour, alpha));
    for (let index = 0; index < pixels.length; index++) {
      const total = drawn[index] + proposed[index];
      if (total > 0) pixels[index] = drawn[index] >= proposed[index] ? drawnColours[total] : proposedColours[total];
    }
  }

  private outline(pixels: Uint32Array, left: number, top: number, width: number, level: number): void {
    const height = pixels.length / width;
    const across = width + 2;
    const { drawn, proposed } = countBlocks(this.mask, left - 1, top - 1, across, height + 2, level);
    const drawnColour = packed(this.look.drawn, 255);
    const proposedColour = packed(this.mask.baseKind === "annotation" ? this.look.drawn : this.look.proposed, 255);
    const marked = (at: number): boolean => drawn[at] + proposed[at] > 0;
    for (let index = 0; index < pixels.length; index++) {
      const at = (Math.floor(index / width) + 1) * across + (index % width) + 1;
      if (!marked(at) || (marked(at - 1) && marked(at + 1) && marked(at - across) && marked(at + across))) continue;
      pixels[index] = drawn[at] >= proposed[at] ? drawnColour : proposedColour;
    }
  }
}

/** Thin scratches must stay visible when zoomed out: the opacity rises with the root of the marked share. */
function opacities(level: number): Uint8Array {
  const most = 1 << (2 * level);
  return Uint8Array.from({ length: most + 1 }, (_, count) => Math.round(255 * Math.sqrt(count / most)));
}
