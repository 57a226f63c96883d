// Puts the page together.

class Explorer {
  static async started(data) {
    const explorer = new Explorer();
    explorer.data = data.data;
    explorer.views = [];
    const build = (record) => (record.decoder ? LocalModel.unpacked(record) : new ServedModel(record));
    const models = await Promise.all(data.models.map(build));
    const root = document.getElementById("input");
    explorer.input = await InputPanel.unpacked(root, data.data, (pixels) => explorer.setInput(pixels));
    for (const model of models) {
      explorer.views.push(await ModelView.unpacked(model, data.data, explorer.input, () => explorer.remember()));
    }
    const place = document.getElementById("models");
    place.classList.toggle("two", models.length === 2);
    place.append(...explorer.views.map((view) => view.root));
    explorer.listen();
    document.querySelector("main").hidden = false;
    showMessage();
    await explorer.restore();
    performance.mark("first image");
    return explorer;
  }

  setInput(pixels) {
    return Promise.all(this.views.map((view) => view.setInput(pixels)));
  }

  /** Sets the input and the codes that the address of the page holds. */
  async restore() {
    const codes = readState(location.hash, this.input, this.views);
    await this.input.choose();
    await Promise.all(this.views.map((view, i) => codes[i] && view.setCode(...codes[i])));
  }

  /** Writes the state to the address of the page. */
  remember() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => history.replaceState(null, "", stateText(this.input, this.views)), 150);
  }

  reset() {
    const zeros = (array) => array.map(() => 0);
    return Promise.all(this.views.map((view) => view.setCode(zeros(view.table.z), zeros(view.table.classes))));
  }

  encoded() {
    return Promise.all(this.views.map((view) => view.setCode(...view.encoded)));
  }

  /** Draws a code from the prior; two models have the same numbers where they have the same latents. */
  random() {
    const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    const longest = (name) => ({ length: Math.max(...this.views.map(({ table }) => table[name].length)) });
    const noise = Array.from(longest("z"), normal);
    const uniform = Array.from(longest("classes"), Math.random);
    const drawn = ({ table, model }) => [
      table.z.map((_, k) => noise[k]),
      model.classes.map((K, block) => Math.floor(K * uniform[block])),
    ];
    return Promise.all(this.views.map((view) => view.setCode(...drawn(view))));
  }

  listen() {
    const actions = {
      encoded: () => this.encoded(),
      random: () => this.random(),
      reset: () => this.reset(),
      theme: switchTheme,
    };
    for (const [id, action] of Object.entries(actions)) document.getElementById(id).onclick = action;
    const keys = { e: actions.encoded, r: actions.random, 0: actions.reset, t: actions.theme };
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input[type=file]")) return;
      const key = event.key.toLowerCase();
      if (keys[key]) keys[key]();
      else if (/^[1-9]$/.test(key)) this.views[0].table.rows[Number(key) - 1]?.input.focus();
      else return;
      event.preventDefault();
    });
    window.addEventListener("hashchange", () => this.restore());
  }
}

/** Sets the theme, light or dark. */
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
}

function switchTheme() {
  setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
}

const darkness = window.matchMedia("(prefers-color-scheme: dark)");
const followSystem = () => setTheme(darkness.matches ? "dark" : "light");
darkness.addEventListener("change", followSystem);
followSystem();

/** The explorer, for the console of the browser: `(await explorer).views[0].table.z`. */
const explorer = Explorer.started(JSON.parse(document.getElementById("data").textContent));
explorer.catch((error) => showMessage(`This page cannot be shown. ${error.message}`));
