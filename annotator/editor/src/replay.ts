/** Rebuilds masks from event logs outside a browser: what the tests compare with the server's rebuild. */

import { type BaseKind, MaskBuffer } from "./mask.ts";
import type { DraftEvent } from "./strokes.ts";

/** One byte per pixel, 0 or 1, row by row. */
export function replay(
  width: number,
  height: number,
  base: Uint8Array | undefined,
  kind: BaseKind,
  threshold: number,
  events: readonly DraftEvent[],
): Uint8Array {
  const mask = new MaskBuffer(width, height, base, kind, threshold, () => {});
  for (const event of events) mask.apply(event);
  return mask.toBytes();
}
