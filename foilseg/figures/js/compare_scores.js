// The viewer for predictions, part 11: the scores of every model, the table that shows them, and jumps
// to the areas that are worth a look.

const PER_MILLION = "FPR (ppm)"; // false pixels in a million without the defect
const COUNTED = "A row is a model. “Picture” columns count all of the picture, “window” columns the part that is shown; “objects” are those of the reference in which a model finds a pixel.";

// A closed or open table in a box of its own, which scrolls sideways where it is too narrow.
function makeScores() {
  const heading = make("summary");
  const box = make("div", { class: "fs-scroll", role: "region", "aria-label": "Scores of all models" });
  const said = make("p", { class: "fs-counted" }, COUNTED); // as wide as the screen, unlike the table
  const node = make("details", { class: "fs-scores", hidden: "" }, heading, said, box);
  node.open = true;
  const mark = () => markCut(box);
  box.addEventListener("scroll", mark, { passive: true });
  const sizes = new ResizeObserver(mark);
  sizes.observe(box);
  return { node, heading, box, mark, sizes };
}

// A box fades at the side where it is cut, and can be scrolled with the keyboard while it is.
function markCut(box) {
  const hidden = box.scrollWidth - box.clientWidth;
  const cut = hidden > 2;
  box.classList.toggle("fs-cut-left", cut && box.scrollLeft > 2);
  box.classList.toggle("fs-cut-right", cut && box.scrollLeft < hidden - 2);
  if (cut) box.tabIndex = 0;
  else box.removeAttribute("tabindex");
}

// A rate as pixels in a million, with three digits that count, as in the book's tables.
function perMillion(rate) {
  const text = (1e6 * rate).toPrecision(3);
  if (!Number(text)) return "0";
  return Number(text) >= 100 ? Number(text).toLocaleString("en-US") : text;
}

// rows: [model, scores of the foil, scores of the window, [objects found, objects]]
function fillScores({ node, heading, box, mark }, title, rows) {
  const shown = (value, form) => (value === null ? "–" : form(value));
  const number = (value) => shown(value, (v) => v.toFixed(3));
  const cells = (s) => [number(s.TPR), shown(s.FPR, perMillion), number(s.precision)];
  const head = (texts) => make("tr", {}, ...texts.map((t) => make("th", { scope: "col" }, t)));
  const names = ["TPR", PER_MILLION, "precision"];
  const titles = [...names.map((n) => `picture ${n}`), ...names.map((n) => `window ${n}`), "objects"];
  const body = rows.map(([model, whole, part, [found, all]]) => {
    const texts = [...cells(whole), ...cells(part), `${found} of ${all}`];
    const values = texts.map((text) => make("td", {}, text));
    return make("tr", {}, make("th", { scope: "row" }, model), ...values);
  });
  const top = make("thead", {}, head(["model", ...titles]));
  const table = make("table", { "aria-label": COUNTED }, top, make("tbody", {}, ...body));
  heading.textContent = title;
  node.hidden = false;
  box.replaceChildren(table);
  mark();
}

class Scored extends Drawn {
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
        return fillScores(this.controls.scores, heading, rows);
      }
      const mask = this.mask(model);
      const objects = this.numbers();
      const found = [touched(objects, reference, mask), objects.count];
      rows.push([model, scored(mask, whole), scored(mask, seen), found]);
      this.scoring = setTimeout(step);
    };
    this.scoring = setTimeout(step, 150);
  }

  // The numbered objects of the reference, found once.
  numbers() {
    const key = `${this.reference} ${this.defect}`;
    if (!this.objects.has(key)) {
      const { masks, width, height } = this.foil;
      const reference = masks.get(this.reference);
      this.objects.set(key, numbered(reference, width, height, this.defect));
    }
    return this.objects.get(key);
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
    const where = `${size} ${size === 1 ? "pixel" : "pixels"} at row ${top}, column ${left}`;
    this.controls.status.textContent = `${place + 1} of ${regions.length}: ${what}, ${where}`;
  }

  regions(kind) {
    const { masks, models, width, height } = this.foil;
    if (kind === "disagreement") {
      const each = models.map((title) => this.mask(title));
      return findRegions(disagreement(each, this.defect), width, height);
    }
    const predicted = this.mask(this.state.right);
    if (!predicted) return [];
    const values = errorValues(masks.get(this.reference), predicted, this.defect, this.count);
    return findRegions(values, width, height, (value) => value > 1);
  }
}
