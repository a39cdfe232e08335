const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const chosenOf = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const body = parentElement.querySelector("tbody");
  const headings = [
    element("th"),
    element("th", { textContent: "model" }),
    element("th", { textContent: "loss" }),
    ...data.headings.map((heading) => element("th", { colSpan: heading.span, textContent: heading.said })),
    element("th"),
  ];
  parentElement.querySelector("thead tr").replaceChildren(...headings);
  const known = new Set(data.rows.map((row) => row.id));
  // What is ticked here is newer than what the page knew when it began to draw.
  const chosen = new Set([...(chosenOf.get(body) ?? data.chosen ?? [])].filter((id) => known.has(id)));
  chosenOf.set(body, chosen);
  const focused = body.getRootNode().activeElement;
  const focusedId = body.contains(focused) ? focused.value : undefined;

  body.replaceChildren(
    ...data.rows.map((row) => {
      const box = element("input", { type: "checkbox", value: row.id, checked: chosen.has(row.id), ariaLabel: `Choose ${row.name}` });
      const spark = element("td");
      spark.innerHTML = row.spark ? `<svg width="110" height="26" aria-hidden="true"><path></path></svg>` : `<span class="quiet">–</span>`;
      spark.querySelector("path")?.setAttribute("d", row.spark);
      const name = element("td", {}, element("span", { className: "name", textContent: row.name }));
      if (row.production) name.append(element("span", { className: "production", textContent: "✓ production" }));
      const figures = row.figures.map(({ said, span, quiet }) =>
        element("td", { colSpan: span, className: quiet ? "quiet" : "", textContent: said }),
      );
      const line = element(
        "tr",
        { className: chosen.has(row.id) ? "chosen" : "" },
        element("td", {}, box),
        name,
        spark,
        ...figures,
        element("td", { className: "quiet", textContent: [row.state, row.when].filter(Boolean).join(" · ") }),
      );
      const turn = () => {
        box.checked ? chosen.add(row.id) : chosen.delete(row.id);
        line.classList.toggle("chosen", box.checked);
        setStateValue("chosen", [...chosen]);
      };
      box.onchange = turn;
      line.onclick = (event) => {
        if (event.target === box) return;
        box.checked = !box.checked;
        turn();
      };
      return line;
    }),
  );
  // Rows are made anew while somebody walks them by keyboard.
  [...body.querySelectorAll("input")].find((box) => box.value === focusedId)?.focus({ preventScroll: true });
}
