// The latents of a model: sliders and buttons of its code, the posterior of the input, KL and information.

/** A table of the latents, by descending KL. `onChange` is called when a slider or a button has changed the code. */
class LatentTable {
  constructor(model, onChange) {
    this.model = model;
    this.onChange = onChange;
    this.z = new Array(model.gaussian).fill(0);
    this.classes = model.classes.map(() => 0);
    this.largest = Math.max(...model.scores.latents.map(({ kl, mi }) => Math.max(kl, mi)), 1e-9);
    this.rows = model.scores.order.map((k) => this.slider(k));
    this.blocks = model.classes.map((K, block) => this.buttons(K, block));
    const titles = ["", "value, and q(z | x) of the input: mean ± 2σ", "", "KL", "I(x; z)"];
    const cells = titles.map((title) => element("span", {}, title));
    const heading = element("div", { className: "latent heading" }, ...cells);
    const images = model.scores.images.toLocaleString("en");
    const note = element("p", { className: "note" }, `KL and I(x; z) in nats, over ${images} images. `);
    note.append("A slider spans 99 % of q(z). Grey latents are inactive: their KL is at most 0.05.");
    this.root = element("div", { className: "latents" }, heading, ...this.blocks.map(({ root }) => root));
    this.root.append(...this.rows.map(({ root }) => root), note);
  }

  slider(k) {
    const { kl, mi, active, range } = this.model.scores.latents[k];
    const [min, max] = [Math.floor(100 * range[0]) / 100, Math.ceil(100 * range[1]) / 100];
    const id = `z-${this.model.number}-${k}`;
    const input = element("input", { type: "range", id, min, max, step: 0.01, value: 0 });
    input.oninput = () => {
      this.z[k] = Number(input.value);
      this.onChange();
    };
    const band = element("span", { className: "band" });
    const mean = element("span", { className: "mean" });
    const output = element("output", { htmlFor: id });
    const track = element("div", { className: "track" }, element("div", { className: "scale" }, band, mean), input);
    const label = element("label", { htmlFor: id }, ...latentName(this.model, k));
    const root = element("div", { className: active ? "latent" : "latent inactive" }, label, track, output);
    root.append(this.score(kl, "KL"), this.score(mi, "I(x; z)"));
    return { k, root, input, output, band, mean, min, max };
  }

  buttons(K, block) {
    const name = latentName(this.model, this.model.gaussian + block);
    const choose = (c) => {
      this.classes[block] = c;
      this.onChange();
    };
    const buttons = Array.from({ length: K }, (_, c) =>
      element("button", { className: "class", onclick: () => choose(c), title: `Class ${c}` }, String(c)));
    const group = element("div", { className: "classes", role: "group", "aria-label": "Classes of y" }, ...buttons);
    const { kl, mi } = this.model.scores.blocks[block];
    const root = element("div", { className: "latent block" }, element("span", {}, ...name), group, element("span"));
    root.append(this.score(kl, "KL"), this.score(mi, "I(x; y)"));
    return { root, buttons };
  }

  score(value, title) {
    const cell = element("span", { className: "score", title: `${title}: ${value} nats` }, fixed(value));
    cell.style.setProperty("--part", Math.min(1, Math.max(0, value / this.largest)));
    return cell;
  }

  get code() {
    return this.model.code(this.z, this.classes);
  }

  /** Sets the code, and moves sliders and buttons there. */
  set(z, classes) {
    this.z = Array.from(z);
    this.classes = Array.from(classes);
    this.show();
  }

  show() {
    for (const { k, input, output } of this.rows) {
      if (Number(input.value) !== this.z[k]) input.value = this.z[k];
      output.value = fixed(this.z[k]);
    }
    this.blocks.forEach(({ buttons }, block) =>
      buttons.forEach((button, c) => button.setAttribute("aria-pressed", c === this.classes[block])));
  }

  /** Draws the posterior of the input on the scale of each slider, and its class probabilities. */
  showPosterior({ mean, sigma, probs }) {
    for (const row of this.rows) {
      const place = (v) => Math.min(100, Math.max(0, (100 * (v - row.min)) / (row.max - row.min)));
      const [m, s] = [mean[row.k], sigma[row.k]];
      const [low, high] = [place(m - 2 * s), place(m + 2 * s)];
      Object.assign(row.band.style, { left: `${low}%`, width: `${high - low}%` });
      row.mean.style.left = `${place(m)}%`;
      row.band.parentNode.title = `q(z | x): mean ${fixed(m, 3)}, σ ${fixed(s, 3)}`;
    }
    this.blocks.forEach(({ buttons }, block) =>
      buttons.forEach((button, c) => {
        button.style.setProperty("--part", probs[block][c]);
        button.title = `Class ${c}: q(y | x) = ${fixed(probs[block][c], 3)}`;
      }));
  }
}
