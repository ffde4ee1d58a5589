// The viewer for predictions, part 9: other thresholds. Of a few foils the log-odds of every model
// lie beside the page, in steps, and are loaded when they are first asked for. A page that was
// opened from a file may load scripts alone, so each file is one that names its picture.

// The picture of a key, a data URL; one that is not there is an error.
function fetchLevels(key) {
  const held = (globalThis.foilsegLevels ??= {});
  if (held[key]) return Promise.resolve(held[key]);
  const root = document.documentElement.dataset.content_root;
  if (root === undefined) return Promise.reject(new Error("only in the published book"));
  return new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = `${root}_static/levels/${key}.js`;
    script.onload = () => (held[key] ? done(held[key]) : fail(new Error(`${key} is empty`)));
    script.onerror = () => fail(new Error(`${script.src} is not there`));
    document.head.append(script);
  });
}

// One level (0 to 15) a pixel and defect, a defect after the other.
async function decodeLevels(url, width, height, defects) {
  const bytes = Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), (c) => c.charCodeAt(0));
  const greys = await decodeGreys(bytes, "image/png", width, height * defects);
  return greys.map((grey) => Math.round(grey / 17));
}

// The mask at an edge: in each pixel the defect that is surest, of those that reach it.
function atEdge(levels, edge, indices, area) {
  const mask = new Uint8Array(area);
  for (let i = 0; i < area; i++) {
    let best = edge;
    for (let d = 0; d < indices.length; d++)
      if (levels[d * area + i] > best) [best, mask[i]] = [levels[d * area + i], indices[d]];
  }
  return mask;
}

// Objects of a reference (eight neighbours, one class each): their numbers, and how many.
function numbered(reference, width, height, defect) {
  const numbers = new Int32Array(reference.length);
  let count = 0;
  for (let start = 0; start < reference.length; start++) {
    const wanted = reference[start] && (!defect || reference[start] === defect);
    if (wanted && !numbers[start]) flood(reference, width, height, start, numbers, ++count);
  }
  return { numbers, count };
}

// How many of them a mask touches with their own class.
function touched({ numbers, count }, reference, mask) {
  const hit = new Uint8Array(count + 1);
  for (let i = 0; i < numbers.length; i++)
    if (numbers[i] && mask[i] === reference[i]) hit[numbers[i]] = 1;
  return hit.reduce((sum, value) => sum + value, 0);
}
