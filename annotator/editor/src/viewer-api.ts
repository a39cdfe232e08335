/** What the viewer asks of the server, and the shapes of the answers. */

import type { Mark } from "./marks.ts";
import { Refusal } from "./refusal.ts";

export type Mode = "review" | "accept";

/** One picture of a restoration. */
export interface Result {
  id: number;
  kind: string;
  view: string;
  thumbnail: string;
  /** Why it may be rejected. */
  may_be: string[];
  /** What somebody said of it; null while nobody has. */
  verdict: { accepted: boolean; reasons: string[] } | null;
}

interface TaskBase {
  id: number;
  reason: string;
  marks: Mark[];
  photo: { id: number; filename: string; collection: string; width: number; height: number; view: string };
}

export interface ReviewTask extends TaskBase {
  kind: "review";
  mask: string;
  models: { detector: string; inpainter: string; colorizer: string | null };
  warnings: string[];
  /** In the order of review. */
  results: Result[];
}

export interface AcceptTask extends TaskBase {
  kind: "accept";
  annotation: {
    id: number;
    mask: string;
    seconds: number;
    assessor: string | null;
    /** The assessor is no longer active here. */
    left: boolean;
    marked_share: number | null;
  };
}

export type ViewerTask = ReviewTask | AcceptTask;

export interface UpcomingTask {
  id: number;
  photo_id: number;
  filename: string;
  thumbnail: string;
  reason: string;
  /** Addresses of the pictures this task will need, to have them ready. */
  pictures?: string[];
}

export interface VerdictBody {
  result_id: number;
  accepted: boolean;
  reasons: string[];
  marks: Mark[];
  comment: string;
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T | null> {
  const init: RequestInit = { method, credentials: "same-origin" };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Refusal("The server does not answer. Nothing was lost; try again in a moment.", 0);
  }
  if (response.status === 204) return null;
  const answer: unknown = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(sentence(answer, response.status), response.status);
  return answer as T;
}

function sentence(answer: unknown, status: number): string {
  const error = (answer as { error?: unknown }).error;
  if (typeof error !== "string" || error === "") return `The server refused this (${status}).`;
  return `${error[0].toUpperCase()}${error.slice(1)}${/[.!?]$/.test(error) ? "" : "."}`;
}

export async function nextTask(kind: Mode, taskId: number | null): Promise<ViewerTask | null> {
  const body = taskId === null ? { kind } : { kind, task_id: taskId };
  const answer = await call<{ task: ViewerTask }>("POST", "/api/tasks/next", body);
  return answer?.task ?? null;
}

export async function upcomingTasks(kind: Mode, limit: number): Promise<UpcomingTask[]> {
  const answer = await call<{ tasks: UpcomingTask[] }>("GET", `/api/tasks/upcoming?kind=${kind}&limit=${limit}`);
  return answer?.tasks ?? [];
}

export interface VerdictAnswer {
  /** The label task that a rejection put on top of the queue. */
  label_task_id: number | null;
  /** All results of the photo have their verdict. */
  done: boolean;
}

export async function giveVerdict(taskId: number, verdict: VerdictBody): Promise<VerdictAnswer> {
  const answer = await call<VerdictAnswer>("POST", `/api/tasks/${taskId}/verdict`, verdict);
  return answer ?? { label_task_id: null, done: true };
}

export const acceptRest = (taskId: number): Promise<unknown> => call("POST", `/api/tasks/${taskId}/accept-rest`, {});
export const renewLease = (taskId: number): Promise<unknown> => call("POST", `/api/tasks/${taskId}/renew`, {});
export const acceptAnnotation = (taskId: number): Promise<unknown> => call("POST", `/api/tasks/${taskId}/accept`, {});
export const returnAnnotation = (taskId: number, comment: string): Promise<unknown> =>
  call("POST", `/api/tasks/${taskId}/return`, { comment });
