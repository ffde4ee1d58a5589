// The viewer for predictions, part 8: the panes, the divider between two masks, and one picture.

// A canvas with its caption; `actions` has move and zoom, and hears where the pointer is
// (`told`) and that the canvas was clicked.
function makePane(actions, focus) {
  const canvas = make("canvas", { role: "img" });
  const caption = make("figcaption");
  const pane = { canvas, caption, figure: make("figure", {}, caption, canvas) };
  pane.pen = canvas.getContext("2d", { alpha: false });
  listenForGestures(canvas, actions);
  watchPointer(canvas, (at) => actions.told(at && { pane, ...at }), (at) => actions.clicked(pane, at));
  canvas.addEventListener("pointerdown", focus);
  return pane;
}

// A slider over a canvas: `divide` takes its new share of the width, `share` tells the present one.
function makeDivider(canvas, share, divide) {
  const name = "Divider: left mask to its left, right mask to its right";
  const range = { "aria-valuemin": 0, "aria-valuemax": 100, tabindex: 0 };
  const divider = make("div", { class: "fs-divider", role: "slider", "aria-label": name, ...range });
  divider.addEventListener("pointerdown", (event) => {
    divider.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  divider.addEventListener("pointermove", (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const box = canvas().getBoundingClientRect();
    divide((event.clientX - box.left) / box.width);
  });
  const passOn = (event) => {
    event.preventDefault();
    canvas().dispatchEvent(new WheelEvent("wheel", event));
  };
  divider.addEventListener("wheel", passOn, { passive: false });
  divider.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    divide(share() + step);
  });
  return divider;
}

// Lays the divider over a canvas of a given width in CSS pixels.
function placeDivider(divider, canvas, width, share) {
  divider.style.left = `${canvas.offsetLeft + 1 + share * width}px`;
  divider.style.top = `${canvas.offsetTop}px`;
  divider.style.height = `${canvas.offsetHeight}px`;
  divider.setAttribute("aria-valuenow", Math.round(100 * share));
}

// The visible window of a picture with its overlays; of two, each is drawn on its side of the divider.
function drawPane({ canvas, pen }, view, picture, overlays) {
  const { camera, pane, foil, opacity, divider, paper } = view;
  const scale = scaleOf(camera, pane, foil) * pane.dots;
  const [left, top, right, bottom] = windowOf(camera, pane, foil);
  const atX = (x) => canvas.width / 2 + (x - camera.x) * scale;
  const atY = (y) => canvas.height / 2 + (y - camera.y) * scale;
  const box = [left, top, right - left, bottom - top];
  const target = [atX(left), atY(top), (right - left) * scale, (bottom - top) * scale];
  pen.fillStyle = paper;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingEnabled = scale < 1;
  pen.globalAlpha = 1;
  pen.drawImage(picture, ...box, ...target);
  pen.globalAlpha = opacity / 100;
  overlays.forEach((overlay, side) => {
    if (!overlay) return;
    pen.save();
    if (overlays.length === 2) {
      const cut = divider * canvas.width;
      pen.beginPath();
      pen.rect(side ? cut : 0, 0, side ? canvas.width - cut : cut, canvas.height);
      pen.clip();
    }
    pen.drawImage(overlay, ...box, ...target);
    pen.restore();
  });
  if (view.framed) frame(pen, view.framed, { atX, atY, dots: pane.dots }, view);
}

const ROOM = 4; // CSS pixels between an area and its frame

// A frame around an area, dark and light, so that it is seen on any ground.
function frame(pen, { left, top, right, bottom }, { atX, atY, dots }, { ink, paper }) {
  const room = ROOM * dots;
  const corner = [atX(left) - room, atY(top) - room];
  const size = [atX(right) - atX(left) + 2 * room, atY(bottom) - atY(top) + 2 * room];
  pen.globalAlpha = 1;
  for (const [style, width] of [[ink, 3], [paper, 1.2]]) {
    pen.strokeStyle = style;
    pen.lineWidth = width * dots;
    pen.strokeRect(...corner, ...size);
  }
}
