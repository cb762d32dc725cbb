/* Small pieces that name things: customers, stages, times, severities. Each isolates foreign text. */
import { customerPath, isAddressable } from "../api.js";
import { el } from "../element.js";
import { ago, exactTime, utc } from "../format.js";
import { label } from "../text.js";

/** A text from outside that may run in either direction. */
export const foreign = (text, attributes = {}) => el("bdi", attributes, text);

/** A link to a customer. */
export function customerLink(id, text = id) {
  if (!isAddressable(id)) return foreign(text);
  return el("a", { href: customerPath("/customers", id), class: "plain-link customer" }, foreign(text));
}

/** A time in the reader's zone; UTC is in the title. */
export function timeAt(iso, write = exactTime) {
  return el("time", { datetime: iso, title: utc(iso) }, write(iso));
}

/** How long ago something was (never in the future); `renewTimes` keeps it right. */
export function timeAgo(iso, now) {
  return el(
    "time",
    { datetime: iso, title: `${exactTime(iso)} · ${utc(iso)}`, "data-ago": true },
    past(iso, now),
  );
}

const past = (iso, now) => ago(iso, Math.max(now, Date.parse(iso)));

/** Bring what `timeAgo` made up to date. */
export function renewTimes(root, now) {
  for (const node of root.querySelectorAll("time[data-ago]")) {
    const text = past(node.dateTime, now);
    if (node.textContent !== text) node.textContent = text;
  }
}

/** A stage with its colour; none is written as a dash. */
export function stageName(stage, colours) {
  if (stage === null || stage === undefined || stage === "") return el("span", { class: "muted" }, "none");
  const colour = colours?.get(stage);
  return el("span", {}, colour && swatch(colour), foreign(label(stage)));
}

export const swatch = (colour) =>
  el("i", { class: "swatch", style: { background: colour }, "aria-hidden": "true" });

const MARKS = { critical: "◆", warning: "▲", info: "●", forward: "▲", back: "▼", lateral: "◆" };

/** A sign for a severity or a direction; its word is there for those who do not see it. */
export function mark(word) {
  return el(
    "span",
    { class: `mark ${word}`, title: word },
    el("span", { "aria-hidden": "true" }, MARKS[word] ?? "●"),
    el("span", { class: "unseen" }, word),
  );
}

/** Which kind of chip a severity is. */
export const chip = (text, kind = "") => el("span", { class: `chip ${kind}` }, text);
