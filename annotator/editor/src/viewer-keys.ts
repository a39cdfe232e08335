/** Keys: one table says what a key does, for the dispatcher and for the help panel alike. */

export interface Key {
  /** As shown, such as "M", "↵", "← →". */
  shown: string;
  /** `KeyboardEvent.key` values, letters in lower case; digits also match by their place on the keyboard. */
  keys: readonly string[];
  says: string;
  run: (event: KeyboardEvent) => void;
}

/** Listen for keys until the returned function is called, ahead of Streamlit, which has shortcuts of its own. */
export function listen(table: () => readonly Key[]): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    if ((event.key === "Enter" || event.key === " ") && onControl(event)) return;
    const entry = find(table(), event);
    if (!entry) return;
    event.preventDefault();
    event.stopPropagation();
    entry.run(event);
  };
  window.addEventListener("keydown", onKey, true);
  return () => window.removeEventListener("keydown", onKey, true);
}

function find(table: readonly Key[], event: KeyboardEvent): Key | undefined {
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  const named = table.find((key) => key.keys.includes(name));
  return named ?? (digit ? table.find((key) => key.keys.includes(digit)) : undefined);
}

/** True where the key belongs to a text field. Sliders keep only the arrow keys. */
function typing(event: KeyboardEvent): boolean {
  const element = event.composedPath()[0];
  if (element instanceof HTMLTextAreaElement) return true;
  if (!(element instanceof HTMLInputElement)) return false;
  return element.type !== "range" || event.key.startsWith("Arrow");
}

/** Enter and space press the button or follow the link that has the focus. */
function onControl(event: KeyboardEvent): boolean {
  const element = event.composedPath()[0];
  return element instanceof Element && element.closest("button, a") !== null;
}
