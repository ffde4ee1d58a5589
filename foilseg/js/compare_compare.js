// The viewer for predictions, part 7: the state, what changes it, and the drawing.
// Traits: facts (foils, classes, colours of errors), files (bytes), view (state of the controls).

const PLAIN = { mode: MODES[0], defect: "", show: "classes", outline: false, opacity: 60 };
const SHARED = ["foil", "mode", "left", "right", "input", "defect", "show", "outline", "opacity"];
const NUMBERS = ["opacity", "x", "y", "zoom", "divider"];

function readLink(key) {
  if (!location.hash.startsWith(`#${key}:`)) return null;
  const found = Object.fromEntries(new URLSearchParams(location.hash.slice(key.length + 2)));
  for (const name of NUMBERS) if (name in found) found[name] = Number(found[name]);
  if ("outline" in found) found.outline = found.outline === "true";
  return found;
}

function writeLink(key, state, camera) {
  const rounded = (value) => Math.round(value * 1000) / 1000;
  const shown = Object.fromEntries(SHARED.map((name) => [name, state[name]]));
  const place = { x: rounded(camera.x), y: rounded(camera.y), zoom: rounded(camera.zoom) };
  const all = { ...shown, ...place, divider: rounded(state.divider) };
  return `#${key}:${new URLSearchParams(all)}`;
}

// A state in which every choice is one that this foil has.
function settle(state, foils) {
  const sound = { ...PLAIN, divider: 0.5, ...state };
  const foil = foils.find((f) => f.name === sound.foil) || foils.find((f) => !f.problem) || foils[0];
  sound.foil = foil.name;
  if (foil.problem) return [sound, foil];
  const masks = ["", ...foil.layers];
  if (!masks.includes(sound.left)) sound.left = foil.layers[0];
  if (!masks.includes(sound.right)) sound.right = foil.models[0] ?? "";
  if (!foil.inputs.includes(sound.input)) sound.input = foil.inputs[0];
  if (!["classes", ...REFERENCES].includes(sound.show)) sound.show = "classes";
  if (sound.show !== "classes" && !foil.layers.includes(sound.show)) sound.show = "annotation";
  if (!MODES.includes(sound.mode)) sound.mode = MODES[0];
  sound.opacity = Math.min(100, Math.max(0, Number(sound.opacity) || 0));
  sound.divider = Math.min(1, Math.max(0, Number(sound.divider) || 0));
  return [sound, foil];
}

