/* Lists of what just happened: alerts and movements, the newest on top. */
import { el, keyed } from "../element.js";
import { reading } from "../format.js";
import { label } from "../text.js";
import { customerLink, foreign, mark, timeAgo } from "./names.js";

const MOST_FRESH = 3; // where more come at once nothing is highlighted: everything would flicker

/**
 * Make a list of at most `most` items, the last that came on top; while the reader points at it or is in it, what
 * comes waits. `put(items)` adds, `now()` is the server's time.
 */
export function feed({ name, most, make, now, scope, empty }) {
  const list = el("ul", { class: "feed", "aria-label": name });
  const node = el("div", {}, list);
  let items = [];
  let held = false;
  let first = true;

  function show() {
    if (held) return;
    empty.hidden = items.length > 0;
    const known = new Set([...list.children].map((row) => row.dataset.key));
    const calm = !first && items.filter(({ id }) => !known.has(id)).length <= MOST_FRESH;
    keyed(list, items, {
      key: (item) => item.id,
      make(item) {
        const row = make(item, now());
        if (calm) row.classList.add("fresh");
        return row;
      },
    });
    first = false;
  }
  const soon = scope.paced(900, show);
  for (const [event, holding] of [
    ["pointerenter", true],
    ["pointerleave", false],
    ["focusin", true],
    ["focusout", false],
  ]) {
    list.addEventListener(event, () => {
      held = holding;
      if (!held) soon();
    });
  }
  node.append(empty);
  return {
    node,
    list,
    put(more) {
      const known = new Set(items.map(({ id }) => id));
      items = [...more.filter(({ id }) => !known.has(id)), ...items].slice(0, most);
      soon();
    },
  };
}

/** A movement, as an item of a feed. */
export function movement(change, now) {
  const flag = change.from_stage === null || change.to_stage === null;
  return el(
    "li",
    {},
    mark(change.direction),
    el(
      "span",
      { class: "what" },
      customerLink(change.customer_id),
      el(
        "span",
        { class: "muted" },
        flag && change.to_stage === null ? " left " : change.from_stage === null ? " entered " : " ",
      ),
      change.from_stage !== null && foreign(label(change.from_stage)),
      change.from_stage !== null && change.to_stage !== null && " → ",
      change.to_stage !== null && foreign(label(change.to_stage)),
    ),
    el("span", { class: "when" }, timeAgo(change.at, now)),
    el("span", { class: "because", title: change.because.rule }, shortReason(change.because)),
  );
}

/** An alert that was raised, as an item of a feed. */
export function raised(alert, now) {
  return el(
    "li",
    {},
    mark(alert.severity),
    el("span", { class: "what" }, foreign(alert.message)),
    el("span", { class: "when" }, timeAgo(alert.at, now)),
    el("span", { class: "because" }, customerLink(alert.customer_id), ` · ${label(alert.alert)}`),
  );
}

function shortReason(because) {
  const values = Object.entries(because.values).slice(0, 2);
  if (values.length === 0) return because.rule || "always";
  return values.map(([term, value]) => `${term} = ${reading(term, value)}`).join(" · ");
}
