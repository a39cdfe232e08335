/** The window around the photo: title, controls, filmstrip, messages, help. Nothing in it knows a mode. */

import { keycap, make, makeButton } from "./dom.ts";
import { icon } from "./icons.ts";
import { type UpcomingTask, type ViewerTask } from "./viewer-api.ts";
import type { Key } from "./viewer-keys.ts";

export interface EmptyState {
  title: string;
  text: string;
  action: string;
  href: string;
}

const TOAST_MS = 12_000;

export class Shell {
  readonly root: HTMLElement;
  readonly canvas = make("canvas", { class: "photo", tabindex: "-1" });
  readonly bar = make("div", { class: "bar", role: "toolbar", "aria-label": "Controls" });
  readonly panel = make("div", { class: "panel", role: "group", tabindex: "-1" });
  readonly facts = make("div", { class: "facts" });
  private readonly title = make("h1");
  private readonly why = make("span", { class: "why" });
  private readonly strip = make("ol", { class: "strip", "aria-label": "Next in the queue" });
  private readonly toast = make("div", { class: "toast", role: "status", "aria-live": "polite", hidden: "" });
  private readonly help = make("div", { class: "help", role: "dialog", "aria-label": "Keys", hidden: "" });
  private readonly notice = make("div", { class: "notice", hidden: "" });
  readonly stage = make("main", { class: "stage" });
  private readonly film = make("div", { class: "film" }, this.strip);
  private front: HTMLElement | null = null;
  private toastTimer = 0;
  /** What had the focus when the panel opened. */
  private askedAt: Element | null = null;

  constructor(
    private readonly heading: string,
    private readonly keys: () => Key[],
  ) {
    const home = make("a", { class: "control home", href: "/", "aria-label": "Back to Home" }, icon("back"));
    const help = makeButton("", "?", () => this.toggleHelp(), "quiet");
    help.setAttribute("aria-label", "Keys (key ?)");
    const names = make("div", { class: "names" }, this.title, this.why);
    const header = make("header", {}, home, names, this.facts, help);
    this.stage.append(this.canvas, this.notice, this.toast);
    this.root = make("div", { class: "viewer" }, header, this.stage, this.bar, this.film, this.panel, this.help);
    this.root.addEventListener("keydown", (event) => event.stopPropagation());
    this.panel.hidden = true;
    this.setTask(null);
  }

  setTask(task: ViewerTask | null): void {
    this.root.classList.toggle("without-task", task === null);
    this.why.textContent = task?.kind === "accept" && task.reason ? `why: ${task.reason}` : "";
    this.title.replaceChildren(this.heading);
    if (!task) return;
    const { id, collection, filename } = task.photo;
    const link = make("a", { href: `/photo?photo=${id}`, title: "Open the photo's own page" }, filename);
    this.title.replaceChildren(make("span", { class: "collection" }, collection ? `${collection} / ` : ""), link);
    this.notice.hidden = true;
  }

  setFacts(...facts: string[]): void {
    this.facts.replaceChildren(...facts.map((fact) => make("span", {}, fact)));
  }

  /** What stands for the task in front, before the filmstrip of the next ones and in place of its thumbnail. */
  setFront(front: HTMLElement): void {
    this.front = front;
    this.film.prepend(front);
  }

  setStrip(current: ViewerTask | null, next: UpcomingTask[], open: (id: number) => void): void {
    const waiting = next.filter((task) => task.id !== current?.id);
    const frames = waiting.map((task) => this.frame(task, open));
    if (current && !this.front) frames.unshift(this.currentFrame(current, next.find((task) => task.id === current.id)));
    this.strip.replaceChildren(...frames);
    if (current && waiting.length === 0) this.strip.append(make("li", { class: "last" }, "The last one that waits."));
  }

  private currentFrame(task: ViewerTask, card: UpcomingTask | undefined): HTMLElement {
    const src = card?.thumbnail ?? `/api/photos/${task.photo.id}/thumbnail`;
    const picture = make("img", { src, alt: "" });
    return make("li", { class: "now", "aria-current": "true" }, picture, make("span", {}, "now"));
  }

  private frame(task: UpcomingTask, open: (id: number) => void): HTMLElement {
    const picture = make("img", { src: task.thumbnail, alt: "", loading: "lazy" });
    const label = task.reason ? `${task.filename}, ${task.reason}` : task.filename;
    const button = make("button", { type: "button", title: label, "aria-label": `Open ${label}` }, picture);
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => open(task.id));
    return make("li", {}, button);
  }

  /** Ask below the photo, in place of the controls and the filmstrip, so that nothing of the photo is covered. */
  openPanel(title: string, hint: HTMLElement, ...content: HTMLElement[]): void {
    const head = make("div", { class: "row head" }, make("h2", {}, title), hint);
    this.panel.replaceChildren(make("div", { class: "sheet" }, head, ...content));
    this.panel.setAttribute("aria-label", title);
    this.panel.hidden = false;
    this.bar.inert = this.film.inert = true;
    this.toast.hidden = true;
    this.askedAt = (this.root.getRootNode() as Document | ShadowRoot).activeElement;
    this.panel.focus({ preventScroll: true });
  }

  closePanel(): void {
    if (this.panel.hidden) return;
    this.panel.hidden = true;
    this.bar.inert = this.film.inert = false;
    this.panel.replaceChildren();
    if (this.askedAt instanceof HTMLElement) this.askedAt.focus({ preventScroll: true });
  }

  /** Say something in passing, with a link where there is more to see. */
  say(text: string, link?: { text: string; href: string }): void {
    window.clearTimeout(this.toastTimer);
    const anchor = link ? make("a", { href: link.href }, link.text) : null;
    this.toast.replaceChildren(make("span", {}, text), ...(anchor ? [anchor] : []));
    this.toast.hidden = false;
    this.toastTimer = window.setTimeout(() => (this.toast.hidden = true), TOAST_MS);
  }

  showEmpty(state: EmptyState): void {
    const action = make("a", { class: "control primary", href: state.href }, state.action);
    this.showNotice(state.title, state.text, action);
  }

  /** Something went wrong and nothing can be shown: say what, and offer the way on. */
  showTrouble(text: string, again: () => void): void {
    const retry = make("button", { type: "button", class: "control primary" }, "Try again");
    retry.addEventListener("click", again);
    this.showNotice("This did not work", text, retry, make("a", { class: "control", href: "/" }, "Go to Home"));
  }

  private showNotice(title: string, text: string, ...actions: HTMLElement[]): void {
    const row = make("div", { class: "actions" }, ...actions);
    this.notice.replaceChildren(make("h2", {}, title), make("p", {}, text), row);
    this.notice.hidden = false;
    actions[0]?.focus();
  }

  get helpIsOpen(): boolean {
    return !this.help.hidden;
  }

  toggleHelp(): void {
    const rows = this.keys().flatMap((key) => [
      make("dt", {}, ...key.shown.split(" ").map(keycap)),
      make("dd", {}, key.says),
    ]);
    this.help.hidden = !this.help.hidden;
    if (this.help.hidden) return;
    const close = makeButton("Close", "Esc", () => this.toggleHelp(), "primary");
    this.help.replaceChildren(make("h2", {}, "Keys"), make("dl", {}, ...rows), make("div", { class: "actions" }, close));
    close.focus({ preventScroll: true });
  }
}
