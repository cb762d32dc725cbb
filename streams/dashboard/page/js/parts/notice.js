/* What is said where there is nothing, or where something went wrong. */
import { el } from "../element.js";
import { foreign } from "./names.js";

/** Nothing here yet, and what to do about it. */
export function nothing(heading, ...more) {
  return el("div", { class: "notice" }, el("strong", {}, heading), ...more);
}

/** How to send the first touchpoint. */
export function firstTouchpoint({ store }) {
  const token = store.get().session?.guarded ? " -H 'Authorization: Bearer TOKEN'" : "";
  const command =
    `curl ${location.origin}/v1/touchpoints${token} -d '{"message_id": "m1", "customer_id": "ada",\n` +
    `  "event": "Page Viewed", "timestamp": "${new Date().toISOString().slice(0, 19)}Z"}'`;
  return nothing(
    "Nobody is known yet.",
    el("p", {}, "Post a touchpoint, and the customer appears here at once:"),
    el("pre", { tabindex: "0" }, command),
    el("p", {}, "On Kafka, send a file of them: ", el("code", {}, "rapport send FILE"), "."),
  );
}

/** An error, in the words of the server. */
export function trouble(error, again = null) {
  return el(
    "div",
    { class: "notice trouble", role: "alert" },
    el("strong", {}, error.heading ?? "Something went wrong on this page"),
    el("p", {}, foreign(error.message)),
    again && el("button", { class: "button small", type: "button", onclick: again }, "Try again"),
  );
}
