// The information of latents about factors, as a table of buttons.

/** Returns the table; `onSelect(factor, column)` is called for a cell. The columns are y, then the latents by KL. */
function informationTable(model, factors, onSelect) {
  const { order, information } = model.scores;
  const blocks = model.classes.map((_, block) => model.gaussian + block);
  const columns = [...blocks, ...order];
  const largest = Math.max(...information.flat(), 1e-9);
  const name = (j) => latentName(model, j);
  const title = (j) => name(j).map((part) => part.textContent ?? part).join("");
  let selected = null;

  const cell = (factor, f, j) => {
    const value = information[j][f];
    const label = `I(${title(j)}; ${factor.name}) = ${fixed(value, 3)} nats. Sweep ${factor.name} through ${title(j)}.`;
    const button = element("button", { title: label, "aria-label": label }, fixed(value));
    button.style.setProperty("--part", value / largest);
    button.classList.toggle("strong", value > largest / 2);
    button.onclick = () => {
      selected?.removeAttribute("aria-pressed");
      selected = button;
      button.setAttribute("aria-pressed", "true");
      onSelect(f, j);
    };
    return element("td", {}, button);
  };

  const heads = columns.map((j) => element("th", { scope: "col" }, ...name(j)));
  const head = element("thead", {}, element("tr", {}, element("td"), ...heads));
  const rows = factors.map((factor, f) =>
    element("tr", {}, element("th", { scope: "row" }, factor.name), ...columns.map((j) => cell(factor, f, j))));
  const table = element("table", { className: "matrix" }, head, element("tbody", {}, ...rows));
  return element("div", { className: "scroll" }, table);
}
