// One network whose prior the reader turns: the mask of an enlarged window changes, and a point
// walks through the plane of detections and false alarms. Works without a kernel.
// Traits: facts (see foilseg/figures/dial.py), files (picture, annotation, objects, logits), tau.

const SVG = "http://www.w3.org/2000/svg";
const ZOOM = 8; // canvas pixels of a pixel of the window
const MARK = 10; // units of the plane, how wide the mark of a model is

function make(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

function unpack(model) {
  const { height, width, classes } = model.get("facts");
  const held = model.get("files");
  const bytes = new Uint8Array(held.buffer, held.byteOffset, held.byteLength);
  const area = height * width;
  const part = (k, n = 1) => bytes.subarray(k * area, (k + n) * area);
  const logits = new Int8Array(bytes.buffer, bytes.byteOffset + 3 * area, classes.length * area);
  return { area, picture: part(0), mask: part(1), objects: part(2), logits };
}

// The place in the list of classes of every pixel at a setting.
function decide(facts, window, tau) {
  const moved = facts.priors.map((prior) => -tau * Math.log(prior) * facts.steps);
  const said = new Uint8Array(window.area);
  for (let i = 0; i < window.area; i++) {
    let best = -Infinity;
    for (let k = 0; k < moved.length; k++) {
      const value = window.logits[k * window.area + i] + moved[k];
      if (value > best) [best, said[i]] = [value, k];
    }
  }
  return said;
}

function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

function paint(canvas, facts, window, said) {
  const { height, width, classes } = facts;
  const small = new OffscreenCanvas(width, height);
  const pixels = new ImageData(width, height);
  const colours = classes.map((c) => channels(c.colour));
  for (let i = 0; i < window.area; i++) {
    const share = said[i] ? 0.6 : 0;
    for (let c = 0; c < 3; c++)
      pixels.data[4 * i + c] = (1 - share) * window.picture[i] + share * colours[said[i]][c];
    pixels.data[4 * i + 3] = 255;
  }
  small.getContext("2d").putImageData(pixels, 0, 0);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  outline(context, facts, window);
}

// Edges between pixels of another annotated class, dark below and light above.
function outline(context, { height, width, colours }, { mask }) {
  context.beginPath();
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (x + 1 < width && mask[i] !== mask[i + 1]) {
        context.moveTo((x + 1) * ZOOM, y * ZOOM);
        context.lineTo((x + 1) * ZOOM, (y + 1) * ZOOM);
      }
      if (y + 1 < height && mask[i] !== mask[i + width]) {
        context.moveTo(x * ZOOM, (y + 1) * ZOOM);
        context.lineTo((x + 1) * ZOOM, (y + 1) * ZOOM);
      }
    }
  for (const [style, size] of [[colours.ink, 6], [colours.paper, 3]]) {
    context.strokeStyle = style;
    context.lineWidth = size;
    context.stroke();
  }
}

// Objects of the hero class: a ring around each, full if a pixel of it is found, else broken.
function rings(context, facts, window, said) {
  const hit = new Set();
  for (let i = 0; i < window.area; i++)
    if (window.objects[i] && said[i] === facts.hero) hit.add(window.objects[i]);
  facts.objects.forEach(({ x, y, radius }, k) => {
    const found = hit.has(k + 1);
    const { ink, paper, missed } = facts.colours;
    for (const [style, size] of [[ink, 8.5], [found ? paper : missed, 4.5]]) {
      context.beginPath();
      context.setLineDash(found ? [] : [12, 10]);
      context.arc(x * ZOOM, y * ZOOM, (radius + 3) * ZOOM, 0, 2 * Math.PI);
      context.strokeStyle = style;
      context.lineWidth = size;
      context.stroke();
    }
  });
  context.setLineDash([]);
  return hit.size;
}

// A bar of length at the lower right.
function bar(context, { width, height, bar: length, colours }) {
  const [right, low] = [0.96 * width * ZOOM, 0.93 * height * ZOOM];
  const words = `${length} px`;
  context.font = `${4.2 * ZOOM}px sans-serif`;
  const wide = context.measureText(words).width;
  context.globalAlpha = 0.7;
  context.fillStyle = colours.paper;
  context.fillRect(right - wide - 4, low - 6 * ZOOM, wide + 8, 5 * ZOOM);
  context.globalAlpha = 1;
  for (const [style, size] of [[colours.ink, 10], [colours.paper, 5]]) {
    context.fillStyle = style;
    context.fillRect(right - length * ZOOM, low - size / 2, length * ZOOM, size);
  }
  context.fillStyle = colours.ink;
  context.fillText(words, right - wide, low - 2 * ZOOM);
}

