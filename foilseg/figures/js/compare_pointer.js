// The viewer for predictions, part 14: the pane and the pixel that a reader points at.

const SLIP = 4; // CSS pixels that a hand may move in a click
const SIDES = ["left", "right"];

// Tells `told` where the pointer is over a canvas, or null, and `clicked` where it clicked. What was
// dragged is no click. A finger that is lifted leaves its pixel as it is, since it hid it until then.
function watchPointer(canvas, told, clicked) {
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return { x: x - canvas.clientLeft, y: y - canvas.clientTop };
  };
  let start = null;
  let dragged = false;
  canvas.addEventListener("pointerdown", (event) => {
    start = place(event);
    dragged = false;
    told(start);
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = place(event);
    if (start && Math.hypot(now.x - start.x, now.y - start.y) > SLIP) dragged = true;
    told(now);
  });
  canvas.addEventListener("click", (event) => dragged || clicked(place(event)));
  canvas.addEventListener("pointercancel", () => told(null));
  canvas.addEventListener("pointerleave", (event) => event.pointerType === "touch" || told(null));
}

// The pixel of the foil at a place of a pane, [column, row], or null beside the foil.
function pixelAt({ x, y }, camera, pane, foil) {
  if (x < 0 || y < 0 || x >= pane.width || y >= pane.height) return null;
  const scale = scaleOf(camera, pane, foil);
  const column = Math.floor(camera.x + (x - pane.width / 2) / scale);
  const row = Math.floor(camera.y + (y - pane.height / 2) / scale);
  return column >= 0 && row >= 0 && column < foil.width && row < foil.height ? [column, row] : null;
}

class Pointed extends Scored {
  // Which mask the keys change: that of the pane that was clicked. All models stand for the right.
  get side() {
    return this.state.mode === MODES[2] ? "right" : this.state.side;
  }

  select(side, title) {
    if (this.state.mode === MODES[2] && title !== this.state.right) this.set({ right: title });
    if (this.state.mode !== MODES[2]) this.state.side = side;
    this.markSelected();
    this.store();
    const place = this.state.mode === MODES[2] ? "" : ` the ${this.side} mask,`;
    this.controls.status.textContent = `Selected:${place} ${this.state[this.side] || "no mask"}.`;
  }

  // The share of a pane's width at which a swipe changes from one mask to the other.
  sideAt(pane, x) {
    if (pane.titles.length === 2) return SIDES[Number(x >= this.state.divider * this.pane.width)];
    return SIDES[Math.min(1, this.panes.indexOf(pane))];
  }

  click(pane, { x }) {
    if (this.pane && !this.foil.problem) this.select(this.sideAt(pane, x), pane.titles[0]);
  }

  selectNext() {
    const titles = ["", ...this.foil.layers];
    const after = titles[(titles.indexOf(this.state.right) + 1) % titles.length];
    if (!this.foil.problem) this.select(this.side === "left" ? "right" : "left", after);
  }

  markSelected() {
    const { mode, right } = this.state;
    const chosen = SIDES.indexOf(this.side);
    this.panes.forEach((pane, place) => {
      const swipe = pane.titles.length === 2;
      const own = swipe || (mode === MODES[2] ? pane.titles[0] === right : place === chosen);
      const said = pane.titles.map((title, k) => {
        const node = make("span", {}, title || "no mask");
        node.classList.toggle("fs-chosen", swipe ? k === chosen : own);
        return k ? [" | ", node] : [node];
      });
      pane.caption.replaceChildren(`${this.foil.name}: `, ...said.flat());
      if (own) pane.figure.setAttribute("aria-current", "true");
      else pane.figure.removeAttribute("aria-current");
    });
  }

  // The line about the pixel under the pointer; it changes with what is drawn.
  readOut() {
    const { readout } = this.controls;
    const text = this.pointer ? this.pixelText(this.pointer) : "";
    if (readout.textContent !== text) readout.textContent = text;
  }

  pixelText({ pane, x, y }) {
    const { foil } = this;
    const ready = this.pane && !foil.problem && this.panes.includes(pane);
    const found = ready && pixelAt({ x, y }, this.camera, this.pane, foil);
    if (!found) return "";
    const [column, row] = found;
    const i = row * foil.width + column;
    const title = pane.titles[pane.titles.length === 2 ? SIDES.indexOf(this.sideAt(pane, x)) : 0];
    const titles = [...new Set([REFERENCES[0], title])].filter((t) => this.mask(t));
    const name = (value) => this.classes.find((c) => c.index === value)?.name || "background";
    const said = titles.map((t) => `${t}: ${name(this.mask(t)[i])}`);
    const sure = this.sureness(title, i);
    return [`row ${row}, column ${column}`, ...said, ...(sure ? [sure] : [])].join(" · ");
  }

  // The probability of the chosen defect, else of the surest one, where a model's were loaded.
  sureness(title, i) {
    const levels = this.foil.loaded.get(title);
    if (!levels) return "";
    const defects = this.classes.filter((c) => c.index);
    const area = this.foil.width * this.foil.height;
    const each = defects.map((c, d) => ({ name: c.name, level: levels[d * area + i] }));
    const own = defects.findIndex((c) => c.index === this.defect);
    const best = own < 0 ? each.reduce((a, b) => (b.level > a.level ? b : a)) : each[own];
    return `probability of ${best.name} ${between(best.level, this.foil.levels.edges)}`;
  }
}

// What a level says: the probabilities of the two edges that it lies between.
function between(level, edges) {
  if (!level) return `below ${chance(edges[0])}`;
  if (level === edges.length) return `from ${chance(edges[level - 1])}`;
  return `${chance(edges[level - 1])} to ${chance(edges[level])}`;
}
