/** Between the viewer and its two modes: what a mode brings, and what it may ask of the viewer. */

import type { ViewerTask } from "./viewer-api.ts";
import type { Key } from "./viewer-keys.ts";
import type { Pictures } from "./viewer-pictures.ts";
import type { Pointer } from "./viewer-pointer.ts";
import type { EmptyState, Shell } from "./viewer-shell.ts";
import type { Stage } from "./viewer-stage.ts";

export interface Said {
  text: string;
  link?: { text: string; href: string };
}

/** What a mode may ask of the viewer. */
export interface Desk {
  readonly shell: Shell;
  readonly stage: Stage;
  readonly pointer: Pointer;
  readonly pictures: Pictures;
  /** Send a decision on the task in front; then the next one opens (the same one while more of it waits), and what was
   * said stands beside it. */
  decide(send: () => Promise<Said>): void;
}

/** One of the viewer's modes: Review or Accept. */
export interface Judge {
  readonly empty: EmptyState;
  /** The keys that hold now. */
  keys(): Key[];
  /** Fetch what the task needs and show it; `current` turns false when another task was opened meanwhile. */
  show(task: ViewerTask, keepView: boolean, current: () => boolean): Promise<void>;
  /** Bring the controls up to date with the view. */
  refresh(): void;
}
