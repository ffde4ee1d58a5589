// The viewer for predictions, part 3: counts, scores, and the objects to jump to.

// Pixels of each pair (reference, predicted) in a rectangle, ends excluded.
function pairCounts(reference, predicted, classes, width, rectangle) {
  const [left, top, right, bottom] = rectangle;
  const counts = new Float64Array(classes * classes);
  for (let y = top; y < bottom; y++)
    for (let i = y * width + left, end = y * width + right; i < end; i++)
      counts[reference[i] * classes + predicted[i]]++;
  return counts;
}

// tp, fp, fn, tn of one defect; with defect 0 summed over all defects.
function defectCounts(pairs, classes, defect) {
  const chosen = defect ? [defect] : [...Array(classes).keys()].slice(1);
  let [tp, fp, fn, tn] = [0, 0, 0, 0];
  for (const d of chosen)
    for (let r = 0; r < classes; r++)
      for (let p = 0; p < classes; p++) {
        const n = pairs[r * classes + p];
        if (r === d && p === d) tp += n;
        else if (p === d) fp += n;
        else if (r === d) fn += n;
        else tn += n;
      }
  return { tp, fp, fn, tn };
}

function rates({ tp, fp, fn, tn }) {
  const share = (above, below) => (below ? above / below : null);
  return { TPR: share(tp, tp + fn), FPR: share(fp, fp + tn), precision: share(tp, tp + fp) };
}

// Marks the connected area (eight neighbours) of equal value around a pixel; its size and box.
function flood(values, width, height, start, marks, mark) {
  const value = values[start];
  const region = { value, size: 0, left: width, top: height, right: 0, bottom: 0 };
  const open = [start];
  marks[start] = mark;
  while (open.length) {
    const i = open.pop();
    const x = i % width;
    const y = (i - x) / width;
    region.size++;
    region.left = Math.min(region.left, x);
    region.right = Math.max(region.right, x + 1);
    region.top = Math.min(region.top, y);
    region.bottom = Math.max(region.bottom, y + 1);
    for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++)
      for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
        const j = v * width + u;
        if (marks[j] || values[j] !== value) continue;
        marks[j] = mark;
        open.push(j);
      }
  }
  return region;
}

// All such areas of wanted values, the largest first, then in reading order.
function findRegions(values, width, height, wanted = () => true) {
  const seen = new Uint8Array(values.length);
  const found = [];
  for (let start = 0; start < values.length; start++)
    if (values[start] && !seen[start] && wanted(values[start]))
      found.push(flood(values, width, height, start, seen, 1));
  return found.sort((a, b) => b.size - a.size || a.top - b.top || a.left - b.left);
}
