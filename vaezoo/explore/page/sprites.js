// dSprites, drawn as vaezoo/data/sprites.py draws it: the same numbers in the same order give the same pixels.

/** Draws the image of the classes [shape, scale, orientation, x, y], flat, of pixels 0 and 1. */
function drawSprite({ size, outlines, scales, cos, sin, centres }, [shape, scale, orientation, column, row]) {
  const [xs, ys] = outlines[shape];
  const c = cos[orientation];
  const s = sin[orientation];
  const rounded = (v) => Math.floor(256 * v + 0.5) / 256;
  const corners = xs.map((_, i) => {
    const x = scales[scale] * xs[i];
    const y = scales[scale] * ys[i];
    return [rounded(x * c + y * s + centres[column]), rounded(y * c - x * s + centres[row])];
  });
  const pixels = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    const y = j + 0.5;
    corners.forEach(([ax, ay], i) => {
      const [bx, by] = corners[(i + 1) % corners.length];
      if (ay >= y === by >= y) return;
      const cut = ax + ((y - ay) * (bx - ax)) / (by - ay); // in this order only the division rounds
      const end = Math.min(size, Math.max(0, Math.ceil(cut - 0.5)));
      for (let p = j * size; p < j * size + end; p++) pixels[p] = 1 - pixels[p];
    });
  }
  return pixels;
}
