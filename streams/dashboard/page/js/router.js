/* Addresses to views and back: history, links, titles, and where the focus goes. */
import { createScope } from "./scope.js";
import { visible } from "./text.js";

/**
 * Show views in `main`. `routes` are `[pattern, load]`, `load()` gives a function (page, parameters) that
 * returns `{title, node}` or a promise of it. `page` is what is given to every view.
 */
export function createRouter({ main, routes, page, shown, failed }) {
  let scope = createScope();

  async function show({ first = false } = {}) {
    scope.end();
    scope = createScope();
    const mine = scope;
    const { load, parameters } = match(routes, location.pathname);
    let view;
    try {
      view = await (await load())({ ...page, scope: mine }, { ...parameters, query: query() });
    } catch (error) {
      if (mine.ended || error.name === "AbortError") return;
      view = failed(error);
    }
    if (mine.ended) return;
    main.replaceChildren(view.node);
    document.title = `${visible(view.title)} · Rapport`;
    shown(location.pathname);
    if (first) return;
    scrollTo(0, 0);
    const heading = main.querySelector("h1") ?? main;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }

  function go(path) {
    history.pushState(null, "", path);
    return show();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !plain || event.defaultPrevented || link.target || link.origin !== location.origin) return;
    if (link.getAttribute("href").startsWith("#")) {
      event.preventDefault();
      document.getElementById(link.hash.slice(1))?.focus();
    } else if (match(routes, link.pathname).known) {
      event.preventDefault();
      if (link.href === location.href) show();
      else go(link.href);
    }
  });
  addEventListener("popstate", () => show());

  return { show, go };
}

/** Write what a view is narrowed to into the address, without a step in the history. */
export function narrow(parameters) {
  const given = Object.entries(parameters).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  const text = new URLSearchParams(given).toString();
  history.replaceState(null, "", text ? `${location.pathname}?${text}` : location.pathname);
}

/** Find the route of a path; the last one is for what is not there. */
export function match(routes, path) {
  for (const [pattern, load] of routes) {
    const names = [...pattern.matchAll(/:(\w+)/g)].map(([, name]) => name);
    const found = new RegExp(`^${pattern.replace(/:\w+/g, "([^/]+)")}/?$`).exec(path);
    if (!found) continue;
    try {
      const values = found.slice(1).map(decodeURIComponent);
      return { load, known: true, parameters: Object.fromEntries(names.map((name, i) => [name, values[i]])) };
    } catch {
      break; // not percent-encoded UTF-8
    }
  }
  return { load: routes.at(-1)[1], known: false, parameters: {} };
}

function query() {
  return Object.fromEntries(new URLSearchParams(location.search));
}
