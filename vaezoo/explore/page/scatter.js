// A scatter of the codes of some images over two latents, coloured by a factor; the code under the pointer is decoded.

const SCATTER = { side: 320, margin: 14, near: 14, radius: 2.6 };

/** Returns the colour of value v of n: of few values, hues a golden angle apart; of many, from blue to yellow. */
function colourOf(v, n) {
  if (n <= 12) return `hsl(${Math.round(215 + 137.5 * v) % 360} 65% 50%)`;
  const part = v / (n - 1);
  return `hsl(${Math.round(260 - 210 * part)} 70% ${Math.round(38 + 22 * part)}%)`;
}

/** The panel of a model; `onChoose(z, classes)` is called for a point that is clicked. */
class Scatter {
  static async unpacked(model, data, onChoose) {
    const { mean, classes, factors } = model.scores.points;
    const arrays = [await unpackFloats(mean), await unpackBytes(classes), await unpackFloats(factors)];
    return new Scatter(model, data, arrays, onChoose);
  }

  constructor(model, data, [mean, classes, factors], onChoose) {
    Object.assign(this, { model, data, mean, classes, factors, onChoose });
    const { order } = model.scores;
    this.axes = [order[0], order[Math.min(1, order.length - 1)]];
    this.factor = 0;
    this.current = null;
    this.canvas = element("canvas", { className: "scatter", tabIndex: 0, role: "img" });
    this.canvas.setAttribute("aria-label", "Scatter of codes. The arrows go from point to point, Enter takes a code.");
    const { canvas: decoded, figure } = pictured("", "preview");
    this.decoded = decoded;
    this.preview = figure;
    this.preview.hidden = true;
    this.legend = element("p", { className: "legend" });
    this.redecode = beforeNextFrame(() => this.decode());
    this.listen();
    const names = order.map((k) => `z${k}`);
    const axis = (i) => (n) => this.change(() => (this.axes[i] = order[n]));
    const menus = element("div", { className: "menus" }, menu("across ", names, 0, axis(0)));
    menus.append(menu("up ", names, Math.min(1, order.length - 1), axis(1)));
    const colours = data.factors.map(({ name }) => name);
    if (colours.length) menus.append(menu("colour ", colours, 0, (f) => this.change(() => (this.factor = f))));
    const area = element("div", { className: "scatter-area" }, this.canvas, this.preview);
    this.root = element("div", { className: "panel" }, element("h3", {}, "Codes"), menus, area, this.legend);
  }

  get count() {
    return this.model.scores.points.count;
  }

  change(assign) {
    assign();
    this.current = null;
    this.draw();
  }

  code(i) {
    const { gaussian, classes } = this.model;
    const z = this.mean.slice(i * gaussian, (i + 1) * gaussian);
    return [z, Array.from(this.classes.slice(i * classes.length, (i + 1) * classes.length))];
  }

  value(i) {
    return this.data.factors.length ? this.factors[i * this.data.factors.length + this.factor] : 0;
  }

  /** The place of point i on the canvas, in CSS pixels. */
  place(i) {
    const { side, margin } = SCATTER;
    const at = (axis) => {
      const [low, high] = this.limits[axis];
      const value = this.mean[i * this.model.gaussian + this.axes[axis]];
      return margin + ((value - low) / (high - low || 1)) * (side - 2 * margin);
    };
    return [at(0), side - at(1)];
  }

  /** Draws the points. */
  draw() {
    const { side, radius } = SCATTER;
    const density = window.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: side * density, height: side * density });
    const context = this.canvas.getContext("2d");
    context.scale(density, density);
    this.limits = this.axes.map((k) => {
      const column = Array.from({ length: this.count }, (_, i) => this.mean[i * this.model.gaussian + k]);
      return [Math.min(...column), Math.max(...column)];
    });
    const values = this.data.factors[this.factor]?.values ?? [""];
    for (let i = 0; i < this.count; i++) {
      context.fillStyle = colourOf(this.value(i), values.length);
      this.circle(context, this.place(i), radius);
      context.fill();
    }
    if (this.current !== null) this.ring(context, this.place(this.current));
    this.describe(values);
  }

  circle(context, [x, y], radius) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }

  ring(context, place) {
    context.strokeStyle = getComputedStyle(this.canvas).color;
    context.lineWidth = 1.5;
    this.circle(context, place, 6);
    context.stroke();
  }

  describe(values) {
    this.legend.replaceChildren();
    if (!this.data.factors.length) return;
    const shown = values.length <= 12 ? values.map((_, v) => v) : [0, Math.floor(values.length / 2), values.length - 1];
    for (const v of shown) {
      const swatch = element("i");
      swatch.style.background = colourOf(v, values.length);
      this.legend.append(element("span", {}, swatch, values[v]));
    }
  }

  listen() {
    const { canvas } = this;
    canvas.onpointermove = (event) => {
      const box = canvas.getBoundingClientRect();
      const scale = SCATTER.side / box.width;
      this.select(this.nearest((event.clientX - box.left) * scale, (event.clientY - box.top) * scale));
    };
    canvas.onpointerleave = () => this.select(null);
    canvas.onblur = () => this.select(null);
    canvas.onclick = () => this.choose();
    canvas.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (step) this.select(((this.current ?? -step) + step + this.count) % this.count);
      else if (event.key === "Enter") this.choose();
      else return;
      event.preventDefault();
    };
  }

  nearest(x, y) {
    let [best, found] = [SCATTER.near ** 2, null];
    for (let i = 0; i < this.count; i++) {
      const [px, py] = this.place(i);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < best) [best, found] = [distance, i];
    }
    return found;
  }

  select(i) {
    if (i === this.current) return;
    this.current = i;
    this.draw();
    this.redecode();
  }

  choose() {
    if (this.current !== null) this.onChoose(...this.code(this.current));
  }

  /** Decodes the code of the current point beside it. */
  async decode() {
    const i = this.current;
    if (i === null) {
      this.preview.hidden = true;
      return;
    }
    paint(this.decoded, await this.model.decode(this.model.code(...this.code(i))), this.data.shape);
    const factor = this.data.factors[this.factor];
    this.preview.lastChild.textContent = factor ? `${factor.name} ${factor.values[this.value(i)]}` : "";
    this.preview.classList.toggle("left", this.place(i)[0] > SCATTER.side / 2);
    this.preview.hidden = false;
  }
}
