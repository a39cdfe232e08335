/** Counts marked pixels in blocks of 2ⁿ × 2ⁿ. The photo's size squared passes through here at every move of the threshold. */

import { DRAWN, UNTOUCHED } from "./strokes.ts";

export interface Pixels {
  /** Row by row, one byte per pixel: untouched, drawn or erased. */
  hand: Uint8Array;
  base: Uint8Array | undefined;
  cut: number;
  width: number;
  height: number;
}

export interface Counts {
  drawn: Uint16Array;
  proposed: Uint16Array;
}

/** Counts for blocks [left, left + width) × [top, top + height), which may hang over the photo's edges. */
export function countBlocks(pixels: Pixels, left: number, top: number, width: number, height: number, level: number): Counts {
  const counts = { drawn: new Uint16Array(width * height), proposed: new Uint16Array(width * height) };
  const x0 = Math.max(0, left << level);
  const x1 = Math.min((left + width) << level, pixels.width);
  const words = level >= 2 && pixels.width % 4 === 0 && pixels.base?.byteOffset === 0 ? new WordCounter(pixels) : undefined;
  const last = Math.min((top + height) << level, pixels.height);
  for (let y = Math.max(0, top << level); y < last; y++) {
    const row = ((y >> level) - top) * width - left;
    if (words) words.row(counts, y, x0, x1, row, level);
    else countRow(pixels, counts, y, x0, x1, row, level);
  }
  return counts;
}

function countRow(pixels: Pixels, counts: Counts, y: number, x0: number, x1: number, row: number, level: number): void {
  const { hand, base, cut, width } = pixels;
  for (let x = x0, at = y * width + x0; x < x1; x++, at++) {
    const value = hand[at];
    if (value === DRAWN) counts.drawn[row + (x >> level)]++;
    else if (value === UNTOUCHED && base !== undefined && base[at] >= cut) counts.proposed[row + (x >> level)]++;
  }
}

const TOPS = 0x80808080 | 0;
const REST = 0x7f7f7f7f;
const ONES = 0x01010101;

/** Takes four pixels at once: the sum of a byte's low bits and a constant reaches its top bit just where it is large enough. */
class WordCounter {
  private readonly hand: Uint32Array;
  private readonly base: Uint32Array;
  private readonly offset: number;
  private readonly upper: boolean;

  constructor(private readonly pixels: Pixels) {
    const { hand, base, cut } = pixels;
    this.hand = new Uint32Array(hand.buffer, hand.byteOffset, hand.length >> 2);
    this.base = new Uint32Array(base?.buffer ?? new ArrayBuffer(0), 0, (base?.length ?? 0) >> 2);
    this.upper = cut > 128;
    this.offset = Math.imul((this.upper ? 256 : 128) - cut, ONES);
  }

  row(counts: Counts, y: number, x0: number, x1: number, row: number, level: number): void {
    const { hand, base, offset, upper } = this;
    const across = this.pixels.width >> 2;
    const shift = level - 2;
    for (let x = x0 >> 2, at = y * across + x; x < x1 >> 2; x++, at++) {
      const hands = hand[at];
      if (hands !== 0) {
        countRow(this.pixels, counts, y, x << 2, (x << 2) + 4, row, level);
        continue;
      }
      const values = base[at];
      const reached = (values & REST) + offset;
      const large = (upper ? values & reached : values | reached) & TOPS;
      if (large !== 0) counts.proposed[row + (x >> shift)] += Math.imul(large >>> 7, ONES) >>> 24;
    }
  }
}
