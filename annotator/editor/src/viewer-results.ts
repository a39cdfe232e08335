/** The results of one photo as frames of the filmstrip: which is shown, and what was said of each. */

import type { Picture } from "./picture.ts";
import type { Result } from "./viewer-api.ts";
import { make } from "./viewer-dom.ts";

const NAMES: Record<string, string> = {
  restored: "restored",
  restored_color: "restored in colour",
  color: "only coloured",
};
/** Pixels of a frame's picture on a dense screen; the style sheet shows it at half of that. */
const FRAME = { width: 232, height: 132 };

export function nameOf(kind: string): string {
  return NAMES[kind] ?? kind;
}

/** accepted, rejected: bad fill, no verdict yet */
export function stateOf(result: Result): string {
  if (!result.verdict) return "no verdict yet";
  return result.verdict.accepted ? "accepted" : `rejected: ${result.verdict.reasons.join(", ")}`;
}

export class ResultFrames {
  readonly element = make("ol", { class: "results", "aria-label": "Results" });
  private items: HTMLElement[] = [];
  private results: readonly Result[] = [];

  constructor(
    private readonly pictureOf: (result: Result) => Promise<Picture>,
    private readonly choose: (result: Result) => void,
  ) {}

  show(results: readonly Result[], shown: Result): void {
    const known = this.results.map((result) => result.id).join() === results.map((result) => result.id).join();
    this.results = results;
    if (!known) {
      this.items = results.map((result, index) => this.frame(result, index));
      this.element.replaceChildren(...this.items);
    }
    results.forEach((result, index) => this.mark(this.items[index], result, index, result.id === shown.id));
  }

  private frame(result: Result, index: number): HTMLElement {
    const canvas = make("canvas", { width: String(FRAME.width), height: String(FRAME.height), "aria-hidden": "true" });
    const caption = make("span", { class: "name" }, make("kbd", {}, String(index + 1)), nameOf(result.kind));
    const button = make("button", { type: "button" }, canvas, make("span", { class: "state" }), caption);
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => this.choose(this.results[index]));
    // What cannot be loaded is told when it is opened.
    void this.pictureOf(result).then((picture) => paint(canvas, picture), () => undefined);
    return make("li", { class: "result" }, button);
  }

  private mark(item: HTMLElement, result: Result, index: number, shown: boolean): void {
    const [button] = item.getElementsByTagName("button");
    const [state] = item.getElementsByClassName("state");
    const said = stateOf(result);
    button.setAttribute("aria-pressed", String(shown));
    button.setAttribute("aria-label", `${nameOf(result.kind)}, ${said} (key ${index + 1})`);
    button.title = `${nameOf(result.kind)}: ${said}`;
    state.textContent = result.verdict ? (result.verdict.accepted ? "✓" : "✗") : "–";
    state.className = `state ${result.verdict ? (result.verdict.accepted ? "yes" : "no") : "open"}`;
  }
}

/** The picture's middle, filling the frame. */
function paint(canvas: HTMLCanvasElement, picture: Picture): void {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser gives no canvas to draw on.");
  const { source, width, height } = picture.overview();
  const scale = Math.max(canvas.width / width, canvas.height / height);
  const [across, down] = [canvas.width / scale, canvas.height / scale];
  context.imageSmoothingQuality = "high";
  context.drawImage(source, (width - across) / 2, (height - down) / 2, across, down, 0, 0, canvas.width, canvas.height);
}
