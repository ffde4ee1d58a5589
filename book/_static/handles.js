// Cells of code that nobody asks for each have a handle. Where several stand right below each other,
// with nothing to read between them, the first handle opens and closes them all.
(() => {
  const CELL = ".cell.tag_plumbing";
  const code = (cell) => cell.querySelector(":scope > details.hide");

  const join = () => {
    const firsts = new Map();
    for (const cell of document.querySelectorAll(CELL)) {
      const before = cell.previousElementSibling;
      if (!before?.matches(CELL) || before.querySelector(".cell_output")) continue;
      const [first, own] = [firsts.get(before) ?? code(before), code(cell)];
      if (!first || !own) continue;
      firsts.set(cell, first);
      own.classList.add("joined");
      first.addEventListener("toggle", () => { own.open = first.open; });
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", join);
  else join();
})();
