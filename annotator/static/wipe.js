export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".wipe");
  const figure = root.querySelector("figure");
  const slider = root.querySelector("input");
  const results = root.querySelector(".results");
  const file = root.querySelector(".file");
  const [before, after] = ["before", "after"].map((side) => root.querySelector(`.${side}`));
  const width = `min(100%, min(70vh, 52rem) * ${data.width / data.height}, ${3 * data.width}px)`;
  figure.style.width = width;
  figure.style.aspectRatio = `${data.width} / ${data.height}`;
  root.querySelector(".caption").style.width = `max(${width}, min(100%, 34rem))`;

  const draw = (picture, source, said) => {
    if (picture.getAttribute("src") !== source) picture.src = source;
    picture.alt = `${data.name}, ${said}`;
  };
  const choose = (index) => {
    root.dataset.chosen = String(index);
    draw(after, data.results[index].src, data.results[index].label);
    file.href = data.results[index].file;
    file.ariaLabel = `Download ${data.results[index].label}`;
    [...results.children].forEach((button, place) => button.setAttribute("aria-pressed", String(place === index)));
  };
  const put = (share) => {
    slider.value = String(share);
    root.style.setProperty("--at", `${share}%`);
  };

  draw(before, data.before, "before");
  results.replaceChildren(
    ...data.results.map((result, index) => {
      const button = document.createElement("button");
      const key = Object.assign(document.createElement("kbd"), { textContent: String(index + 1), ariaHidden: "true" });
      button.append(key, ` ${result.label}`);
      button.onclick = () => choose(index);
      return button;
    }),
  );
  choose(Math.min(Number(root.dataset.chosen ?? 0), data.results.length - 1));
  slider.oninput = () => put(Number(slider.value));
  figure.onpointermove = (event) => {
    const box = figure.getBoundingClientRect();
    put(Math.min(100, Math.max(0, (100 * (event.clientX - box.left)) / box.width)));
  };
  root.onkeydown = (event) => {
    const index = Number(event.key) - 1;
    if (index in data.results) choose(index);
  };
}
