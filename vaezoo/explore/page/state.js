// The state of the page as text, which the address of the page holds: the input, and z and y of each model.

/** Returns the state as "#input=2,5,0,16,16&z0=0.12,-1.3&y0=3". */
function stateText(input, views) {
  const parts = [`input=${input.state}`];
  views.forEach(({ table }, i) => {
    parts.push(`z${i}=${table.z.map((v) => Number(v.toFixed(3))).join(",")}`);
    if (table.classes.length) parts.push(`y${i}=${table.classes.join(",")}`);
  });
  return `#${parts.join("&")}`;
}

/** Reads a state; returns the code [z, classes] of each view that has one, else null. What does not fit is ignored. */
function readState(text, input, views) {
  const parts = new URLSearchParams(text.replace(/^#/, ""));
  if (parts.get("input")) input.state = parts.get("input");
  return views.map(({ model }, i) => {
    const z = (parts.get(`z${i}`) ?? "").split(",").map(Number);
    const classes = model.classes.length ? (parts.get(`y${i}`) ?? "").split(",").map(Number) : [];
    const known = parts.has(`z${i}`) && z.length === model.gaussian && z.every((v) => Math.abs(v) < 1e6);
    return known && fits(classes, model.classes) ? [z, classes] : null;
  });
}
