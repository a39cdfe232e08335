/** The mask editor of the Label page: one photo after the other, each stroke saved as it is made. */

import { leaveAskedTask } from "./address.ts";
import { api, type LabelTask } from "./api.ts";
import { Appearance } from "./appearance.ts";
import { Hand } from "./canvas-hand.ts";
import { clockText } from "./clock.ts";
import { type Actions, Desk } from "./desk.ts";
import { askConflict, askSkip, showHelp } from "./dialogs.ts";
import css from "./editor.css";
import { Minimap } from "./minimap.ts";
import { Pen } from "./pen.ts";
import { sliderToSize, stepSize } from "./preferences.ts";
import { Refusal } from "./refusal.ts";
import { replayable, saveSentence, type SaveState } from "./saving.ts";
import { ShareCounter } from "./share.ts";
import { type Again, Sheet } from "./sheet.ts";
import { Shortcuts } from "./shortcuts.ts";
import { Stage } from "./stage.ts";
import type { Tool } from "./strokes.ts";
import { clamp, type Point, type Rect } from "./viewport.ts";

const LOOK_MS = 500;
const RENEW_MS = 5 * 60_000;
/** What the server answers where a draft or a task is done with, taken by somebody else, or deleted. */
const GONE = [404, 409];
/** A stroke held still is cut into pieces too, so that it is saved. */
const PEN_MS = 300;
const HOME = { label: "Go to the start page", href: "/" };

class Editor {
  readonly desk: Desk;
  private readonly stage: Stage;
  private readonly hand: Hand;
  private readonly map: Minimap;
  private readonly appearance: Appearance;
  private readonly shortcuts: Shortcuts;
  private readonly share = new ShareCounter((share) => this.showShare(share));
  private readonly timers: number[] = [];
  private sheet: Sheet | undefined;
  private pen: Pen | undefined;
  private lastPoint: Point | undefined;
  private tool: Tool = "brush";
  private busy = false;
  private asking = false;
  private nextPlace = 0;
  private openedAt = 0;
  /** Counts openings: what comes after a newer one was asked for is dropped. */
  private opening = 0;

  constructor(taskId: number | undefined) {
    this.stage = new Stage(() => this.drawPen(), () => this.viewChanged());
    this.hand = new Hand(this.stage, {
      ready: () => this.sheet !== undefined && !this.busy,
      size: () => this.appearance.preferences.size,
      start: (at, other, straight) => this.startStroke(at, other, straight),
      move: (points) => this.moveStroke(points),
      end: (at) => this.endStroke(at),
      resize: (direction) => this.setSize(stepSize(this.appearance.preferences.size, direction)),
      touched: () => this.sheet?.clock.touch(),
    });
    this.desk = new Desk(this.stage.element, this.actions());
    this.appearance = new Appearance(this.desk, this.stage, () => this.pen !== undefined);
    this.map = new Minimap(this.desk.map, this.stage);
    this.shortcuts = new Shortcuts(this.hand.navigation, {
      asking: () => this.asking,
      run: (name, repeated) => this.runKey(name, repeated),
      touched: () => this.sheet?.clock.touch(),
    });
    window.addEventListener("online", this.onOnline);
    window.addEventListener("beforeunload", this.onLeave);
    this.desk.root.addEventListener("keydown", (event) => event.stopPropagation());
    this.timers.push(window.setInterval(() => this.tick(), 1000), window.setInterval(() => this.renew(), RENEW_MS));
    this.timers.push(window.setInterval(() => this.pen?.draw(), PEN_MS));
    this.refresh();
    void this.open(taskId);
  }

  destroy(): void {
    this.opening++;
    this.shortcuts.destroy();
    this.appearance.destroy();
    window.removeEventListener("online", this.onOnline);
    window.removeEventListener("beforeunload", this.onLeave);
    for (const timer of this.timers) window.clearInterval(timer);
    this.share.stop();
    this.hand.destroy();
    this.stage.destroy();
    this.sheet?.close();
  }

  private actions(): Actions {
    return {
      brush: () => this.choose("brush"),
      eraser: () => this.choose("eraser"),
      undo: () => this.undo(),
      redo: () => this.redo(),
      fit: () => this.stage.viewport.fit(),
      actual: () => this.stage.viewport.actual(this.hand.navigation.pointer),
      place: () => this.goToPlace(),
      mask: () => this.appearance.toggle("shown"),
      contour: () => this.appearance.toggle("contour"),
      blink: () => this.appearance.toggle("blinking"),
      contrast: () => this.appearance.toggle("contrast"),
      colour: () => this.appearance.nextColour(),
      fold: () => this.appearance.prefer({ folded: !this.appearance.preferences.folded }),
      help: () => void this.whileAsking(() => showHelp(this.desk.root)),
      skip: () => void this.skip(),
      submit: () => void this.submit(),
      size: (position) => this.setSize(sliderToSize(position)),
      opacity: (percent) => this.appearance.prefer({ opacity: percent / 100 }),
      threshold: (value, done) => this.moveThreshold(value, done),
      mapTo: (x, y) => this.map.goTo(x, y),
    };
  }

