/** The window around the photo: every button, slider and sentence of the Label page. It knows no task and no server. */

import { keycap, make, setPressed } from "./dom.ts";
import { type IconName, icon } from "./icons.ts";
import { COLOURS, type Colour, sizeToSlider } from "./preferences.ts";

export interface Actions {
  brush(): void;
  eraser(): void;
  undo(): void;
  redo(): void;
  fit(): void;
  actual(): void;
  place(): void;
  mask(): void;
  contour(): void;
  blink(): void;
  contrast(): void;
  colour(): void;
  fold(): void;
  help(): void;
  skip(): void;
  submit(): void;
  size(position: number): void;
  opacity(percent: number): void;
  threshold(value: number, done: boolean): void;
  mapTo(x: number, y: number): void;
}

interface Slider {
  root: HTMLElement;
  input: HTMLInputElement;
  name: HTMLElement;
  value: HTMLElement;
}

export class Desk {
  readonly root: HTMLElement;
  readonly title = make("h1");
  readonly why = make("span", { class: "why" });
  readonly saved = make("span", { class: "saved", role: "status", "aria-live": "polite" });
  readonly zoom = make("span", { class: "figure zoom", title: "Screen pixels per photo pixel" });
  readonly marked = make("span", { class: "figure marked", title: "Share of the photo that is marked" });
  readonly time = make("span", { class: "figure time", title: "Time you were active on this photo" });
  readonly comment = make("p", { class: "comment", hidden: "" });
  readonly map = make("canvas", { class: "map", width: "168", height: "126", "aria-hidden": "true" });
  private readonly notice = make("div", { class: "notice", hidden: "" });
  private readonly toast = make("div", { class: "toast", role: "status", "aria-live": "polite", hidden: "" });
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private readonly size: Slider;
  private readonly opacity: Slider;
  private readonly threshold: Slider;
  private readonly looks: HTMLElement;
  private toastTimer = 0;

  constructor(
    stage: HTMLElement,
    private readonly actions: Actions,
  ) {
    this.size = slider("Size of the tip", "[ ]", 0, 100, 0.5, (value) => actions.size(value));
    this.opacity = slider("Opacity", "O ⇧O", 5, 100, 1, (value) => actions.opacity(value));
    this.threshold = slider("Proposal ≥", "T ⇧T", 0.01, 0.99, 0.01, (value, done) => actions.threshold(value, done), "Threshold of the detector's proposal");
    this.looks = this.makeLooks();
    stage.append(this.notice, this.toast);
    this.root = make(
      "div",
      { class: "desk without-task" },
      this.makeHeader(),
      this.comment,
      make("div", { class: "middle" }, this.makeTools(), stage, this.looks),
      this.makeFooter(),
    );
    this.map.addEventListener("pointerdown", (event) => this.pointMap(event));
    this.map.addEventListener("pointermove", (event) => event.buttons === 1 && this.pointMap(event));
  }

  setTask(task: { collection: string; filename: string; reason: string; comment: string; places: number; threshold: boolean; photo: number } | undefined): void {
    this.root.classList.toggle("without-task", task === undefined);
    this.title.replaceChildren("Label");
    this.why.textContent = task?.reason ? `why: ${task.reason}` : "";
    this.comment.hidden = !task?.comment;
    this.comment.textContent = task?.comment ? `The lead said: ${task.comment}` : "";
    if (!task) return;
    this.notice.hidden = true;
    const link = make("a", { href: `/photo?photo=${task.photo}`, title: "Open the photo's own page" }, task.filename);
    this.title.replaceChildren(make("span", { class: "collection" }, task.collection ? `${task.collection} / ` : ""), link);
    this.threshold.root.hidden = !task.threshold;
    this.button("place").hidden = task.places === 0;
  }

  setPressed(pressed: Record<string, boolean>): void {
    for (const [name, on] of Object.entries(pressed)) setPressed(this.button(name), on);
  }

  setEnabled(enabled: Record<string, boolean>): void {
    for (const [name, on] of Object.entries(enabled)) this.button(name).disabled = !on;
  }

  setSize(tool: string, size: number): void {
    this.size.name.textContent = tool;
    set(this.size, sizeToSlider(size), `${size} px`);
  }

  setOpacity(opacity: number): void {
    set(this.opacity, opacity * 100, `${Math.round(opacity * 100)} %`);
  }

  setThreshold(value: number): void {
    set(this.threshold, value, value.toFixed(2));
  }

  setColour(colour: Colour, name: string): void {
    const button = this.button("colour");
    button.style.setProperty("--swatch", `rgb(${colour.join(" ")})`);
    button.title = `Colour of the mask: ${name}. Next colour of ${COLOURS.length} (P)`;
    this.root.style.setProperty("--drawn", `rgb(${colour.join(" ")})`);
  }

  setFolded(folded: boolean): void {
    this.looks.classList.toggle("folded", folded);
    this.button("fold").setAttribute("aria-expanded", String(!folded));
  }

  setSaved(text: string, kind: string): void {
    if (this.saved.textContent !== text) this.saved.textContent = text;
    this.saved.dataset["kind"] = kind;
  }

