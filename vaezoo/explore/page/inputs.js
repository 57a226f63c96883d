// The input image: chosen by its factors, among embedded images, or a file.

/** The panel of the input. `onChange(pixels)` is called when another image is chosen. */
class InputPanel {
  static async unpacked(root, data, onChange) {
    const panel = new InputPanel(root, data, onChange);
    if (data.images) panel.pixels = await unpackBytes(data.images);
    panel.build();
    return panel;
  }

  constructor(root, data, onChange) {
    Object.assign(this, { root, data, onChange });
    this.classes = data.sprites ? [2, 5, 0, 16, 16] : null;
    this.index = 0;
  }

  build() {
    const { canvas, figure } = pictured("input", "large");
    this.canvas = canvas;
    this.choices = this.data.sprites ? this.factorSliders() : this.thumbnails();
    const picker = element("input", { type: "file", accept: "image/*", onchange: () => this.take(picker.files[0]) });
    const file = element("label", { className: "file" }, "or an image of your own, chosen or dropped here: ", picker);
    const side = element("div", { className: "choices" }, element("h2", {}, `Input image · ${this.data.name}`));
    side.append(this.choices, file);
    this.root.append(figure, side);
    this.root.ondragover = (event) => {
      event.preventDefault();
      this.root.classList.add("dropping");
    };
    this.root.ondragleave = () => this.root.classList.remove("dropping");
    this.root.ondrop = (event) => {
      event.preventDefault();
      this.root.classList.remove("dropping");
      this.take(event.dataTransfer.files[0]);
    };
  }

  /** A slider for each factor of dSprites. */
  factorSliders() {
    const rows = this.data.factors.map(({ name, values }, f) => {
      const id = `factor-${f}`;
      const input = element("input", { type: "range", id, min: 0, max: values.length - 1, value: this.classes[f] });
      input.oninput = () => this.setFactor(f, Number(input.value));
      const output = element("output", { htmlFor: id });
      return element("div", { className: "factor" }, element("label", { htmlFor: id }, name), input, output);
    });
    return element("div", {}, ...rows);
  }

  setFactor(f, value) {
    this.classes = this.classes.with(f, value);
    return this.choose();
  }

  /** The embedded images, all or those of a value of a factor. */
  thumbnails() {
    const strip = element("div", { className: "strip", role: "group", "aria-label": "Images of the data set" });
    const images = Array.from({ length: this.count }, (_, i) => {
      const canvas = element("canvas");
      const button = element("button", { title: this.title(i), "aria-label": this.title(i) }, canvas);
      button.onclick = () => this.setIndex(i);
      paint(canvas, this.image(i), this.data.shape);
      return button;
    });
    strip.append(...images);
    const { factors, classes } = this.data;
    const groupsOf = ({ name, values }, f) => values.map((value, v) => ({ text: `${name} ${value}`, f, v }));
    const groups = factors.flatMap(groupsOf);
    const belongs = (i, group) => !group || classes[i][group.f] === group.v;
    const show = (n) => images.forEach((button, i) => (button.hidden = !belongs(i, groups[n - 1])));
    const filter = menu("show ", ["all", ...groups.map(({ text }) => text)], 0, show);
    return element("div", {}, ...(groups.length ? [filter] : []), strip);
  }

  get count() {
    return this.data.classes.length;
  }

  title(i) {
    const values = this.data.factors.map(({ name, values }, f) => `${name} ${values[this.data.classes[i][f]]}`);
    return [`Image ${i + 1}`, ...values].join(", ");
  }

  image(i) {
    const size = this.data.shape.reduce((a, b) => a * b);
    return Float64Array.from(this.pixels.subarray(i * size, (i + 1) * size), (v) => v / 255);
  }

  setIndex(i) {
    this.index = i;
    return this.choose();
  }

  /** Shows the image that is chosen by factors or index, and hands it on. */
  choose() {
    this.own = null;
    if (this.data.sprites) {
      [...this.choices.children].forEach((row, f) => {
        row.children[1].value = this.classes[f];
        row.children[2].value = this.data.factors[f].values[this.classes[f]];
      });
    }
    return this.show(this.data.sprites ? drawSprite(this.data.sprites, this.classes) : this.image(this.index));
  }

  /** Takes an image of a file. */
  async take(file) {
    if (!file) return;
    try {
      this.own = file.name;
      await this.show(await pixelsOfFile(file, this.data.shape));
      showMessage();
    } catch (error) {
      showMessage(error.message);
    }
  }

  show(pixels) {
    paint(this.canvas, pixels, this.data.shape);
    return this.onChange(pixels);
  }

  /** The state of the input as text; that of a file is empty, because an address cannot hold it. */
  get state() {
    if (this.own !== null) return "";
    return this.data.sprites ? this.classes.join(",") : String(this.index);
  }

  set state(text) {
    const numbers = text.split(",").map(Number);
    const sizes = this.data.sprites ? this.data.factors.map(({ values }) => values.length) : [this.count];
    if (!fits(numbers, sizes)) return;
    if (this.data.sprites) this.classes = numbers;
    else [this.index] = numbers;
  }
}
