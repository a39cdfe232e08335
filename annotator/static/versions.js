function veil(element, version, mask = version.mask) {
  element.className = `mask ${version.tone ?? ""}`;
  element.style.maskImage = element.style.webkitMaskImage = mask ? `url("${mask}")` : "none";
  element.hidden = !mask;
  element.style.display = mask ? "" : "none";
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".versions");
  const picture = root.querySelector("figure img");
  const film = root.querySelector(".film");
  const file = root.querySelector(".file");
  const versions = data.versions;
  const figure = root.querySelector("figure");
  // As large as it goes, but no more than three times its own size; known before it loads, so that nothing jumps.
  const whole = `min(100%, min(66vh, 46rem) * ${data.width / data.height}, ${3 * data.width}px)`;
  // A panorama is higher than a line, and wider than the page: it is scrolled.
  figure.style.width = `max(${whole}, min(7rem * ${data.width / data.height}, ${data.width}px))`;
  figure.style.aspectRatio = `${data.width} / ${data.height}`;
  const chosen = versions.findIndex((version) => version.key === root.dataset.chosen);
  let current = chosen >= 0 && root.dataset.known === String(versions.length) ? chosen : data.start;
  root.dataset.known = String(versions.length);

  const show = (index, source = versions[index].src) => {
    if (picture.getAttribute("src") !== source) picture.src = source;
  };
  // The key is let go, or the window is left while it is held: another one hears of its end then.
  const endBlink = () => {
    root.classList.remove("blink");
    show(current);
  };
  const choose = (index) => {
    current = (index + versions.length) % versions.length;
    const version = versions[current];
    root.dataset.chosen = version.key;
    show(current);
    picture.alt = version.said;
    veil(root.querySelector("figure .mask"), version);
    root.querySelector(".label").textContent = version.said;
    file.hidden = !version.file;
    file.href = version.file ?? "";
    file.ariaLabel = `Download ${version.label}`;
    // Tab enters the filmstrip once; within it the arrow keys walk, and the focus goes along.
    const walking = film.contains(root.getRootNode().activeElement);
    [...film.children].forEach((button, place) => {
      button.setAttribute("aria-selected", String(place === current));
      button.tabIndex = place === current ? 0 : -1;
    });
    if (walking) film.children[current].focus();
    film.children[current]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  film.replaceChildren(
    ...versions.map((version, index) => {
      const button = document.createElement("button");
      button.setAttribute("role", "tab");
      button.title = version.said;
      button.innerHTML = `<div class="frame"><img alt="" loading="lazy"><div class="mask"></div></div><span></span>`;
      button.querySelector("img").src = version.thumb;
      veil(button.querySelector(".mask"), version, version.mask_thumb);
      button.querySelector("span").textContent = version.label;
      button.onclick = () => choose(index);
      button.onblur = endBlink;
      return button;
    }),
  );
  film.hidden = versions.length < 2;
  root.querySelector(".keys").innerHTML =
    versions.length < 2 ? "" : "<kbd>←</kbd> <kbd>→</kbd> versions &ensp; hold <kbd>space</kbd> original &ensp; <kbd>m</kbd> mask";

  root.onkeydown = (event) => {
    if (event.key === "ArrowRight") choose(current + 1);
    else if (event.key === "ArrowLeft") choose(current - 1);
    else if (event.key === "m") root.classList.toggle("bare");
    else if (event.key === " ") {
      root.classList.add("blink");
      show(0);
    } else return;
    event.preventDefault();
  };
  root.onkeyup = (event) => {
    if (event.key === " ") endBlink();
  };
  choose(Math.min(current, versions.length - 1));
}
