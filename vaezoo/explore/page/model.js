// A model: images in, posteriors out; codes in, images out. Codes are z, then the one-hots of each categorical block.

function softmax(logits) {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (v) => Math.exp(v - largest));
  const total = powers.reduce((a, b) => a + b);
  return powers.map((v) => v / total);
}

/** Splits an array into parts of the given sizes. */
function split(array, sizes) {
  let start = 0;
  return sizes.map((size) => array.slice(start, (start += size)));
}

const argmax = (array) => array.indexOf(Math.max(...array));

class Model {
  constructor(record) {
    Object.assign(this, record);
    this.classes = record.latents.categorical;
    this.gaussian = record.latents.gaussian;
    this.size = this.gaussian + this.classes.reduce((a, b) => a + b, 0);
  }

  /** Builds q(z, y | x) of means, log-variances and class probabilities, one after the other. */
  posterior(parameters) {
    const [mean, logVar, ...probs] = split(parameters, [this.gaussian, this.gaussian, ...this.classes]);
    return { mean, sigma: logVar.map((v) => Math.exp(v / 2)), logVar, probs };
  }

  /** Returns the code of z [d] and the number of the class in each block. */
  code(z, classes) {
    const code = Float64Array.from({ length: this.size }, (_, i) => (i < this.gaussian ? z[i] : 0));
    let start = this.gaussian;
    this.classes.forEach((K, block) => {
      code[start + classes[block]] = 1;
      start += K;
    });
    return code;
  }
}

/** A model that is computed in the page. */
class LocalModel extends Model {
  static async unpacked(record) {
    const model = new LocalModel(record);
    model.weights = await Promise.all([record.encoder, record.decoder].map(({ weights }) => unpackFloats(weights)));
    return model;
  }

  async encode(x) {
    const output = compute(this.encoder.layers, x, this.weights[0]);
    const [gaussian, ...logits] = split(output, [2 * this.gaussian, ...this.classes]);
    return this.posterior([...gaussian, ...logits.flatMap(softmax)]);
  }

  async decode(code) {
    const output = compute(this.decoder.layers, code, this.weights[1]);
    return this.likelihood === "bernoulli" ? output.map(ACTIVATIONS.sigmoid) : output;
  }
}

/** A model that is computed by `vaezoo explore --serve`. */
class ServedModel extends Model {
  async encode(x) {
    return this.posterior(await this.request("encode", x));
  }

  decode(code) {
    return this.request("decode", code);
  }

  async request(what, array) {
    const answer = await fetch(`/${what}/${this.number}`, { method: "POST", body: Float32Array.from(array) });
    if (!answer.ok) throw new Error(await answer.text());
    return Array.from(new Float32Array(await answer.arrayBuffer()));
  }
}
