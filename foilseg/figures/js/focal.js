// The focal loss of one pixel over p_t, for a gamma the reader moves. Works without a kernel.
// Traits: gamma, gammas (the curves that stay for comparison), colour (of the one that moves).

const [WIDTH, HEIGHT, LEFT, BOTTOM, MOST] = [460, 260, 44, 36, 5];
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
  const small = { "font-size": 12, stroke: "none" };
  for (const p of [0, 0.5, 1]) {
    const place = { x: across(p), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" };
    group.append(make("text", { ...small, ...place }, String(p)));
  }
  for (const loss of [0, 1, 2, 3, 4, 5]) {
    const place = { x: LEFT - 6, y: down(loss) + 4, "text-anchor": "end" };
    group.append(make("text", { ...small, ...place }, String(loss)));
  }
  const title = { x: across(0.5), y: HEIGHT - 4, "text-anchor": "middle" };
  group.append(make("text", { ...small, ...title }, "probability of the true class, p_t"));
  group.append(make("text", { ...small, x: 4, y: 14 }, "loss"));
  return group;
}

function render({ model, el }) {
  const picture = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  picture.setAttribute("aria-label", "Focal loss of one pixel over the probability of its class");
  picture.style.cssText = "display:block;width:100%;max-width:32rem";
  picture.append(axes());
  const thin = { fill: "none", stroke: "currentColor", "stroke-width": 0.7, opacity: 0.5 };
  for (const gamma of model.get("gammas")) picture.append(make("path", { d: path(gamma), ...thin }));
  const curve = make("path", { fill: "none", stroke: model.get("colour"), "stroke-width": 2.5 });
  picture.append(curve);
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
