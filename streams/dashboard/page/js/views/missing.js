/* The view of an address at which there is nothing. */
import { el } from "../element.js";
import { viewHead } from "../parts/view.js";

export function missing() {
  return {
    title: "Not found",
    node: el(
      "div",
      { class: "view" },
      viewHead("There is nothing at this address"),
      el("p", {}, el("a", { href: "/overview" }, "Go to the overview")),
    ),
  };
}
