// The focal loss of one pixel over p_t, for a gamma the reader moves. Works without a kernel.
// Traits: gamma, gammas (the curves that stay for comparison), colour (of the one that moves).
// The picture is 360 units wide, so that its letters have 12 px on a narrow screen.

const [WIDTH, HEIGHT, LEFT, BOTTOM, MOST] = [360, 250, 30, 40, 5];
const FONT = 13;
const SVG = "http://www.w3.org/2000/svg";

const across = (p) => LEFT + p * (WIDTH - LEFT - 8);
const down = (loss) => 8 + (1 - Math.min(loss, MOST) / MOST) * (HEIGHT - BOTTOM - 8);
const focal = (p, gamma) => -((1 - p) ** gamma) * Math.log(p);

function make(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

function path(gamma) {
  const points = [];
  for (let i = 1; i <= 200; i++) points.push(`${across(i / 200)},${down(focal(i / 200, gamma))}`);
  return "M" + points.join("L");
}

function axes() {
  const group = make("g", { stroke: "currentColor", fill: "currentColor", "stroke-width": 0.5 });
  group.append(make("path", { d: `M${LEFT},8V${HEIGHT - BOTTOM}H${WIDTH - 8}`, fill: "none" }));
  const small = { "font-size": FONT, stroke: "none" };
  for (const p of [0, 0.5, 1]) {
    const place = { x: across(p), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" };
    group.append(make("text", { ...small, ...place }, String(p)));
  }
  for (const loss of [0, 1, 2, 3, 4, 5]) {
    const place = { x: LEFT - 6, y: down(loss) + 4, "text-anchor": "end" };
    group.append(make("text", { ...small, ...place }, String(loss)));
  }
  const title = { x: across(0.5), y: HEIGHT - 4, "text-anchor": "middle" };
  const words = make("text", { ...small, ...title }, "probability of the true class, p");
  words.append(make("tspan", { dy: 3, "font-size": "0.75em" }, "t"));
  group.append(words, make("text", { ...small, x: LEFT + 8, y: 16 }, "loss"));
  return group;
}

// What the lines are, at the upper right, where no curve comes.
function key(lines) {
  const group = make("g", { fill: "currentColor", "font-size": FONT });
  lines.forEach(([style, words], n) => {
    const y = 34 + n * 20;
    group.append(make("path", { d: `M${LEFT + 118},${y - 4}h26`, ...style }));
    group.append(make("text", { x: LEFT + 150, y }, words));
  });
  return group;
}

function render({ model, el }) {
  const picture = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  picture.setAttribute("aria-label", "Focal loss of one pixel over the probability of its class");
  picture.style.cssText = "display:block;width:100%;max-width:27rem";
  picture.append(axes());
  const thin = { fill: "none", stroke: "currentColor", "stroke-width": 1, opacity: 0.6 };
  const strong = { fill: "none", stroke: model.get("colour"), "stroke-width": 2.5 };
  const lines = model.get("gammas").map((gamma, n) => {
    const style = { ...thin, "stroke-dasharray": n ? "5 4" : "none" };
    picture.append(make("path", { d: path(gamma), ...style }));
    return [style, gamma ? `gamma ${gamma}` : "gamma 0, cross entropy"];
  });
  const curve = make("path", strong);
  picture.append(curve, key([...lines, [strong, "the chosen gamma"]]));
  const row = document.createElement("label");
  row.style.cssText = "display:flex;gap:.6rem;align-items:center;max-width:26rem";
  const input = document.createElement("input");
  Object.assign(input, { type: "range", min: 0, max: 5, step: 0.1, value: model.get("gamma") });
  input.setAttribute("aria-label", "Gamma, the focusing parameter");
  input.style.flex = "1";
  const value = document.createElement("output");
  const draw = () => {
    curve.setAttribute("d", path(model.get("gamma")));
    value.textContent = model.get("gamma").toFixed(1);
  };
  input.addEventListener("input", () => {
    model.set("gamma", Number(input.value));
    model.save_changes();
  });
  model.on("change:gamma", draw);
  draw();
  row.append("gamma ", input, value);
  el.append(picture, row);
}

export default { render };
