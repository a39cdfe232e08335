/** Every event goes to the server as it is made; until the server has it, it is kept in this browser too. */

import type { SavedEvent } from "./api.ts";
import { Refusal } from "./refusal.ts";
import { type DraftEvent, Log } from "./strokes.ts";

const BATCH = 60;
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 8000;

export type SaveState =
  | { kind: "saved"; version: number }
  | { kind: "saving"; unsent: number }
  | { kind: "offline"; unsent: number; kept: boolean }
  | { kind: "conflict"; unsent: number }
  | { kind: "refused"; unsent: number; sentence: string };

/** The part of localStorage that is needed. */
export interface Store {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export type Post = (version: number, events: readonly DraftEvent[]) => Promise<number>;

interface Kept {
  version: number;
  events: DraftEvent[];
}

const keyOf = (draft: number): string => `heirloom.draft.${draft}`;

function keysOf(store: Store, draft: number): string[] {
  const keys = Array.from({ length: store.length }, (_, index) => store.key(index) ?? "");
  return keys.filter((key) => `${key}.`.startsWith(`${keyOf(draft)}.`));
}

export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36).padStart(2, "0")).join("");
}

/**
 * Sends events in order, one batch at a time, and the very same batch again when no answer came, so that the server can
 * recognise what it has already. Nothing is ever merged: a stale version stops it in the state `conflict`.
 */
export class Outbox {
  private readonly queue: DraftEvent[] = [];
  /** Of this outbox alone: a draft may be open in several windows, and none writes over what another keeps. */
  private readonly key: string;
  /** How many events at the head of the queue are under way; they stay together until they are answered. */
  private flying = 0;
  private batch = 0;
  private pause = FIRST_PAUSE_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped: "conflict" | "refused" | undefined;
  private offline = false;
  private sentence = "";
  private kept = true;
  private closed = false;
  private waiting: Array<() => void> = [];

  constructor(
    draft: number,
    private version: number,
    private readonly post: Post,
    private readonly store: Store,
    private readonly told: (state: SaveState) => void,
  ) {
    this.key = `${keyOf(draft)}.${newId()}`;
    told(this.state);
  }

  get state(): SaveState {
    const unsent = countChanges(this.queue);
    if (this.stopped === "conflict") return { kind: "conflict", unsent };
    if (this.stopped === "refused") return { kind: "refused", unsent, sentence: this.sentence };
    if (this.offline) return { kind: "offline", unsent, kept: this.kept };
    return unsent > 0 ? { kind: "saving", unsent } : { kind: "saved", version: this.version };
  }

  /** Events that the server does not have yet. */
  get unsent(): readonly DraftEvent[] {
    return this.queue;
  }

  push(...events: DraftEvent[]): void {
    this.queue.push(...events);
    this.keep();
    this.pump();
    this.told(this.state);
  }

  /** Tries again at once, as when the network is back. */
  retry(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
    this.pump();
  }

  /** Resolves once everything is saved; rejects with a sentence where that cannot be now. */
  async flush(): Promise<number> {
    this.offline = false;
    this.retry();
    while (this.flying > 0 && !this.offline && !this.stopped) await new Promise<void>((resolve) => this.waiting.push(resolve));
    const state = this.state;
    if (state.kind === "saved") return state.version;
    if (state.kind === "refused") throw new Error(state.sentence);
    if (state.kind === "conflict") throw new Error("This photo was worked on elsewhere: choose first what to go on with.");
    throw new Error("The server does not answer. Your strokes are kept here; submit again when it is back.");
  }

  /** Stops sending and forgets the copy kept here: it was drawn or dropped elsewhere. */
  discard(): void {
    this.close();
    this.store.removeItem(this.key);
  }

  /** Stops sending; what is unsent stays kept for the next visit. */
  close(): void {
    this.closed = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
  }

  private pump(): void {
    if (this.closed || this.stopped || this.timer !== undefined || this.flying > 0) return;
    if (this.queue.length > 0) void this.send();
  }

