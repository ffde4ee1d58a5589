// What is wider than the text: tables and figures take the margin, if there is one, the list of
// contents steps aside for them, and a box that is still cut says at which side. It runs after
// tables.js, which makes tables narrower on a phone, and lets high ones scroll in themselves.
(() => {
  const SLACK = 2; // pixels that a box may hide without a word
  const hidden = (box) => box.scrollWidth - box.clientWidth;
  const isTooWide = (box) => hidden(box) > SLACK;

  const takeMargin = (boxes) => {
    const cell = boxes[0].closest("div.cell") || boxes[0].closest("figure");
    if (!cell || cell.closest(".first-screen")) return;
    if (boxes.some(isTooWide)) cell.classList.add("tag_full-width");
  };

  // A box that scrolls fades at the side where it is cut, a high table or list at its foot.
  const LISTS = ".bd-sidebar-primary, .bd-sidebar-secondary";
  const cue = (content, boxes) => {
    const mark = () => boxes.forEach((box) => {
      const scrolls = getComputedStyle(box).overflowX !== "visible" && isTooWide(box);
      box.classList.toggle("cut-right", scrolls && box.scrollLeft < hidden(box) - SLACK);
      box.classList.toggle("cut-left", scrolls && box.scrollLeft > SLACK);
      const below = box.scrollHeight - box.clientHeight - box.scrollTop;
      box.classList.toggle("cut-below", box.matches(`table.long, ${LISTS}`) && below > SLACK);
    });
    boxes.forEach((box) => box.addEventListener("scroll", mark, { passive: true }));
    new ResizeObserver(mark).observe(content);
    mark();
  };

  // A table that is too wide also for text and margin together has less air, and long names of its
  // rows are broken into lines.
  const LONG = 30; // letters
  const fit = (table) => {
    const boxes = [table, table.parentElement, table.closest(".text_html")].filter(Boolean);
    takeMargin(boxes);
    if (boxes.some(isTooWide)) table.classList.add("tight");
    if (boxes.some(isTooWide)) {
      [...table.querySelectorAll("tbody th")]
        .forEach((head) => head.classList.toggle("broken", head.textContent.length > LONG));
    }
    cue(table, boxes);
  };

  // The list of contents is out of sight while something in the margin lies where it is.
  const coverContents = () => {
    const list = document.querySelector(".bd-sidebar-secondary");
    const wide = [...document.querySelectorAll(".tag_full-width, .first-screen")];
    if (!list || !wide.length) return;
    const look = () => {
      const { top, bottom, left } = list.getBoundingClientRect();
      const covers = wide.map((box) => box.getBoundingClientRect())
        .some((box) => box.top < bottom && box.bottom > top && box.right > left);
      list.classList.toggle("covered", covers);
    };
    addEventListener("scroll", () => requestAnimationFrame(look), { passive: true });
    const sizes = new ResizeObserver(look);
    sizes.observe(document.body);
    sizes.observe(list); // the theme folds and unfolds it after a scroll has ended
    look();
  };

  // A command in a sentence is a box of one line, but one that is longer than a line. What ends
  // it stands on its line.
  const keepEnd = (code) => {
    const end = /^[.,;:!?)]+/.exec(code.nextSibling?.data ?? "");
    if (!end) return;
    const whole = document.createElement("span");
    whole.className = "with-end";
    code.nextSibling.data = code.nextSibling.data.slice(end[0].length);
    code.replaceWith(whole);
    whole.append(code, end[0]);
  };
  const commands = (content, codes) => {
    codes.forEach(keepEnd);
    const look = () => codes.forEach((code) => {
      code.classList.remove("long");
      const line = parseFloat(getComputedStyle(code).fontSize);
      code.classList.toggle("long", code.offsetHeight > 2 * line);
    });
    new ResizeObserver(look).observe(content);
    look();
  };

  const start = () => {
    const all = (boxes) => [...document.querySelectorAll(boxes)];
    const alone = (boxes) => all(boxes).forEach((box) => cue(box, [box]));
    all(".cell_output table.dataframe, .bd-article table.table").forEach(fit);
    const article = document.querySelector(".bd-article");
    if (article) commands(article, all(".bd-article :not(pre) > code"));
    all(".picture").forEach((box) => takeMargin([box]));
    coverContents();
    alone(`.bd-article pre, .bd-article .picture, ${LISTS}`);
    const drawn = () => alone("div.math > mjx-container");
    addEventListener("load", () => window.MathJax?.startup?.promise.then(drawn));
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
