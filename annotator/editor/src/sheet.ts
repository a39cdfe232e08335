/** One opened task: its picture, its mask, its way to the server, its clock. */

import { api, type LabelTask } from "./api.ts";
import { ActiveClock } from "./clock.ts";
import { MaskBuffer } from "./mask.ts";
import { Picture } from "./picture.ts";
import { decodeGrey } from "./png.ts";
import { countChanges, forget, newId, Outbox, type Recovered, recover, release, replayable, type SaveState } from "./saving.ts";
import type { DraftEvent } from "./strokes.ts";
import type { Rect } from "./viewport.ts";

export interface Told {
  saved(state: SaveState): void;
  maskChanged(rect: Rect): void;
}

type Ask = (unsent: number) => Promise<"theirs" | "replay">;

/** A task opened again: where it was, and its events to draw on top of what the server has. */
export interface Again {
  sheet: Sheet;
  own: readonly DraftEvent[];
}

export class Sheet {
  readonly clock: ActiveClock;
  readonly outbox: Outbox;
  private readonly opened: number;

  private constructor(
    readonly task: LabelTask,
    readonly picture: Picture,
    readonly mask: MaskBuffer,
    told: Told,
    seconds: number,
  ) {
    const { draft } = task;
    this.clock = new ActiveClock(Math.max(draft.seconds, seconds));
    const last = Math.max(0, ...draft.events.map((event) => (event.kind === "stroke" ? event.payload.ms : 0)));
    this.opened = performance.now() - last;
    const post = (version: number, events: readonly DraftEvent[]): Promise<number> =>
      api.save(draft.id, version, events, this.clock.seconds);
    this.outbox = new Outbox(draft.id, draft.version, post, localStorage, told.saved);
  }

  /**
   * Loads all that a task needs and draws its log, then those of `again` on top where given. Otherwise what this browser
   * kept unsent is drawn and sent; where the draft went on elsewhere meanwhile, `ask` decides what becomes of it.
   */
  static async open(task: LabelTask, told: Told, again: Again | undefined, ask: Ask): Promise<Sheet> {
    const { photo, draft } = task;
    const [bitmap, base] = await Promise.all([api.picture(photo.view), loadBase(task)]);
    if (bitmap.width !== photo.width || bitmap.height !== photo.height) {
      throw new Error(`${photo.filename} came as ${bitmap.width}×${bitmap.height} pixels instead of ${photo.width}×${photo.height}. Tell an engineer.`);
    }
    const mask = new MaskBuffer(photo.width, photo.height, base, draft.base.kind, draft.base.threshold ?? 0.5, told.maskChanged);
    for (const event of draft.events) mask.apply(event);
    const kept = again ? undefined : recover(localStorage, draft.id, draft.version, draft.events);
    const own = again?.own ?? (kept ? await chosen(kept, ask) : []);
    const sheet = new Sheet(task, new Picture(bitmap), mask, told, again?.sheet.clock.seconds ?? 0);
    for (const event of own) sheet.add(event);
    again?.sheet.outbox.discard();
    if (kept) release(localStorage, kept.read);
    return sheet;
  }

  /** Milliseconds since the draft was first opened, as far as its strokes tell. */
  readonly since = (): number => performance.now() - this.opened;

  /** Does something to the mask and sends it. */
  add(event: DraftEvent): void {
    this.mask.apply(event);
    this.outbox.push(event);
  }

  undo(): void {
    if (this.mask.log.done > 0) this.add({ kind: "undo", payload: { id: newId() } });
  }

  redo(): void {
    if (this.mask.log.done < this.mask.log.actions.length) this.add({ kind: "redo", payload: { id: newId() } });
  }

  setThreshold(value: number): void {
    if (value !== (this.mask.log.threshold() ?? this.task.draft.base.threshold)) {
      this.add({ kind: "threshold", payload: { id: newId(), value } });
    }
    this.mask.previewThreshold(undefined);
  }

  /** Saves what is left and hands the mask in; the server rebuilds it from the log. */
  async submit(): Promise<void> {
    const version = await this.outbox.flush();
    await api.submit(this.task.draft.id, version, this.clock.seconds);
    this.handedIn();
  }

  /** Saves what is left and gives the photo back to the queue. */
  async skip(reason: string): Promise<void> {
    await this.outbox.flush();
    await api.skip(this.task.id, reason);
    this.handedIn();
  }

  private handedIn(): void {
    this.outbox.close();
    forget(localStorage, this.task.draft.id);
  }

  close(): void {
    this.outbox.close();
  }
}

/** What earlier visits kept unsent and is to be drawn now. */
async function chosen({ kind, unsent }: Recovered, ask: Ask): Promise<readonly DraftEvent[]> {
  if (kind === "clean") return unsent.flat();
  return (await ask(countChanges(unsent.flat()))) === "replay" ? unsent.flatMap(replayable) : [];
}

async function loadBase(task: LabelTask): Promise<Uint8Array | undefined> {
  const { base } = task.draft;
  if (base.url === null) return undefined;
  const { width, height, pixels } = await decodeGrey(await api.bytes(base.url));
  if (width !== task.photo.width || height !== task.photo.height) throw new Error("The proposal is not of the photo's size. Tell an engineer.");
  return pixels;
}
