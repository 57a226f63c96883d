// Elements, and work that waits for frames.

/** Creates an element. Strings among the children become text, so that no name is markup. */
function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  setProperties(node, properties);
  node.append(...children);
  return node;
}

/** Creates an element of an SVG picture. */
function svgElement(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function setProperties(node, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
}

/** Creates a menu of texts; its value is the number of the selected one. */
function menu(label, texts, selected, onChange) {
  const options = texts.map((text, i) => element("option", { value: i, selected: i === selected }, text));
  const select = element("select", { onchange: () => onChange(Number(select.value)) }, ...options);
  return element("label", { className: "menu" }, label, select);
}

/** Returns a function that runs `work` before the next frame; calls while it runs make it run once more. */
function beforeNextFrame(work) {
  let asked = false;
  let running = null;
  async function frames() {
    try {
      while (asked) {
        await new Promise(requestAnimationFrame);
        asked = false;
        await work();
      }
    } catch (error) {
      showMessage(error.message);
    } finally {
      running = null;
    }
  }
  return () => {
    asked = true;
    return (running ??= frames());
  };
}

/** Shows a message above the page; without a text, hides it. */
function showMessage(text = "") {
  const message = document.getElementById("message");
  message.textContent = text;
  message.hidden = !text;
}

const fixed = (value, digits = 2) => value.toFixed(digits).replace(/^-(0\.?0*)$/, "$1");

/** Returns the name of column j of the codes of a model: z with its number, or y, as nodes. */
function latentName({ gaussian, classes }, j) {
  if (j >= gaussian && classes.length === 1) return ["y"];
  const [letter, number] = j < gaussian ? ["z", j] : ["y", j - gaussian];
  return [letter, element("sub", {}, String(number))];
}

/** Whether numbers are classes of factors or blocks of the given sizes. */
function fits(numbers, sizes) {
  return numbers.length === sizes.length && numbers.every((v, i) => Number.isInteger(v) && v >= 0 && v < sizes[i]);
}
