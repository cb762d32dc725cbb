/* What every view begins with: its heading, a sentence, and controls beside it. */
import { el } from "../element.js";

/** The head of a view; `heading` may be a node. */
export function viewHead(heading, { words = null, beside = null } = {}) {
  return el(
    "header",
    { class: "view-head" },
    el("div", {}, el("h1", {}, heading), words && el("p", {}, words)),
    beside,
  );
}

/** A view that waits for something that the store does not have yet. */
export function until(page, pick) {
  return new Promise((done) => {
    let stop = () => {};
    let found = false;
    stop = page.store.watch(pick, (part) => {
      if (found) return;
      found = true;
      queueMicrotask(() => stop());
      done(part);
    });
    page.scope.add(() => stop());
  });
}
