const rgbOf = (colour) => [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
const cssOf = (rgb) => `rgb(${rgb.join(" ")})`;
const kept = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".colours");
  const figure = root.querySelector("figure");
  const picture = figure.querySelector("img");
  const points = root.querySelector(".points");
  const swatches = root.querySelector(".swatches");
  const own = root.querySelector(".own input");
  const strength = root.querySelector(".strength input");
  const send = root.querySelector(".primary");
  const state = kept.get(root) ?? { hints: [...data.hints], saturation: data.saturation, colour: data.swatches[0].colour };
  kept.set(root, state);

  figure.style.width = `min(100%, min(62vh, 44rem) * ${data.width / data.height}, ${3 * data.width}px)`;
  figure.style.aspectRatio = `${data.width} / ${data.height}`;
  if (picture.getAttribute("src") !== data.src) picture.src = data.src;
  picture.alt = `${data.name}, restored in colour`;

  const take = (colour) => {
    state.colour = colour;
    for (const button of swatches.children) button.setAttribute("aria-checked", String(button.dataset.colour === colour));
    root.querySelector(".own").classList.toggle("on", !data.swatches.some((swatch) => swatch.colour === colour));
  };
  const show = () => {
    points.replaceChildren(
      ...state.hints.map((hint, index) => {
        const point = document.createElement("button");
        Object.assign(point.style, {
          left: `${(100 * (hint.column + 0.5)) / data.width}%`,
          top: `${(100 * (hint.row + 0.5)) / data.height}%`,
          background: cssOf(hint.rgb),
        });
        point.type = "button";
        point.title = "Take this colour away";
        point.ariaLabel = `Take colour ${index + 1} away`;
        point.onclick = (event) => {
          event.stopPropagation();
          state.hints.splice(index, 1);
          show();
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
    const at = (share, size) => Math.min(size - 1, Math.max(0, Math.floor(share * size)));
    if (state.hints.length >= data.most) return;
    state.hints.push({
      row: at((event.clientY - box.top) / box.height, data.height),
      column: at((event.clientX - box.left) / box.width, data.width),
      rgb: rgbOf(state.colour),
    });
    show();
  };
  strength.oninput = () => {
    state.saturation = Number(strength.value) / 100;
    show();
  };
  send.onclick = () => setTriggerValue("asked", { saturation: state.saturation, hints: state.hints });
  root.querySelector(".close").onclick = () => setTriggerValue("closed", true);
  take(state.colour);
  show();
}
