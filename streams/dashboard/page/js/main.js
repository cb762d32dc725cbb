/* Starts the page: store, API, event stream, router, and the frame around the views. */
import { createApi } from "./api.js";
import { el, fill } from "./element.js";
import { createLive } from "./live.js";
import { createRouter } from "./router.js";
import { createStore } from "./store.js";
import { onTheme } from "./theme.js";
import { announcer } from "./parts/announcer.js";
import { frame } from "./parts/frame.js";
import { trouble } from "./parts/notice.js";
import { viewHead } from "./parts/view.js";

const ROUTES = [
  ["/", () => import("./views/overview.js").then((m) => m.overview)],
  ["/overview", () => import("./views/overview.js").then((m) => m.overview)],
  ["/frameworks", () => import("./views/frameworks.js").then((m) => m.frameworks)],
  ["/frameworks/:name", () => import("./views/frameworks.js").then((m) => m.frameworks)],
  ["/customers", () => import("./views/customers.js").then((m) => m.customers)],
  ["/customers/:id", () => import("./views/customer.js").then((m) => m.customer)],
  ["/alerts", () => import("./views/alerts.js").then((m) => m.alerts)],
  ["/model", () => import("./views/model.js").then((m) => m.model)],
  ["/health", () => import("./views/health.js").then((m) => m.health)],
  ["", () => import("./views/missing.js").then((m) => m.missing)],
];

const app = document.getElementById("app");
const main = document.getElementById("main");
const store = createStore();
const announce = announcer(document.getElementById("announcer"));
let asking = false;
let retry = null;

const api = createApi({ turnedAway: () => askToSignIn() });

const live = createLive({
  changed(link) {
    store.set({ link });
  },
  beat({ now, behind }) {
    store.set({ now: Date.parse(now), behind });
  },
  async refused() {
    const session = await api.get("/v1/session").catch(() => null);
    if (session?.guarded && session.scope === null) askToSignIn();
  },
});

/** The server's time, as near as is known (epoch ms). */
function now() {
  const { now: beat, kpis } = store.get();
  return beat ?? (kpis ? Date.parse(kpis.as_of) : Date.now());
}

const page = { store, api, live, announce, now, go: (path) => router.go(path) };

const router = createRouter({
  main,
  routes: ROUTES,
  page,
  shown: (path) => bar.at(path),
  failed: (error) => ({
    title: "Not shown",
    node: el(
      "div",
      { class: "view" },
      viewHead("Not shown"),
      trouble(error, () => router.show()),
    ),
  }),
});

const bar = frame({ app, page, leave });

/** Read the figures, their history and the model anew; what cannot be read yet is asked for again soon. */
async function refresh() {
  clearTimeout(retry);
  try {
    const model = api.get("/v1/model").then(inForce);
    const kpis = api.get("/v1/kpis").then(newer);
    const history = Promise.all([
      api.get("/v1/kpis/history", { step: "hour", limit: 50 }),
      api.get("/v1/kpis/history", { step: "day", limit: 29 }),
    ]);
    history.catch(() => null);
    await Promise.all([model, kpis]);
    const [byHour, byDay] = await history;
    store.set({ hours: byHour.points, days: byDay.points, trouble: null });
  } catch (error) {
    if (asking) return;
    store.set({ trouble: error });
    retry = setTimeout(refresh, 2_000);
  }
}

/** Take the model; where it is another than the one that is shown, show it anew. */
function inForce(model) {
  const shown = store.get().model;
  store.set({ model });
  if (shown !== null && shown.digest !== model.digest) router.show({ first: true });
}

/** Take figures, unless what is shown is later: old figures never pass for new ones. */
function newer(kpis) {
  const shown = store.get().kpis;
  if (shown === null || kpis.as_of >= shown.as_of) store.set({ kpis });
}

async function askToSignIn() {
  if (asking) return;
  asking = true;
  live.close();
  const { signIn } = await import("./views/sign_in.js");
  app.classList.add("signed-out");
  fill(main, signIn({ api, done: start }));
  main.querySelector("input")?.focus();
}

async function leave() {
  await api.remove("/v1/session").catch(() => null);
  askToSignIn();
}

async function start() {
  asking = false;
  app.classList.remove("signed-out");
  refresh();
  const shown = router.show({ first: true });
  const session = await api.get("/v1/session").catch(() => null);
  store.set({ session });
  if (!asking) live.open();
  await shown;
}

live.on("kpis", newer);
live.on("resumed", refresh);
onTheme(() => router.show({ first: true })); // colours are computed when a view is built
setInterval(() => !document.hidden && !asking && refresh(), 300_000);
start();
