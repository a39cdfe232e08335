/** How the photo and its mask look: what is shown, in which colour, how strong; kept where a person would expect it. */

import type { Desk } from "./desk.ts";
import type { Look } from "./overlay.ts";
import { COLOURS, loadPreferences, type Preferences, PROPOSED, savePreferences } from "./preferences.ts";
import type { Stage } from "./stage.ts";

const BLINK_MS = 450;

export type Switch = "shown" | "contour" | "blinking" | "contrast";

export class Appearance {
  readonly preferences = loadPreferences();
  shown = true;
  private contour = false;
  private blinking = false;
  private contrast = false;
  private timer: number | undefined;

  constructor(
    private readonly desk: Desk,
    private readonly stage: Stage,
    /** The mask must stay in sight, as while somebody draws. */
    private readonly steady: () => boolean,
  ) {}

  toggle(what: Switch): void {
    this[what] = !this[what];
    if (what === "blinking" && this.blinking) this.shown = true;
    if (what === "contour") this.stage.setLook(this.look());
    this.refresh();
  }

  /** Changes what is found again on the next visit. */
  prefer(change: Partial<Preferences>): void {
    Object.assign(this.preferences, change);
    savePreferences(change);
    if ("colour" in change) this.stage.setLook(this.look());
    this.refresh();
  }

  nextColour(): void {
    this.prefer({ colour: (this.preferences.colour + 1) % COLOURS.length });
  }

  look(): Look {
    return { drawn: this.colour().drawn, proposed: PROPOSED, contour: this.contour };
  }

  refresh(): void {
    const { desk, preferences } = this;
    desk.setPressed({ mask: this.shown, contour: this.contour, blink: this.blinking, contrast: this.contrast });
    desk.setOpacity(preferences.opacity);
    desk.setColour(this.colour().drawn, this.colour().name);
    desk.setFolded(preferences.folded);
    this.stage.setContrast(this.contrast);
    this.veil();
  }

  destroy(): void {
    window.clearTimeout(this.timer);
  }

  private colour(): (typeof COLOURS)[number] {
    return COLOURS[this.preferences.colour % COLOURS.length];
  }

  private veil(): void {
    const off = this.blinking && !this.steady() && Math.floor(performance.now() / BLINK_MS) % 2 === 1;
    this.stage.setVeil(this.contour ? 1 : this.preferences.opacity, this.shown && !off);
    window.clearTimeout(this.timer);
    if (this.blinking) this.timer = window.setTimeout(() => this.veil(), BLINK_MS);
  }
}
