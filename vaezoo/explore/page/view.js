// One model: its images, its latents and its scores.

const FRAMES = 10; // images of a sweep that stay

class ModelView {
  /** `input` is the panel of the input images; `onChange` is called when the code has changed. */
  static async unpacked(model, data, input, onChange) {
    const view = new ModelView(model, data, input, onChange);
    view.scatter = await Scatter.unpacked(model, data, (z, classes) => view.setCode(z, classes));
    view.build();
    return view;
  }

  constructor(model, data, input, onChange) {
    Object.assign(this, { model, data, input, onChange });
    this.table = new LatentTable(model, () => this.changed());
    this.decoded = pictured("decoded", "large");
    this.reconstruction = pictured("reconstruction");
    this.difference = pictured("input − reconstruction", "difference");
    this.redraw = beforeNextFrame(() => this.draw());
    this.reencode = beforeNextFrame(() => this.encode());
    this.sweeps = 0;
  }

  build() {
    const { name, about } = this.model;
    const heading = element("header", {}, element("h2", {}, name), element("p", { className: "note" }, about));
    const images = element("div", { className: "panel images" });
    images.append(this.decoded.figure, this.reconstruction.figure, this.difference.figure);
    const latents = element("div", { className: "panel" }, element("h3", {}, "Latents"), this.table.root);
    const panels = element("div", { className: "panels" }, images, latents);
    if (this.data.factors.length) panels.append(this.information());
    panels.append(this.scatter.root);
    this.root = element("section", { className: "model", "aria-label": name }, heading, panels);
    this.scatter.draw();
  }

  information() {
    const { data, model } = this;
    const table = informationTable(model, data.factors, (f, j) => this.sweep(f, j));
    const hint = "Click a cell to move the latent along its mean over the images of each value of the factor.";
    const title = element("h3", {}, "Information of latents about factors, in nats");
    const left = element("div", {}, title, table, element("p", { className: "note" }, hint));
    this.film = element("div");
    this.describe(...mostInformed(model.scores.information), this.table.z, this.table.classes);
    return element("div", { className: "panel information" }, left, this.film);
  }

  /** Shows the mean activations of column j of the codes over factor f; returns its sweep, and where its images go. */
  describe(f, j, z, classes) {
    const factor = this.data.factors[f];
    const sweep = sweepOf(this.model, factor, f, j, z, classes);
    const name = j < z.length ? latentName(this.model, j) : ["q(y | x)"];
    const heading = element("h4", {}, "Mean of ", ...name, ` over the images of each ${factor.name}`);
    const { picture, mark } = curve(sweep.lines, factor, heading.textContent);
    const frames = element("div", { className: "frames" });
    this.film.replaceChildren(heading, picture, frames);
    return { ...sweep, mark, frames };
  }

  changed() {
    this.sweeps++; // stops one that goes on
    this.table.show();
    this.onChange();
    return this.redraw();
  }

  setCode(z, classes) {
    this.table.set(z, classes);
    return this.changed();
  }

  async draw() {
    paint(this.decoded.canvas, await this.model.decode(this.table.code), this.data.shape);
  }

  /** Encodes another input, and moves the code there. */
  setInput(pixels) {
    this.pixels = pixels;
    return this.reencode();
  }

  async encode() {
    const { pixels } = this;
    const q = await this.model.encode(pixels);
    this.encoded = [Array.from(q.mean), q.probs.map(argmax)];
    this.table.showPosterior(q);
    const output = await this.model.decode(this.model.code(...this.encoded));
    paint(this.reconstruction.canvas, output, this.data.shape);
    paintDifference(this.difference.canvas, pixels, output, this.data.shape);
    this.sweeps++;
    this.table.set(...this.encoded);
    paint(this.decoded.canvas, output, this.data.shape);
    this.onChange();
  }

  /** Moves a latent, or y, along its mean over the images of each value of factor f, and back; shows the images. */
  async sweep(f, j) {
    const number = ++this.sweeps;
    const [z, classes] = [this.table.z.slice(), this.table.classes.slice()];
    const { values, codes, mark, frames } = this.describe(f, j, z, classes);
    const framed = evenly(values, FRAMES);
    for (const [i, v] of values.entries()) {
      this.table.set(...codes[i]);
      mark(v);
      await this.redraw();
      if (number !== this.sweeps) return; // another code has been chosen
      if (framed.includes(v)) frames.append(this.frame(f, v, codes[i]));
    }
    mark(null);
    this.table.set(z, classes);
    await this.redraw();
  }

  /** The image of a code in a sweep, below that of the factor's value where it can be drawn; a click takes the code. */
  frame(f, v, code) {
    const { name, values } = this.data.factors[f];
    const title = `Take the code of ${name} ${values[v]}`;
    const button = element("button", { title, onclick: () => this.setCode(...code) });
    if (this.data.sprites) {
      const truth = element("canvas");
      paint(truth, drawSprite(this.data.sprites, this.input.classes.with(f, v)), this.data.shape);
      button.append(truth);
    }
    const { width, height } = this.decoded.canvas;
    const copy = element("canvas", { width, height });
    copy.getContext("2d").drawImage(this.decoded.canvas, 0, 0);
    button.append(copy, element("span", {}, values[v]));
    return button;
  }
}