  setBusy(busy: boolean): void {
    this.root.toggleAttribute("aria-busy", busy);
  }

  /** Says something in passing. */
  say(text: string): void {
    clearTimeout(this.toastTimer);
    this.toast.textContent = text;
    this.toast.hidden = false;
    this.toastTimer = window.setTimeout(() => (this.toast.hidden = true), 8000);
  }

  /** Takes the photo's place: what happened or what is empty, and what to do next. */
  showNotice(title: string, text: string, ...ways: Array<{ label: string; href?: string; run?: () => void }>): void {
    const actions = ways.map(({ label, href, run }, index) => {
      const look = index === 0 ? "control primary" : "control";
      if (href !== undefined) return make("a", { class: look, href }, label);
      const button = make("button", { type: "button", class: look }, label);
      button.addEventListener("click", () => run?.());
      return button;
    });
    this.notice.replaceChildren(make("h2", {}, title), make("p", {}, text), make("div", { class: "actions" }, ...actions));
    this.notice.hidden = false;
    actions[0]?.focus();
  }

  private button(name: string): HTMLButtonElement {
    const button = this.buttons.get(name);
    if (!button) throw new Error(`there is no button '${name}'`);
    return button;
  }

  private makeHeader(): HTMLElement {
    const home = make("a", { class: "control tool", href: "/", "aria-label": "Back to Home", title: "Back to Home" });
    home.append(icon("back"));
    const help = this.add("help", undefined, "Keys and help", "?", this.actions.help);
    return make("header", {}, home, make("div", { class: "names" }, this.title, this.why), this.saved, help);
  }

  private makeTools(): HTMLElement {
    return make(
      "div",
      { class: "tools", role: "toolbar", "aria-label": "Tools", "aria-orientation": "vertical" },
      this.add("brush", "brush", "Brush", "B", this.actions.brush),
      this.add("eraser", "eraser", "Eraser", "E", this.actions.eraser),
      make("hr"),
      this.add("undo", "undo", "Undo a stroke", "U", this.actions.undo),
      this.add("redo", "redo", "Redo a stroke", "R", this.actions.redo),
      make("hr"),
      this.add("fit", "fit", "Fit the whole photo", "F", this.actions.fit),
      this.add("actual", "actual", "1:1", "Z", this.actions.actual),
      this.add("place", "place", "Go to the next rejected place", "J", this.actions.place),
    );
  }

  private makeLooks(): HTMLElement {
    const row = make(
      "div",
      { class: "row" },
      this.add("mask", "mask", "Show the mask", "M", this.actions.mask),
      this.add("contour", "contour", "Contour only", "C", this.actions.contour),
      this.add("blink", "blink", "Blink the mask", "L", this.actions.blink),
    );
    const second = make(
      "div",
      { class: "row" },
      this.add("contrast", "contrast", "Stronger contrast", "K", this.actions.contrast),
      this.add("colour", "colour", "Colour of the mask", "P", this.actions.colour),
      this.add("fold", "fold", "This panel", "\\", this.actions.fold),
    );
    return make(
      "aside",
      { class: "looks", "aria-label": "Looking" },
      row,
      second,
      make("div", { class: "sliders" }, this.opacity.root, this.threshold.root, this.map),
    );
  }

  private makeFooter(): HTMLElement {
    const skip = this.add("skip", undefined, "Skip", "⇧S", this.actions.skip);
    const submit = this.add("submit", undefined, "Submit", "↵", this.actions.submit);
    skip.prepend("skip");
    submit.prepend("submit");
    submit.classList.add("primary");
    return make("footer", {}, this.size.root, this.zoom, this.marked, this.time, make("div", { class: "decide" }, skip, submit));
  }

  private add(name: string, picture: IconName | undefined, label: string, key: string, run: () => void): HTMLButtonElement {
    const button = make("button", { type: "button", class: "control tool", title: `${label} (${key})`, "aria-label": `${label} (key ${key})` });
    if (picture) button.append(icon(picture));
    button.append(keycap(key));
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => run());
    this.buttons.set(name, button);
    return button;
  }

  private pointMap(event: PointerEvent): void {
    const box = this.map.getBoundingClientRect();
    this.actions.mapTo((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }
}

function slider(label: string, keys: string, min: number, max: number, step: number, moved: (value: number, done: boolean) => void, name = label): Slider {
  const input = make("input", { type: "range", min: String(min), max: String(max), step: String(step), "aria-label": `${name} (keys ${keys})` });
  const value = make("output", { class: "figure" });
  const caption = make("span", {}, label);
  const caps = make("span", { class: "caps" }, ...keys.split(" ").map(keycap));
  const root = make("label", { class: "slider", title: `${name} (${keys})` }, make("span", { class: "caption" }, caption, " ", value), caps, input);
  input.addEventListener("input", () => moved(Number(input.value), false));
  input.addEventListener("change", () => moved(Number(input.value), true));
  input.addEventListener("pointerup", () => input.blur());
  return { root, input, name: caption, value };
}

function set(slider: Slider, position: number, text: string): void {
  slider.input.value = String(position);
  slider.value.textContent = text;
  slider.input.setAttribute("aria-valuetext", text);
}
