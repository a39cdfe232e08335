/** Small helpers for making elements. */

type Child = Node | string | null;

/** An element with attributes (`class`, `aria-label`, …) and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/** A button that says its key. A mouse click leaves the keyboard where it was. */
export function makeButton(label: string, key: string, run: (event: MouseEvent) => void, look = ""): HTMLButtonElement {
  const caption = make("span", { class: "caption" });
  const button = make("button", { type: "button", class: `control ${look}`.trim() }, caption, keycap(key));
  setCaption(button, label, key);
  button.addEventListener("mousedown", (event) => event.preventDefault());
  button.addEventListener("click", run);
  return button;
}

/** Change what such a button says. */
export function setCaption(button: HTMLButtonElement, label: string, key: string): void {
  const [caption] = button.getElementsByClassName("caption");
  caption.textContent = label;
  button.setAttribute("aria-label", `${label} (key ${keyName(key)})`);
}

export function keycap(key: string): HTMLElement {
  return make("kbd", { "aria-hidden": "true" }, key);
}

function keyName(key: string): string {
  return key === "↵" ? "Enter" : key;
}

export function setPressed(button: HTMLButtonElement, pressed: boolean): void {
  button.setAttribute("aria-pressed", String(pressed));
}

/** Whether keys are named: not where fingers press (the same in viewer.css). */
export function showsKeys(): boolean {
  return !matchMedia("(max-width: 1000px) and (hover: none), (max-width: 700px)").matches;
}

/** 4 min 3 s */
export function spokenDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
