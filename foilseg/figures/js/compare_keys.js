// The viewer for predictions, part 10: what each key does. The list for readers is in part 6.

function keyActions(viewer) {
  const { state, foil } = viewer;
  const part = (viewer.pane?.width || 0) / 10;
  const turn = (name, options, step) => () => {
    const place = (options.indexOf(state[name]) + step + options.length) % options.length;
    viewer.set({ [name]: options[place] });
  };
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
    "]": turn("right", foil.layers, 1),
    "[": turn("right", foil.layers, -1),
    "}": turn("left", foil.layers, 1),
    "{": turn("left", foil.layers, -1),
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
