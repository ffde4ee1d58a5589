// The viewer for predictions, part 10: pictures and masks are loaded, turned to a threshold, drawn.
// What it works on (facts, state, foil, panes, camera) is the viewer's; see the last part.

class Drawn {
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
      await this.turn(foil, state);
      if (this.state !== state) return;
      this.forget();
      this.root.dataset.ready = foil.name;
      this.redraw();
      this.score();
    } catch (error) {
      if (this.state !== state) return;
      this.foil = { ...foil, problem: `${foil.name}: cannot be shown (${error.message}).` };
      this.arrange();
      this.root.dataset.ready = foil.name;
    }
  }

  // The log-odds of the models, if another threshold than their own was chosen.
  async turn(foil, state) {
    const wanted = state.edge === USUAL ? [] : Object.keys(foil.levels.keys);
    await Promise.all(wanted.map((title) => foil.level(title, this.indices.length)));
  }

  // Whether nothing but the threshold was moved, and all that this needs is there: then the masks
  // follow within a frame.
  follows(old, ready) {
    const { foil, state } = this;
    if (!this.picture || ready !== foil.name || foil.problem) return false;
    if (state.edge !== USUAL && !Object.keys(foil.levels.keys).every((t) => foil.loaded.has(t)))
      return false;
    return Object.keys(state).every((name) => name === "edge" || state[name] === old[name]);
  }

  get indices() {
    return this.classes.filter((c) => c.index).map((c) => c.index);
  }

  // A mask at the threshold that was chosen, worked out when it is first asked for.
  mask(title) {
    const { foil, state, turned } = this;
    if (state.edge === USUAL || !foil.loaded.has(title)) return foil.masks.get(title);
    if (!turned.has(title)) {
      const area = foil.width * foil.height;
      turned.set(title, atEdge(foil.loaded.get(title), Number(state.edge), this.indices, area));
    }
    return turned.get(title);
  }

  // Drawing -------------------------------------------------------------------------------------

  values(title) {
    if (this.state.show === "classes") return classValues(this.mask(title), this.defect);
    const reference = this.foil.masks.get(this.reference);
    return errorValues(reference, this.mask(title), this.defect, this.count);
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
    const { camera, pane, foil, state } = this;
    const { ink, paper } = this.facts.colours;
    const framed = this.stepped?.regions[this.stepped.place];
    const { opacity, divider } = state;
    const view = { camera, pane, foil, opacity, divider, ink, paper, framed };
    for (const each of this.panes) {
      const overlays = each.titles.map((t) => t && foil.masks.has(t) && this.overlay(t));
      drawPane(each, view, this.picture, overlays);
    }
    if (this.divider?.isConnected)
      placeDivider(this.divider, this.panes[0].canvas, pane.width, state.divider);
    this.readOut();
    this.root.dataset.frames = Number(this.root.dataset.frames || 0) + 1;
    this.root.dataset.camera = [camera.x, camera.y, camera.zoom].join(" ");
    this.root.dataset.window = windowOf(camera, pane, foil).join(" ");
  }
}
