/* Draws the widgets of a built page without a kernel and without a network.

   The page embeds the state of every widget as JSON. A widget made with anywidget carries its
   front end as the text of a JavaScript module; this script imports that text and calls its
   `render` with a model which answers from the embedded state. What needs a kernel says so.
   It is a classic script because pages opened from a file cannot load module files. */
(() => {
  "use strict";
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
  const NEEDS_KERNEL = "This control works only in a running notebook.";

  const decoders = {
    base64: (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)),
    hex: (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16)),
  };

  /* A part that lies beside the page (book/_ext/apart.py), loaded once; null if it is not there. */
  const parts = new Map();
  function beside(name) {
    const load = () => new Promise((done) => {
      const script = document.createElement("script");
      script.src = `${document.documentElement.dataset.content_root ?? ""}_static/state/${name}.js`;
      script.onload = () => done(globalThis.foilsegState?.[name] ?? null);
      script.onerror = () => done(null);
      document.head.append(script);
    });
    if (!parts.has(name)) parts.set(name, load());
    return parts.get(name);
  }

  async function gather(saved) {
    for (const part of saved.buffers || []) {
      if (part.beside) part.data = await beside(part.beside);
      if (part.data === null) throw new Error(`_static/state/${part.beside}.js is not there`);
    }
    return saved;
  }

  /* Wait until the reader comes near, or follows a link to what a widget shows. */
  function wanted(el) {
    const linked = () => location.hash.includes(":");
    if (linked()) return Promise.resolve();
    el.style.minHeight = "30rem";
    return new Promise((done) => {
      const watch = new IntersectionObserver((seen) => seen.some((e) => e.isIntersecting) && end(), {
        rootMargin: "800px",
      });
      const end = () => {
        watch.disconnect();
        removeEventListener("hashchange", follow);
        el.style.minHeight = "";
        done();
      };
      const follow = () => linked() && end();
      addEventListener("hashchange", follow);
      watch.observe(el);
    });
  }

  /* The saved state with its binary parts back in their places, as DataViews. */
  function restore(saved) {
    const state = structuredClone(saved.state);
    for (const { path, data, encoding } of saved.buffers || []) {
      const last = path[path.length - 1];
      const holder = path.slice(0, -1).reduce((value, key) => value[key], state);
      holder[last] = new DataView(decoders[encoding](data).buffer);
    }
    return state;
  }

  /* The part of anywidget's model that works without a kernel: get, set, on, off. */
  function makeModel(state) {
    const listeners = new Map();
    const fire = (event, ...values) => {
      for (const listener of [...(listeners.get(event) || [])]) listener(...values);
    };
    const model = {
      get: (key) => state[key],
      set(key, value) {
        const changes = typeof key === "string" ? { [key]: value } : key;
        let changed = false;
        for (const [name, next] of Object.entries(changes)) {
          if (Object.is(state[name], next)) continue;
          state[name] = next;
          changed = true;
          fire(`change:${name}`, model, next);
        }
        if (changed) fire("change", model);
      },
      on(event, listener) {
        if (!listeners.has(event)) listeners.set(event, new Set());
        listeners.get(event).add(listener);
      },
      off(event, listener) {
        if (event === undefined || event === null) listeners.clear();
        else if (listener) listeners.get(event)?.delete(listener);
        else listeners.delete(event);
      },
      save_changes() {},
      send() {},
      widget_manager: { get_model: () => Promise.reject(new Error(NEEDS_KERNEL)) },
    };
    return model;
  }

  async function importText(text) {
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    try {
      const found = (await import(url)).default;
      return typeof found === "function" ? await found() : found;
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  /* One model and one front end for each widget, however often it is shown. */
  async function start(saved) {
    const model = makeModel(restore(await gather(saved)));
    const front = await importText(model.get("_esm"));
    const signal = new AbortController().signal;
    const experimental = { invoke: () => Promise.reject(new Error(NEEDS_KERNEL)) };
    await front.initialize?.({ model, signal, experimental });
    return { model, render: (el) => front.render?.({ model, el, signal, experimental }) };
  }

  function note(el, text) {
    el.className = "widget-note";
    el.textContent = text;
  }

  async function show(tag, saved, started) {
    const { model_id: id } = JSON.parse(tag.textContent);
    const el = document.createElement("div");
    el.className = "widget-view";
    tag.before(el);
    if (saved[id]?.model_module !== "anywidget") return note(el, NEEDS_KERNEL);
    try {
      if ((saved[id].buffers || []).some((part) => part.beside)) await wanted(el);
      if (!started.has(id)) started.set(id, start(saved[id]));
      const widget = await started.get(id);
      const css = widget.model.get("_css");
      if (css) {
        const style = document.createElement("style");
        style.textContent = css;
        el.before(style);
      }
      await widget.render(el);
    } catch (error) {
      note(el, `This interactive figure could not be drawn: ${error.message}`);
      console.error(error);
    }
  }

  function showAll() {
    const saved = {};
    for (const tag of document.querySelectorAll(STATE)) {
      Object.assign(saved, JSON.parse(tag.textContent).state);
    }
    const started = new Map();
    for (const tag of document.querySelectorAll(VIEW)) show(tag, saved, started);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", showAll);
  else showAll();
})();