// Colours of the plane by day and by night, as those of the figures.
function themes({ ink, paper, ground, light }) {
  const dark = 'html[data-theme="dark"] ';
  return `.dial-plane { background: ${paper}; color: ${ink} }
    ${dark}.dial-plane { background: ${ground}; color: ${light} }
    .dial-model { fill: var(--day); stroke: none }
    ${dark}.dial-model { fill: var(--night) }
    .dial-lead { stroke: var(--day) }
    ${dark}.dial-lead { stroke: var(--night) }`;
}

// A model: its mark, and its name where the library has found room, led to it if far.
function named(point, x, y, letters) {
  const group = make("g", { class: "dial-model" });
  group.append(make("title", {}, point.model));
  group.style.setProperty("--day", point.colour);
  group.style.setProperty("--night", point.night);
  const [left, top] = point.from;
  const lead = { x1: left, y1: top, x2: x, y2: y, class: "dial-lead" };
  if (point.led) group.append(make("line", lead));
  const place = { d: point.mark, transform: `translate(${x},${y}) scale(${MARK * point.wider})` };
  group.append(make("path", place));
  const anchor = { left: "start", right: "end", center: "middle" }[point.side];
  const name = make("text", { "font-size": letters, class: "dial-name", "text-anchor": anchor });
  point.lines.forEach((line, k) => {
    const below = (k - (point.lines.length - 1) / 2) * 1.2 + 0.35;
    name.append(make("tspan", { x: point.x, y: point.y + below * letters }, line));
  });
  group.append(name);
  return group;
}

function plane(facts) {
  const { low, high } = facts.range;
  const { width, height, left, right, top, bottom, letters } = facts.plane;
  const span = Math.log10(high / low);
  const across = (fpr) =>
    left + (Math.log10(Math.max(fpr, low) / low) / span) * (width - left - right);
  const up = (tpr) => top + (1 - tpr) * (height - top - bottom);
  const picture = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  picture.classList.add("dial-plane");
  picture.setAttribute("aria-label", facts.words);
  picture.append(make("style", {}, themes(facts.colours)));
  const thin = { stroke: "currentColor", "stroke-width": 0.6, fill: "none" };
  const small = { fill: "currentColor", "font-size": letters };
  picture.append(make("path", { ...thin, d: `M${left},${top}V${up(0)}H${width - right}` }));
  for (const tpr of [0, 0.25, 0.5, 0.75, 1])
    picture.append(
      make("text", { ...small, x: left - 6, y: up(tpr) + 4, "text-anchor": "end" }, `${tpr}`),
    );
  for (const [value, label] of facts.ticks)
    picture.append(
      make("text", { ...small, x: across(value), y: up(0) + 16, "text-anchor": "middle" }, label),
    );
  const middle = { ...small, x: (left + width) / 2, y: height - 6, "text-anchor": "middle" };
  picture.append(make("text", middle, "mean false alarms per million pixels"));
  picture.append(make("text", { ...small, x: left + 6, y: top + 8 }, "mean share found (TPR)"));
  const points = facts.curve.map(({ FPR, TPR }) => `${across(FPR)},${up(TPR)}`);
  const curve = { d: `M${points.join("L")}`, fill: "none", stroke: facts.colours.pale };
  picture.append(make("path", { ...curve, "stroke-width": 4, "stroke-linejoin": "round" }));
  for (const point of facts.points)
    picture.append(named(point, across(point.FPR), up(point.TPR), letters));
  const walker = make("circle", { r: 8, fill: "none", stroke: facts.walker, "stroke-width": 4 });
  picture.append(walker);
  return { picture, walker, across, up };
}

// The mean rates at a setting: those of the two stored ones around it, in that proportion.
function rates(curve, tau) {
  let k = curve.findIndex((row) => row.tau > tau);
  if (k < 0) k = curve.length - 1;
  const [one, other] = [curve[Math.max(0, k - 1)], curve[k]];
  const part = other.tau > one.tau ? (tau - one.tau) / (other.tau - one.tau) : 0;
  const mix = (name) => (1 - part) * one[name] + part * other[name];
  return { TPR: mix("TPR"), FPR: mix("FPR") };
}

