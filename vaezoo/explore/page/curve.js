// Mean activations: the mean code over the images of each value of a factor.

const CURVE = { width: 320, height: 130, left: 38, right: 10, top: 12, bottom: 26 };

/** Draws lines [V] over the values of a factor, with gaps at nulls; returns it with a function that marks a value. */
function curve(lines, factor, label) {
  const { width, height, left, right, top, bottom } = CURVE;
  const known = lines.flat().filter((v) => v !== null);
  const pad = 0.08 * (Math.max(...known) - Math.min(...known)) || 0.1;
  const [low, high] = [Math.min(...known) - pad, Math.max(...known) + pad];
  const last = Math.max(1, factor.values.length - 1);
  const x = (v) => left + (v / last) * (width - left - right);
  const y = (value) => height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
  const text = (at, content, anchor) =>
    svgElement("text", { x: at[0], y: at[1], "text-anchor": anchor }, content);
  const marker = svgElement("line", { class: "marker", y1: top, y2: height - bottom, visibility: "hidden" });
  const viewBox = `0 0 ${width} ${height}`;
  const picture = svgElement("svg", { viewBox, role: "img", "aria-label": label, class: "curve" });
  picture.append(
    svgElement("path", { class: "axis", d: `M${left},${top}V${height - bottom}H${width - right}` }),
    text([left - 4, y(high) + 8], fixed(high - pad), "end"),
    text([left - 4, y(low)], fixed(low + pad), "end"),
    text([left, height - bottom + 12], factor.values[0], "start"),
    text([width - right, height - bottom + 12], factor.values[factor.values.length - 1], "end"),
    text([(left + width - right) / 2, height - 4], factor.name, "middle"),
    marker,
    ...lines.map((line, i) => drawn(line, i, lines.length, x, y)),
    ...(lines.length > 1 ? lines.map((line, i) => named(line, i, x, y)) : []),
  );
  const mark = (v) => {
    marker.setAttribute("visibility", v === null ? "hidden" : "visible");
    if (v !== null) for (const end of ["x1", "x2"]) marker.setAttribute(end, x(v));
  };
  return { picture, mark };
}

/** Returns line i of several, each of which has a colour of its own. */
function drawn(line, i, count, x, y) {
  const path = svgElement("path", { class: "line", d: pathOf(line, x, y) });
  if (count > 1) path.style.stroke = colourOf(i, count);
  return path;
}

/** Returns the number of a line, at its peak. */
function named(line, i, x, y) {
  const peak = argmax(line);
  const anchor = peak === 0 ? "start" : "middle";
  return svgElement("text", { class: "name", x: x(peak), y: y(line[peak]) - 3, "text-anchor": anchor }, String(i));
}

/** Returns the path of a line; a null interrupts it. */
function pathOf(line, x, y) {
  let command = "M";
  return line.map((value, v) => {
    if (value === null) {
      command = "M";
      return "";
    }
    const step = `${command}${x(v).toFixed(1)},${y(value).toFixed(1)}`;
    command = "L";
    return step;
  }).join("");
}
