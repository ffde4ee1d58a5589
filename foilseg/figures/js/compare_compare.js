// The viewer for predictions, part 15: what the parts do together.
// Traits: facts (foils, classes, colours, those of errors), files (bytes), view (state of the
// controls).

const WIDE = 2; // width over height of a picture above which two panes do not stand side by side

class Viewer extends Pointed {
  constructor(model, el) {
    super();
    this.model = model;
    this.facts = model.get("facts");
    this.classes = this.facts.classes;
    this.count = Math.max(...this.classes.map((c) => c.index)) + 1;
    const files = cutFiles(this.facts, model.get("files"));
    this.foils = this.facts.foils.map((facts, place) => makeFoil(facts, files[place]));
    this.camera = { x: 0, y: 0, zoom: 1 };
    this.painted = new Map();
    this.turned = new Map();
    this.objects = new Map();
    this.controls = makeControls((change) => this.set(change), {
      zoom: (factor) => this.zoom(factor),
      next: (kind, step) => this.next(kind, step),
      link: () => this.link(),
    });
    this.stage = make("div", {
      class: "fs-stage",
      tabindex: "0",
      role: "group",
      "aria-label": "Image with masks; keys are listed below",
      "data-lm-suppress-shortcuts": "true",
    });
    this.stage.addEventListener("keydown", (event) => pressKey(this, event));
    const { bars, readout, legend, status, scores, help } = this.controls;
    this.thumbs = makeThumbs(() => this.overview());
    this.thumbs.node.hidden = this.foils.length < 2;
    const own = { class: "fs-compare", role: "group", "aria-label": "Comparison of predictions" };
    this.root = make("div", own, ...bars, this.stage, readout, legend, status);
    this.root.append(scores.node, this.thumbs.node, help);
    for (const [name, colour] of Object.entries(this.facts.colours))
      this.root.style.setProperty(`--fs-${name}`, colour);
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
    this.controls.scores.sizes.disconnect();
  }

  // State ---------------------------------------------------------------------------------------

  restore(state, scroll = false) {
    this.state = undefined;
    const { x, y, zoom } = state;
    this.set(state, [x, y, zoom].every(Number.isFinite) ? { x, y, zoom } : null);
    if (scroll) this.root.scrollIntoView({ block: "nearest" });
  }

  set(change, camera = null) {
    const [old, ready] = [this.state, this.root.dataset.ready];
    [this.state, this.foil] = settle({ ...old, ...change }, this.foils);
    const another = !old || old.foil !== this.state.foil;
    if (another || old.edge !== this.state.edge) this.forget();
    if (another) this.objects.clear();
    if (another && !this.foil.problem)
      this.camera = camera || { x: this.foil.width / 2, y: this.foil.height / 2, zoom: 1 };
    this.stepped = null;
    this.arrange();
    fillControls(this.controls, this.state, this.foils, this.foil, this.classes);
    this.legend();
    if (old && this.follows(old, ready)) {
      this.redraw();
      this.score();
    } else this.load();
    if (this.thumbs.node.open) this.overview();
  }

  // Masks at another threshold, and what was painted of any.
  forget() {
    this.turned = new Map();
    this.painted.clear();
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
    fillLegend(this.controls.legend, plain ? shown.map((c) => [c.name, c.colour]) : errors);
  }

  // The list of all foils, for the mask on the right.
  async overview() {
    const { reference, count, defect, state, foils, thumbs } = this;
    const colours = colourTable(ERRORS.map((name, place) => [place + 1, this.facts.errors[name]]));
    const view = { reference, count, defect, colours, name: state.defect };
    fillLegend(thumbs.legend, ERRORS.map((name) => [name, this.facts.errors[name]]));
    await fillThumbs(thumbs, foils, state.right, view, (name) => this.set({ foil: name }));
    for (const node of thumbs.list.children) {
      const own = node.dataset.foil === this.state.foil;
      own ? node.setAttribute("aria-current", "true") : node.removeAttribute("aria-current");
    }
  }

  // Panes ---------------------------------------------------------------------------------------

  // The masks to show, one a pane; a swipe has two in one.
  layers() {
    const { mode, left, right } = this.state;
    if (mode === MODES[0]) return [[left], [right]];
    if (mode === MODES[1]) return [[left, right]];
    return [[""], ...this.foil.layers.map((title) => [title])];
  }

  // Two panes of wide pictures stand above each other, whatever the width of the window.
  get stacked() {
    return this.state.mode === MODES[0] && this.foil.width > WIDE * this.foil.height;
  }

  arrange() {
    const least = this.state.mode === MODES[2] ? "13rem" : this.stacked ? "100%" : "19rem";
    this.stage.style.gridTemplateColumns = `repeat(auto-fit, minmax(min(100%, ${least}), 1fr))`;
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
      pane.canvas.setAttribute("aria-label", `${this.foil.name}, ${this.state.input}, ${text}`);
    });
    this.markSelected();
    const swipe = this.state.mode === MODES[1];
    const canvas = () => this.panes[0].canvas;
    const share = () => this.state.divider;
    if (swipe) this.divider ??= makeDivider(canvas, share, (wanted) => this.divide(wanted));
    if (swipe) this.panes[0].figure.append(this.divider);
    else this.divider?.remove();
    this.resize();
  }

  makePanes(number) {
    const actions = {
      move: (right, down) => this.pan(right, down),
      zoom: (factor, x, y) => this.zoom(factor, x, y),
      told: (pointer) => {
        this.pointer = pointer;
        this.readOut();
      },
      clicked: (pane, at) => this.click(pane, at),
    };
    const focus = () => this.stage.focus({ preventScroll: true });
    this.panes = Array.from({ length: number }, () => makePane(actions, focus));
    this.stage.replaceChildren(...this.panes.map((pane) => pane.figure));
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
    const share = this.stacked ? 0.44 : 0.75; // of the window's height, so that both are seen
    const high = Math.min((room * this.foil.height) / this.foil.width, share * innerHeight);
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

  async link() {
    location.hash = writeLink(this.facts.key, this.state, this.camera);
    const copied = await copyText(location.href);
    this.controls.status.textContent = copied
      ? "The link to this view was copied; the address of this page is the same."
      : "The link was not copied; the address of this page now leads to this view.";
  }
}

function render({ model, el }) {
  const viewer = new Viewer(model, el);
  const linked = readLink(viewer.facts.key);
  viewer.restore(linked || model.get("view") || {}, Boolean(linked));
  return () => viewer.destroy();
}

export default { render };
