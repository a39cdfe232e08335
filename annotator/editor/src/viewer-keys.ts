/** Keys: one table says what a key does, for the dispatcher and for the help panel alike. */

export interface Key {
  /** As shown, such as "m", "↵", "␣", "← →". */
  shown: string;
  /** `KeyboardEvent.key` values; letters in lower case. */
  keys: string[];
  says: string;
  run: (event: KeyboardEvent) => void;
}

/** Listen for keys until the returned function is called. Before Streamlit does, which has shortcuts of its own. */
export function listen(table: () => Key[]): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const entry = table().find((key) => key.keys.includes(name));
    if (!entry || (pressesControl(event) && (name === "Enter" || name === " "))) return;
    event.preventDefault();
    event.stopPropagation();
    entry.run(event);
  };
  window.addEventListener("keydown", onKey, true);
  return () => window.removeEventListener("keydown", onKey, true);
}

function target(event: Event): Element | null {
  const first = event.composedPath()[0];
  return first instanceof Element ? first : null;
}

function isTyping(event: Event): boolean {
  const element = target(event);
  if (element instanceof HTMLTextAreaElement) return true;
  return element instanceof HTMLInputElement && element.type !== "range";
}

function pressesControl(event: Event): boolean {
  return target(event)?.closest("button, a, input, summary") !== null && target(event) !== null;
}
