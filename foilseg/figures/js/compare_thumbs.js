// The viewer for predictions, part 12: every foil as a small picture with the errors of one mask,
// those with the lowest F1 first. Nothing is unpacked before a reader opens the list.

const THUMB = 176; // CSS pixels of its width
const SHOWN_FIRST = [0, 1, 4, 3, 2]; // by kind of error: what a block shows if it holds several

// Hits over hits and the mean of both kinds of error; null where there is nothing to find or say.
function f1({ tp, fp, fn }) {
  const below = 2 * tp + fp + fn;
  return below ? (2 * tp) / below : null;
}

// Errors in blocks, so that one of a few pixels is seen however small the picture is.
function pooledErrors(values, width, height, columns, rows) {
  const pooled = new Uint8Array(columns * rows);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor((y * rows) / height) * columns;
    for (let x = 0; x < width; x++, i++) {
      const place = row + Math.floor((x * columns) / width);
      if (SHOWN_FIRST[values[i]] > SHOWN_FIRST[pooled[place]]) pooled[place] = values[i];
    }
  }
  return pooled;
}

function makeThumbs(open) {
  const list = make("div", { class: "fs-thumbs" });
  const legend = make("div", { class: "fs-kinds" });
  const said = make("p");
  const summary = make("summary", {}, "All pictures, those with the worst mask first");
  const node = make("details", { class: "fs-all" }, summary, said, legend, list);
  node.addEventListener("toggle", () => node.open && open());
  return { node, list, legend, said };
}

// A button with a foil's picture, the errors of a mask, and its score.
async function makeThumb(foil, title, view, choose) {
  const [reference, mask, picture] = await Promise.all([
    foil.layer(view.reference), foil.layer(title), foil.input(foil.inputs[0]),
  ]);
  const { width, height } = foil;
  const pairs = pairCounts(reference, mask, view.count, width, [0, 0, width, height]);
  const score = f1(defectCounts(pairs, view.count, view.defect));
  const columns = Math.min(THUMB, width);
  const rows = Math.max(1, Math.round((columns * height) / width));
  const values = errorValues(reference, mask, view.defect, view.count);
  const pooled = pooledErrors(values, width, height, columns, rows);
  const canvas = make("canvas", { width: columns, height: rows, "aria-hidden": "true" });
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0, columns, rows);
  pen.drawImage(paint(pooled, view.colours, columns, rows), 0, 0);
  const text = `${foil.name}: ${score === null ? "nothing to find" : `F1 ${score.toFixed(3)}`}`;
  const node = make("button", { type: "button" }, canvas, make("span", {}, text));
  node.addEventListener("click", () => choose(foil.name));
  node.dataset.foil = foil.name;
  return { node, score: score ?? Infinity };
}

// Fills the list, one foil after the other, unless something else was asked for meanwhile.
async function fillThumbs(thumbs, foils, title, view, choose) {
  const key = [title, view.reference, view.defect].join("\n");
  if (thumbs.key === key) return;
  thumbs.key = key;
  thumbs.list.replaceChildren();
  const sane = foils.filter((foil) => !foil.problem && foil.layers.includes(title));
  const made = [];
  let failed = foils.filter((foil) => foil.problem).length;
  for (const foil of sane) {
    thumbs.said.textContent = `${made.length} of ${sane.length} pictures ...`;
    const thumb = await makeThumb(foil, title, view, choose).catch(() => (failed += 1, null));
    if (thumbs.key !== key) return;
    if (thumb) made.push(thumb);
    await new Promise((done) => setTimeout(done));
  }
  made.sort((a, b) => a.score - b.score);
  thumbs.list.replaceChildren(...made.map(({ node }) => node));
  const what = view.defect ? `the defect ${view.name}` : "all defects";
  thumbs.said.textContent = title
    ? `Errors of ${title} against the ${view.reference}, ${what}, at its own threshold.` +
      (failed ? ` Pictures that cannot be shown: ${failed}.` : "")
    : "Choose a mask on the right to see its errors.";
}
