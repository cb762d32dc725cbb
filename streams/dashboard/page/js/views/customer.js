/* One customer: where it is, how it came there, why, and what it did last. It is kept up to date. */
import { customerPath } from "../api.js";
import { el, fill } from "../element.js";
import { ago, duration } from "../format.js";
import { label, title } from "../text.js";
import { stageColours } from "../palette.js";
import { ramp } from "../theme.js";
import { card } from "../parts/card.js";
import { customerFacts } from "../parts/customer_facts.js";
import { customerHistory } from "../parts/customer_history.js";
import { customerTouchpoints } from "../parts/customer_touchpoints.js";
import { customerWhy } from "../parts/customer_why.js";
import { foreign, stageName, timeAt } from "../parts/names.js";
import { nothing, trouble } from "../parts/notice.js";
import { until, viewHead } from "../parts/view.js";

export async function customer(page, { id }) {
  const { api, live, scope, announce } = page;
  const model = await until(page, (all) => all.model);
  const base = (rest = "") => customerPath("/v1/customers", id, rest);
  let view;
  try {
    view = await api.get(base(), {}, scope.signal);
  } catch (error) {
    if (error.status === 404) return unknown(id);
    throw error;
  }
  const colours = new Map(
    model.frameworks.map((framework) => [framework.name, stageColours(framework, ramp())]),
  );
  const head = el("div", { class: "stage-heads" });
  const words = el("span", {});
  const said = el("div", {});
  const facts = customerFacts(page, model);
  const history = customerHistory(page, model, id, colours);
  const why = customerWhy(page, model, id, colours);
  const touchpoints = customerTouchpoints(page, id);

  function show() {
    fill(
      head,
      model.frameworks.map((framework) =>
        stages(framework, view.stages[framework.name], colours.get(framework.name)),
      ),
    );
    fill(
      words,
      "As of ",
      timeAt(view.as_of),
      view.next_due && [" · next look ", dueIn(view, page.now())],
      view.first && [" · known for ", duration(Date.parse(view.as_of) - Date.parse(view.first))],
    );
    facts.show(view);
    history.showUntil(view.as_of);
  }

  async function renew({ history: changed = false } = {}) {
    try {
      const [latest] = await Promise.all([
        api.get(base(), {}, scope.signal),
        why.read(),
        changed && history.read(),
        changed && touchpoints.renew(),
      ]);
      const moved = JSON.stringify(latest.stages) !== JSON.stringify(view.stages);
      const touched = (latest.last ?? latest.as_of) !== (view.last ?? view.as_of);
      view = latest;
      fill(said);
      show();
      if (moved) announce("The stage of this customer changed.", "stage");
      if (touched && !changed) await Promise.all([history.read(), touchpoints.renew()]);
    } catch (error) {
      if (error.name !== "AbortError")
        fill(
          said,
          trouble(error, () => renew()),
        );
    }
  }
  const soon = scope.paced(300, () => renew({ history: true }));
  scope.add(live.on("resumed", soon));
  live.follow(id);
  scope.add(() => live.follow(null));
  for (const kind of ["transition", "alert"]) {
    scope.add(live.on(kind, (event) => event.customer_id === id && soon()));
  }
  scope.add(live.on("acknowledgement", (entry) => entry.raised.customer_id === id && soon()));
  scope.every(4_000, () => page.store.get().link.state !== "disconnected" && renew());

  show();
  await Promise.all([why.read(), history.read()].map((reading) => reading.catch(() => null)));
  return {
    title: id,
    node: el(
      "div",
      { class: "view" },
      viewHead(foreign(id), { words }),
      head,
      said,
      el(
        "div",
        { class: "grid" },
        el(
          "div",
          { class: "two-thirds stack" },
          history.scores && card("Scores over time", {}, history.scores),
          card("Stages over time", {}, history.ribbons),
          card("Why", {}, why.stages),
          card("Touchpoints", {}, touchpoints.node),
        ),
        el(
          "div",
          { class: "third stack" },
          card("Now", { kind: "early" }, facts.node),
          card("What its scores are made of", {}, why.scores),
          card("Movements and alerts", {}, history.happened),
        ),
      ),
    ),
  };
}

function stages(framework, current, colours) {
  const list = Array.isArray(current) ? current : [current];
  return el(
    "span",
    { class: "chip" },
    el("span", { class: "muted" }, `${title(framework.name)} `, "\u00a0"),
    list.length === 0 ? "none" : list.map((stage, i) => [i > 0 && ",\u00a0", stageName(stage, colours)]),
  );
}

function dueIn(view, now) {
  return el(
    "time",
    { datetime: view.next_due, title: label("when something can next change by itself") },
    ago(view.next_due, now),
  );
}

function unknown(id) {
  return {
    title: id,
    node: el(
      "div",
      { class: "view" },
      viewHead(foreign(id)),
      nothing(
        "Nothing is known about this customer.",
        el(
          "p",
          {},
          el("a", { href: "/customers" }, "Look for another one"),
          ", or post a touchpoint with this customer_id.",
        ),
      ),
    ),
  };
}
