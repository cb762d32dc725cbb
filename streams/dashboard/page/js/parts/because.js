/* Why something is so: the rule, what it read, and what contributed most. */
import { el } from "../element.js";
import { decimal, reading, share } from "../format.js";
import { bars } from "./bars.js";
import { foreign } from "./names.js";

/** The text of a rule. */
export const rule = (text) => el("code", { class: "rule" }, foreign(text || "always"));

/** What a rule read. */
export function readings(values) {
  const entries = Object.entries(values);
  if (entries.length === 0) return null;
  return el(
    "p",
    { class: "readings" },
    entries.map(([term, value]) =>
      el(
        "span",
        {},
        el("code", { class: "muted" }, foreign(term)),
        " ",
        el("b", {}, foreign(reading(term, value))),
      ),
    ),
  );
}

/** Contributions as bars, the largest first. */
export function contributions(touchpoints, name) {
  if (touchpoints.length === 0) return null;
  const most = Math.max(...touchpoints.map(({ points }) => Math.abs(points)), 1e-9);
  const list = bars({ kind: "thin", name });
  list.show(
    touchpoints.map(({ event, points, share: part }) => ({
      key: event,
      label: event,
      count: Math.abs(points),
      text: decimal(points),
      note: share(part),
      width: Math.abs(points) / most,
    })),
  );
  return list.node;
}

const TRIGGERS = { touchpoint: "at a touchpoint", time: "as time went by", model: "when the model changed" };

/** All of a reason. */
export function because(reason) {
  return el(
    "div",
    { class: "more" },
    rule(reason.rule),
    readings(reason.values),
    contributions(reason.touchpoints, "Largest contributions"),
    el(
      "p",
      { class: "muted small" },
      TRIGGERS[reason.trigger.kind] ?? reason.trigger.kind,
      reason.trigger.message_id && [" ", el("code", {}, foreign(reason.trigger.message_id))],
    ),
  );
}
