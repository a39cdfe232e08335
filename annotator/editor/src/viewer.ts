/** The viewer of the Review and Accept pages: opens one task after the other and hands each to its mode. */

import { leaveAskedTask } from "./address.ts";
import { Refusal } from "./refusal.ts";
import { Accept } from "./viewer-accept.ts";
import { type Mode, nextTask, renewLease, upcomingTasks, type UpcomingTask, type ViewerTask } from "./viewer-api.ts";
import type { Desk, Judge, Said } from "./viewer-desk.ts";
import { type Key, listen } from "./viewer-keys.ts";
import { Pictures } from "./viewer-pictures.ts";
import { Pointer } from "./viewer-pointer.ts";
import { Review } from "./viewer-review.ts";
import { Shell } from "./viewer-shell.ts";
import { Stage } from "./viewer-stage.ts";
import css from "./viewer.css";

const UPCOMING = 24;
const RENEW_MS = 5 * 60_000;
/** What the server answers when a task was decided on, taken or deleted meanwhile. */
const GONE = [404, 409];

class Viewer implements Desk {
  readonly shell: Shell;
  readonly stage: Stage;
  readonly pointer: Pointer;
  readonly pictures = new Pictures();
  private readonly judge: Judge;
  private readonly stopKeys: () => void;
  private readonly renewal: number;
  private task: ViewerTask | null = null;
  private busy = false;
  /** Counts openings: an answer that comes after a newer one was asked for is dropped. */
  private opening = 0;

  constructor(
    private readonly mode: Mode,
    taskId: number | null,
  ) {
    this.shell = new Shell(mode === "review" ? "Review" : "Accept", () => this.judge.keys());
    this.stage = new Stage(this.shell.canvas, () => this.judge.refresh());
    this.pointer = new Pointer(this.stage);
    this.judge = mode === "review" ? new Review(this) : new Accept(this);
    this.stopKeys = listen(() => (this.busy ? [] : this.keys()));
    this.renewal = window.setInterval(() => this.renew(), RENEW_MS);
    void this.load(taskId);
  }

  dispose(): void {
    this.opening++;
    this.stopKeys();
    window.clearInterval(this.renewal);
    this.pointer.dispose();
    this.stage.dispose();
  }

  private open(taskId: number): void {
    if (!this.busy) void this.load(taskId);
  }

  decide(send: () => Promise<Said>): void {
    if (!this.busy && this.task) void this.sendAndGoOn(send);
  }

  private keys(): Key[] {
    const close = { shown: "Esc", keys: ["Escape", "?"], says: "close", run: () => this.shell.toggleHelp() };
    if (this.shell.helpIsOpen) return [close];
    return this.task ? this.judge.keys() : [];
  }

  private setBusy(busy: boolean): void {
    this.busy = busy;
    this.shell.root.toggleAttribute("aria-busy", busy);
  }

  private async sendAndGoOn(send: () => Promise<Said>): Promise<void> {
    this.setBusy(true);
    try {
      const said = await send();
      this.shell.closePanel();
      await this.load(null);
      this.shell.say(said.text, said.link);
    } catch (error) {
      await this.explain(error);
    } finally {
      this.setBusy(false);
    }
  }

  /** What the server refused for good may be gone: ask again what is in front. Without a server it stays there. */
  private async explain(error: unknown): Promise<void> {
    if (!(error instanceof Refusal)) throw error;
    if (GONE.includes(error.status)) await this.load(null);
    this.shell.say(error.message);
  }

  /** The view stays where it is while the same task is in front. */
  private async load(taskId: number | null): Promise<void> {
    const opening = ++this.opening;
    const current = (): boolean => opening === this.opening;
    try {
      const task = await nextTask(this.mode, taskId);
      if (!current()) return;
      if (task) await this.judge.show(task, task.id === this.task?.id, current);
      if (current()) this.arrive(task);
    } catch (error) {
      if (!current()) return;
      if (!(error instanceof Refusal)) throw error;
      if (taskId !== null && GONE.includes(error.status)) await this.explain(error);
      else this.fail(error.message);
    }
  }

  private fail(text: string): void {
    this.task = null;
    this.shell.setTask(null);
    this.stage.show(null);
    this.shell.showTrouble(text, () => void this.load(null));
  }

  private arrive(task: ViewerTask | null): void {
    this.task = task;
    leaveAskedTask(task?.id);
    this.shell.setTask(task);
    if (!task) {
      this.stage.show(null);
      this.shell.showEmpty(this.judge.empty);
    }
    void this.lookAhead();
  }

  private async lookAhead(): Promise<void> {
    const opening = this.opening;
    let next: UpcomingTask[] = [];
    try {
      next = await upcomingTasks(this.mode, UPCOMING);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.shell.say(error.message);
    }
    if (opening !== this.opening) return;
    this.shell.setStrip(this.task, next, (id) => this.open(id));
    const following = next.find((task) => task.id !== this.task?.id);
    this.pictures.prepare(following?.pictures ?? []);
  }

  private renew(): void {
    const task = this.task;
    if (!task || document.hidden) return;
    void renewLease(task.id).catch((error: unknown) => this.explain(error));
  }
}

interface Mount {
  data: { mode: Mode; task_id?: number | null };
  parentElement: HTMLElement | ShadowRoot;
}

const mounted = new WeakMap<Node, Viewer>();

/** Called by Streamlit for every run of the page: the first mounts the viewer, later ones find it standing. */
export default function mount({ data, parentElement }: Mount): () => void {
  if (!mounted.has(parentElement)) {
    const viewer = new Viewer(data.mode, data.task_id ?? null);
    const style = document.createElement("style");
    style.textContent = css;
    parentElement.replaceChildren(style, viewer.shell.root);
    mounted.set(parentElement, viewer);
  }
  return () => {
    mounted.get(parentElement)?.dispose();
    mounted.delete(parentElement);
    parentElement.replaceChildren();
  };
}
