// The viewer for predictions, part 4: which part of the foil is seen, and how large.
// A camera is { x, y, zoom }: the pixel of the foil in the middle of every pane, and how many
// times larger than "all of it" the foil is.

const MOST_ZOOM = 64;

function scaleOf(camera, pane, foil) {
  return Math.min(pane.width / foil.width, pane.height / foil.height) * camera.zoom;
}

// No further out than the whole foil, and no empty margin where there is foil to show.
function clampCamera(camera, pane, foil) {
  camera.zoom = Math.min(MOST_ZOOM, Math.max(1, camera.zoom));
  const scale = scaleOf(camera, pane, foil);
  for (const [axis, size, room] of [
    ["x", foil.width, pane.width],
    ["y", foil.height, pane.height],
  ]) {
    const half = room / scale / 2;
    camera[axis] =
      2 * half >= size ? size / 2 : Math.min(size - half, Math.max(half, camera[axis]));
  }
}

function moveCamera(camera, pane, foil, right, down) {
  const scale = scaleOf(camera, pane, foil);
  camera.x -= right / scale;
  camera.y -= down / scale;
  clampCamera(camera, pane, foil);
}

// What lies under the point (px, py) of the pane stays there.
function zoomCamera(camera, pane, foil, factor, px = pane.width / 2, py = pane.height / 2) {
  const before = scaleOf(camera, pane, foil);
  const x = camera.x + (px - pane.width / 2) / before;
  const y = camera.y + (py - pane.height / 2) / before;
  camera.zoom = Math.min(MOST_ZOOM, Math.max(1, camera.zoom * factor));
  const after = scaleOf(camera, pane, foil);
  camera.x = x - (px - pane.width / 2) / after;
  camera.y = y - (py - pane.height / 2) / after;
  clampCamera(camera, pane, foil);
}

// The pixels of the foil that a pane shows, whole ones: left, top, right, bottom.
function windowOf(camera, pane, foil) {
  const scale = scaleOf(camera, pane, foil);
  const [w, h] = [pane.width / scale / 2, pane.height / scale / 2];
  return [
    Math.max(0, Math.floor(camera.x - w + 1e-6)),
    Math.max(0, Math.floor(camera.y - h + 1e-6)),
    Math.min(foil.width, Math.ceil(camera.x + w - 1e-6)),
    Math.min(foil.height, Math.ceil(camera.y + h - 1e-6)),
  ];
}

// A region in the middle, filling about a third of the pane.
function lookAt(camera, pane, foil, region) {
  camera.x = (region.left + region.right) / 2;
  camera.y = (region.top + region.bottom) / 2;
  camera.zoom = 1;
  const scale = scaleOf(camera, pane, foil);
  const wide = (region.right - region.left) * scale * 3;
  const high = (region.bottom - region.top) * scale * 3;
  camera.zoom = Math.min(pane.width / wide, pane.height / high, 12);
  clampCamera(camera, pane, foil);
}
