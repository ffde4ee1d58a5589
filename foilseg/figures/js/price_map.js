// Costs of a miss and of a false report: the reader drags over the map of the cheapest choices and
// sees what each choice costs there. Works without a kernel.
// Traits: facts (see foilseg/figures/price_figures.py), files (the number of the cheapest choice of
// every place, then float32 costs of every choice), place ([column, row] of the map).

const CELL = 9; // canvas pixels of a step of the map
const SHOWN = 6; // choices whose costs are listed

function unpack(model) {
  const { miss, false: dear } = model.get("facts");
  const held = model.get("files");
  const bytes = new Uint8Array(held.buffer, held.byteOffset, held.byteLength);
  const area = miss.length * dear.length;
  const costs = new Float32Array(bytes.slice(area).buffer);
  return {
    chosen: (x, y) => bytes[y * miss.length + x],
    cost: (k, x, y) => costs[k * area + y * miss.length + x],
  };
}

function paint(canvas, facts, costs, [x, y]) {
  const context = canvas.getContext("2d");
  const rows = facts.false.length;
  const { chosen } = costs;
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < facts.miss.length; i++) {
      const k = chosen(i, j);
      context.fillStyle = facts.choices[k].colour;
      context.fillRect(i * CELL, (rows - 1 - j) * CELL, CELL, CELL);
      context.fillStyle = facts.colours.ink; // a line where another choice begins
      if (i && chosen(i - 1, j) !== k) context.fillRect(i * CELL, (rows - 1 - j) * CELL, 1, CELL);
      if (j && chosen(i, j - 1) !== k) context.fillRect(i * CELL, (rows - j) * CELL - 1, CELL, 1);
    }
  for (const each of facts.names) writeName(context, facts, rows, each);
  const [across, down] = [(x + 0.5) * CELL, (rows - 0.5 - y) * CELL];
  for (const [style, size] of [[facts.colours.paper, 6], [facts.colours.moved, 3]]) {
    context.beginPath();
    context.arc(across, down, 8, 0, 2 * Math.PI);
    context.strokeStyle = style;
    context.lineWidth = size;
    context.stroke();
  }
}

// A name in its region; if that is too narrow, elsewhere, with a line to it.
function writeName(context, facts, rows, each) {
  const [across, down] = [(each.name_x + 0.5) * CELL, (rows - 0.5 - each.name_y) * CELL];
  context.font = "600 15px sans-serif";
  context.textAlign = "center";
  context.strokeStyle = context.fillStyle = facts.colours.ink;
  context.lineWidth = 1;
  if (each.outside) {
    context.beginPath();
    context.moveTo((each.x + 0.5) * CELL, (rows - 0.5 - each.y) * CELL);
    context.lineTo(across, down);
    context.stroke();
  }
  const width = context.measureText(each.name).width + 8;
  context.fillStyle = facts.colours.paper;
  context.globalAlpha = each.outside ? 1 : 0.85;
  context.fillRect(across - width / 2, down - 11, width, 22);
  context.globalAlpha = 1;
  if (each.outside) context.strokeRect(across - width / 2, down - 11, width, 22);
  context.fillStyle = facts.colours.ink;
  context.fillText(each.name, across, down + 5);
}

// Three digits that count, as in tables.
const short = (value) => value === 0 ? "0" : value.toLocaleString("en", {
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
});

function bars(facts, costs, chosen, [x, y]) {
  const order = facts.choices
    .map((choice, k) => ({ ...choice, k, cost: costs.cost(k, x, y) }))
    .sort((a, b) => a.cost - b.cost || a.k - b.k);
  const shown = order.slice(0, SHOWN);
  if (!shown.some(({ k }) => k === chosen)) shown.push(order.find(({ k }) => k === chosen));
  const largest = Math.max(...shown.map(({ cost }) => cost));
  const list = document.createElement("div");
  list.style.cssText = "display:grid;grid-template-columns:auto 1fr auto;gap:.2rem .5rem";
  for (const { k, name, colour, cost } of shown) {
    const label = document.createElement("span");
    label.textContent = name;
    label.style.fontWeight = k === chosen ? "700" : "400";
    const bar = document.createElement("span");
    const share = largest ? (100 * cost) / largest : 0;
    bar.style.cssText =
      `width:${share}%;min-width:2px;height:.9em;align-self:center;` +
      `background:${colour};outline:1px solid ${facts.colours.pale}`;
    const value = document.createElement("span");
    value.textContent = short(cost);
    value.style.textAlign = "right";
    list.append(label, bar, value);
  }
  return { list, best: order[0] };
}

