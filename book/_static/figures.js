// A picture that is shown much smaller than it is, as on a phone, leads to itself: there it can be
// enlarged. Without this script it is a plain picture.
(() => {
  const LEAST = 1.4; // times smaller than it is

  const lead = (image) => {
    const shown = image.clientWidth;
    if (!shown || image.closest("a, button") || image.naturalWidth < LEAST * shown) return;
    const link = document.createElement("a");
    link.href = image.currentSrc;
    link.className = "enlarge";
    link.title = "this picture alone, to enlarge it";
    image.replaceWith(link);
    link.append(image);
  };
  const all = () => {
    for (const image of document.querySelectorAll(".bd-article img")) {
      if (image.complete) lead(image);
      else image.addEventListener("load", () => lead(image), { once: true });
    }
  };
  const start = () => {
    all();
    // those of the other theme are seen when the reader changes it
    const changed = new MutationObserver(all);
    changed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  };
  if (document.readyState === "complete") start();
  else addEventListener("load", start);
})();
