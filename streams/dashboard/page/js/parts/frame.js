/* The frame: navigation, search, how the connection is, the theme. */
import { customerPath } from "../api.js";
import { el, fill, say } from "../element.js";
import { clockTime, exactTime, number, utc } from "../format.js";
import { sum } from "../figures.js";
import { isDark, onTheme, toggle } from "../theme.js";
import { foreign } from "./names.js";
import { icon } from "./icons.js";

const PLACES = [
  ["/overview", "overview", "Overview"],
  ["/frameworks", "frameworks", "Frameworks"],
  ["/customers", "customers", "Customers"],
  ["/alerts", "alerts", "Alerts"],
  ["/model", "model", "Model"],
  ["/health", "health", "Health"],
];

const STATES = {
  connecting: "Connecting",
  live: "Live",
  behind: "Catching up",
  stale: "Stale",
  disconnected: "Disconnected, trying again",
};

/** Build the frame around `main`; return `at(path)`, which marks the place in the navigation. */
export function frame({ app, page, leave }) {
  const { store, announce } = page;
  const open = el("span", { class: "badge", hidden: true });
  const links = PLACES.map(([href, name, text]) =>
    el("a", { href }, icon(name), el("span", {}, text), name === "alerts" && open),
  );
  const foot = el("div", { class: "side-foot" });
  const brand = () =>
    el(
      "a",
      { href: "/overview", class: "brand" },
      el("img", { src: "/assets/icon.svg", alt: "" }),
      el("span", {}, "Rapport"),
    );
  const side = el(
    "div",
    { class: "side" },
    brand(),
    el("nav", { class: "nav", "aria-label": "Views" }, links),
    foot,
  );

  const state = linkState(page);
  const theme = el(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": "Dark theme",
      title: "Dark or light",
      onclick: toggle,
    },
    icon("theme"),
  );
  const pressed = () => theme.setAttribute("aria-pressed", String(isDark()));
  onTheme(pressed);
  pressed();
  const out = el(
    "button",
    { type: "button", class: "button small", hidden: true, onclick: leave },
    "Sign out",
  );
  const top = el(
    "header",
    { class: "top" },
    brand(),
    jump(page),
    el("div", { class: "top-end" }, state, out, theme),
  );
  const banner = el("div", { class: "banner", role: "status" });
  app.prepend(side, top);
  app.querySelector("main").before(banner);
  store.watch(
    (all) => all.trouble ?? false,
    (error) => {
      fill(
        banner,
        error && [
          el("strong", {}, error.heading ?? "Trouble"),
          " ",
          foreign(error.message),
          " Trying again.",
        ],
      );
    },
  );

  store.watch(
    (all) => all.model,
    (model) => {
      fill(
        foot,
        el("span", {}, "Model ", foreign(model.name), ` v${model.version}`),
        el("a", { href: "/docs", class: "quiet-link" }, "API"),
      );
    },
  );
  store.watch(
    (all) => all.session,
    (session) => {
      out.hidden = !session.guarded || session.scope === null;
    },
  );
  store.watch(
    (all) => all.kpis,
    (kpis) => {
      const count = sum(kpis.alerts_open);
      open.hidden = count === 0;
      say(open, number(count));
    },
  );
  let told = "connecting";
  store.watch(
    (all) => all.link.state,
    (name) => {
      app.classList.toggle("old", name === "disconnected" || name === "stale");
      const worth =
        name === "disconnected" || name === "stale" || told === "disconnected" || told === "stale";
      if (worth) announce(`${STATES[name]}.`, "connection");
      told = name;
    },
  );

  return {
    at(path) {
      for (const link of links) {
        const href = link.getAttribute("href");
        const here = path === href || path.startsWith(`${href}/`) || (path === "/" && href === "/overview");
        if (here) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
    },
  };
}

/** How the connection is, and as of when the figures are. */
function linkState({ store }) {
  const name = el("strong", {});
  const asOf = el("time", {});
  const node = el(
    "div",
    { class: "link-state", "data-state": "connecting" },
    el("i", { class: "dot", "aria-hidden": "true" }),
    name,
    asOf,
  );
  function show() {
    const { link, kpis, now, behind } = store.get();
    node.dataset.state = link.state;
    say(name, STATES[link.state]);
    node.title = link.state === "behind" ? `${number(behind)} stored records are still to be processed` : "";
    // What is shown was true at the last beat, and stays as of then while there are no more.
    const known = Math.max(now ?? 0, kpis ? Date.parse(kpis.as_of) : 0);
    if (known === 0) return;
    const latest = new Date(known).toISOString();
    asOf.dateTime = latest;
    asOf.title = `As of ${exactTime(latest)} · ${utc(latest)}`;
    say(asOf, clockTime(latest));
  }
  store.watch((all) => all.link, show);
  store.watch((all) => all.kpis, show);
  store.watch((all) => all.now, show);
  return node;
}

/** Jump to a customer by id, or search by its beginning; `/` goes there. */
function jump({ api, go }) {
  const input = el("input", {
    type: "search",
    "aria-label": "Find a customer by id",
    placeholder: "Find a customer  ( / )",
    autocomplete: "off",
    spellcheck: "false",
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
  });
  return el(
    "form",
    {
      class: "jump",
      role: "search",
      async onsubmit(event) {
        event.preventDefault();
        const id = input.value.trim();
        if (!id) return;
        const known = await api.get(customerPath("/v1/customers", id)).catch(() => null);
        input.value = "";
        go(known ? customerPath("/customers", id) : `/customers?${new URLSearchParams({ prefix: id })}`);
      },
    },
    input,
  );
}
