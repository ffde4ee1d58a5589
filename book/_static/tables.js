// Tables of class "sortable": a click on a heading sorts, the field above filters rows. Of every long
// table the first rows are shown and the others on a click; the headings of one that is higher than
// the window stay in sight, and on a phone rows are cards. Without this script, and on paper, they
// are plain tables.
(() => {
  // those of chapters, and those of pages in Markdown
  const TABLES = ".cell_output table.dataframe, .bd-article table.table";
  const FEWEST = 8; // rows of a table that a filter is of use for
  // rows that are shown at first, and how few more are not worth a click; on a phone they are cards
  const [MOST, FEW] = window.matchMedia("(max-width: 600px)").matches ? [5, 2] : [15, 0];
  const NUMBER = /^[-+−]?[\d.,:%/e+\- ]+$/;
  const NOTHING = ["", "–", "undefined", "infinite"];

  const number = (text) => {
    const plain = text.replace(/[,\s%]/g, "").replace("−", "-");
    return plain !== "" && Number.isFinite(Number(plain)) ? Number(plain) : null;
  };
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (x !== null && y !== null) return x - y;
    if (x !== null || y !== null) return x !== null ? -1 : 1; // numbers before words
    return a.localeCompare(b);
  };
  const text = (row, column) => (row.cells[column]?.textContent ?? "").trim();

  const most = (table) => Math.min(MOST, Number(table.dataset.first) || MOST);
  const isLong = (table, rows) => rows > most(table) + FEW;

  // A range in a heading, such as 1–4 px, stays on one line.
  const whole = (table) => {
    for (const cell of table.tHead?.querySelectorAll("th") ?? [])
      for (const node of cell.childNodes)
        if (node.nodeType === Node.TEXT_NODE)
          node.data = node.data.replace(/(\d)–(?=\d)/g, "$1\u2060–\u2060");
  };

  // A table that is higher than the window scrolls in itself, so that its headings stay in sight.
  const watch = (table) => {
    if (!table.tHead || !table.tBodies.length) return;
    const parts = [table.tHead, table.tBodies[0]];
    const measure = () => {
      const height = parts.reduce((sum, part) => sum + part.offsetHeight, 0);
      table.classList.toggle("long", height > window.innerHeight);
    };
    new ResizeObserver(measure).observe(table.tBodies[0]);
    addEventListener("resize", measure);
    measure();
  };

  // Rows beyond the first, of those that a filter leaves, are folded away; all of a few more stay.
  const fold = (table) => {
    const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
    const folds = !table.dataset.open && isLong(table, rows.length);
    rows.forEach((row, place) => row.classList.toggle("folded", folds && place >= most(table)));
    const button = table.moreRows;
    if (!button) return;
    button.hidden = !isLong(table, rows.length);
    button.textContent = folds ? `show all ${rows.length} rows` : `show the first ${most(table)} rows`;
    button.setAttribute("aria-expanded", String(!folds));
  };

  const foldable = (table) => {
    if (table.moreRows || !table.tBodies.length || !isLong(table, table.tBodies[0].rows.length)) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "more-rows";
    button.addEventListener("click", () => {
      table.dataset.open = table.dataset.open ? "" : "yes";
      fold(table);
    });
    table.moreRows = button;
    table.after(button);
    fold(table);
  };

  const sort = (table, heading, column) => {
    const body = table.tBodies[0];
    const down = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...body.rows].map((row, place) => ({ row, place }));
    const sign = down ? -1 : 1;
    rows.sort((a, b) =>
      sign * compare(text(a.row, column), text(b.row, column)) || a.place - b.place);
    body.append(...rows.map((entry) => entry.row));
    for (const { row } of rows) {
      [...row.cells].forEach((cell, place) => cell.classList.toggle("sorted", place === column));
    }
    fold(table);
  };

  const filter = (table, wanted, counter) => {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      const content = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => content.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    const all = table.tBodies[0].rows.length;
    counter.textContent = words.length ? `${shown} of ${all} rows` : `${all} rows`;
    fold(table);
  };

  // Links to the rows that have addresses.
  const index = (rows) => {
    const bar = Object.assign(document.createElement("nav"), { className: "row-index" });
    bar.setAttribute("aria-label", "rows of the table below");
    for (const row of rows) {
      const link = Object.assign(document.createElement("a"), { href: `#${row.id}` });
      link.textContent = row.cells[0].textContent;
      bar.append(link, " ");
    }
    return bar;
  };

  const prepare = (table) => {
    if (table.dataset.prepared || !table.tHead || !table.tBodies.length) return;
    table.dataset.prepared = "yes";
    const headings = [...table.tHead.rows].at(-1).cells;
    [...headings].forEach((heading, column) => {
      heading.tabIndex = 0;
      heading.title = "sort by this column";
      heading.style.cursor = "pointer";
      heading.addEventListener("click", () => sort(table, heading, column));
      heading.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        sort(table, heading, column);
      });
    });
    const named = [...table.tBodies[0].rows].filter((row) => row.id);
    if (named.length) table.before(index(named));
    if (table.tBodies[0].rows.length < FEWEST) return;
    const bar = Object.assign(document.createElement("div"), { className: "sortable-bar" });
    const field = Object.assign(document.createElement("input"), {
      type: "search", placeholder: "filter rows",
    });
    field.setAttribute("aria-label", "filter the rows of the table below");
    const counter = document.createElement("span");
    counter.setAttribute("aria-live", "polite");
    field.addEventListener("input", () => filter(table, field.value, counter));
    bar.append(field, " ", counter);
    table.before(bar);
    filter(table, "", counter);
  };

  // The headings of every column, those of several lines joined.
  const headings = (table) => {
    const names = [];
    for (const row of table.tHead.rows) {
      let column = 0;
      for (const cell of row.cells) {
        for (let n = 0; n < cell.colSpan; n += 1, column += 1) {
          names[column] = [names[column], cell.textContent.trim()].filter(Boolean).join(" ");
        }
      }
    }
    return names;
  };

  // Every cell knows its heading. A row whose first cells it shares with the row above, as of
  // several levels, begins at a later column; as a card it repeats them.
  const label = (table) => {
    if (!table.tHead || !table.tBodies.length) return;
    const names = headings(table);
    table.classList.add("cards");
    let shared = [];
    for (const row of table.tBodies[0].rows) {
      const first = names.length - row.cells.length;
      [...row.cells].forEach((cell, place) => {
        if (names[first + place]) cell.dataset.label = names[first + place];
      });
      const own = [...row.cells];
      row.prepend(...shared.slice(0, first).map((cell) => {
        const copy = cell.cloneNode(true);
        copy.removeAttribute("rowspan");
        copy.classList.add("repeated");
        return copy;
      }));
      shared = [...shared.slice(0, first), ...own];
    }
  };

  // Columns of words stand left, as names do; those of a sortable table say so themselves.
  const align = (table) => {
    if (table.matches(".sortable") || !table.tHead || !table.tBodies.length) return;
    const rows = [...table.tBodies[0].rows];
    [...[...table.tHead.rows].at(-1).cells].forEach((heading, column) => {
      const cells = rows.map((row) => row.cells[column]).filter(Boolean);
      const said = cells.map((cell) => cell.textContent.trim()).filter((t) => !NOTHING.includes(t));
      const numbers = said.filter((each) => NUMBER.test(each)).length;
      if (!said.length || 2 * numbers > said.length) return; // numbers, with a word among them
      [heading, ...cells].forEach((cell) => cell.classList.add("name"));
    });
  };

  // A link to a row that is folded away opens its table.
  const follow = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const table = row?.matches("tr.folded") && row.closest("table");
    if (!table) return;
    table.dataset.open = "yes";
    fold(table);
    row.scrollIntoView();
  };

  const start = () => {
    const style = document.createElement("style");
    style.textContent =
      "@media screen { tr.folded { display: none } } @media print { .more-rows { display: none } }";
    document.head.append(style);
    document.querySelectorAll("table.dataframe").forEach(foldable);
    document.querySelectorAll("table.sortable").forEach(prepare);
    document.querySelectorAll(TABLES).forEach((table) => {
      label(table);
      align(table);
      whole(table);
      watch(table);
    });
    addEventListener("hashchange", follow);
    follow();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
