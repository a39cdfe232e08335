/** A small copy of the photo with a frame around what the stage shows; a press goes there. */

import type { Stage } from "./stage.ts";

const SIDE = 168;

export class Minimap {
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly stage: Stage,
  ) {}

  draw(): void {
    const overview = this.stage.overview();
    const context = this.canvas.getContext("2d");
    if (!overview || !context) return;
    const { viewport } = this.stage;
    const scale = SIDE / Math.max(viewport.photoWidth, viewport.photoHeight);
    const [width, height] = [viewport.photoWidth * scale, viewport.photoHeight * scale];
    this.fitCanvas(width, height);
    const { ratio } = viewport;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.drawImage(overview.source, 0, 0, overview.width, overview.height, 0, 0, width, height);
    const seen = viewport.visible();
    context.fillStyle = "rgb(0 0 0 / 0.45)";
    context.beginPath();
    context.rect(0, 0, width, height);
    context.rect(seen.x0 * scale, seen.y0 * scale, (seen.x1 - seen.x0) * scale, (seen.y1 - seen.y0) * scale);
    context.fill("evenodd");
    context.strokeStyle = "#fff";
    context.lineWidth = 1.5;
    context.strokeRect(seen.x0 * scale, seen.y0 * scale, (seen.x1 - seen.x0) * scale, (seen.y1 - seen.y0) * scale);
  }

  /** Centres the stage on a place given in shares of the map's width and height. */
  goTo(x: number, y: number): void {
    const { viewport } = this.stage;
    viewport.centreOn({ x: x * viewport.photoWidth, y: y * viewport.photoHeight });
  }

  private fitCanvas(width: number, height: number): void {
    const { ratio } = this.stage.viewport;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width === across && this.canvas.height === down) return;
    this.canvas.width = across;
    this.canvas.height = down;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
  }
}
