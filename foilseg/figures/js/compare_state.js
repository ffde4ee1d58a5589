// The viewer for predictions, part 7: the state of the controls, and the address that holds it.

const PLAIN = { mode: MODES[0], side: "right", defect: "", show: "classes", outline: false, opacity: 60, edge: USUAL };
const SHARED = ["foil", "mode", "left", "right", "side", "input", "defect", "show", "outline", "opacity", "edge"];
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

// Copies a text; whether that worked. A page without a clipboard, or that may not use it, copies
// what is selected in a field that nobody sees.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

function copySelected(text) {
  const before = document.activeElement;
  const field = make("textarea", { "aria-hidden": "true", readonly: "", tabindex: "-1" });
  field.style.cssText = "position: fixed; top: 0; opacity: 0";
  field.value = text;
  document.body.append(field);
  field.focus({ preventScroll: true });
  field.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    before?.focus({ preventScroll: true });
  }
}

// A state in which every choice is one that this foil has.
function settle(state, foils) {
  const sound = { ...PLAIN, divider: 0.5, ...state };
  const sane = foils.filter((f) => !f.problem);
  const first = sane.find((f) => f.levels) || sane[0] || foils[0]; // where there is most to try
  const foil = foils.find((f) => f.name === sound.foil) || first;
  sound.foil = foil.name;
  if (foil.problem) return [sound, foil];
  const masks = ["", ...foil.layers];
  if (!masks.includes(sound.left)) sound.left = foil.layers[0];
  if (!masks.includes(sound.right)) sound.right = foil.models[0] ?? "";
  if (!foil.inputs.includes(sound.input)) sound.input = foil.inputs[0];
  if (!["classes", ...REFERENCES].includes(sound.show)) sound.show = "classes";
  if (sound.show !== "classes" && !foil.layers.includes(sound.show)) sound.show = "annotation";
  if (!MODES.includes(sound.mode)) sound.mode = MODES[0];
  if (!SIDES.includes(sound.side)) sound.side = PLAIN.side;
  const edges = foil.levels ? foil.levels.edges.length : 0;
  const edge = Number(sound.edge);
  sound.edge = Number.isInteger(edge) && edge >= 0 && edge < edges ? String(edge) : USUAL;
  sound.opacity = Math.min(100, Math.max(0, Number(sound.opacity) || 0));
  sound.divider = Math.min(1, Math.max(0, Number(sound.divider) || 0));
  return [sound, foil];
}
