/** Questions that need an answer before work goes on. The browser's own dialog keeps the focus and closes on Escape. */

import { keycap, make } from "./dom.ts";
import { NAVIGATION_KEYS } from "./navigation.ts";

const SKIP_REASONS = ["too hard to tell what is a defect", "not a photo, or unusable", "somebody else should look", "other"];

const KEYS: ReadonlyArray<readonly [string, string]> = [
  ["B", "brush (the right mouse button erases)"],
  ["E", "eraser"],
  ["[ ]", "smaller, larger tip; also ⇧ and the wheel"],
  ["⇧ click", "straight line from the end of the last stroke"],
  ["U", "undo a stroke; also Ctrl Z"],
  ["R", "redo a stroke; also Ctrl ⇧ Z"],
  ["M", "show or hide the mask"],
  ["C", "contour only"],
  ["L", "blink the mask"],
  ["K", "stronger contrast of the photo"],
  ["P", "next colour of the mask"],
  ["O ⇧O", "mask more, less opaque"],
  ["T ⇧T", "proposal threshold up, down: less, more is marked"],
  ["J", "go to the next rejected place"],
  ["\\", "fold the panel at the right"],
  ["⇧S", "skip this photo, with a reason"],
  ["↵", "submit and open the next photo"],
];

/** Shows a dialog until a button of it is chosen; undefined where it was dismissed. */
function ask<T>(root: HTMLElement, label: string, content: (choose: (value?: T) => void) => HTMLElement[]): Promise<T | undefined> {
  return new Promise((resolve) => {
    const dialog = make("dialog", { "aria-label": label });
    // Not left to the event "close", which the browser sends later: a key pressed between the two would be lost.
    const end = (answer?: T): void => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    dialog.append(make("h2", {}, label), ...content(end));
    dialog.addEventListener("cancel", () => end());
    dialog.addEventListener("close", () => end());
    dialog.addEventListener("click", (event) => event.target === dialog && end());
    root.append(dialog);
    dialog.showModal();
    dialog.scrollTop = 0; // the focus may lie at its end
  });
}

function button(label: string, look: string, run: () => void, key?: string): HTMLButtonElement {
  const element = make("button", { type: "button", class: `control ${look}` }, label, key === undefined ? null : keycap(key));
  element.addEventListener("click", run);
  return element;
}

export function askSkip(root: HTMLElement): Promise<string | undefined> {
  return ask<string>(root, "Skip this photo – why?", (choose) => {
    const other = make("input", { type: "text", maxlength: "300", placeholder: "In your own words", "aria-label": "Reason in your own words" });
    const say = button("Skip", "primary", () => (other.value.trim() ? choose(other.value.trim()) : other.focus()), "↵");
    const cancel = button("Cancel", "", () => choose(), "Esc");
    const list = SKIP_REASONS.map((reason, index) =>
      button(reason, "choice", () => (reason === "other" ? other.focus() : choose(reason)), String(index + 1)),
    );
    const form = make("form", { class: "row" }, other, say);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("keydown", (event) => event.key === "Enter" && say.click());
    const body = make("div", { class: "choices" }, ...list);
    body.addEventListener("keydown", (event) => list[Number(event.key) - 1]?.click());
    const hint = "It goes back to the queue for others and is not offered to you again.";
    return [make("p", { class: "hint" }, hint), body, form, make("div", { class: "actions" }, cancel)];
  });
}

export type ConflictChoice = "theirs" | "replay";

export function askConflict(root: HTMLElement, unsent: number): Promise<ConflictChoice | undefined> {
  const [strokes, mine] = unsent === 1 ? ["1 change", "my change"] : [`${unsent} changes`, `my ${unsent} changes`];
  const exist = unsent === 1 ? "exists" : "exist";
  return ask<ConflictChoice>(root, "This photo was worked on elsewhere", (choose) => [
    make("p", {}, `Another window saved a newer version of this draft. ${strokes} of yours ${exist} only here. Nothing is mixed unless you say so.`),
    make(
      "div",
      { class: "choices" },
      button(`Load the newer version and draw ${mine} on top`, "primary", () => choose("replay")),
      button(`Load the newer version and drop ${mine}`, "choice", () => choose("theirs")),
    ),
  ]);
}

export async function showHelp(root: HTMLElement): Promise<void> {
  await ask(root, "Keys", (choose) => {
    const rows = [...KEYS, ...NAVIGATION_KEYS].flatMap(([keys, says]) => [
      make("dt", {}, ...keys.split(" ").map((key) => keycap(key))),
      make("dd", {}, says),
    ]);
    const legend = make(
      "ul",
      { class: "legend" },
      make("li", { class: "is-proposed" }, "proposed by the detector"),
      make("li", { class: "is-drawn" }, "drawn by people"),
      make("li", { class: "is-place" }, "a reviewer rejected the result here"),
    );
    return [legend, make("dl", {}, ...rows), make("div", { class: "actions" }, button("Close", "primary", () => choose(true), "Esc"))];
  });
}