class Viewer {
  constructor(model, el) {
    this.model = model;
    this.facts = model.get("facts");
    this.classes = this.facts.classes;
    this.count = Math.max(...this.classes.map((c) => c.index)) + 1;
    const files = cutFiles(this.facts, model.get("files"));
    this.foils = this.facts.foils.map((facts, place) => makeFoil(facts, files[place]));
    this.camera = { x: 0, y: 0, zoom: 1 };
    this.painted = new Map();
    this.controls = makeControls((change) => this.set(change), {
      zoom: (factor) => this.zoom(factor),
      next: (kind, step) => this.next(kind, step),
      link: () => this.link(),
    });
    this.stage = make("div", {
      class: "fs-stage",
      tabindex: "0",
      role: "group",
      "aria-label": "Foil with masks; keys are listed below",
      "data-lm-suppress-shortcuts": "true",
    });
    this.stage.addEventListener("keydown", (event) => this.key(event));
    const { bars, legend, status, scores, help } = this.controls;
    const box = { class: "fs-compare", role: "group", "aria-label": "Comparison of predictions" };
    this.root = make("div", box, ...bars, this.stage, legend, status, scores, help);
    el.append(make("style", {}, STYLE), this.root);
    this.panes = [];
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.stage);
    this.followLink = () => {
      const linked = readLink(this.facts.key);
      if (linked) this.restore(linked, true);
    };
    addEventListener("hashchange", this.followLink);
  }

  destroy() {
    removeEventListener("hashchange", this.followLink);
    this.sizes.disconnect();
  }

  // State ---------------------------------------------------------------------------------------

  restore(state, scroll = false) {
    this.state = undefined;
    const { x, y, zoom } = state;
    this.set(state, [x, y, zoom].every(Number.isFinite) ? { x, y, zoom } : null);
    if (scroll) this.root.scrollIntoView({ block: "nearest" });
  }

  set(change, camera = null) {
    const old = this.state;
    [this.state, this.foil] = settle({ ...old, ...change }, this.foils);
    const another = !old || old.foil !== this.state.foil;
    if (another) this.painted.clear();
    if (another && !this.foil.problem)
      this.camera = camera || { x: this.foil.width / 2, y: this.foil.height / 2, zoom: 1 };
    this.stepped = null;
    this.arrange();
    fillControls(this.controls, this.state, this.foils, this.foil, this.classes);
    this.legend();
    this.load();
  }

  get defect() {
    return this.classes.find((c) => c.name === this.state.defect)?.index || 0;
  }

  get reference() {
    return this.state.show === "truth" ? "truth" : "annotation";
  }

  legend() {
    const shown = this.classes.filter((c) => c.index && (!this.defect || c.index === this.defect));
    const errors = ERRORS.map((name) => [name, this.facts.errors[name]]);
    const plain = this.state.show === "classes";
    fillLegend(this.controls, plain ? shown.map((c) => [c.name, c.colour]) : errors);
  }

  // Panes ---------------------------------------------------------------------------------------

  // The masks to show, one a pane; a swipe has two in one.
  layers() {
    const { mode, left, right } = this.state;
    if (mode === MODES[0]) return [[left], [right]];
    if (mode === MODES[1]) return [[left, right]];
    return [[""], ...this.foil.layers.map((title) => [title])];
  }

  arrange() {
    const narrow = this.state.mode === MODES[2] ? "13rem" : "19rem";
    this.stage.style.gridTemplateColumns = `repeat(auto-fit, minmax(min(100%, ${narrow}), 1fr))`;
    if (this.foil.problem) {
      this.panes = [];
      this.stage.replaceChildren(make("p", { class: "fs-problem" }, this.foil.problem));
      return;
    }
    const layers = this.layers();
    if (this.panes.length !== layers.length) this.makePanes(layers.length);
    layers.forEach((titles, place) => {
      const pane = this.panes[place];
      const text = titles.map((title) => title || "no mask").join(" | ");
      pane.titles = titles;
      pane.caption.textContent = `${this.foil.name}: ${text}`;
      pane.canvas.setAttribute("aria-label", `${this.foil.name}, ${this.state.input}, ${text}`);
    });
    const swipe = this.state.mode === MODES[1];
    if (swipe && !this.divider) this.makeDivider();
    if (swipe) this.panes[0].figure.append(this.divider);
    else this.divider?.remove();
    this.resize();
  }

  makePanes(number) {
    this.panes = Array.from({ length: number }, () => {
      const canvas = make("canvas", { role: "img" });
      const caption = make("figcaption");
      const pane = { canvas, caption, figure: make("figure", {}, caption, canvas) };
      pane.pen = canvas.getContext("2d", { alpha: false });
      listenForGestures(canvas, {
        move: (right, down) => this.pan(right, down),
        zoom: (factor, x, y) => this.zoom(factor, x, y),
      });
      canvas.addEventListener("pointerdown", () => this.stage.focus({ preventScroll: true }));
      return pane;
    });
    this.stage.replaceChildren(...this.panes.map((pane) => pane.figure));
  }

  makeDivider() {
    const name = "Divider: left mask to its left, right mask to its right";
    const range = { "aria-valuemin": 0, "aria-valuemax": 100, tabindex: 0 };
    this.divider = make("div", { class: "fs-divider", role: "slider", "aria-label": name, ...range });
    this.divider.addEventListener("pointerdown", (event) => {
      this.divider.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    this.divider.addEventListener("pointermove", (event) => {
      if (!this.divider.hasPointerCapture(event.pointerId)) return;
      const box = this.panes[0].canvas.getBoundingClientRect();
      this.divide((event.clientX - box.left) / box.width);
    });
    const passOn = (event) => {
      event.preventDefault();
      this.panes[0].canvas.dispatchEvent(new WheelEvent("wheel", event));
    };
    this.divider.addEventListener("wheel", passOn, { passive: false });
    this.divider.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      this.divide(this.state.divider + step);
    });
  }

  divide(share) {
    this.state.divider = Math.min(1, Math.max(0, share));
    this.redraw();
  }

  resize() {
    if (!this.panes.length) return;
    const dots = Math.min(2, devicePixelRatio || 1);
    const room = this.panes[0].figure.clientWidth - 2;
    if (room <= 0) return;
    const high = Math.min((room * this.foil.height) / this.foil.width, 0.75 * innerHeight);
    for (const pane of this.panes) {
      const [width, height] = [Math.round(room * dots), Math.round(high * dots)];
      pane.canvas.style.height = `${high + 2}px`;
      if (pane.canvas.width !== width) pane.canvas.width = width;
      if (pane.canvas.height !== height) pane.canvas.height = height;
    }
    this.pane = { width: room, height: high, dots };
    clampCamera(this.camera, this.pane, this.foil);
    this.redraw();
  }

  // Loading -------------------------------------------------------------------------------------

  async load() {
    const { foil, state } = this;
    this.root.dataset.ready = "";
    if (foil.problem) return void (this.root.dataset.ready = foil.name);
    try {
      this.picture = null;
      const first = [...new Set([this.reference, ...this.layers().flat()])].filter(Boolean);
      const [picture] = await Promise.all([foil.input(state.input), ...first.map(foil.layer)]);
      if (this.state !== state) return;
      this.picture = picture;
      this.resize();
      await new Promise((done) => setTimeout(done));
      await Promise.all(foil.layers.map(foil.layer));
      if (this.state !== state) return;
      this.root.dataset.ready = foil.name;
      this.score();
    } catch (error) {
      if (this.state !== state) return;
      this.foil = { ...foil, problem: `${foil.name}: cannot be shown (${error.message}).` };
      this.arrange();
      this.root.dataset.ready = foil.name;
    }
  }

  // Drawing -------------------------------------------------------------------------------------

  values(title) {
    const { masks } = this.foil;
    if (this.state.show === "classes") return classValues(masks.get(title), this.defect);
    return errorValues(masks.get(this.reference), masks.get(title), this.defect, this.count);
  }

  overlay(title) {
    const { show, outline } = this.state;
    const key = [title, show, this.defect, outline].join("\n");
    if (!this.painted.has(key)) {
      if (this.painted.size > 40) this.painted.clear();
      const { width, height } = this.foil;
      const plain = this.classes.filter((c) => c.index).map((c) => [c.index, c.colour]);
      const errors = ERRORS.map((name, place) => [place + 1, this.facts.errors[name]]);
      const colours = colourTable(show === "classes" ? plain : errors);
      const values = this.values(title);
      const shown = outline ? outlined(values, width, height) : values;
      this.painted.set(key, paint(shown, colours, width, height));
    }
    return this.painted.get(key);
  }

  redraw() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.draw();
    });
  }

  draw() {
    if (!this.picture || this.foil.problem || !this.pane) return;
    for (const pane of this.panes) this.drawPane(pane);
    if (this.divider?.isConnected) {
      const canvas = this.panes[0].canvas;
      const place = canvas.offsetLeft + 1 + this.state.divider * this.pane.width;
      this.divider.style.left = `${place}px`;
      this.divider.style.top = `${canvas.offsetTop}px`;
      this.divider.style.height = `${canvas.offsetHeight}px`;
      this.divider.setAttribute("aria-valuenow", Math.round(100 * this.state.divider));
    }
    this.root.dataset.frames = Number(this.root.dataset.frames || 0) + 1;
    const { x, y, zoom } = this.camera;
    this.root.dataset.camera = [x, y, zoom].join(" ");
    this.root.dataset.window = windowOf(this.camera, this.pane, this.foil).join(" ");
  }

  drawPane({ canvas, pen, titles }) {
    const { camera, pane, foil } = this;
    const scale = scaleOf(camera, pane, foil) * pane.dots;
    const [left, top, right, bottom] = windowOf(camera, pane, foil);
    const atX = (x) => canvas.width / 2 + (x - camera.x) * scale;
    const atY = (y) => canvas.height / 2 + (y - camera.y) * scale;
    const box = [left, top, right - left, bottom - top];
    const target = [atX(left), atY(top), (right - left) * scale, (bottom - top) * scale];
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingEnabled = scale < 1;
    pen.globalAlpha = 1;
    pen.drawImage(this.picture, ...box, ...target);
    pen.globalAlpha = this.state.opacity / 100;
    const divided = titles.length === 2;
    titles.forEach((title, side) => {
      if (!title || !foil.masks.has(title)) return;
      pen.save();
      if (divided) {
        const cut = this.state.divider * canvas.width;
        pen.beginPath();
        pen.rect(side ? cut : 0, 0, side ? canvas.width - cut : cut, canvas.height);
        pen.clip();
      }
      pen.drawImage(this.overlay(title), ...box, ...target);
      pen.restore();
    });
  }

  // Scores --------------------------------------------------------------------------------------

  // One model at a time, so that no frame has to wait for all of them.
  score() {
    clearTimeout(this.scoring);
    this.root.dataset.scored = "";
    const { foil, state, defect } = this;
    if (foil.problem || this.root.dataset.ready !== foil.name) return;
    const reference = foil.masks.get(this.reference);
    const seen = windowOf(this.camera, this.pane, foil);
    const whole = [0, 0, foil.width, foil.height];
    const rows = [];
    const scored = (mask, rectangle) => {
      const pairs = pairCounts(reference, mask, this.count, foil.width, rectangle);
      return rates(defectCounts(pairs, this.count, defect));
    };
    const step = () => {
      if (this.state !== state) return;
      const model = foil.models[rows.length];
      if (model === undefined) {
        const what = state.defect || "all defects, counts added up";
        const heading = `Scores against the ${this.reference}: ${what}`;
        this.root.dataset.scored = seen.join(" ");
        return fillScores(this.controls, heading, rows);
      }
      const mask = foil.masks.get(model);
      rows.push([model, scored(mask, whole), scored(mask, seen)]);
      this.scoring = setTimeout(step);
    };
    this.scoring = setTimeout(step, 150);
  }

  // Moves ---------------------------------------------------------------------------------------

  moved() {
    this.redraw();
    this.score();
    clearTimeout(this.storing);
    this.storing = setTimeout(() => this.store(), 400);
  }

  store() {
    this.model.set("view", { ...this.state, ...this.camera });
    this.model.save_changes();
  }

  pan(right, down) {
    if (!this.pane || this.foil.problem) return;
    moveCamera(this.camera, this.pane, this.foil, right, down);
    this.moved();
  }

  zoom(factor, x, y) {
    if (!this.pane || this.foil.problem) return;
    zoomCamera(this.camera, this.pane, this.foil, factor || 1 / MOST_ZOOM, x, y);
    this.moved();
  }

  link() {
    location.hash = writeLink(this.facts.key, this.state, this.camera);
    this.controls.status.textContent = "The address of this page now leads to this view.";
  }

  // Jumps to the next area, the largest first.
  next(kind, step) {
    const { foil, state } = this;
    if (foil.problem || this.root.dataset.ready !== foil.name) return;
    if (this.stepped?.kind !== kind) this.stepped = { kind, place: -1, regions: this.regions(kind) };
    const { regions } = this.stepped;
    if (!regions.length) return void (this.controls.status.textContent = `There is no ${kind}.`);
    const from = this.stepped.place < 0 && step < 0 ? 0 : this.stepped.place;
    const place = (from + step + regions.length) % regions.length;
    this.stepped.place = place;
    lookAt(this.camera, this.pane, foil, regions[place]);
    this.moved();
    const { value, size, left, top } = regions[place];
    const what = kind === "error" ? `${ERRORS[value - 1]} of ${state.right}` : kind;
    const where = `${size} pixels at row ${top}, column ${left}`;
    this.controls.status.textContent = `${place + 1} of ${regions.length}: ${what}, ${where}`;
  }

  regions(kind) {
    const { masks, models, width, height } = this.foil;
    if (kind === "disagreement") {
      const each = models.map((title) => masks.get(title));
      return findRegions(disagreement(each, this.defect), width, height);
    }
    const predicted = masks.get(this.state.right);
    if (!predicted) return [];
    const values = errorValues(masks.get(this.reference), predicted, this.defect, this.count);
    return findRegions(values, width, height, (value) => value > 1);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.keys()[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    this.keys()[event.key]();
  }

  keys() {
    const { state, foil } = this;
    const part = (this.pane?.width || 0) / 10;
    const turn = (name, options, step) => () => {
      const place = (options.indexOf(state[name]) + step + options.length) % options.length;
      this.set({ [name]: options[place] });
    };
    const names = this.foils.map((f) => f.name);
    const defects = ["", ...this.classes.filter((c) => c.index).map((c) => c.name)];
    const shows = ["classes", ...REFERENCES.filter((r) => foil.layers.includes(r))];
    return {
      ArrowLeft: () => this.pan(part, 0),
      ArrowRight: () => this.pan(-part, 0),
      ArrowUp: () => this.pan(0, part),
      ArrowDown: () => this.pan(0, -part),
      "+": () => this.zoom(1.5),
      "=": () => this.zoom(1.5),
      "-": () => this.zoom(1 / 1.5),
      0: () => this.zoom(0),
      v: turn("mode", MODES, 1),
      f: turn("foil", names, 1),
      F: turn("foil", names, -1),
      "]": turn("right", foil.layers, 1),
      "[": turn("right", foil.layers, -1),
      "}": turn("left", foil.layers, 1),
      "{": turn("left", foil.layers, -1),
      i: turn("input", foil.inputs, 1),
      c: turn("defect", defects, 1),
      e: turn("show", shows, 1),
      o: () => this.set({ outline: !state.outline }),
      ",": () => this.set({ opacity: state.opacity - 10 }),
      ".": () => this.set({ opacity: state.opacity + 10 }),
      "<": () => this.divide(state.divider - 0.05),
      ">": () => this.divide(state.divider + 0.05),
      n: () => this.next("error", 1),
      N: () => this.next("error", -1),
      d: () => this.next("disagreement", 1),
      D: () => this.next("disagreement", -1),
      l: () => this.link(),
    };
  }
}

function render({ model, el }) {
  const viewer = new Viewer(model, el);
  const linked = readLink(viewer.facts.key);
  viewer.restore(linked || model.get("view") || {}, Boolean(linked));
  return () => viewer.destroy();
}

export default { render };