  // Opening and closing tasks

  private async open(taskId?: number, again?: Again): Promise<void> {
    const opening = ++this.opening;
    this.close();
    this.desk.setBusy(true);
    let task: LabelTask | undefined;
    try {
      task = await api.next(taskId);
      if (opening !== this.opening) return;
      if (!task) this.showEmpty();
      else await this.show(task, opening, again);
    } catch (error) {
      if (opening === this.opening) this.showTrouble("This photo did not open", error, task?.id, taskId);
    } finally {
      if (opening === this.opening) this.desk.setBusy(false);
    }
  }

  private async show(task: LabelTask, opening: number, again: Again | undefined): Promise<void> {
    const told = { saved: (state: SaveState) => this.showSaved(state), maskChanged: (rect: Rect) => this.maskChanged(rect) };
    const sheet = await Sheet.open(task, told, again, (unsent) => this.askConflict(unsent));
    if (opening !== this.opening) {
      sheet.close();
      sheet.picture.close();
      return;
    }
    this.sheet = sheet;
    leaveAskedTask(task.id);
    this.stage.show({ picture: sheet.picture, mask: sheet.mask, look: this.appearance.look(), places: task.marks });
    const { photo, draft } = task;
    this.desk.setTask({
      collection: photo.collection,
      filename: photo.filename,
      photo: photo.id,
      reason: task.reason,
      comment: draft.comment,
      places: task.marks.length,
      threshold: draft.base.kind === "proposal",
    });
    this.share.restart(sheet.mask);
    this.openedAt = performance.now();
    this.refresh();
    this.tick();
    if (task.marks.length > 0) this.goToPlace();
    void this.fetchAhead(task.id);
  }

  private close(): void {
    this.pen = undefined;
    this.lastPoint = undefined;
    this.nextPlace = 0;
    this.sheet?.close();
    this.sheet = undefined;
    this.share.stop();
    this.stage.show(undefined);
    this.desk.setTask(undefined);
  }

  private showEmpty(): void {
    leaveAskedTask();
    this.desk.setTask(undefined);
    this.desk.showNotice(
      "Nothing waits to be labelled",
      "Every photo has been labelled, skipped by you, or is with somebody else. Bring in more, or look again later.",
      { label: "Add photos", href: "/photos" },
      { label: "Look again", run: () => void this.open() },
    );
  }

  /** `held`: the task that is in the way. It would come first again, so the way on is to skip it. */
  private showTrouble(title: string, error: unknown, held?: number, wanted = held): void {
    const sentence = error instanceof Error ? error.message : String(error);
    const next =
      held === undefined
        ? { label: "Open the next photo", run: () => void this.open() }
        : { label: "Skip it and open the next photo", run: () => void this.passOn(held, `${title}: ${sentence}`) };
    const again = { label: "Try again", run: () => void this.open(wanted) };
    this.desk.setTask(undefined);
    this.desk.showNotice(title, sentence, ...(isGone(error) ? [next, again] : [again, next]), HOME);
  }

  private async passOn(task: number, reason: string): Promise<void> {
    try {
      await api.skip(task, reason);
      await this.open();
    } catch (error) {
      this.showTrouble("This photo was not skipped", error, isGone(error) ? undefined : task);
    }
  }

  /** The server takes nothing more for this photo, so that staying on it would lead nowhere. */
  private showOver(sheet: Sheet, word: string, error: unknown): void {
    const sentence = error instanceof Error ? error.message : String(error);
    this.close();
    const next = { label: "Open the next photo", run: () => void this.open() };
    this.desk.showNotice(`${sheet.task.photo.filename} can no longer be ${word}`, sentence, next, HOME);
  }

