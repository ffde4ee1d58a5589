// The viewer for predictions, part 2: masks -> coloured pictures.

const REFERENCES = ["annotation", "truth"];
const ERRORS = ["hit", "miss", "false alarm", "wrong defect"];

// 0 nothing, 1 hit, 2 miss, 3 false alarm, 4 wrong defect; defect 0 means all defects.
function errorKind(reference, predicted, defect) {
  if (defect && reference !== defect && predicted !== defect) return 0;
  if (reference === predicted) return reference ? 1 : 0;
  if (!predicted) return 2;
  return reference ? 4 : 3;
}

function classValues(mask, defect) {
  return defect ? mask.map((value) => (value === defect ? value : 0)) : mask;
}

function errorValues(reference, predicted, defect, classes) {
  const table = new Uint8Array(classes * classes);
  for (let r = 0; r < classes; r++)
    for (let p = 0; p < classes; p++) table[r * classes + p] = errorKind(r, p, defect);
  const values = new Uint8Array(reference.length);
  for (let i = 0; i < values.length; i++) values[i] = table[reference[i] * classes + predicted[i]];
  return values;
}

// Where the models do not all say the same.
function disagreement(masks, defect) {
  const values = new Uint8Array(masks[0]?.length || 0);
  const shown = masks.map((mask) => classValues(mask, defect));
  for (const mask of shown.slice(1))
    for (let i = 0; i < values.length; i++) if (mask[i] !== shown[0][i]) values[i] = 1;
  return values;
}

// Values without the inside of their areas.
function outlined(values, width, height) {
  const edge = new Uint8Array(values.length);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const value = values[i];
      if (!value) continue;
      const inside =
        (x === 0 || values[i - 1] === value) &&
        (x === width - 1 || values[i + 1] === value) &&
        (y === 0 || values[i - width] === value) &&
        (y === height - 1 || values[i + width] === value);
      if (!inside) edge[i] = value;
    }
  return edge;
}

// "#rrggbb" by value -> one number a pixel, in the order of the bytes in a canvas.
function colourTable(colours) {
  const table = new Uint32Array(256);
  const bytes = new Uint8Array(table.buffer);
  for (const [value, colour] of colours) {
    const number = parseInt(colour.slice(1), 16);
    bytes.set([number >> 16, (number >> 8) & 255, number & 255, 255], 4 * value);
  }
  return table;
}

function paint(values, colours, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pixels = new Uint32Array(values.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = colours[values[i]];
  const bytes = new Uint8ClampedArray(pixels.buffer);
  canvas.getContext("2d").putImageData(new ImageData(bytes, width, height), 0, 0);
  return canvas;
}
