/* One alert in the list: what it says, why, its state, and its acknowledgement. */
import { el, fill } from "../element.js";
import { label } from "../text.js";
import { because } from "./because.js";
import { chip, customerLink, foreign, mark, timeAgo } from "./names.js";
import { trouble } from "./notice.js";
import { field } from "./choose.js";

/**
 * Make an item; `changed(entry)` hears of acknowledgements made here, at once and again when the server
 * answered, or with the old entry when it refused.
 */
export function alertItem(page, first, changed) {
  let entry = first;
  const line = el("p", { class: "alert-line" });
  const said = el("div", {});
  const act = el("div", { class: "act" });
  const form = el("div", {});
  const { raised } = entry;
  const node = el(
    "li",
    { class: "alert" },
    mark(raised.severity),
    el("div", { class: "alert-body" }, el("p", {}, foreign(raised.message)), line),
    act,
    el("div", { class: "more" }, form, said, reason(entry)),
  );
  node.addEventListener("renew", (event) => {
    entry = event.detail;
    show();
  });

  function show() {
    const { acknowledged: taken, resolved } = entry;
    fill(
      line,
      chip(label(raised.alert), raised.severity),
      customerLink(raised.customer_id),
      timeAgo(raised.at, page.now()),
      resolved && el("span", { class: "chip good" }, "resolved ", timeAgo(resolved.at, page.now())),
      entry.state === "open" && chip("open"),
      taken &&
        el(
          "span",
          {},
          "✓ ",
          foreign(taken.by || "somebody"),
          " looks after it",
          taken.note && [": ", foreign(taken.note)],
          " · ",
          timeAgo(taken.at, page.now()),
        ),
    );
    fill(
      act,
      taken
        ? el("button", { type: "button", class: "button small bare", onclick: takeBack }, "Take back")
        : el(
            "button",
            { type: "button", class: "button small", "aria-expanded": "false", onclick: ask },
            "Acknowledge",
          ),
    );
    act.hidden = page.store.get().session?.scope === "read"; // needs more than that
  }

  function ask() {
    const by = el("input", {
      name: "by",
      autocomplete: "name",
      maxlength: "100",
      value: page.store.get().session?.name ?? "",
    });
    const note = el("input", { name: "note", autocomplete: "off", maxlength: "1000" });
    const close = () => {
      fill(form);
      act.querySelector("button")?.focus();
    };
    act.firstChild.setAttribute("aria-expanded", "true");
    fill(
      form,
      el(
        "form",
        {
          "aria-label": "Acknowledge",
          onsubmit(event) {
            event.preventDefault();
            acknowledge(by.value.trim(), note.value.trim());
            close();
          },
          onkeydown: (event) => event.key === "Escape" && close(),
        },
        field("Your name", by),
        field("Note", note),
        el("button", { type: "submit", class: "button primary" }, "Acknowledge"),
        el("button", { type: "button", class: "button bare", onclick: close }, "Cancel"),
      ),
    );
    by.focus();
  }

  const acknowledge = (by, note) =>
    attempt(
      { ...entry, acknowledged: { by, note, at: new Date(page.now()).toISOString() } },
      () => page.api.post(path(), { by, note }),
      "Acknowledged.",
    );
  const takeBack = () =>
    attempt({ ...entry, acknowledged: null }, () => page.api.remove(path()), "Taken back.");
  const path = () => `/v1/alerts/${encodeURIComponent(raised.id)}/acknowledgement`;

  /** Show what is hoped for, ask the server, and go back to what was if it refuses. */
  async function attempt(hoped, ask, told) {
    const before = entry;
    fill(said);
    changed(hoped);
    try {
      changed((await ask()) ?? hoped);
      page.announce(told, "acknowledged");
    } catch (error) {
      changed(before);
      fill(said, trouble(error));
    }
  }

  show();
  return { node };
}

function reason({ raised, resolved }) {
  const body = el("div", {});
  const details = el("details", {}, el("summary", { class: "small muted" }, "Why"), body);
  details.addEventListener("toggle", () => {
    if (!details.open || body.firstChild) return;
    fill(
      body,
      because(raised.because),
      resolved && [el("h3", {}, "Resolved because"), because(resolved.because)],
    );
  });
  return details;
}
