/** Keys of the whole window while the editor is there, kept from Streamlit's own shortcuts. */

import { type Navigation, typing } from "./navigation.ts";

export interface Keyboard {
  /** A question is open: its own keys count. */
  asking(): boolean;
  /** Does what a key such as `b`, `shift+s` or `ctrl+z` stands for; false where it stands for nothing now. */
  run(name: string, repeated: boolean): boolean;
  touched(): void;
}

export class Shortcuts {
  constructor(
    private readonly navigation: Navigation,
    private readonly work: Keyboard,
  ) {
    window.addEventListener("keydown", this.onDown, { capture: true });
    window.addEventListener("keyup", this.onUp, { capture: true });
    window.addEventListener("blur", this.onBlur);
  }

  destroy(): void {
    window.removeEventListener("keydown", this.onDown, { capture: true });
    window.removeEventListener("keyup", this.onUp, { capture: true });
    window.removeEventListener("blur", this.onBlur);
  }

  private readonly onDown = (event: KeyboardEvent): void => {
    if (this.work.asking() || typing(event) || pressesButton(event)) return;
    this.work.touched();
    const special = !event.getModifierState("AltGraph") && (event.ctrlKey || event.metaKey || event.altKey);
    if (!special && event.key.length === 1) event.stopPropagation();
    if (this.work.run(keyName(event), event.repeat) || this.navigation.keyDown(event)) event.preventDefault();
  };

  private readonly onUp = (event: KeyboardEvent): void => this.navigation.keyUp(event);
  private readonly onBlur = (): void => this.navigation.blur();
}

/** `ctrl+`, `alt+` and, before letters, `shift+`; then the letter in lower case or the key's name. */
function keyName(event: KeyboardEvent): string {
  const special = !event.getModifierState("AltGraph");
  const control = special && (event.ctrlKey || event.metaKey) ? "ctrl+" : "";
  const alt = special && event.altKey ? "alt+" : "";
  const shift = event.shiftKey && /^[a-z]$/i.test(event.key) ? "shift+" : "";
  return control + alt + shift + (event.key.length === 1 ? event.key.toLowerCase() : event.key);
}

/** Enter and space belong to a button that was reached by keyboard. */
function pressesButton(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return [" ", "Enter"].includes(event.key) && target instanceof HTMLElement && target.matches("button:focus-visible, a:focus-visible");
}
