const rgbOf = (colour) => [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
const cssOf = (rgb) => `rgb(${rgb.join(" ")})`;
const kept = new WeakMap();
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const within = (place, size) => Math.min(size - 1, Math.max(0, Math.floor(place)));

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".colours");
  const figure = root.querySelector("figure");
  const picture = figure.querySelector("img");
  const points = root.querySelector(".points");
  const swatches = root.querySelector(".swatches");
  const own = root.querySelector(".own input");
  const strength = root.querySelector(".strength input");
  const cross = root.querySelector(".cross");
  const send = root.querySelector(".primary");
  const state = kept.get(root) ?? { hints: [...data.hints], saturation: data.saturation, colour: data.swatches[0].colour };
  state.row ??= within(data.height / 2, data.height);
  state.column ??= within(data.width / 2, data.width);
  kept.set(root, state);

  figure.style.width = `min(100%, min(62vh, 44rem) * ${data.width / data.height}, ${3 * data.width}px)`;
  figure.style.aspectRatio = `${data.width} / ${data.height}`;
  if (picture.getAttribute("src") !== data.src) picture.src = data.src;
  picture.alt = `${data.name}, restored in colour`;
  figure.ariaLabel = `Where the colour belongs on ${data.name}: arrow keys move the cross, Enter gives the colour`;

  const take = (colour) => {
    state.colour = colour;
    for (const button of swatches.children) button.setAttribute("aria-checked", String(button.dataset.colour === colour));
    root.querySelector(".own").classList.toggle("on", !data.swatches.some((swatch) => swatch.colour === colour));
  };
  const placeOf = ({ row, column }) => ({
    left: `${(100 * (column + 0.5)) / data.width}%`,
    top: `${(100 * (row + 0.5)) / data.height}%`,
  });
  const aim = (row, column) => {
    state.row = within(row, data.height);
    state.column = within(column, data.width);
    Object.assign(cross.style, placeOf(state));
  };
  const give = () => {
    if (state.hints.length >= data.most) return;
    state.hints.push({ row: state.row, column: state.column, rgb: rgbOf(state.colour) });
    show();
  };
  const show = () => {
    points.replaceChildren(
      ...state.hints.map((hint, index) => {
        const point = document.createElement("button");
        Object.assign(point.style, { ...placeOf(hint), background: cssOf(hint.rgb) });
        point.type = "button";
        point.title = "Take this colour away";
        point.ariaLabel = `Take colour ${index + 1} away`;
        point.onclick = (event) => {
          event.stopPropagation();
          state.hints.splice(index, 1);
          show();
          figure.focus();
        };
        return point;
      }),
    );
    strength.value = String(Math.round(100 * state.saturation));
    root.querySelector("output").textContent = `${strength.value} %`;
    const same = JSON.stringify([state.hints, state.saturation]) === JSON.stringify([data.hints, data.saturation]);
    send.disabled = same;
    const given = state.hints.length;
    root.querySelector(".said").textContent = given ? `${given} ${given === 1 ? "colour" : "colours"} given; press one to take it away.` : "";
  };

  swatches.replaceChildren(
    ...data.swatches.map(({ name, colour }) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", role: "radio", title: name, ariaLabel: name });
      button.dataset.colour = colour;
      button.style.background = colour;
      button.onclick = () => take(colour);
      return button;
    }),
  );
  own.oninput = () => take(own.value);
  own.onclick = () => take(own.value);
  figure.onclick = (event) => {
    const box = figure.getBoundingClientRect();
    const down = (event.clientY - box.top) / box.height;
    const across = (event.clientX - box.left) / box.width;
    aim(down * data.height, across * data.width);
    give();
  };
  figure.onkeydown = (event) => {
    if (event.target !== figure || event.ctrlKey || event.altKey || event.metaKey) return;
    const move = MOVES[event.key];
    if (!move && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    if (!move) return give();
    const step = Math.max(1, Math.round(Math.max(data.width, data.height) / 100)) * (event.shiftKey ? 10 : 1);
    aim(state.row + move[0] * step, state.column + move[1] * step);
  };
  strength.oninput = () => {
    state.saturation = Number(strength.value) / 100;
    show();
  };
  send.onclick = () => setTriggerValue("asked", { saturation: state.saturation, hints: state.hints });
  root.querySelector(".close").onclick = () => setTriggerValue("closed", true);
  take(state.colour);
  aim(state.row, state.column);
  show();
}