  /** The browser's cache has the next photo before it is asked for. */
  private async fetchAhead(current: number): Promise<void> {
    try {
      const next = (await api.upcoming()).find((task) => task.id !== current);
      for (const url of next?.pictures ?? []) void fetch(url, { credentials: "same-origin", priority: "low" });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  private async submit(): Promise<void> {
    await this.handIn("submitted", (sheet) => sheet.submit());
  }

  private async skip(): Promise<void> {
    if (!this.sheet || this.busy || this.hand.busy) return;
    const reason = await this.whileAsking(() => askSkip(this.desk.root));
    if (reason === undefined) return;
    await this.handIn("skipped", (sheet) => sheet.skip(reason));
  }

  private async handIn(word: string, send: (sheet: Sheet) => Promise<void>): Promise<void> {
    const sheet = this.sheet;
    if (!sheet || this.busy || this.hand.busy) return;
    this.busy = true;
    this.desk.setBusy(true);
    this.hand.cursor();
    try {
      await send(sheet);
      this.busy = false;
      await this.open();
      this.desk.say(`${sheet.task.photo.filename} is ${word}.`);
    } catch (error) {
      if (error instanceof Refusal && error.version !== undefined) {
        await this.resolveConflict(0);
        if (this.sheet) this.desk.say(`This photo was worked on elsewhere. Here is the newest version; it is not ${word} yet.`);
      } else if (isOver(sheet, error)) this.showOver(sheet, word, error);
      else this.desk.say(error instanceof Error ? error.message : String(error));
    } finally {
      this.busy = false;
      this.desk.setBusy(false);
    }
  }

  // Saving

  private showSaved(state: SaveState): void {
    this.desk.setSaved(saveSentence(state), state.kind);
    if (state.kind === "refused") this.desk.say(state.sentence);
    if (state.kind === "conflict" && !this.asking) void this.resolveConflict(state.unsent);
  }

  /** The draft went on elsewhere: shows that version once it was decided what becomes of the own changes. */
  private async resolveConflict(unsent: number): Promise<void> {
    const sheet = this.sheet;
    if (!sheet) return;
    const replay = unsent > 0 && (await this.askConflict(unsent)) === "replay";
    const own = replay ? replayable(sheet.outbox.unsent) : [];
    const { scale, x, y, fitted } = this.stage.viewport;
    await this.open(sheet.task.id, { sheet, own });
    if (this.sheet?.task.id === sheet.task.id) this.stage.viewport.restore({ scale, x, y, fitted });
  }

  private async askConflict(unsent: number): Promise<"theirs" | "replay"> {
    this.desk.setSaved(saveSentence({ kind: "conflict", unsent }), "conflict");
    for (;;) {
      const choice = await this.whileAsking(() => askConflict(this.desk.root, unsent));
      if (choice) return choice;
    }
  }

  private async whileAsking<T>(ask: () => Promise<T>): Promise<T> {
    this.asking = true;
    try {
      return await ask();
    } finally {
      this.asking = false;
    }
  }

  private renew(): void {
    if (!this.sheet || document.hidden) return;
    api.renew(this.sheet.task.id).catch((error: unknown) => {
      if (error instanceof Refusal && !error.passing) this.desk.say(error.message);
    });
  }

  // Drawing

  private startStroke(at: Point, other: boolean, straight: boolean): void {
    const sheet = this.sheet;
    if (!sheet) return;
    const tool = other ? (this.tool === "brush" ? "eraser" : "brush") : this.tool;
    const start = straight ? (this.lastPoint ?? at) : at;
    this.pen = new Pen(sheet.mask, tool, this.appearance.preferences.size, start, sheet.since, (event) => sheet.outbox.push(event));
    this.pen.move(at);
    if (!this.appearance.shown) this.appearance.toggle("shown");
    this.stage.ask();
  }

  private moveStroke(points: Point[]): void {
    for (const point of points) this.pen?.move(point);
    this.stage.ask();
  }

  private endStroke(at: Point | undefined): void {
    this.pen?.end(at);
    this.lastPoint = this.pen?.at;
    this.pen = undefined;
    this.refresh();
    this.share.changed();
  }

  /** Once per frame: what the pointer did since the last one becomes pixels. */
  private drawPen(): void {
    this.pen?.draw();
  }

  private maskChanged(rect: Rect): void {
    this.stage.maskChanged(rect);
    if (!this.pen) this.share.changed();
  }

  private undo(): void {
    if (this.hand.busy || this.busy) return;
    this.sheet?.undo();
    this.refresh();
  }

  private redo(): void {
    if (this.hand.busy || this.busy) return;
    this.sheet?.redo();
    this.refresh();
  }

  private moveThreshold(value: number, done: boolean): void {
    if (!this.sheet || this.busy) return;
    const rounded = Math.round(clamp(value, 0.01, 0.99) * 100) / 100;
    if (done) this.sheet.setThreshold(rounded);
    else this.sheet.mask.previewThreshold(rounded);
    this.refresh();
  }

  // Looking

  private choose(tool: Tool): void {
    this.tool = tool;
    this.refresh();
  }

  private setSize(size: number): void {
    this.appearance.prefer({ size });
    this.desk.setSize(this.tool, size);
    this.hand.cursor();
  }

  private goToPlace(): void {
    const count = this.sheet?.task.marks.length ?? 0;
    if (count === 0) return;
    this.stage.showPlace(this.nextPlace % count);
    this.nextPlace++;
  }

  private refresh(): void {
    const { desk, sheet, tool } = this;
    desk.setPressed({ brush: tool === "brush", eraser: tool === "eraser" });
    desk.setEnabled({ undo: (sheet?.mask.log.done ?? 0) > 0, redo: sheet !== undefined && sheet.mask.log.done < sheet.mask.log.actions.length });
    desk.setSize(tool, this.appearance.preferences.size);
    if (sheet) desk.setThreshold(sheet.mask.threshold);
    this.stage.element.classList.toggle("erasing", tool === "eraser");
    this.appearance.refresh();
  }

  private viewChanged(): void {
    this.desk.zoom.textContent = `${Math.round(this.stage.viewport.scale * 100)} %`;
    this.map.draw();
  }

  private showShare(share: number): void {
    this.desk.marked.textContent = `${(share * 100).toFixed(1)} % marked`;
  }

  private tick(): void {
    if (!this.sheet) return;
    this.sheet.clock.tick(!document.hidden);
    this.desk.time.textContent = clockText(this.sheet.clock.seconds);
  }

  // Keys

  private runKey(name: string, repeated: boolean): boolean {
    const action = this.keys(repeated)[name];
    if (!action || (!this.sheet && name !== "?")) return false;
    action();
    return true;
  }

  /** A key held down, or struck while a photo has only just opened, hands nothing in unseen. */
  private submitByKey(repeated: boolean): void {
    if (!repeated && performance.now() - this.openedAt > LOOK_MS) void this.submit();
  }

  private keys(repeated: boolean): Record<string, () => void> {
    const actions = this.actions();
    const { size, opacity } = this.appearance.preferences;
    const threshold = (step: number): void => {
      if (this.sheet?.mask.baseKind === "proposal") this.moveThreshold(this.sheet.mask.threshold + step, true);
    };
    return {
      b: actions.brush,
      e: actions.eraser,
      u: actions.undo,
      "ctrl+z": actions.undo,
      r: actions.redo,
      "ctrl+shift+z": actions.redo,
      "ctrl+y": actions.redo,
      j: actions.place,
      m: actions.mask,
      c: actions.contour,
      l: actions.blink,
      k: actions.contrast,
      p: actions.colour,
      "\\": actions.fold,
      "?": actions.help,
      "[": () => this.setSize(stepSize(size, -1)),
      "]": () => this.setSize(stepSize(size, 1)),
      o: () => this.appearance.prefer({ opacity: clamp(opacity + 0.1, 0.05, 1) }),
      "shift+o": () => this.appearance.prefer({ opacity: clamp(opacity - 0.1, 0.05, 1) }),
      t: () => threshold(0.02),
      "shift+t": () => threshold(-0.02),
      "shift+s": actions.skip,
      Enter: () => this.submitByKey(repeated),
    };
  }

  private readonly onOnline = (): void => this.sheet?.outbox.retry();
  private readonly onLeave = (): void => this.pen?.end();
}

function isGone(error: unknown): boolean {
  return error instanceof Refusal && GONE.includes(error.status);
}

/** Whether no further try can hand this photo in. */
function isOver(sheet: Sheet, error: unknown): boolean {
  return isGone(error) || sheet.outbox.state.kind === "refused";
}

interface Mount {
  data: { task_id?: number | null };
  parentElement: HTMLElement | ShadowRoot;
}

const mounted = new WeakMap<Node, Editor>();

/** The editor mounted in an element, for tests and measurements. */
export function editorIn(parent: Node): Editor | undefined {
  return mounted.get(parent);
}

/** Called by Streamlit for every run of the page: the first mounts the editor, later ones find it standing. */
export default function mount({ data, parentElement }: Mount): () => void {
  if (!mounted.has(parentElement)) {
    const editor = new Editor(data.task_id ?? undefined);
    const style = document.createElement("style");
    style.textContent = css;
    parentElement.replaceChildren(style, editor.desk.root);
    mounted.set(parentElement, editor);
  }
  return () => {
    mounted.get(parentElement)?.destroy();
    mounted.delete(parentElement);
    parentElement.replaceChildren();
  };
}
