// The viewer for predictions, part 6: what the reader sees and handles.

const USUAL = "own"; // the threshold that a model was stored with
const MODES = ["two panes", "swipe", "all models"];
const KEYS = [
  ["arrow keys", "pan"],
  ["+ − 0", "zoom in, out, whole picture"],
  ["v", "two panes, swipe, all models"],
  ["f F", "next, previous picture"],
  ["p, a click", "select the other pane, the pane under the pointer"],
  ["] [ or s a", "next, previous mask of the selected pane"],
  ["} { or w q", "next, previous mask of the other pane"],
  ["i", "next input"],
  ["c", "next defect"],
  ["e", "classes, errors against the annotation, against the truth"],
  ["o", "outline or fill"],
  [", .", "less, more opacity"],
  ["< >", "move the divider of the swipe"],
  ["t T", "more careful, more daring threshold"],
  ["n N", "next, previous error of the mask on the right, or below"],
  ["d D", "next, previous disagreement of the models"],
  ["l", "copy a link to this view, and put it into the address"],
];
const STYLE = `
.fs-compare { font-size: 0.9rem; max-width: 100%; }
.fs-bar { display: flex; flex-wrap: wrap; gap: 0.35rem 0.8rem; align-items: center; margin: 0.3rem 0; }
.fs-bar label { display: flex; gap: 0.35rem; align-items: center; margin: 0; max-width: 100%; }
.fs-bar select { max-width: 11rem; min-height: 1.9rem; }
.fs-bar button { min-width: 2.2rem; min-height: 2rem; }
.fs-stage { display: grid; gap: 0.4rem; outline-offset: 2px; position: relative; }
.fs-stage:focus-visible { outline: 3px solid var(--fs-first); }
.fs-stage figure { margin: 0; position: relative; min-width: 0; }
.fs-stage figcaption { font-size: 0.8rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.fs-stage canvas { display: block; width: 100%; touch-action: pan-x pan-y; cursor: grab; background: var(--fs-paper); border: 1px solid var(--fs-pale); box-sizing: border-box; }
.fs-stage [aria-current] canvas { outline: 2px solid var(--fs-first); outline-offset: -1px; }
.fs-stage [aria-current] .fs-chosen { font-weight: 600; text-decoration: underline; }
.fs-status { min-height: 1.5em; }
.fs-readout { font-size: 0.8rem; line-height: 1.4; height: 1.4em; overflow: hidden; font-variant-numeric: tabular-nums; }
@media (max-width: 700px) { .fs-readout { height: 4.2em; } }
.fs-divider { position: absolute; width: 1.6rem; margin-left: -0.8rem; cursor: ew-resize; touch-action: none;
  background: linear-gradient(90deg, transparent 45%, var(--fs-ink) 45%, var(--fs-paper) 50%, var(--fs-ink) 55%, transparent 55%); }
:is(.fs-legend, .fs-kinds) { display: flex; flex-wrap: wrap; gap: 0.2rem 0.9rem; font-size: 0.8rem; margin: 0.3rem 0; }
:is(.fs-legend, .fs-kinds) i { display: inline-block; width: 0.9em; height: 0.9em; margin-right: 0.3em; border: 1px solid var(--fs-pale); vertical-align: -1px; }
.fs-compare table { border-collapse: collapse; font-size: 0.8rem; font-variant-numeric: tabular-nums; margin: 0.3rem 0; }
.fs-compare :is(th, td) { padding: 0 0.5rem; text-align: right; }
.fs-compare :is(td, th:first-child) { white-space: nowrap; }
.fs-compare th:first-child { text-align: left; }
.fs-counted { font-size: 0.8rem; margin: 0.3rem 0; }
.fs-scroll { overflow-x: auto; --at-left: 0px; --at-right: 0px; }
.fs-compare .fs-scroll table { display: table; overflow: visible; }
.fs-cut-left { --at-left: 2.5rem; }
.fs-cut-right { --at-right: 2.5rem; }
@media screen { :is(.fs-cut-left, .fs-cut-right) { mask-image: linear-gradient(to right, transparent, var(--fs-ink) var(--at-left), var(--fs-ink) calc(100% - var(--at-right)), transparent); } }
.fs-compare details { max-width: 100%; overflow-x: auto; }
.fs-thumbs { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: end; }
.fs-thumbs button { padding: 0; border: 1px solid var(--fs-pale); background: none; color: inherit; cursor: pointer; max-width: 100%; }
.fs-thumbs button[aria-current] { outline: 3px solid var(--fs-first); }
.fs-thumbs :is(canvas, span) { display: block; max-width: 100%; font-size: 0.8rem; }
.fs-problem { padding: 0.8rem; border: 1px solid var(--fs-pale); }`;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function chooser(label, name, change) {
  const select = make("select", { "aria-label": name });
  select.addEventListener("change", () => change(select.value));
  const node = make("label", {}, label, select);
  const fill = (options, value) => {
    const texts = options.map(([key, text]) => `${key}\t${text}`).join("\n");
    if (select.dataset.options !== texts) {
      select.dataset.options = texts;
      select.replaceChildren(...options.map(([key, text]) => make("option", { value: key }, text)));
    }
    select.value = value;
  };
  return { node, fill };
}

