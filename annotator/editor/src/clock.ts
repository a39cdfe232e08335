/** Time that somebody really worked: it stands still when the page is hidden or nothing was touched for half a minute. */

const IDLE_MS = 30_000;

export class ActiveClock {
  private total: number;
  private lastTouch: number;
  private lastTick: number;

  constructor(
    seconds: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.total = seconds * 1000;
    this.lastTouch = this.lastTick = now();
  }

  get seconds(): number {
    return this.total / 1000;
  }

  /** Somebody drew, moved or pressed a key. */
  touch(): void {
    this.tick(true);
    this.lastTouch = this.now();
  }

  /** Counts the time since the last tick, up to the end of the idle allowance. */
  tick(visible: boolean): void {
    const now = this.now();
    const until = Math.min(now, this.lastTouch + IDLE_MS);
    if (visible && until > this.lastTick) this.total += until - this.lastTick;
    this.lastTick = now;
  }
}

/** h:mm:ss. */
export function clockText(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
