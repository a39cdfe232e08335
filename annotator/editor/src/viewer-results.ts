/** The results of one photo as frames of the filmstrip: which is shown, and what was said of each. */

import { make } from "./dom.ts";
import type { Result } from "./viewer-api.ts";

const NAMES: Record<string, string> = {
  restored: "restored",
  restored_color: "restored in colour",
  color: "only coloured",
};

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

  constructor(private readonly choose: (result: Result) => void) {}

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
    const picture = make("img", { src: result.thumbnail, alt: "" });
    const caption = make("span", { class: "name" }, make("kbd", {}, String(index + 1)), nameOf(result.kind));
    const button = make("button", { type: "button" }, picture, make("span", { class: "state" }), caption);
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => this.choose(this.results[index]));
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
