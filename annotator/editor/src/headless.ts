/** The parts of the editor that work outside a browser, for tests under Node. */

import { type BaseKind, MaskBuffer } from "./mask.ts";
import type { DraftEvent } from "./strokes.ts";

export { countBlocks } from "./counting.ts";
export { decodeGrey } from "./png.ts";
export { Refusal } from "./refusal.ts";
export { Outbox, recover, release, replayable, saveSentence } from "./saving.ts";

/** The mask of an event log: one byte per pixel, 0 or 1, row by row. */
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
