/** `?task=` in the page's address: the task that somebody asked for. */

/** Takes it out of the address once another task is in front, or none: loaded again, the page would ask for it still. */
export function leaveAskedTask(shown?: number): void {
  const address = new URL(location.href);
  const asked = address.searchParams.get("task");
  if (asked === null || asked === String(shown)) return;
  address.searchParams.delete("task");
  history.replaceState(history.state, "", address);
}
