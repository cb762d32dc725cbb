/* How a customer is now: scores, open alerts, answers, signals, money. */
import { el, fill } from "../element.js";
import { compact, date, decimal, duration, number, share } from "../format.js";
import { label, title } from "../text.js";
import { bars } from "./bars.js";
import { scrolling, table } from "./card.js";
import { chip, foreign, timeAgo, timeAt } from "./names.js";

/** Make the list; `show(view)` brings it up to date. */
export function customerFacts(page, model) {
  const list = el("dl", { class: "facts" });
  const mix = bars({ kind: "thin", name: "Mix of types" });
  const mixed = el("div", {}, el("h3", {}, "Mix of types"), mix.node);
  const signals = el("div", {});
  const severity = new Map(model.alerts.map((alert) => [alert.name, alert.severity]));

  return {
    node: el("div", { class: "why" }, list, mixed, signals),
    show(view) {
      const now = page.now();
      fill(
        list,
        Object.entries(view.scores).map(([name, value]) =>
          fact(
            label(name),
            value === null ? "none" : decimal(value),
            view.levels[name] && chip(label(view.levels[name])),
          ),
        ),
        fact(
          "Open alerts",
          view.open_alerts.length === 0
            ? "none"
            : el(
                "span",
                {},
                view.open_alerts.map((alert) => [
                  chip(label(alert.alert), severity.get(alert.alert)),
                  " ",
                  timeAgo(alert.since, now),
                  " ",
                ]),
              ),
          view.open_alerts.length > 0 &&
            el("a", { href: `/alerts?${new URLSearchParams({ customer: view.customer_id })}` }, "see"),
        ),
        view.last && fact("Last touchpoint", timeAgo(view.last, now)),
        Object.entries(view.answers).map(([name, answer]) =>
          fact(
            title(name),
            el("b", {}, number(answer.value)),
            el("span", { class: "muted" }, timeAgo(answer.at, now)),
          ),
        ),
        view.rfm &&
          view.rfm.frequency > 0 && [
            fact(
              "Bought",
              `${number(view.rfm.frequency)} ×, ${money(view.rfm.monetary, model.currency)} in all`,
            ),
            fact(
              "Last bought",
              view.rfm.recency_ms === null ? "never" : `${duration(view.rfm.recency_ms)} ago`,
            ),
          ],
      );
      const shares = Object.entries(view.mix).sort(([, a], [, b]) => b - a);
      mixed.hidden = shares.length === 0;
      mix.show(
        shares.map(([name, part]) => ({
          key: name,
          label: label(name),
          count: part,
          text: share(part),
          note: " ",
          width: part,
        })),
      );
      fill(signals, signalTable(view.signals));
    },
  };
}

function fact(name, value, more = null) {
  return [el("dt", {}, foreign(name)), el("dd", {}, value, more && [" ", more])];
}

function signalTable(signals) {
  const entries = Object.entries(signals).sort(([, a], [, b]) => b.count - a.count);
  if (entries.length === 0) return null;
  return scrolling(
    "Signals",
    table(
      [["Signal"], ["Times", true], ["Sum", true], ["Last", true]],
      entries.map(([name, signal]) => [
        foreign(label(name)),
        number(signal.count),
        signal.sum === 0 || signal.sum === signal.count ? "–" : compact(signal.sum),
        timeAt(signal.last, date),
      ]),
    ),
  );
}

function money(amount, currency) {
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
  } catch {
    return `${number(amount)} ${currency}`;
  }
}
