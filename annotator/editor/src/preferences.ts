/** What a person set once and finds again: kept in this browser. */

export type Colour = readonly [number, number, number];

/** The drawn mask's colours; each stays apart from the proposal's cyan over grey and sepia, for colour-blind eyes too. */
export const COLOURS: ReadonlyArray<{ name: string; drawn: Colour }> = [
  { name: "vermilion", drawn: [240, 96, 58] },
  { name: "yellow", drawn: [245, 212, 40] },
  { name: "violet", drawn: [190, 92, 230] },
  { name: "white", drawn: [255, 255, 255] },
];
export const PROPOSED: Colour = [40, 184, 214];

export interface Preferences {
  size: number;
  opacity: number;
  colour: number;
  folded: boolean;
}

const KEY = "heirloom.editor";
const DEFAULTS: Preferences = { size: 16, opacity: 0.6, colour: 0, folded: false };
/** Where the panel would leave the photo less than half of the window, it begins folded. */
const NARROW = "(max-width: 700px)";

export const SMALLEST = 1;
export const LARGEST = 1000;

export function loadPreferences(): Preferences {
  return { ...DEFAULTS, folded: globalThis.matchMedia?.(NARROW).matches ?? false, ...chosen() };
}

/** Keeps what was chosen, and nothing else: how the panel begins is for each window to say. */
export function savePreferences(change: Partial<Preferences>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...chosen(), ...change }));
  } catch {
    return;
  }
}

function chosen(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
  } catch {
    return {};
  }
}

/** Slider positions of 0 to 100 for tips of 1 to 1000 pixels: even steps feel even. */
export function sizeToSlider(size: number): number {
  return (100 * Math.log(size)) / Math.log(LARGEST);
}

export function sliderToSize(position: number): number {
  return Math.max(SMALLEST, Math.round(LARGEST ** (position / 100)));
}

/** A tip one step larger or smaller: always at least one pixel. */
export function stepSize(size: number, direction: 1 | -1): number {
  const next = direction > 0 ? Math.max(size + 1, Math.round(size * 1.15)) : Math.min(size - 1, Math.round(size / 1.15));
  return Math.min(Math.max(next, SMALLEST), LARGEST);
}
