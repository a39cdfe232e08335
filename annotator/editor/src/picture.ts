/** The photo as a pyramid of halved copies, so that a zoomed-out view neither flickers nor costs a full-size draw. */

import type { Rect, Viewport } from "./viewport.ts";

/** Safari's canvases end at 4096 × 4096. */
const LARGEST_TILE = 4096;
const SMALLEST_SIDE = 256;

interface Tile extends Rect {
  source: CanvasImageSource;
}

interface Level {
  factor: number;
  width: number;
  height: number;
  tiles: Tile[];
}

export class Picture {
  readonly width: number;
  readonly height: number;
  private readonly levels: Level[];

  constructor(private readonly bitmap: ImageBitmap) {
    this.width = bitmap.width;
    this.height = bitmap.height;
    const whole = { source: bitmap, x0: 0, y0: 0, x1: bitmap.width, y1: bitmap.height };
    this.levels = [{ factor: 1, width: bitmap.width, height: bitmap.height, tiles: [whole] }];
    while (Math.min(this.coarsest().width, this.coarsest().height) >= 2 * SMALLEST_SIDE) this.levels.push(halve(this.coarsest()));
  }

  /** Draws what the viewport shows, in device pixels. */
  draw(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const level = this.levelFor(viewport.scale);
    const seen = viewport.visible();
    context.imageSmoothingEnabled = viewport.scale < 3;
    context.imageSmoothingQuality = "low";
    viewport.apply(context);
    for (const tile of level.tiles) drawTile(context, tile, level, seen);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** A small copy of the whole photo, for the map. */
  overview(): { source: CanvasImageSource; width: number; height: number } {
    const level = this.levels.find((candidate) => candidate.tiles.length === 1 && candidate.width <= 1024) ?? this.coarsest();
    return { source: level.tiles[0].source, width: level.width, height: level.height };
  }

  close(): void {
    this.bitmap.close();
    this.levels.length = 0;
  }

  private coarsest(): Level {
    return this.levels[this.levels.length - 1];
  }

  private levelFor(scale: number): Level {
    return this.levels.findLast((level) => level.factor * scale <= 1) ?? this.levels[0];
  }
}

/** Draws the part of a tile that is seen; the context works in photo pixels. */
function drawTile(context: CanvasRenderingContext2D, tile: Tile, level: Level, seen: Rect): void {
  const x0 = Math.max(tile.x0, Math.floor(seen.x0 / level.factor) - 1);
  const y0 = Math.max(tile.y0, Math.floor(seen.y0 / level.factor) - 1);
  const x1 = Math.min(tile.x1, Math.ceil(seen.x1 / level.factor) + 1);
  const y1 = Math.min(tile.y1, Math.ceil(seen.y1 / level.factor) + 1);
  if (x0 >= x1 || y0 >= y1) return;
  const { factor } = level;
  context.drawImage(tile.source, x0 - tile.x0, y0 - tile.y0, x1 - x0, y1 - y0, x0 * factor, y0 * factor, (x1 - x0) * factor, (y1 - y0) * factor);
}

/** Every pixel of the result is the mean of four; an odd last row or column is dropped at that level. */
function halve(level: Level): Level {
  const half: Level = { factor: level.factor * 2, width: level.width >> 1, height: level.height >> 1, tiles: [] };
  for (let y0 = 0; y0 < half.height; y0 += LARGEST_TILE) {
    for (let x0 = 0; x0 < half.width; x0 += LARGEST_TILE) {
      const tile = { x0, y0, x1: Math.min(x0 + LARGEST_TILE, half.width), y1: Math.min(y0 + LARGEST_TILE, half.height) };
      half.tiles.push({ ...tile, source: shrink(level, tile) });
    }
  }
  return half;
}

function shrink(level: Level, part: Rect): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = part.x1 - part.x0;
  canvas.height = part.y1 - part.y0;
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("This browser gives no more canvas memory. Close other tabs and reload.");
  context.imageSmoothingQuality = "low";
  context.setTransform(0.5, 0, 0, 0.5, -part.x0, -part.y0);
  for (const tile of level.tiles) context.drawImage(tile.source, tile.x0, tile.y0);
  return canvas;
}