function button(text, name, press) {
  const node = make("button", { type: "button", "aria-label": name, title: name }, text);
  node.addEventListener("click", press);
  return node;
}

function slider(label, name, low, high, change) {
  const input = make("input", { type: "range", min: low, max: high, "aria-label": name });
  input.addEventListener("input", () => change(Number(input.value)));
  return { node: make("label", {}, label, input), fill: (value) => (input.value = value) };
}

// A slider over a few values with names; the first is at its left end.
function stepper(label, name, change) {
  const input = make("input", { type: "range", min: 0, step: 1, "aria-label": name });
  const said = make("output", { style: "min-width: 9.5em" });
  let options = [];
  input.addEventListener("input", () => change(options[Number(input.value)][0]));
  const fill = (given, value) => {
    options = given;
    input.max = options.length - 1;
    input.disabled = options.length < 2;
    input.value = options.findIndex(([key]) => key === value);
    said.textContent = options[Number(input.value)][1];
    input.setAttribute("aria-valuetext", said.textContent);
  };
  return { node: make("label", {}, label, input, said), fill };
}

function tick(label, name, change) {
  const input = make("input", { type: "checkbox", "aria-label": name });
  input.addEventListener("change", () => change(input.checked));
  return { node: make("label", {}, input, label), fill: (value) => (input.checked = value) };
}

function makeControls(set, act) {
  const c = {
    foil: chooser("Image", "Image", (v) => set({ foil: v })),
    mode: chooser("View", "Arrangement of the panes", (v) => set({ mode: v })),
    left: chooser("Left or upper", "Mask in the left pane", (v) => set({ left: v })),
    right: chooser("Right or lower", "Mask in the right pane", (v) => set({ right: v })),
    input: chooser("Input", "Picture under the masks", (v) => set({ input: v })),
    defect: chooser("Defect", "Defect to show", (v) => set({ defect: v })),
    show: chooser("Show", "What the colours mean", (v) => set({ show: v })),
    outline: tick("outline", "Outline instead of fill", (v) => set({ outline: v })),
    edge: stepper("threshold", "Threshold of all models", (v) => set({ edge: v })),
    opacity: slider("opacity", "Opacity of the masks in percent", 0, 100, (v) => set({ opacity: v })),
  };
  const bar = (...nodes) => make("div", { class: "fs-bar" }, ...nodes);
  const help = make("dl");
  for (const [keys, what] of KEYS) help.append(make("dt", {}, keys), make("dd", {}, what));
  c.bars = [
    bar(...["foil", "mode", "left", "right"].map((name) => c[name].node)),
    bar(...["input", "defect", "show", "edge", "outline", "opacity"].map((name) => c[name].node)),
    bar(
      button("+", "Zoom in", () => act.zoom(1.5)),
      button("−", "Zoom out", () => act.zoom(1 / 1.5)),
      button("all", "Show the whole picture", () => act.zoom(0)),
      button("◀ error", "Previous error of the mask on the right", () => act.next("error", -1)),
      button("error ▶", "Next error of the mask on the right", () => act.next("error", 1)),
      button("disagreement ▶", "Next disagreement of the models", () => act.next("disagreement", 1)),
      button("copy link", "Copy link to this view, and put it into the address", act.link),
    ),
  ];
  c.legend = make("div", { class: "fs-legend" });
  c.readout = make("div", { class: "fs-readout", "aria-hidden": "true" }); // not said at each move
  c.status = make("div", { class: "fs-status", role: "status", "aria-live": "polite" });
  c.scores = makeScores();
  c.help = make("details", {}, make("summary", {}, "Keys (when the picture has the focus)"), help);
  return c;
}

function fillControls(c, state, foils, foil, classes) {
  const same = (values) => values.map((value) => [value, value]);
  const shows = ["classes", ...REFERENCES.filter((r) => foil.layers.includes(r))];
  const texts = shows.map((s) => [s, s === "classes" ? s : `errors against the ${s}`]);
  const masks = [["", "no mask"], ...same(foil.layers)];
  const defects = classes.filter((k) => k.index).map((k) => [k.name, k.name]);
  c.foil.fill(same(foils.map((f) => f.name)), state.foil);
  c.mode.fill(same(MODES), state.mode);
  c.left.fill(masks, state.left);
  c.right.fill(masks, state.right);
  c.input.fill(same(foil.inputs), state.input);
  c.defect.fill([["", "all"], ...defects], state.defect);
  c.show.fill(texts, state.show);
  const edges = (foil.levels?.edges || []).map((edge, k) => [String(k), probability(edge)]);
  const own = edges.length ? "the models' own" : "own (no other of this picture)";
  c.edge.fill([[USUAL, own], ...edges], state.edge);
  c.edge.node.style.display = foils.some((f) => f.levels) ? "" : "none";
  c.outline.fill(state.outline);
  c.opacity.fill(state.opacity);
}

// Log-odds as the lowest probability that is reported.
function probability(edge) {
  return `probability ${chance(edge)}`;
}

function chance(edge) {
  const share = 1 / (1 + Math.exp(-edge));
  return share < 0.99 ? share.toPrecision(2) : share.toFixed(4);
}

function fillLegend(legend, entries) {
  legend.replaceChildren(
    ...entries.map(([name, colour]) => {
      const box = make("i");
      box.style.background = colour;
      return make("span", {}, box, name);
    }),
  );
}
