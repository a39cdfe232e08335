/** What the editor asks of the server, and the shapes of the answers. */

import type { Mark } from "./marks.ts";
import type { BaseKind } from "./mask.ts";
import { Refusal } from "./refusal.ts";
import type { DraftEvent } from "./strokes.ts";

export type SavedEvent = DraftEvent & { version: number };

export interface Draft {
  id: number;
  version: number;
  base: { kind: BaseKind; url: string | null; threshold: number | null };
  events: SavedEvent[];
  seconds: number;
  /** What the lead said on returning the mask. */
  comment: string;
}

export interface LabelTask {
  id: number;
  reason: string;
  marks: Mark[];
  photo: { id: number; filename: string; collection: string; width: number; height: number; view: string };
  draft: Draft;
}

const PATIENCE_MS = 20_000;
/** A request of up to 64 kB goes on when the tab is closed. */
const LONGEST_KEPT_ALIVE = 60_000;

async function ask(path: string, body?: unknown): Promise<Response> {
  const init: RequestInit = { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) };
  if (body !== undefined) {
    init.method = "POST";
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
    init.keepalive = init.body.length < LONGEST_KEPT_ALIVE;
  }
  const response = await fetch(path, init).catch(() => {
    throw new Refusal("The server does not answer. Nothing is lost: your strokes are kept here.", 0);
  });
  if (response.ok) return response;
  const answer = (await response.json().catch(() => ({}))) as { error?: string; version?: number };
  throw new Refusal(answer.error ?? `The server could not answer (${response.status}).`, response.status, answer.version);
}

async function json<T>(path: string, body?: unknown): Promise<T> {
  return (await (await ask(path, body)).json()) as T;
}

export const api = {
  /** The next photo to label, or that one task; undefined when nothing waits. */
  async next(taskId?: number): Promise<LabelTask | undefined> {
    const response = await ask("/api/tasks/next", taskId === undefined ? { kind: "label" } : { kind: "label", task_id: taskId });
    return response.status === 204 ? undefined : ((await response.json()) as { task: LabelTask }).task;
  },
  /** Addresses of the pictures that the task after this one will need. */
  async upcoming(): Promise<Array<{ id: number; pictures: string[] }>> {
    return (await json<{ tasks: Array<{ id: number; pictures: string[] }> }>("/api/tasks/upcoming?kind=label&limit=2")).tasks;
  },
  async save(draft: number, version: number, events: readonly DraftEvent[], seconds: number): Promise<number> {
    return (await json<{ version: number }>(`/api/drafts/${draft}/events`, { version, events, seconds })).version;
  },
  submit: (draft: number, version: number, seconds: number): Promise<{ mask_sha256: string; marked_share: number }> =>
    json(`/api/drafts/${draft}/submit`, { version, seconds }),
  skip: (task: number, reason: string): Promise<unknown> => json(`/api/tasks/${task}/skip`, { reason }),
  renew: (task: number): Promise<unknown> => json(`/api/tasks/${task}/renew`, {}),
  async bytes(url: string): Promise<Uint8Array> {
    return new Uint8Array(await (await ask(url)).arrayBuffer());
  },
  async picture(url: string): Promise<ImageBitmap> {
    const blob = await (await ask(url)).blob();
    return createImageBitmap(blob, { colorSpaceConversion: "default" });
  },
};
