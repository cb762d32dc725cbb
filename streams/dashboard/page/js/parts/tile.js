/* A figure with its change and its trend. */
import { el, fill, say, svg } from "../element.js";
import { change as signed, share } from "../format.js";
import { foreign } from "./names.js";

/** Make a tile; `show({value, change, trend, note})` brings it up to date. */
export function tile(name, { hint = null } = {}) {
  const value = el("dd", { class: "value" }, "–");
  const change = el("dd", { class: "change" });
  const trend = el("dd", { class: "trend", "aria-hidden": "true" });
  const node = el("dl", { class: "tile", title: hint }, el("dt", {}, foreign(name)), value, change, trend);
  let drawn = "";
  return {
    node,
    show(figure) {
      say(value, figure.value);
      if (figure.note !== undefined) say(change, figure.note);
      else if (figure.change === null) say(change, " ");
      else say(change, inWords(figure.change, figure.since));
      const points = figure.trend?.values ?? [];
      if (String(points) === drawn) return;
      drawn = String(points);
      fill(trend, points.length > 2 ? spark(points) : null);
    },
  };
}

/** A tile of shares: `show({value, rows})` with rows of `{label, share, colour}`. */
export function sharesTile(name) {
  const value = el("dd", { class: "value" }, "–");
  const words = el("span", {});
  const line = el("div", { class: "shares", "aria-hidden": "true" });
  const box = el("dd", { class: "shares-box" }, line, words);
  return {
    node: el("dl", { class: "tile" }, el("dt", {}, name), value, el("dd", { class: "change" }), box),
    show({ value: text, rows }) {
      say(value, text);
      fill(
        line,
        rows.map((row) => el("i", { style: { flex: String(row.share), background: row.colour } })),
      );
      say(words, rows.map((row) => `${share(row.share)} ${row.label}`).join(" · "));
    },
  };
}

function inWords(change, since) {
  if (change === 0) return `unchanged ${since}`;
  return `${change > 0 ? "▲" : "▼"} ${signed(change).replace(/^[+-]/, "")} ${since}`;
}

/** A small line over time. */
export function spark(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const at = (value, i) => {
    const y = high === low ? 20 : 34 - ((value - low) / (high - low)) * 28;
    return `${((i / (values.length - 1)) * 100).toFixed(2)} ${y.toFixed(2)}`;
  };
  const line = `M${values.map(at).join("L")}`;
  return svg(
    "svg",
    { class: "spark", viewBox: "0 0 100 36", preserveAspectRatio: "none", focusable: "false" },
    svg("path", { class: "area", d: `${line}L100 36L0 36Z` }),
    svg("path", { class: "line", d: line }),
  );
}
