/* Alerts: which are open, why, and who looks after them. */
import { el, fill, keyed } from "../element.js";
import { number } from "../format.js";
import { narrow } from "../router.js";
import { label, plural } from "../text.js";
import { alertItem } from "../parts/alert_item.js";
import { field, segments, select } from "../parts/choose.js";
import { renewTimes } from "../parts/names.js";
import { nothing, trouble } from "../parts/notice.js";
import { until, viewHead } from "../parts/view.js";

const STATES = [
  ["open", "Open"],
  ["event", "Events"],
  ["resolved", "Resolved"],
  ["all", "All"],
];
const PAGE = 50;

export async function alerts(page, { query }) {
  const model = await until(page, (all) => all.model);
  const filter = { state: "open", alert: "", severity: "", acknowledged: "", customer: "", ...query };
  const list = el("ul", { class: "alert-list", "aria-label": "Alerts" });
  const status = el("p", { class: "muted", role: "status" });
  const said = el("div", {});
  const more = el(
    "button",
    { type: "button", class: "button", hidden: true, onclick: () => read({ anew: false }) },
    "Show older ones",
  );
  const fresh = el("button", {
    type: "button",
    class: "button small",
    hidden: true,
    onclick: () => read({ anew: true }),
  });
  let entries = [];
  let cursor = null;
  let waiting = 0;
  let asking = 0;

  async function read({ anew }) {
    const mine = ++asking;
    try {
      const found = await page.api.get(
        "/v1/alerts",
        { ...filter, limit: PAGE, cursor: anew ? null : cursor },
        page.scope.signal,
      );
      if (mine !== asking) return;
      entries = anew ? found.alerts : [...entries, ...found.alerts];
      cursor = found.next;
      waiting = 0;
      fresh.hidden = true;
      fill(said, entries.length ? null : nothing(...none(filter)));
      show();
    } catch (error) {
      if (error.name !== "AbortError")
        fill(
          said,
          trouble(error, () => read({ anew })),
        );
    }
  }

  function show() {
    keyed(list, entries, {
      key: ({ raised }) => raised.id,
      make: (entry) => alertItem(page, entry, replace).node,
      renew: (node, entry) => node.dispatchEvent(new CustomEvent("renew", { detail: entry })),
    });
    more.hidden = cursor === null;
    status.textContent = `${number(entries.length)}${cursor ? "+" : ""} ${plural(entries.length, "alert", "alerts")} shown`;
  }

  function replace(entry) {
    entries = entries.map((each) => (each.raised.id === entry.raised.id ? entry : each));
    show();
  }

  page.scope.add(page.live.on("acknowledgement", replace));
  page.scope.add(
    page.live.on("alert", (alert) => {
      if (alert.type === "alert_resolved") {
        const entry = entries.find(({ raised }) => raised.id === alert.raised_id);
        if (entry) replace({ ...entry, state: "resolved", resolved: alert });
      } else if (matches(alert, filter, model)) {
        waiting += 1;
        fresh.hidden = false;
        fresh.textContent = `Show ${number(waiting)} new`;
      }
    }),
  );
  page.scope.add(page.live.on("resumed", () => read({ anew: true })));
  page.scope.every(5_000, () => renewTimes(list, page.now()));

  function change(part) {
    Object.assign(filter, part);
    narrow(filter);
    read({ anew: true });
  }
  await read({ anew: true });
  return {
    title: "Alerts",
    node: el(
      "div",
      { class: "view" },
      viewHead("Alerts", { words: status, beside: fresh }),
      filters(model, filter, change, page.scope),
      said,
      list,
      el("div", {}, more),
    ),
  };
}

function filters(model, filter, change, scope) {
  const severities = [...new Set(model.alerts.map(({ severity }) => severity))];
  const customer = el("input", {
    type: "search",
    value: filter.customer,
    autocomplete: "off",
    spellcheck: "false",
    oninput: () => later(),
  });
  const later = scope.paced(400, () => change({ customer: customer.value.trim() }));
  return el(
    "form",
    {
      class: "fields",
      role: "search",
      "aria-label": "Narrow the list",
      onsubmit: (event) => event.preventDefault(),
    },
    el(
      "div",
      { class: "field" },
      el("span", { class: "small muted", "aria-hidden": "true" }, "State"),
      segments("State", STATES, filter.state, (state) => change({ state })),
    ),
    select(
      "Alert",
      [["", "any"], ...model.alerts.map(({ name }) => [name, label(name)])],
      filter.alert,
      (alert) => change({ alert }),
    ),
    select(
      "Severity",
      [["", "any"], ...severities.map((name) => [name, label(name)])],
      filter.severity,
      (severity) => change({ severity }),
    ),
    select(
      "Acknowledged",
      [
        ["", "any"],
        ["false", "no"],
        ["true", "yes"],
      ],
      filter.acknowledged,
      (acknowledged) => change({ acknowledged }),
    ),
    field("Customer", customer),
  );
}

function matches(alert, filter, model) {
  const kind = model.alerts.find(({ name }) => name === alert.alert)?.kind;
  const state = kind === "event" ? "event" : "open";
  return (
    (filter.state === "all" || filter.state === state) &&
    (!filter.alert || filter.alert === alert.alert) &&
    (!filter.severity || filter.severity === alert.severity) &&
    (!filter.customer || filter.customer === alert.customer_id) &&
    filter.acknowledged !== "true"
  );
}

function none({ state, alert, severity, acknowledged, customer }) {
  if (alert || severity || acknowledged || customer)
    return ["No alert is like this.", el("p", {}, "Widen the search above.")];
  if (state === "open")
    return [
      "No alert is open.",
      el(
        "p",
        {},
        "New ones are told here as they come. What alerts there are, the ",
        el("a", { href: "/model" }, "model"),
        " says.",
      ),
    ];
  return ["There is none."];
}
