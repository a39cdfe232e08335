/** The panel that asks, after a rejection, where and why. */

import { make, makeButton, setPressed, showsKeys } from "./dom.ts";
import type { Mark } from "./marks.ts";
import type { Desk } from "./viewer-desk.ts";
import type { Key } from "./viewer-keys.ts";
import { Marks } from "./viewer-marks.ts";

/** A reason has its number whatever result is rejected; which ones hold for it the server says. */
const REASONS = ["missed defect", "false defect", "bad fill", "bad colour", "other"] as const;
/** CSS pixels that an arrow key moves a rectangle. */
const NUDGE = 6;
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export interface Rejection {
  reasons: string[];
  marks: Mark[];
  comment: string;
}

export class RejectPanel {
  private marks = new Marks(1, 1);
  private readonly chosen = new Set<string>();
  private readonly comment = make("input", { type: "text", "aria-label": "Comment" });
  private readonly hint = make("p", { class: "hint", role: "status" });
  private readonly buttons: Map<string, HTMLButtonElement>;
  private allowed: readonly string[] = [];
  private shownState = "";

  constructor(
    private readonly desk: Desk,
    private readonly send: (rejection: Rejection) => void,
  ) {
    this.buttons = new Map(
      REASONS.map((reason) => [reason, makeButton(reason, digitOf(reason), (event) => this.choose(reason, event.shiftKey))]),
    );
    this.comment.addEventListener("keydown", (event) => this.onCommentKey(event));
  }

  get isOpen(): boolean {
    return !this.desk.shell.panel.hidden;
  }

  /** Ask why, among the reasons `allowed`; `said` is what to begin with. */
  open(width: number, height: number, allowed: readonly string[], said: Rejection | null): void {
    this.marks = new Marks(width, height);
    this.marks.list.push(...(said?.marks ?? []));
    this.allowed = REASONS.filter((reason) => allowed.includes(reason));
    this.chosen.clear();
    for (const reason of said?.reasons ?? []) if (this.allowed.includes(reason)) this.chosen.add(reason);
    this.comment.value = "";
    this.comment.placeholder = showsKeys() ? "In your words (W)" : "In your words";
    this.desk.pointer.setMarking(this.marks);
    const reasons = make("div", { class: "reasons", role: "group", "aria-label": "Why" }, ...this.shownButtons());
    const row = make("div", { class: "row" }, reasons, this.comment, ...this.actions());
    this.desk.shell.openPanel("What is wrong, and where?", this.hint, row);
    this.shownState = "";
    this.refresh();
  }

  close(): void {
    this.desk.pointer.setMarking(null);
    this.desk.shell.closePanel();
  }

  keys(): Key[] {
    const reasons = this.allowed.map((reason): Key => {
      const digit = digitOf(reason);
      return { shown: digit, keys: [digit], says: `because of: ${reason}`, run: (e) => this.choose(reason, e.shiftKey) };
    });
    return [
      ...reasons,
      { shown: "↵", keys: ["Enter"], says: "send it with the reasons chosen so far (⇧ with a number adds one)", run: () => this.finish() },
      { shown: "R", keys: ["r"], says: "mark a rectangle without the mouse", run: () => this.addRectangle() },
      { shown: "← → ↑ ↓", keys: Object.keys(ARROWS), says: "move that rectangle, with ⇧ resize it", run: (e) => this.nudge(e) },
      { shown: "⌫", keys: ["Backspace", "Delete"], says: "take the last mark away", run: () => this.dropMark() },
      { shown: "W", keys: ["w"], says: "write a comment", run: () => this.comment.focus() },
      { shown: "Esc", keys: ["Escape"], says: "do not reject after all", run: () => this.close() },
    ];
  }

  /** Bring the hint up to date with the marks, leaving a warning in place until something changes. */
  refresh(): void {
    const state = `${this.marks.list.length} ${[...this.chosen].join()}`;
    if (state === this.shownState) return;
    this.shownState = state;
    const drag = showsKeys() ? "Drag over a place, or ⇧ drag to scribble" : "Drag over a place";
    this.hint.textContent = `${spokenCount(this.marks.list.length)}${drag}; then say why.`;
    for (const [reason, button] of this.buttons) setPressed(button, this.chosen.has(reason));
  }

  private shownButtons(): HTMLButtonElement[] {
    return [...this.buttons].filter(([reason]) => this.allowed.includes(reason)).map(([, button]) => button);
  }

  private actions(): HTMLButtonElement[] {
    const back = makeButton("Cancel", "Esc", () => this.close(), "quiet");
    return [back, makeButton("Reject", "↵", () => this.finish(), "danger")];
  }

  private choose(reason: string, among: boolean): void {
    if (among && this.chosen.has(reason)) this.chosen.delete(reason);
    else this.chosen.add(reason);
    this.refresh();
    if (reason === "other" && this.comment.value.trim() === "") this.comment.focus();
    else if (!among) this.finish();
  }

  private finish(): void {
    const comment = this.comment.value.trim();
    if (this.chosen.size === 0 && comment !== "") this.chosen.add("other");
    if (this.chosen.size === 0) return this.warn(this.whyMissing());
    if (this.chosen.has("other") && comment === "") return this.warn("Say in a few words what else is wrong.");
    const reasons = this.allowed.filter((reason) => this.chosen.has(reason));
    this.send({ reasons, marks: [...this.marks.list], comment });
  }

  private whyMissing(): string {
    return showsKeys() ? `Say why: press ${spokenChoice(this.allowed.map(digitOf))}.` : "Say why: choose what is wrong.";
  }

  private warn(text: string): void {
    this.refresh();
    this.hint.textContent = text;
    if (this.chosen.has("other")) this.comment.focus();
  }

  private onCommentKey(event: KeyboardEvent): void {
    if (event.key === "Enter") this.finish();
    else if (event.key === "Escape") this.comment.blur();
  }

  private addRectangle(): void {
    const { view, canvas } = this.desk.stage;
    const middle = view.toPhoto(canvas.clientWidth / 2, canvas.clientHeight / 2);
    this.marks.addRectangle(middle, (Math.min(view.width, view.height) / view.scale) * 0.2);
    this.desk.stage.redraw();
  }

  private nudge(event: KeyboardEvent): void {
    const [right, down] = ARROWS[event.key];
    const step = Math.max(1, Math.round((NUDGE * this.desk.stage.view.ratio) / this.desk.stage.view.scale));
    this.marks.nudge(right * step, down * step, event.shiftKey);
    this.desk.stage.redraw();
  }

  private dropMark(): void {
    this.marks.list.pop();
    this.desk.stage.redraw();
  }
}

function spokenCount(places: number): string {
  if (places === 0) return "";
  return places === 1 ? "1 place marked. " : `${places} places marked. `;
}

function digitOf(reason: string): string {
  return String(REASONS.findIndex((each) => each === reason) + 1);
}

/** 1, 2 or 3 */
function spokenChoice(digits: string[]): string {
  return digits.length < 2 ? digits.join("") : `${digits.slice(0, -1).join(", ")} or ${digits[digits.length - 1]}`;
}