// A number with three digits that count, as in the tables.
function three(number) {
  const fixed = number < 100 ? Math.max(0, 2 - Math.floor(Math.log10(number || 1))) : 0;
  const digits = { minimumFractionDigits: fixed, maximumFractionDigits: fixed };
  return Number(number.toPrecision(3)).toLocaleString("en", digits);
}

function slider(model, facts) {
  const row = document.createElement("label");
  row.style.cssText = "display:flex;gap:.6rem;align-items:center;width:100%";
  const input = document.createElement("input");
  const [first, last] = [facts.curve[0].tau, facts.curve.at(-1).tau];
  Object.assign(input, { type: "range", min: first, max: last, step: 0.05 });
  input.value = model.get("tau");
  input.setAttribute("aria-label", "Tau, how much more common than in training the network takes rare classes to be");
  input.style.flex = "1";
  const value = document.createElement("output");
  value.style.minWidth = "3ch";
  row.append("careful", input, "daring", value);
  return { row, input, value };
}

// What colours, lines and rings mean: the classes that the network may say, then words.
function keys(facts) {
  const classes = document.createElement("p");
  classes.className = "dial-key";
  classes.append("The network says: ");
  facts.classes.forEach(({ index, name, colour }) => {
    if (!index) return;
    const box = document.createElement("i");
    box.style.cssText =
      `display:inline-block;width:.9em;height:.9em;margin:0 .3em 0 .8em;background:${colour}`;
    const key = document.createElement("span");
    key.style.display = "inline-block"; // colour and name stand in one line
    key.append(box, name);
    classes.append(key);
  });
  const words = document.createElement("p");
  words.textContent =
    "White lines with dark edges: what is annotated. Rings: annotated " +
    `${facts.name} objects, whole if the network touches them, broken and yellow if not. In the ` +
    "plane, the grey curve is the baseline at every setting, the large ring its setting now, " +
    "and each mark a model. At tau 0 the network takes each class to be as rare as it was in " +
    "training, at 1 all classes to be equally common, and below 0 rare ones to be rarer still.";
  for (const each of [classes, words]) each.style.cssText = "margin:.2rem 0 0;font-size:.85em";
  return [classes, words];
}

function render({ model, el }) {
  const facts = model.get("facts");
  const window = unpack(model);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [facts.width * ZOOM, facts.height * ZOOM];
  canvas.style.cssText = "width:100%;max-width:24rem;display:block";
  canvas.setAttribute("role", "img");
  const { picture, walker, across, up } = plane(facts);
  picture.style.cssText = "width:100%;max-width:36rem;display:block";
  const { row, input, value } = slider(model, facts);
  const said = document.createElement("p");
  said.setAttribute("aria-live", "polite");
  said.style.margin = ".3rem 0 0";
  const draw = () => {
    const tau = model.get("tau");
    const mask = decide(facts, window, tau);
    paint(canvas, facts, window, mask);
    const found = rings(canvas.getContext("2d"), facts, window, mask);
    bar(canvas.getContext("2d"), facts);
    const { TPR, FPR } = rates(facts.curve, tau);
    walker.setAttribute("cx", across(FPR));
    walker.setAttribute("cy", up(TPR));
    [value.textContent, input.value] = [tau.toFixed(2), tau];
    const many = facts.objects.length;
    said.textContent =
      `At tau ${tau.toFixed(2)} the network touches ${found} of the ${many} annotated ` +
      `${facts.name} objects of this window. On ${facts.images} it finds ${TPR.toFixed(3)} of the ` +
      `defect pixels, at ${three(1e6 * FPR)} false alarms per million pixels (means over the ` +
      "defects).";
    canvas.setAttribute("aria-label", said.textContent);
    canvas.dataset.drawn = `${tau.toFixed(2)} ${found}`;
  };
  input.addEventListener("input", () => {
    model.set("tau", Number(input.value));
    model.save_changes();
  });
  model.on("change:tau", draw);
  const panes = document.createElement("div");
  panes.style.cssText = "display:flex;flex-wrap:wrap;gap:1rem;align-items:center";
  // the plane is at least so wide that its letters are 12 pixels high where there is room for both
  for (const [pane, share] of [[canvas, "1 1 17rem"], [picture, "1.5 1 22.5rem"]]) {
    const place = document.createElement("div");
    place.style.cssText = `flex:${share};min-width:0`;
    place.append(pane);
    panes.append(place);
  }
  el.append(panes, row, said, ...keys(facts));
  draw();
}

export default { render };
