/** Counts how much of the photo is marked, a slice at a time when the browser has nothing better to do. */

import type { MaskBuffer } from "./mask.ts";

const SLICE = 1_000_000;
const CALM_MS = 200;

export class ShareCounter {
  private mask: MaskBuffer | undefined;
  private timer: number | undefined;
  private counting = 0;

  constructor(private readonly told: (share: number) => void) {}

  restart(mask: MaskBuffer): void {
    this.mask = mask;
    this.changed();
  }

  /** The mask changed: counts anew once it has been calm for a moment. */
  changed(): void {
    window.clearTimeout(this.timer);
    this.counting++;
    this.timer = window.setTimeout(() => this.count(this.counting, 0, 0), CALM_MS);
  }

  stop(): void {
    window.clearTimeout(this.timer);
    this.counting++;
    this.mask = undefined;
  }

  private count(counting: number, start: number, marked: number): void {
    const mask = this.mask;
    if (!mask || counting !== this.counting) return;
    const end = Math.min(start + SLICE, mask.hand.length);
    const sum = marked + mask.count(start, end);
    if (end === mask.hand.length) this.told(sum / mask.hand.length);
    else this.timer = window.setTimeout(() => this.count(counting, end, sum), 0);
  }
}
