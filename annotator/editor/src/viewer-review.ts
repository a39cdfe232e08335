/** Review: the original and its results under a wipe line; each result is accepted, or rejected with where and why. */

import { make, makeButton, setCaption } from "./dom.ts";
import { PROPOSED } from "./preferences.ts";
import { acceptRest, giveVerdict, type Result, type ReviewTask, type ViewerTask } from "./viewer-api.ts";
import type { Desk, Judge, Said } from "./viewer-desk.ts";
import type { Key } from "./viewer-keys.ts";
import { LookControls } from "./viewer-look.ts";
import { type Rejection, RejectPanel } from "./viewer-reject.ts";
import { nameOf, ResultFrames, stateOf } from "./viewer-results.ts";

const ARROW_STEP = 0.02;
const ABOUT_THE_MASK = ["missed defect", "false defect"];

export class Review implements Judge {
  readonly empty = {
    title: "Nothing waits for a verdict",
    text: "Restore some photos and their results come here to be looked at.",
    action: "Restore photos",
    href: "/photos",
  };
  private readonly look: LookControls;
  private readonly reject: RejectPanel;
  private readonly results: ResultFrames;
  private readonly notes = make("div", { class: "notes", role: "note" });
  private readonly tags = [make("span", { class: "tag before" }, "original"), make("span", { class: "tag after" })];
  private readonly rest = makeButton("Accept all", "A", () => this.acceptRest());
  private task: ReviewTask | null = null;
  private shown: Result | null = null;
  /** What was wrong with the mask of the photo in front: another result made with it is likely to suffer from the same. */
  private maskFault: Rejection | null = null;
  private showing = 0;
  /** The result that was chosen and is on its way; tells whether it came to be seen. */
  private opening: Promise<boolean> | null = null;

  constructor(private readonly desk: Desk) {
    desk.stage.look.colour = PROPOSED;
    this.look = new LookControls(desk, () => this.blink(), "blink: original, result, original …");
    this.reject = new RejectPanel(desk, (rejection) => this.judge(false, rejection));
    this.results = new ResultFrames((result) => this.open(result));
    const verdicts = make(
      "div",
      { class: "decide", role: "group", "aria-label": "Verdict" },
      this.rest,
      makeButton("Reject", "X", () => this.onceSeen(() => this.openReject()), "danger"),
      makeButton("Accept", "↵", () => this.onceSeen(() => this.accept()), "primary"),
    );
    desk.shell.bar.append(this.notes, this.look.element, verdicts);
    desk.shell.stage.append(...this.tags);
    desk.shell.setFront(this.results.element);
  }

  keys(): Key[] {
    if (this.reject.isOpen) return [...this.reject.keys(), ...this.look.keys()];
    return [
      { shown: "↵", keys: ["Enter"], says: "accept this result", run: (event) => (event.repeat ? undefined : this.onceSeen(() => this.accept())) },
      { shown: "X", keys: ["x"], says: "reject it, then say where and why", run: () => this.onceSeen(() => this.openReject()) },
      { shown: "A", keys: ["a"], says: "accept all results without a verdict", run: (event) => (event.repeat ? undefined : this.acceptRest()) },
      { shown: "1 2 3", keys: ["1", "2", "3"], says: "choose the result", run: (event) => this.choose(event) },
      { shown: "← →", keys: ["ArrowLeft", "ArrowRight"], says: "move the wipe line (with ⇧ in larger steps)", run: (event) => this.moveWipe(event) },
      { shown: "↑ ↓", keys: ["ArrowUp", "ArrowDown"], says: "result whole, original whole", run: (event) => this.showWhole(event) },
      ...this.look.keys(),
    ];
  }

