/* Choosers: a row of buttons for few choices, a list for many, a labelled field. */
import { el } from "../element.js";

/** Choices side by side; `chosen(value)` is called when another one is taken. */
export function segments(name, choices, current, chosen) {
  const buttons = choices.map(([value, text]) =>
    el(
      "button",
      { type: "button", "aria-pressed": String(value === current), onclick: () => take(value) },
      text,
    ),
  );
  function take(value) {
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(choices[i][0] === value)));
    chosen(value);
  }
  return el("div", { class: "segments", role: "group", "aria-label": name }, buttons);
}

/** A field with its label above. */
export function field(text, input) {
  return el("label", { class: "field" }, el("span", {}, text), input);
}

/** A list of choices. */
export function select(text, choices, current, chosen) {
  const list = el(
    "select",
    { onchange: () => chosen(list.value) },
    choices.map(([value, name]) => el("option", { value, selected: value === current }, name)),
  );
  return field(text, list);
}

/** Segments where they fit, a list where there are many. */
export function chooser(name, choices, current, chosen) {
  if (choices.length < 2) return null;
  if (choices.length <= 4) return segments(name, choices, current, chosen);
  const list = el(
    "select",
    { "aria-label": name, onchange: () => chosen(list.value) },
    choices.map(([value, text]) => el("option", { value, selected: value === current }, text)),
  );
  return list;
}
