// The viewer for predictions, part 13: what each key does. The list for readers is in part 6.

function keyActions(viewer) {
  const { state, foil } = viewer;
  const part = (viewer.pane?.width || 0) / 10;
  const turn = (name, options, step) => () => {
    const place = (options.indexOf(state[name]) + step + options.length) % options.length;
    viewer.set({ [name]: options[place] });
  };
  const { side } = viewer;
  const other = side === "left" ? "right" : "left";
  const names = viewer.foils.map((f) => f.name);
  const defects = ["", ...viewer.classes.filter((c) => c.index).map((c) => c.name)];
  const edges = [USUAL, ...(foil.levels?.edges || []).map((_, k) => String(k))];
  const shows = ["classes", ...REFERENCES.filter((r) => foil.layers.includes(r))];
  return {
    ArrowLeft: () => viewer.pan(part, 0),
    ArrowRight: () => viewer.pan(-part, 0),
    ArrowUp: () => viewer.pan(0, part),
    ArrowDown: () => viewer.pan(0, -part),
    "+": () => viewer.zoom(1.5),
    "=": () => viewer.zoom(1.5),
    "-": () => viewer.zoom(1 / 1.5),
    0: () => viewer.zoom(0),
    v: turn("mode", MODES, 1),
    f: turn("foil", names, 1),
    F: turn("foil", names, -1),
    p: () => viewer.selectNext(),
    "]": turn(side, foil.layers, 1),
    "[": turn(side, foil.layers, -1),
    "}": turn(other, foil.layers, 1),
    "{": turn(other, foil.layers, -1),
    // the same four for keyboards that have brackets on a third level
    s: turn(side, foil.layers, 1),
    a: turn(side, foil.layers, -1),
    w: turn(other, foil.layers, 1),
    q: turn(other, foil.layers, -1),
    i: turn("input", foil.inputs, 1),
    c: turn("defect", defects, 1),
    e: turn("show", shows, 1),
    o: () => viewer.set({ outline: !state.outline }),
    ",": () => viewer.set({ opacity: state.opacity - 10 }),
    ".": () => viewer.set({ opacity: state.opacity + 10 }),
    "<": () => viewer.divide(state.divider - 0.05),
    ">": () => viewer.divide(state.divider + 0.05),
    t: turn("edge", edges, -1),
    T: turn("edge", edges, 1),
    n: () => viewer.next("error", 1),
    N: () => viewer.next("error", -1),
    d: () => viewer.next("disagreement", 1),
    D: () => viewer.next("disagreement", -1),
    l: () => viewer.link(),
  };
}

// Whether a key is meant for the viewer, and not for the browser. A bracket may be typed with AltGr,
// which some systems report as Ctrl and Alt, or with Alt alone as on a Mac.
function isMeant(event) {
  if (event.getModifierState("AltGraph")) return true;
  if (event.ctrlKey || event.metaKey) return false;
  return !event.altKey || "[]{}".includes(event.key);
}

function pressKey(viewer, event) {
  const actions = keyActions(viewer);
  if (!Object.hasOwn(actions, event.key) || !isMeant(event)) return;
  event.preventDefault();
  event.stopPropagation();
  actions[event.key]();
}
