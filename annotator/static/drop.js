const count = (number, one) => `${number} ${one}${number === 1 ? "" : "s"}`;

function send(file, collection, onProgress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const query = new URLSearchParams({ name: file.name, collection });
    request.open("POST", `/api/photos?${query}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.loaded / Math.max(1, event.total));
    request.onload = () => {
      const said = request.response?.error;
      resolve(request.status === 200 ? request.response : { outcomes: [], failures: [{ name: file.name, reason: said ?? `the app answered ${request.status}; try again` }] });
    };
    request.onerror = () =>
      resolve({ outcomes: [], failures: [{ name: file.name, reason: "the app does not answer; see that it runs, then drop it again" }] });
    request.send(file);
  });
}

/** The files that were dropped; of a folder those in it and below it that are `wanted` by their names, others are `passed`. */
async function filesOf(entries, wanted, passed, inFolder = false) {
  const found = [];
  for (const entry of entries) {
    if (entry.isDirectory) found.push(...(await filesOf(await entriesIn(entry), wanted, passed, true)));
    else if (inFolder && !wanted(entry.name)) passed(entry.name);
    else found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
  }
  return found;
}

async function entriesIn(folder) {
  const reader = folder.createReader();
  const some = () => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  const found = [];
  // A browser gives a hundred at a time.
  for (let more = await some(); more.length; more = await some()) found.push(...more);
  return found.sort((one, other) => one.name.localeCompare(other.name));
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".drop");
  const target = root.querySelector(".target");
  const input = root.querySelector("input");
  const progress = root.querySelector(".progress");
  const said = root.querySelector(".said");
  root.classList.toggle("large", Boolean(data.large));
  root.querySelector(".call").textContent = data.call;

  const line = (text) => said.append(Object.assign(document.createElement("li"), { textContent: text }));

  const tellLeftOut = (names) => {
    if (!names.length) return;
    const more = names.length > 1 ? ` and ${names.length - 1} more` : "";
    line(`Left out: ${names[0]}${more}, of a kind that heirloom does not read. Save as JPEG, PNG or TIFF.`);
  };

  const take = async (files, leftOut = []) => {
    if (!files.length || root.dataset.busy) return;
    root.dataset.busy = "yes";
    said.replaceChildren();
    progress.hidden = false;
    const outcomes = [];
    let failed = 0;
    for (const [number, file] of files.entries()) {
      progress.querySelector("span").textContent = files.length > 1 ? `${number + 1} of ${files.length}` : file.name;
      const report = await send(file, data.collection ?? "", (share) => {
        progress.querySelector("i").style.width = `${(100 * (number + share)) / files.length}%`;
      });
      outcomes.push(...report.outcomes);
      for (const failure of report.failures) line(`${failure.name}: ${failure.reason}`);
      failed += report.failures.length;
      leftOut.push(...(report.left_out ?? []));
    }
    progress.hidden = true;
    delete root.dataset.busy;
    input.value = "";
    tellLeftOut(leftOut);
    const fresh = outcomes.filter((outcome) => outcome.is_new);
    const known = outcomes.filter((outcome) => !outcome.is_new);
    for (const { name, known_as } of known.slice(0, 20))
      line(`${name} is here already${name === known_as ? "" : `, as ${known_as}`}.`);
    if (fresh.length) line(`${count(fresh.length, "photo")} came in.`);
    if (outcomes.length)
      setTriggerValue("taken", {
        ids: outcomes.map((outcome) => outcome.photo_id),
        failed,
      });
  };

  input.onchange = () => take([...input.files]);
  target.ondragover = (event) => {
    event.preventDefault();
    target.classList.add("over");
  };
  target.ondragleave = () => target.classList.remove("over");
  const endings = input.accept.split(",");
  const unread = data.unread ?? [];
  const wanted = (name) => !name.startsWith(".") && endings.some((ending) => name.toLowerCase().endsWith(ending));
  target.ondrop = async (event) => {
    event.preventDefault();
    target.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    const leftOut = [];
    const passed = (name) => unread.some((ending) => name.toLowerCase().endsWith(ending)) && leftOut.push(name);
    const files = await filesOf(entries, wanted, passed).catch(() => undefined);
    if (files?.length || !entries.length || root.dataset.busy) return take(files ?? [], leftOut);
    said.replaceChildren();
    line(`${entries[0].name} ${files ? "holds no photos" : "could not be read"}.`);
    tellLeftOut(leftOut);
  };
}
