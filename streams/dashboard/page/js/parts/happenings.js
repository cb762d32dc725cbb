/* What is happening: alerts as they come, movements as they come. */
import { el, say } from "../element.js";
import { number } from "../format.js";
import { sum } from "../figures.js";
import { plural } from "../text.js";
import { card } from "./card.js";
import { feed, movement, raised } from "./feed.js";
import { renewTimes } from "./names.js";
import { trouble } from "./notice.js";

/** Build both cards and keep them coming. */
export function happenings(page) {
  const { api, live, store, scope, announce, now } = page;
  const empty = (text) => el("p", { class: "muted" }, text);
  const alerts = feed({
    name: "Alerts as they come",
    most: 6,
    make: raised,
    now,
    scope,
    empty: empty("No alert has been raised yet."),
  });
  const moves = feed({
    name: "Movements as they come",
    most: 8,
    make: movement,
    now,
    scope,
    empty: empty("Nobody has moved yet."),
  });
  let fresh = 0;

  async function read(path, query, pick, list) {
    try {
      list.put(pick(await api.get(path, query, scope.signal)));
    } catch (error) {
      if (error.name !== "AbortError") list.node.replaceChildren(trouble(error));
    }
  }
  const readAll = () => {
    read(
      "/v1/alerts",
      { state: "all", limit: 6 },
      (book) => book.alerts.map((entry) => entry.raised),
      alerts,
    );
    read("/v1/transitions", { limit: 8 }, (found) => found.transitions, moves);
  };
  readAll();
  scope.add(live.on("resumed", readAll));

  scope.add(
    live.on("alert", (alert) => {
      if (alert.type !== "alert_raised") return;
      alerts.put([alert]);
      fresh += 1;
    }),
  );
  scope.add(live.on("transition", (change) => moves.put([change])));
  scope.every(15_000, () => {
    if (fresh > 0) announce(`${fresh} new ${plural(fresh, "alert", "alerts")}.`, "alerts");
    fresh = 0;
  });
  scope.every(2_000, () => {
    renewTimes(alerts.list, now());
    renewTimes(moves.list, now());
  });

  const raisedToday = el("span", {});
  const movedToday = el("span", {});
  scope.add(
    store.watch(
      (all) => all.kpis,
      (kpis) => {
        const moved = Object.values(kpis.transitions).reduce((all, counts) => all + sum(counts), 0);
        say(
          raisedToday,
          `${number(sum(kpis.alerts_raised))} raised and ${number(sum(kpis.alerts_resolved))} resolved today`,
        );
        say(movedToday, `${number(moved)} today`);
      },
    ),
  );
  return [
    card(
      "Alerts",
      { kind: "half", note: raisedToday, beside: el("a", { href: "/alerts", class: "small" }, "All alerts") },
      alerts.node,
    ),
    card("Movements", { kind: "half", note: movedToday }, moves.node),
  ];
}
