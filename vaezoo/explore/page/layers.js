// The layers of a network on flat arrays of numbers. Images are in the order [H, W, C].

const ACTIVATIONS = {
  linear: null,
  relu: (x) => (x > 0 ? x : 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

/**
 * Adds the products of n inputs with the rows of a matrix: out[o] += sum_i x[i] w[o, i] for each of `outputs` rows.
 * Four rows at a time share the loads of x. `outAt`, `xAt`, `wAt` are the first places, `stride` the length of a row.
 */
function addProducts(out, outAt, outputs, x, xAt, n, w, wAt, stride) {
  let o = 0;
  for (; o + 3 < outputs; o += 4) {
    let p = wAt + o * stride;
    let q = p + stride;
    let r = q + stride;
    let s = r + stride;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = xAt; i < xAt + n; i++) {
      const v = x[i];
      a += v * w[p++];
      b += v * w[q++];
      c += v * w[r++];
      d += v * w[s++];
    }
    out[outAt + o] += a;
    out[outAt + o + 1] += b;
    out[outAt + o + 2] += c;
    out[outAt + o + 3] += d;
  }
  for (; o < outputs; o++) {
    let p = wAt + o * stride;
    let a = 0;
    for (let i = xAt; i < xAt + n; i++) a += x[i] * w[p++];
    out[outAt + o] += a;
  }
}

/** Returns an array in which the biases of the channels repeat. */
function biased(length, channels, w, at) {
  const out = new Float64Array(length);
  if (at !== null) for (let i = 0; i < length; i += channels) out.set(w.subarray(at, at + channels), i);
  return out;
}

const LAYERS = {
  dense(layer, x, w) {
    const out = biased(layer.outputs, layer.outputs, w, layer.bias);
    addProducts(out, 0, layer.outputs, x, 0, layer.inputs, w, layer.kernel, layer.inputs);
    return out;
  },

  /** The columns of a kernel's row and their channels are contiguous in the image, and in the kernel of an output. */
  conv2d(layer, x, w) {
    const { input: [H, W, I], output: [M, N, O], size: [h, k], strides: [dy, dx], before: [top, left] } = layer;
    const out = biased(M * N * O, O, w, layer.bias);
    const row = k * I;
    for (let m = 0; m < M; m++) {
      for (let n = 0; n < N; n++) {
        const column = n * dx - left;
        const first = Math.max(0, -column);
        const count = Math.min(k, W - column) - first;
        for (let t = 0; t < h; t++) {
          const y = m * dy - top + t;
          if (y < 0 || y >= H) continue;
          const kernel = layer.kernel + t * O * row + first * I;
          addProducts(out, (m * N + n) * O, O, x, (y * W + column + first) * I, count * I, w, kernel, row);
        }
      }
    }
    return out;
  },

  /** To the output at p come the inputs at q with p = q stride + t - before, for each place t in the kernel. */
  conv2d_transpose(layer, x, w) {
    const { input: [H, W, I], output: [M, N, O], size: [h, k], strides: [dy, dx], before: [top, left] } = layer;
    const out = biased(M * N * O, O, w, layer.bias);
    for (let m = 0; m < M; m++) {
      for (let n = 0; n < N; n++) {
        for (let t = (m + top) % dy; t < h; t += dy) {
          const y = (m + top - t) / dy;
          if (y < 0 || y >= H) continue;
          for (let u = (n + left) % dx; u < k; u += dx) {
            const c = (n + left - u) / dx;
            if (c < 0 || c >= W) continue;
            const kernel = layer.kernel + (t * k + u) * O * I;
            addProducts(out, (m * N + n) * O, O, x, (y * W + c) * I, I, w, kernel, I);
          }
        }
      }
    }
    return out;
  },

  scale({ channels, scale, offset }, x, w) {
    return x.map((v, i) => v * w[scale + (i % channels)] + w[offset + (i % channels)]);
  },

  crop({ input: [, W, C], output: [M, N], before: [top, left] }, x) {
    const out = new Float64Array(M * N * C);
    for (let m = 0; m < M; m++) {
      const start = ((m + top) * W + left) * C;
      out.set(x.subarray(start, start + N * C), m * N * C);
    }
    return out;
  },

  activation: (layer, x) => x,
};

/** Computes a network, a list of records of layers, of a flat array x. */
function compute(network, x, w) {
  for (const layer of network) {
    x = LAYERS[layer.kind](layer, x, w);
    const activation = ACTIVATIONS[layer.activation ?? "linear"];
    if (activation) for (let i = 0; i < x.length; i++) x[i] = activation(x[i]);
  }
  return x;
}
