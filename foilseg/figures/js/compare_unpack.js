// The viewer for predictions, part 1: bytes -> pictures and masks.
// The parts are put together by foilseg/widgets.py; none works alone.

function cutFiles(facts, view) {
  let start = view.byteOffset;
  return facts.foils.map((foil) =>
    (foil.sizes || []).map((size) => {
      start += size;
      return new Uint8Array(view.buffer, start - size, size);
    }),
  );
}

function decodePicture(bytes, type) {
  return createImageBitmap(new Blob([bytes], { type }), { colorSpaceConversion: "none" });
}

// The grey values of a lossless picture; those of a mask are the class indices.
async function decodeGreys(bytes, type, width, height) {
  const bitmap = await decodePicture(bytes, type);
  if (bitmap.width !== width || bitmap.height !== height) throw new Error("a mask of another size");
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  const pixels = new Uint32Array(pen.getImageData(0, 0, width, height).data.buffer);
  const greys = new Uint8Array(pixels.length);
  for (let i = 0; i < greys.length; i++) greys[i] = pixels[i] & 255;
  return greys;
}

// The slope along x is what the red channel of the normals shows.
function redChannel(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  const picture = pen.getImageData(0, 0, bitmap.width, bitmap.height);
  const bytes = picture.data;
  for (let i = 0; i < bytes.length; i += 4) bytes[i + 1] = bytes[i + 2] = bytes[i];
  pen.putImageData(picture, 0, 0);
  return createImageBitmap(canvas);
}

const SLOPE = "slope along x";

// A foil whose parts are decoded when they are first asked for, each once.
function makeFoil(facts, files) {
  const started = new Map();
  const once = (key, make) => {
    if (!started.has(key)) started.set(key, make());
    return started.get(key);
  };
  const inputs = [...facts.inputs];
  if (inputs[0] === "normals") inputs.unshift(SLOPE); // outlines are read best on a grey relief
  const stored = (title) => {
    const place = facts.inputs.indexOf(title);
    return once(`input ${title}`, () => decodePicture(files[place], "image/jpeg"));
  };
  const masks = new Map();
  const loaded = new Map(); // the log-odds of masks, as far as they were asked for
  return {
    ...facts,
    inputs,
    models: facts.layers.filter((title) => !REFERENCES.includes(title)),
    masks,
    loaded,
    input: (title) =>
      title === SLOPE ? once(SLOPE, async () => redChannel(await stored("normals"))) : stored(title),
    level: (title, defects) =>
      once(`level ${title}`, async () => {
        const url = await fetchLevels(facts.levels.keys[title]);
        const levels = await decodeLevels(url, facts.width, facts.height, defects);
        loaded.set(title, levels);
        return levels;
      }),
    layer: (title) =>
      once(`layer ${title}`, async () => {
        const place = facts.inputs.length + facts.layers.indexOf(title);
        const mask = await decodeGreys(files[place], "image/webp", facts.width, facts.height);
        masks.set(title, mask);
        return mask;
      }),
  };
}
