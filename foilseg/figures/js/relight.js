// A surface under a light the reader moves. All work is done here, so it needs no kernel.
// Traits: normals (PNG bytes, RGB = unit normal packed to 0..255), azimuth, polar (degrees).

const CONTROLS = [
  ["azimuth", "Azimuth of the light in degrees", 0, 360],
  ["polar", "Polar angle of the light in degrees", 0, 85],
];

async function unpack(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }), {
    colorSpaceConversion: "none",
  });
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0);
  return pen.getImageData(0, 0, picture.width, picture.height);
}

function shade(normals, target, azimuth, polar) {
  const [a, p] = [azimuth, polar].map((degrees) => (degrees * Math.PI) / 180);
  const light = [Math.sin(p) * Math.cos(a), Math.sin(p) * Math.sin(a), Math.cos(p)];
  const [from, to] = [normals.data, target.data];
  for (let i = 0; i < from.length; i += 4) {
    let cosine = 0;
    for (let k = 0; k < 3; k++) cosine += light[k] * (from[i + k] / 127.5 - 1);
    to[i] = to[i + 1] = to[i + 2] = 255 * Math.max(0, cosine);
    to[i + 3] = 255;
  }
}

function slider(model, [name, label, low, high]) {
  const row = document.createElement("label");
  const input = document.createElement("input");
  const value = document.createElement("output");
  Object.assign(input, { type: "range", min: low, max: high, step: 1, value: model.get(name) });
  input.setAttribute("aria-label", label);
  row.style.cssText = "display:flex;gap:.6rem;align-items:center;max-width:26rem";
  input.style.flex = "1";
  const show = () => (value.textContent = `${model.get(name)}°`);
  input.addEventListener("input", () => {
    model.set(name, Number(input.value));
    model.save_changes();
  });
  model.on(`change:${name}`, show);
  show();
  row.append(`${name} `, input, value);
  return row;
}

async function render({ model, el }) {
  const normals = await unpack(model.get("normals"));
  const canvas = document.createElement("canvas");
  canvas.width = normals.width;
  canvas.height = normals.height;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "A surface under one light from a direction set by two sliders");
  canvas.style.cssText = "display:block;max-width:100%;width:26rem;image-rendering:auto";
  const pen = canvas.getContext("2d");
  const target = pen.createImageData(normals.width, normals.height);
  const draw = () => {
    shade(normals, target, model.get("azimuth"), model.get("polar"));
    pen.putImageData(target, 0, 0);
    canvas.dataset.drawn = `${model.get("azimuth")} ${model.get("polar")}`;
  };
  model.on("change:azimuth", draw);
  model.on("change:polar", draw);
  draw();
  el.append(canvas, ...CONTROLS.map((control) => slider(model, control)));
}

export default { render };
