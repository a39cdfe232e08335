/** Places on the photo that a verdict points at, and how they look, in Label as in Review. */

import type { Point, Rect } from "./viewport.ts";

export interface Rectangle {
  kind: "rectangle";
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Scribble {
  kind: "scribble";
  points: [number, number][];
}

/** A place on the photo, in whole photo pixels. */
export type Mark = Rectangle | Scribble;

export function boundsOf(mark: Mark): Rect {
  if (mark.kind === "rectangle") return { x0: mark.x, y0: mark.y, x1: mark.x + mark.width, y1: mark.y + mark.height };
  const xs = mark.points.map(([x]) => x);
  const ys = mark.points.map(([, y]) => y);
  return { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) };
}

/** Draw marks as a dashed white line on black, readable over any photo. `place` maps photo to canvas pixels. */
export function drawMarks(
  context: CanvasRenderingContext2D,
  marks: readonly Mark[],
  place: (x: number, y: number) => Point,
  lineWidth: number,
): void {
  context.save();
  context.lineJoin = "round";
  for (const mark of marks) {
    const path = outline(mark, place);
    context.setLineDash([]);
    context.strokeStyle = "#000";
    context.lineWidth = lineWidth * 2;
    context.stroke(path);
    context.setLineDash([lineWidth * 4, lineWidth * 3]);
    context.strokeStyle = "#fff";
    context.lineWidth = lineWidth;
    context.stroke(path);
  }
  context.restore();
}

function outline(mark: Mark, place: (x: number, y: number) => Point): Path2D {
  const path = new Path2D();
  if (mark.kind === "rectangle") {
    const from = place(mark.x, mark.y);
    const to = place(mark.x + mark.width, mark.y + mark.height);
    path.rect(from.x, from.y, to.x - from.x, to.y - from.y);
    return path;
  }
  mark.points.forEach(([x, y], index) => {
    const at = place(x, y);
    if (index === 0) path.moveTo(at.x, at.y);
    else path.lineTo(at.x, at.y);
  });
  return path;
}
