/* A customer's touchpoints as they were sent, the last first; older ones when asked for. */
import { customerPath } from "../api.js";
import { el, fill, keyed } from "../element.js";
import { label } from "../text.js";
import { foreign, renewTimes, timeAgo } from "./names.js";
import { trouble } from "./notice.js";

const PAGE = 15;
const LOOKS = 4; // pages of the log to look through at a time before the reader is asked

/** Build the list; `renew()` puts new ones on top. */
export function customerTouchpoints({ api, scope, now }, id) {
  const list = el("ul", { class: "feed", "aria-label": "Touchpoints" });
  const said = el("div", {});
  const more = el(
    "button",
    { type: "button", class: "button small", onclick: () => older() },
    "Look further back",
  );
  let items = [];
  let cursor = null;

  const get = (after) =>
    api.get(customerPath("/v1/customers", id, "/touchpoints"), { limit: PAGE, cursor: after }, scope.signal);

  function show(kept = true) {
    keyed(list, items, { key: (item) => item.message_id, make: (item) => line(item, now()) });
    renewTimes(list, now());
    more.hidden = cursor === null;
    if (!kept) fill(said, el("p", { class: "muted" }, "Touchpoints are not kept for this question here."));
    else
      fill(
        said,
        items.length === 0 && cursor === null ? el("p", { class: "muted" }, "None are kept.") : null,
      );
  }

  async function attempt(doing) {
    try {
      await doing();
    } catch (error) {
      if (error.name !== "AbortError")
        fill(
          said,
          trouble(error, () => attempt(doing)),
        );
    }
  }

  const older = () =>
    attempt(async () => {
      more.disabled = true;
      let found = { touchpoints: [], kept: true };
      for (let look = 0; look < LOOKS && found.touchpoints.length === 0; look += 1) {
        found = await get(cursor);
        cursor = found.next;
        if (cursor === null) break;
      }
      items = [...items, ...found.touchpoints];
      more.disabled = false;
      show(found.kept);
    });

  older();
  return {
    node: el("div", {}, list, said, more),
    renew: () =>
      attempt(async () => {
        const found = await get(null);
        const known = new Set(items.map(({ message_id }) => message_id));
        items = [...found.touchpoints.filter(({ message_id }) => !known.has(message_id)), ...items];
        show(found.kept);
      }),
  };
}

function line(item, now) {
  const properties = Object.entries(item.properties)
    .map(([name, value]) => `${name} = ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(" · ");
  return el(
    "li",
    {},
    el(
      "span",
      { class: "mark info", title: item.direction === "out" ? "from the company" : "from the customer" },
      item.direction === "out" ? "←" : "→",
    ),
    el(
      "span",
      { class: "what" },
      foreign(item.event),
      el("span", { class: "muted small" }, ` ${label(item.channel)}`),
    ),
    el("span", { class: "when" }, timeAgo(item.at, now)),
    properties && el("span", { class: "because", title: properties }, foreign(properties)),
  );
}
