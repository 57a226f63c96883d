// Images [H, W, C] of numbers in [0, 1], on canvases and from files.

/** Returns the canvas of an image with its caption, as a figure. */
function pictured(caption, className = "") {
  const canvas = element("canvas", { width: 1, height: 1, role: "img", "aria-label": caption });
  const figure = element("figure", { className }, canvas, element("figcaption", {}, caption));
  return { canvas, figure };
}

/** Sets the pixels of a canvas: `write(data, i, p)` sets red, green, blue and opacity of pixel i, at p in the data. */
function fill(canvas, [H, W], write) {
  if (canvas.width !== W || canvas.height !== H) Object.assign(canvas, { width: W, height: H });
  const image = new ImageData(W, H);
  for (let i = 0; i < H * W; i++) write(image.data, i, 4 * i);
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Paints an image: grey of 1 or 2 channels, colours of 3 and more. */
function paint(canvas, x, shape) {
  const C = shape[2];
  const next = C < 3 ? 0 : 1;
  fill(canvas, shape, (data, i, p) => {
    for (let c = 0; c < 3; c++) data[p + c] = 255 * x[i * C + c * next];
    data[p + 3] = 255;
  });
}

/** Paints the mean difference of the channels: orange where the input is brighter, blue where it is darker. */
function paintDifference(canvas, input, output, shape) {
  const C = shape[2];
  fill(canvas, shape, (data, i, p) => {
    let sum = 0;
    for (let c = i * C; c < i * C + C; c++) sum += input[c] - output[c];
    data.set(sum > 0 ? [230, 120, 20] : [50, 120, 230], p);
    data[p + 3] = (255 * Math.abs(sum)) / C;
  });
}

/** Returns the pixels of an image file, cut and scaled to a shape. */
async function pixelsOfFile(file, [H, W, C]) {
  if (![1, 3, 4].includes(C)) throw new Error(`Expected a model of images with 1, 3 or 4 channels. Received: ${C}`);
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`Expected an image file that the browser can read. Received: ${file.name}`);
  });
  const scale = Math.max(W / bitmap.width, H / bitmap.height);
  const [width, height] = [scale * bitmap.width, scale * bitmap.height];
  const context = element("canvas", { width: W, height: H }).getContext("2d");
  if (C < 4) context.fillRect(0, 0, W, H);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (W - width) / 2, (H - height) / 2, width, height);
  const { data } = context.getImageData(0, 0, W, H);
  const grey = (p) => 0.299 * data[p] + 0.587 * data[p + 1] + 0.114 * data[p + 2];
  const value = (i) => (C === 1 ? grey(4 * i) : data[4 * Math.floor(i / C) + (i % C)]);
  return Float64Array.from({ length: H * W * C }, (_, i) => value(i) / 255);
}
