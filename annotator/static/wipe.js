export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".wipe");
  const figure = root.querySelector("figure");
  const slider = root.querySelector("input");
  const width = `min(100%, min(74vh, 52rem) * ${data.width / data.height}, ${3 * data.width}px)`;
  figure.style.width = root.querySelector(".caption").style.width = width;
  figure.style.aspectRatio = `${data.width} / ${data.height}`;
  for (const side of ["before", "after"]) {
    const picture = root.querySelector(`.${side}`);
    if (picture.getAttribute("src") !== data[side]) picture.src = data[side];
    picture.alt = `${data.name}, ${side}`;
  }

  const put = (share) => {
    slider.value = String(share);
    root.style.setProperty("--at", `${share}%`);
  };
  slider.oninput = () => put(Number(slider.value));
  figure.onpointermove = (event) => {
    const box = figure.getBoundingClientRect();
    put(Math.min(100, Math.max(0, (100 * (event.clientX - box.left)) / box.width)));
  };
}
