// The viewer for predictions, part 5: pointer, pinch and wheel -> moves of the camera.
// `act` has move(right, down) and zoom(factor, x, y), in CSS pixels of the canvas. A page is read on
// past the viewer: the wheel zooms with Ctrl alone, and one finger scrolls the page, two zoom.

const NOTCH = 0.3; // largest logarithm of a zoom that one event of a wheel makes

function listenForGestures(canvas, act) {
  const held = new Map();
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const spread = () => {
    const [a, b] = [...held.values()];
    return {
      x: (a.x + b.x) / 2,
      y: (a.y + b.y) / 2,
      distance: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)),
    };
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    held.set(event.pointerId, place(event));
    if (event.pointerType !== "touch" || held.size > 1) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const old = held.get(event.pointerId);
    if (!old) return;
    const now = place(event);
    const before = held.size === 2 ? spread() : null;
    held.set(event.pointerId, now);
    if (!before && event.pointerType === "touch" && held.size === 1) return;
    if (!before) return act.move((now.x - old.x) / held.size, (now.y - old.y) / held.size);
    const after = spread();
    // first larger, then moved: a foil that fills its pane cannot move
    act.zoom(after.distance / before.distance, before.x, before.y);
    act.move(after.x - before.x, after.y - before.y);
  });
  for (const end of ["pointerup", "pointercancel"])
    canvas.addEventListener(end, (event) => held.delete(event.pointerId));
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const turned = 0.01 * event.deltaY * [1, 16, 400][event.deltaMode];
      const { x, y } = place(event);
      act.zoom(Math.exp(-Math.sign(turned) * Math.min(Math.abs(turned), NOTCH)), x, y);
    },
    { passive: false },
  );
  canvas.addEventListener("dblclick", (event) => act.zoom(2, place(event).x, place(event).y));
}