  async show(task: ViewerTask, keepView: boolean, current: () => boolean): Promise<void> {
    if (task.kind !== "review") return;
    const result = this.toShow(task);
    await this.draw(task, result, keepView, current);
    if (!current()) return;
    this.reject.close();
    if (!keepView) this.maskFault = null;
    this.task = task;
    this.showState(task, result);
    this.desk.pictures.prepare(task.results.map((each) => each.view));
    const { detector, inpainter, colorizer } = task.models;
    const facts = [`found by ${detector}`, `filled by ${inpainter}`, ...(colorizer ? [`coloured by ${colorizer}`] : [])];
    this.desk.shell.setFacts(...facts);
    this.notes.replaceChildren(...task.warnings.map((warning) => make("span", { title: warning }, `⚠ ${warning}`)));
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

  /** The result in front while it waits for its verdict, else the first that does. */
  private toShow(task: ReviewTask): Result {
    const waiting = task.results.filter((result) => !result.verdict);
    return waiting.find((result) => result.id === this.shown?.id) ?? waiting[0] ?? task.results[0];
  }

  private async draw(task: ReviewTask, result: Result, keepView: boolean, current: () => boolean): Promise<void> {
    const { pictures, stage } = this.desk;
    const [before, after, mask] = await Promise.all([
      pictures.picture(task.photo.view),
      pictures.picture(result.view),
      pictures.mask(task.mask),
    ]);
    if (!current()) return;
    const { width, height } = task.photo;
    stage.show({ width, height, before, after, mask, afterName: nameOf(result.kind) }, keepView);
  }

  private showState(task: ReviewTask, result: Result): void {
    this.shown = result;
    this.tags[1].textContent = nameOf(result.kind);
    this.results.show(task.results, result);
    const open = task.results.filter((each) => !each.verdict).length;
    this.rest.hidden = open < 2;
    setCaption(this.rest, open === task.results.length ? "Accept all" : "Accept the rest", "A");
  }

  private choose(event: KeyboardEvent): void {
    const result = this.task?.results[Number(/\d/.exec(event.code)?.[0] ?? event.key) - 1];
    if (result) this.open(result);
  }

  /** Show another result of the photo in front. */
  private open(result: Result): void {
    const task = this.task;
    if (!task || this.reject.isOpen) return;
    const showing = ++this.showing; // what is still on its way is called off
    if (result.id === this.shown?.id) {
      this.opening = null;
      return;
    }
    const current = (): boolean => showing === this.showing && task === this.task;
    const opening = this.bring(task, result, current).finally(() => {
      if (this.opening === opening) this.opening = null;
    });
    this.opening = opening;
  }

  private async bring(task: ReviewTask, result: Result, current: () => boolean): Promise<boolean> {
    try {
      await this.draw(task, result, true, current);
    } catch (error) {
      this.desk.shell.say((error as Error).message);
      return false;
    }
    if (current()) this.showState(task, result);
    return current();
  }

  /** What is decided of a result that is still on its way waits until it is seen: it is not about the one before it. */
  private onceSeen(decide: () => void): void {
    if (this.opening) this.opening.then((seen) => (seen ? decide() : undefined));
    else decide();
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
    this.judge(true, { reasons: [], marks: [], comment: "" });
  }

  private acceptRest(): void {
    const task = this.task;
    if (!task || this.reject.isOpen) return;
    this.desk.decide(async () => {
      await acceptRest(task.id);
      return { text: `Accepted: ${task.photo.filename}, ${spokenRest(task)}.` };
    });
  }

  private openReject(): void {
    const { task, shown } = this;
    if (!task || !shown || this.reject.isOpen || this.judgedAlready(shown)) return;
    if (this.desk.stage.side === "before") this.desk.stage.side = "after";
    const alike = shown.may_be.some((reason) => ABOUT_THE_MASK.includes(reason));
    this.reject.open(task.photo.width, task.photo.height, shown.may_be, alike ? this.maskFault : null);
  }

  private judge(accepted: boolean, rejection: Rejection): void {
    const { task, shown } = this;
    if (!task || !shown || this.judgedAlready(shown)) return;
    this.desk.decide(async () => {
      const answer = await giveVerdict(task.id, { result_id: shown.id, accepted, ...rejection });
      const reasons = rejection.reasons.filter((reason) => ABOUT_THE_MASK.includes(reason));
      if (reasons.length > 0) this.maskFault = { ...rejection, reasons, comment: "" };
      return said(task, shown, rejection.reasons, answer.label_task_id);
    });
  }

  private judgedAlready(result: Result): boolean {
    if (result.verdict) this.desk.shell.say(`“${nameOf(result.kind)}” has its verdict: ${stateOf(result)}.`);
    return result.verdict !== null;
  }
}

function said(task: ReviewTask, result: Result, reasons: readonly string[], labelTask: number | null): Said {
  const what = `${task.photo.filename}, ${nameOf(result.kind)}`;
  if (reasons.length === 0) return { text: `Accepted: ${what}.` };
  const why = reasons.join(", ");
  const byHand = { text: "Correct its colours", href: `/photo?photo=${task.photo.id}&colours=1` };
  const link = reasons.includes("bad colour") ? { link: byHand } : {};
  if (labelTask === null) return { text: `Rejected: ${what}: ${why}.`, ...link };
  return {
    text: `Rejected: ${what}: ${why}. The photo tops the label queue.`,
    link: { text: `Label it now (task ${labelTask})`, href: `/label?task=${labelTask}` },
  };
}

function spokenRest(task: ReviewTask): string {
  const open = task.results.filter((result) => !result.verdict).map((result) => nameOf(result.kind));
  return open.length === task.results.length ? "all results" : open.join(" and ");
}
