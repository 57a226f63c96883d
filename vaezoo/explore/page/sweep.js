// Sweeps: what a latent does as a factor changes.

/**
 * Returns the sweep of column j of the codes over a factor: the `values` of the factor that occur, the `codes`
 * [z, classes] in which only column j differs from z and `classes`, and the `lines` of mean codes [V], one for each
 * class of y.
 */
function sweepOf(model, factor, f, j, z, classes) {
  const block = j - model.gaussian;
  const before = model.classes.slice(0, Math.max(0, block)).reduce((a, b) => a + b, 0);
  const columns = block < 0 ? [j] : [...Array(model.classes[block]).keys()].map((c) => model.gaussian + before + c);
  const mean = (v, column) => model.scores.activations[f][v]?.[column] ?? null;
  const lines = columns.map((column) => factor.values.map((_, v) => mean(v, column)));
  const values = [...factor.values.keys()].filter((v) => lines[0][v] !== null);
  const code = (v) => {
    const means = lines.map((line) => line[v]);
    return block < 0 ? [z.with(j, means[0]), classes] : [z, classes.with(block, argmax(means))];
  };
  return { values, codes: values.map(code), lines };
}

/** Returns the factor and the column of the largest information [columns, factors]. */
function mostInformed(information) {
  const largest = Math.max(...information.flat());
  const column = information.findIndex((row) => row.includes(largest));
  return [information[column].indexOf(largest), column];
}

/** Returns at most n of some values, evenly spread, with the first and the last. */
function evenly(values, n) {
  if (values.length <= n) return values;
  return Array.from({ length: n }, (_, i) => values[Math.round((i * (values.length - 1)) / (n - 1))]);
}