function sentence(facts, chosen, best, cost, [x, y]) {
  const [miss, dear] = [facts.miss[x], facts.false[y]].map((one) => short(facts.times * one));
  const start =
    `A missed object costs ${miss} and a false report ${dear} ${facts.words} what looking at a ` +
    `${facts.unit} by hand costs. The cheapest choice, where ` +
    `thresholds are chosen: ${facts.choices[chosen].name}. `;
  const told =
    `On the images that judge it costs ${short(cost)} times what looking at everything costs`;
  if (best.cost >= cost) return `${start}${told}, and nothing is cheaper there.`;
  const more = best.cost > 0 ? `${short((100 * (cost - best.cost)) / best.cost)}%` : "any price";
  return `${start}${told}; there ${best.name} would have been cheaper: the regret is ${more}.`;
}

const clamp = (value, most) => Math.max(0, Math.min(most, value));

function steer(model, canvas, facts) {
  const go = (x, y) => {
    model.set("place", [clamp(x, facts.miss.length - 1), clamp(y, facts.false.length - 1)]);
    model.save_changes();
  };
  const follow = (event) => {
    const box = canvas.getBoundingClientRect();
    const across = ((event.clientX - box.left) / box.width) * facts.miss.length;
    const up = (1 - (event.clientY - box.top) / box.height) * facts.false.length;
    go(Math.floor(across), Math.floor(up));
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    follow(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) follow(event);
  });
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const [x, y] = model.get("place");
    go(x + moves[event.key][0], y + moves[event.key][1]);
  });
}

// The choices whose regions are too small to bear their names.
function small(facts) {
  const line = document.createElement("div");
  line.className = "price-key";
  if (facts.unnamed.length) line.append("Without a name on the map:");
  for (const k of facts.unnamed) {
    const box = document.createElement("i");
    box.style.cssText = "display:inline-block;width:.9em;height:.9em;margin:0 .3em 0 .8em";
    box.style.background = facts.choices[k].colour;
    line.append(box, facts.choices[k].name);
  }
  return line;
}

// The numbers of an axis, each at its share of the length from one side.
function ticks(places, side) {
  const axis = document.createElement("div");
  axis.style.cssText = "position:relative;min-height:1.4em";
  for (const [share, label] of places) {
    const one = document.createElement("span");
    one.className = "price-tick";
    one.textContent = label;
    one.style.cssText =
      "position:absolute;line-height:1;" +
      (side === "left" ? "top:.3em;translate:-50% 0" : "right:.4em;translate:0 50%");
    one.style[side] = `${100 * share}%`;
    axis.append(one);
  }
  return axis;
}

function frame(canvas, facts) {
  const place = document.createElement("div");
  place.style.cssText = "flex:1 1 18rem;min-width:0;max-width:25rem";
  const how = facts.times > 1 ? "in millionths, logarithmic" : "logarithmic";
  const up = document.createElement("div");
  up.textContent = `↑ cost of a false report (${how})`;
  const across = document.createElement("div");
  across.textContent = `cost of a missed object (${how})\u00a0→`;
  across.style.textAlign = "right";
  const key = small(facts);
  const grid = document.createElement("div");
  grid.style.cssText = "display:grid;grid-template-columns:2.8em minmax(0,1fr);font-size:.85em";
  grid.append(ticks(facts.ticks[1], "bottom"), canvas, document.createElement("div"));
  grid.append(ticks(facts.ticks[0], "left"));
  for (const words of [up, across, key]) words.style.fontSize = ".85em";
  canvas.width = facts.miss.length * CELL;
  canvas.height = facts.false.length * CELL;
  canvas.style.cssText =
    "width:100%;display:block;cursor:crosshair;touch-action:none;border:1px solid currentColor";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  place.append(up, grid, across, key);
  return place;
}

function render({ model, el }) {
  const facts = model.get("facts");
  const costs = unpack(model);
  const canvas = document.createElement("canvas");
  const beside = document.createElement("div");
  beside.style.cssText = "flex:1 1 16rem;min-width:0";
  const panes = document.createElement("div");
  panes.style.cssText = "display:flex;flex-wrap:wrap;gap:1.2rem;align-items:center";
  panes.append(frame(canvas, facts), beside);
  const said = document.createElement("p");
  said.setAttribute("aria-live", "polite");
  const head = document.createElement("p");
  head.textContent =
    "What each choice costs there, as a share of looking at everything (light grey: nowhere the cheapest):";
  const draw = () => {
    const place = model.get("place");
    const chosen = costs.chosen(...place);
    const cost = costs.cost(chosen, ...place);
    paint(canvas, facts, costs, place);
    const { list, best } = bars(facts, costs, chosen, place);
    said.textContent = sentence(facts, chosen, best, cost, place);
    canvas.setAttribute("aria-label", `Map of the cheapest choices. ${said.textContent}`);
    canvas.dataset.drawn = `${place} ${facts.choices[chosen].name}`;
    beside.replaceChildren(said, head, list);
  };
  steer(model, canvas, facts);
  model.on("change:place", draw);
  el.append(panes);
  draw();
}

export default { render };
