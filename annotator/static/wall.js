/** What is chosen on a wall, name by id, whatever page it stands on; of one choice, which ends with other filters. */
const chosenOf = new WeakMap();
const choiceOf = new WeakMap();
const pageOf = new WeakMap();
/** Narrowest and widest tile, width to height; a photo beyond is shown whole in it. */
const [NARROWEST, WIDEST] = [0.6, 3];

export default function ({ data, parentElement, setTriggerValue }) {
  const wall = parentElement.querySelector(".wall");
  const bar = parentElement.querySelector(".bar");
  const tiles = data.tiles;
  const shown = new Set(tiles.map((tile) => tile.id));
  const goesOn = choiceOf.get(wall) === data.choice;
  const chosen = new Map([...(chosenOf.get(wall) ?? [])].filter(([id]) => goesOn || shown.has(id)));
  chosenOf.set(wall, chosen);
  choiceOf.set(wall, data.choice);
  let last = 0;

  const paint = () => {
    wall.classList.toggle("choosing", chosen.size > 0);
    [...wall.children].forEach((element, place) => {
      const on = chosen.has(tiles[place].id);
      element.classList.toggle("chosen", on);
      element.querySelector(".pick").checked = on;
      const { name, state } = tiles[place];
      element.querySelector(".open").setAttribute("aria-label", `${name}, ${state}${on ? ", chosen" : ""}`);
    });
    bar.hidden = chosen.size === 0;
    const elsewhere = [...chosen.keys()].filter((id) => !shown.has(id)).length;
    bar.querySelector("b").textContent = `${chosen.size} chosen${elsewhere ? `, ${elsewhere} on other pages` : ""}`;
  };
  const pick = (place, on, range) => {
    const [from, to] = range ? [Math.min(last, place), Math.max(last, place)] : [place, place];
    for (const { id, name } of tiles.slice(from, to + 1)) on ? chosen.set(id, name) : chosen.delete(id);
    last = place;
    paint();
  };
  const act = ({ name, asks }) => {
    // Of a photo that somebody deletes meanwhile the server knows no name any more.
    setTriggerValue("act", { name, ids: [...chosen.keys()], names: [...chosen.values()] });
    // A question may be answered with no: what was chosen is still needed then.
    if (asks) return;
    chosen.clear();
    paint();
  };
  const button = (text, className, onclick) => Object.assign(document.createElement("button"), { textContent: text, className, onclick });

  bar.replaceChildren(
    document.createElement("b"),
    ...data.actions.map((action) => button(action.said, "", () => act(action))),
    button("All on this page", "clear", () => (tiles.forEach(({ id, name }) => chosen.set(id, name)), paint())),
    button("None", "clear", () => (chosen.clear(), paint())),
  );
  wall.replaceChildren(
    ...tiles.map((tile, place) => {
      const element = document.createElement("div");
      const ratio = Math.min(WIDEST, Math.max(NARROWEST, tile.ratio));
      element.className = `tile ${tile.tone}${ratio === tile.ratio ? "" : " whole"}`;
      element.style.setProperty("--ratio", ratio);
      element.innerHTML = `<button class="open"><img loading="lazy" alt=""></button><span class="name"></span>
        <span class="badge"></span><input class="pick" type="checkbox" tabindex="-1">`;
      element.querySelector("img").src = tile.src;
      const open = element.querySelector(".open");
      // Tab enters the wall once and leaves it for what can be done; within it the arrow keys walk.
      open.tabIndex = place === 0 ? 0 : -1;
      open.onfocus = () => [...wall.children].forEach((each) => (each.querySelector(".open").tabIndex = each === element ? 0 : -1));
      element.querySelector(".name").textContent = tile.name;
      element.querySelector(".badge").textContent = `${tile.sign} ${tile.state}`;
      const box = element.querySelector(".pick");
      box.setAttribute("aria-label", `Choose ${tile.name}`);
      box.onclick = (event) => pick(place, box.checked, event.shiftKey);
      open.onclick = (event) =>
        event.shiftKey || event.ctrlKey || event.metaKey ? pick(place, true, event.shiftKey) : setTriggerValue("open", tile.id);
      return element;
    }),
  );
  wall.onkeydown = (event) => {
    const place = [...wall.children].findIndex((element) => element.contains(event.target));
    const go = (to) => wall.children[Math.max(0, Math.min(tiles.length - 1, to))]?.querySelector(".open").focus();
    const row = () => {
      const top = wall.children[place].offsetTop;
      return [...wall.children].filter((element) => element.offsetTop === top).length;
    };
    const keys = {
      ArrowRight: () => go(place + 1),
      ArrowLeft: () => go(place - 1),
      ArrowDown: () => go(place + row()),
      ArrowUp: () => go(place - row()),
      x: () => pick(place, !chosen.has(tiles[place].id), false),
      " ": () => pick(place, !chosen.has(tiles[place].id), event.shiftKey),
      Escape: () => (chosen.clear(), paint()),
    };
    if (place < 0 || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  };
  paint();
  // Whoever turned the page stands below what it shows.
  if ((pageOf.get(wall) ?? data.page) !== data.page && wall.getBoundingClientRect().top < 0) wall.scrollIntoView();
  pageOf.set(wall, data.page);
}
