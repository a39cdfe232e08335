/** Accept: a lead looks at a submitted mask over its photo and accepts it, or returns it with a comment. */

import { make, makeButton, spokenDuration } from "./dom.ts";
import { COLOURS } from "./preferences.ts";
import { type AcceptTask, acceptAnnotation, returnAnnotation, type ViewerTask } from "./viewer-api.ts";
import type { Desk, Judge } from "./viewer-desk.ts";
import type { Key } from "./viewer-keys.ts";
import { LookControls } from "./viewer-look.ts";

export class Accept implements Judge {
  readonly empty = {
    title: "No mask waits for you",
    text: "What assessors submit comes here. Until then there are photos to label.",
    action: "Label a photo",
    href: "/label",
  };
  private readonly look: LookControls;
  private readonly comment = make("textarea", {
    rows: "2",
    placeholder: "What should be different?",
    "aria-label": "What should be different (required)",
  });
  private readonly hint = make("p", { class: "hint", role: "status" });
  private task: AcceptTask | null = null;

  constructor(private readonly desk: Desk) {
    Object.assign(desk.stage.look, { colour: COLOURS[0].drawn, visible: true });
    this.look = new LookControls(desk, () => this.look.toggleMask(), "blink the mask");
    this.comment.addEventListener("keydown", (event) => this.onCommentKey(event));
    const decide = make(
      "div",
      { class: "decide", role: "group", "aria-label": "Decision" },
      makeButton("Return", "X", () => this.openReturn(), "danger"),
      makeButton("Accept", "↵", () => this.accept(), "primary"),
    );
    desk.shell.bar.append(make("span"), this.look.element, decide);
  }

  keys(): Key[] {
    const { navigation } = this.desk.pointer;
    return [
      { shown: "↵", keys: ["Enter"], says: "accept this mask", run: (event) => (event.repeat ? undefined : this.accept()) },
      { shown: "X", keys: ["x"], says: "return it with a comment", run: () => this.openReturn() },
      { shown: "Esc", keys: ["Escape"], says: "do not return it after all", run: () => this.desk.shell.closePanel() },
      { shown: "← → ↑ ↓", keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], says: "move the photo", run: (event) => void navigation.keyDown(event) },
      ...this.look.keys(),
    ];
  }

  async show(task: ViewerTask, keepView: boolean, current: () => boolean): Promise<void> {
    if (task.kind !== "accept") return;
    const { pictures } = this.desk;
    const [before, mask] = await Promise.all([pictures.picture(task.photo.view), pictures.mask(task.annotation.mask)]);
    if (!current()) return;
    this.desk.shell.closePanel();
    this.task = task;
    const { width, height } = task.photo;
    this.desk.stage.marks = task.marks;
    this.desk.stage.look.visible = true;
    this.desk.stage.show({ width, height, before, after: null, mask, afterName: "" }, keepView);
    this.desk.shell.setFacts(...facts(task));
  }

  refresh(): void {
    this.look.refresh();
  }

  private accept(): void {
    const task = this.task;
    if (!task || !this.desk.shell.panel.hidden) return;
    this.desk.decide(async () => {
      await acceptAnnotation(task.id);
      return { text: `Accepted: the mask of ${task.photo.filename}.` };
    });
  }

  private openReturn(): void {
    if (!this.task) return;
    this.comment.value = "";
    const { assessor, left } = this.task.annotation;
    const who = assessor ?? "The assessor";
    this.hint.textContent = left
      ? `${who} has left. Whoever comes next gets it, with what you write.`
      : `${who} gets it back, with what you write. After a day others may get it, too.`;
    const cancel = makeButton("Cancel", "Esc", () => this.desk.shell.closePanel(), "quiet");
    const send = makeButton("Return", "↵", () => this.giveBack(), "danger");
    const row = make("div", { class: "row" }, this.comment, cancel, send);
    this.desk.shell.openPanel("Return this mask", this.hint, row);
    this.comment.focus();
  }

  private onCommentKey(event: KeyboardEvent): void {
    if (event.key === "Escape") this.desk.shell.closePanel();
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    this.giveBack();
  }

  private giveBack(): void {
    const task = this.task;
    const comment = this.comment.value.trim();
    if (!task) return;
    if (comment === "") {
      this.hint.textContent = "Write what should be different; a mask without a word cannot be improved.";
      this.comment.focus();
      return;
    }
    this.desk.decide(async () => {
      await returnAnnotation(task.id, comment);
      return { text: `Returned: ${task.photo.filename} waits in the label queue, with your comment.` };
    });
  }
}

function facts(task: AcceptTask): string[] {
  const { assessor, seconds, marked_share: share } = task.annotation;
  const marked = share === null ? [] : [`${(100 * share).toLocaleString("en", { maximumFractionDigits: 1 })} % marked`];
  return [`by ${assessor ?? "nobody we know"}`, `${spokenDuration(seconds)} at work`, ...marked];
}