  private async send(): Promise<void> {
    this.batch ||= Math.min(BATCH, this.queue.length);
    this.flying = this.batch;
    try {
      this.version = await this.post(this.version, this.queue.slice(0, this.batch));
      this.queue.splice(0, this.batch);
      this.batch = 0;
      this.offline = false;
      this.pause = FIRST_PAUSE_MS;
      if (!this.closed) this.keep();
    } catch (error) {
      this.failed(error instanceof Refusal ? error : new Refusal(String(error), 0));
    }
    this.flying = 0;
    if (!this.closed) this.told(this.state);
    for (const resolve of this.waiting.splice(0)) resolve();
    this.pump();
  }

  private failed(refusal: Refusal): void {
    if (refusal.passing) {
      this.offline = true;
      this.timer = setTimeout(() => this.retry(), this.pause);
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
    } else if (refusal.status === 409 && refusal.version !== undefined) {
      this.stopped = "conflict";
    } else {
      this.stopped = "refused";
      this.sentence = refusal.message;
    }
  }

  /** Without room in the browser's store the strokes live in this tab alone, and the state says so. */
  private keep(): void {
    try {
      if (this.queue.length === 0) this.store.removeItem(this.key);
      else this.store.setItem(this.key, JSON.stringify({ version: this.version, events: this.queue } satisfies Kept));
      this.kept = true;
    } catch {
      this.kept = false;
    }
  }
}

/** Forgets what any window kept of a draft here: it is handed in. */
export function forget(store: Store, draft: number): void {
  for (const key of keysOf(store, draft)) store.removeItem(key);
}

export interface Recovered {
  kind: "clean" | "conflict";
  /** What the server does not have, of each window by itself. */
  unsent: DraftEvent[][];
  /** What was read, by its key. */
  read: ReadonlyMap<string, string>;
}

/** Compares what this browser kept of a draft with what the server has of it. Of two windows neither goes first unasked. */
export function recover(store: Store, draft: number, version: number, saved: readonly SavedEvent[]): Recovered {
  const unsent: DraftEvent[][] = [];
  const read = new Map<string, string>();
  let matching = true;
  for (const key of keysOf(store, draft)) {
    const raw = store.getItem(key) ?? "";
    const kept = JSON.parse(raw) as Kept;
    const since = saved.filter((event) => event.version > kept.version);
    let known = 0;
    while (known < since.length && known < kept.events.length && since[known].payload.id === kept.events[known].payload.id) known++;
    read.set(key, raw);
    if (known === kept.events.length) continue;
    unsent.push(kept.events.slice(known));
    matching &&= known === since.length && kept.version <= version;
  }
  return { kind: matching && unsent.length < 2 ? "clean" : "conflict", unsent, read };
}

/** Forgets what was recovered; what a window has kept under the same key since then stays. */
export function release(store: Store, read: Recovered["read"]): void {
  for (const [key, raw] of read) if (store.getItem(key) === raw) store.removeItem(key);
}

/** How many changes a person would count: the pieces of one stroke are one. */
export function countChanges(events: readonly DraftEvent[]): number {
  return new Set(events.map((event, index) => (event.kind === "stroke" ? (event.payload.group ?? index) : index))).size;
}

/** Own events as they can be drawn again on top of another version: what was undone is left out. */
export function replayable(events: readonly DraftEvent[]): DraftEvent[] {
  const log = new Log();
  for (const event of events) log.apply(event);
  return log.actions.slice(0, log.done).flatMap((action): DraftEvent[] =>
    action.kind === "threshold"
      ? [{ kind: "threshold", payload: { id: newId(), value: action.value } }]
      : action.pieces.map((piece) => ({ kind: "stroke", payload: { ...piece, id: newId() } })),
  );
}

/** The state of saving in words. */
export function saveSentence(state: SaveState): string {
  const strokes = "unsent" in state ? `${state.unsent} ${state.unsent === 1 ? "stroke" : "strokes"}` : "";
  if (state.kind === "saved") return `saved · v${state.version}`;
  if (state.kind === "saving") return "saving…";
  if (state.kind === "offline") return state.kept ? `offline – ${strokes} kept here` : `offline – keep this tab open: ${strokes} only here`;
  if (state.kind === "conflict") return `changed elsewhere – ${strokes} kept here`;
  return `not saved – ${strokes} kept here`;
}
