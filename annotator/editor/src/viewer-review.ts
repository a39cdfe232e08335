/** Review: original and result under a wipe line; accept, or reject and say where and why. */

import { giveVerdict, type ReviewTask, type Sibling, type VerdictBody, type ViewerTask } from "./viewer-api.ts";
import type { Desk, Judge, Said } from "./viewer-desk.ts";
import { make, makeButton, setPressed } from "./viewer-dom.ts";
import type { Key } from "./viewer-keys.ts";
import { LookControls, PROPOSAL } from "./viewer-look.ts";
import { RejectPanel } from "./viewer-reject.ts";

const NAMES: Record<string, string> = { restored: "restored", restored_color: "restored, in colour", color: "in colour" };
const ARROW_STEP = 0.02;

export class Review implements Judge {
  readonly empty = {
    title: "Nothing waits for a verdict",
    text: "Restore some photos and their results come here to be looked at.",
    action: "Restore photos",
    href: "/photos",
  };
  private readonly look: LookControls;
  private readonly reject: RejectPanel;
  private readonly results = make("div", { class: "results", role: "group", "aria-label": "Results" });
  private readonly tags = [make("span", { class: "tag before" }, "original"), make("span", { class: "tag after" })];
  private task: ReviewTask | null = null;
  private shownResult = 0;

  constructor(private readonly desk: Desk) {
    desk.stage.look.colour = PROPOSAL;
    this.look = new LookControls(desk, () => this.blink(), "blink: original, result, original …");
    this.reject = new RejectPanel(desk, (verdict) => this.judge(verdict));
    const verdicts = make(
      "div",
      { class: "decide", role: "group", "aria-label": "Verdict" },
      makeButton("Reject", "X", () => this.openReject(), "danger"),
      makeButton("Accept", "↵", () => this.accept(), "primary"),
    );
    desk.shell.bar.append(this.results, this.look.element, verdicts);
    desk.shell.stage.append(...this.tags);
  }

  keys(): Key[] {
    if (this.reject.isOpen) return [...this.reject.keys(), ...this.look.keys()];
    return [
      { shown: "↵", keys: ["Enter"], says: "accept this result", run: (event) => (event.repeat ? undefined : this.accept()) },
      { shown: "X", keys: ["x"], says: "reject it, then say where and why", run: () => this.openReject() },
      { shown: "1 2 3", keys: ["1", "2", "3"], says: "choose the result", run: (event) => this.choose(event) },
      { shown: "← →", keys: ["ArrowLeft", "ArrowRight"], says: "move the wipe line (with ⇧ in larger steps)", run: (event) => this.moveWipe(event) },
      { shown: "↑ ↓", keys: ["ArrowUp", "ArrowDown"], says: "result whole, original whole", run: (event) => this.showWhole(event) },
      ...this.look.keys(),
    ];
  }

  async show(task: ViewerTask, keepView: boolean, current: () => boolean): Promise<void> {
    if (task.kind !== "review") return;
    const { pictures } = this.desk;
    const [before, after, mask] = await Promise.all([
      pictures.picture(task.photo.view),
      pictures.picture(task.result.view),
      pictures.mask(task.mask),
    ]);
    if (!current()) return;
    this.reject.close();
    this.task = task;
    this.shownResult = task.result.id;
    const { width, height } = task.photo;
    const afterName = nameOf(task.result.kind);
    this.desk.stage.show({ width, height, before, after, mask, afterName }, keepView);
    this.desk.shell.setFacts(`found by ${task.detector}`, `filled by ${task.inpainter}`);
    this.showResults(task);
  }

  refresh(): void {
    this.look.refresh();
    this.reject.refresh();
    const { stage } = this.desk;
    const [before, after] = this.tags;
    before.hidden = !this.task || stage.side === "after";
    after.hidden = !this.task || stage.side === "before";
    const line = stage.side === "wipe" ? stage.wipe : 0.5;
    before.style.left = after.style.left = `${line * 100}%`;
    const whole = stage.side !== "wipe";
    for (const tag of this.tags) tag.classList.toggle("whole", whole);
  }

  private showResults(task: ReviewTask): void {
    const shown = task.siblings.find((sibling) => sibling.id === this.shownResult);
    this.tags[1].textContent = nameOf(shown?.kind ?? task.result.kind);
    const several = task.siblings.length > 1;
    const buttons = task.siblings.map((sibling, index) => {
      const button = makeButton(nameOf(sibling.kind), String(index + 1), () => this.open(sibling));
      setPressed(button, sibling.id === this.shownResult);
      return button;
    });
    this.results.replaceChildren(...(several ? buttons : []));
  }

  private choose(event: KeyboardEvent): void {
    const sibling = this.task?.siblings[Number(/\d/.exec(event.code)?.[0] ?? event.key) - 1];
    if (sibling) this.open(sibling);
  }

  private open(sibling: Sibling): void {
    if (sibling.id === this.shownResult) return;
    if (sibling.task_id !== null) this.desk.open(sibling.task_id, true);
    else this.desk.shell.say(`The result “${nameOf(sibling.kind)}” has its verdict already, or somebody else is looking at it.`);
  }

  private blink(): void {
    const { stage } = this.desk;
    stage.side = stage.side === "before" ? "after" : "before";
    stage.redraw();
  }

  private showWhole(event: KeyboardEvent): void {
    this.desk.stage.side = event.key === "ArrowUp" ? "after" : "before";
    this.desk.stage.redraw();
  }

  private moveWipe(event: KeyboardEvent): void {
    const step = ARROW_STEP * (event.shiftKey ? 5 : 1);
    this.desk.stage.setWipe(this.desk.stage.wipe + (event.key === "ArrowLeft" ? -step : step));
  }

  private accept(): void {
    this.judge({ accepted: true, reasons: [], marks: [], comment: "" });
  }

  private openReject(): void {
    if (!this.task || this.reject.isOpen) return;
    if (this.desk.stage.side === "before") this.desk.stage.side = "after";
    this.reject.open(this.task.photo.width, this.task.photo.height);
  }

  private judge(verdict: VerdictBody): void {
    const task = this.task;
    if (!task) return;
    this.desk.decide(async () => said(task, verdict, await giveVerdict(task.id, verdict)));
  }
}

function said(task: ReviewTask, verdict: VerdictBody, labelTask: number | null): Said {
  const name = task.photo.filename;
  if (verdict.accepted) return { text: `Accepted: ${name}.` };
  const why = verdict.reasons.join(", ");
  if (labelTask === null) return { text: `Rejected: ${name}, ${why}.` };
  return {
    text: `Rejected: ${name}, ${why}. It tops the label queue.`,
    link: { text: `Label it now (task ${labelTask})`, href: `/label?task=${labelTask}` },
  };
}

function nameOf(kind: string): string {
  return NAMES[kind] ?? kind;
}
