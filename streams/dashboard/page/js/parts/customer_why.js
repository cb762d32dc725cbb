/* Why a customer is where it is, why it is nowhere else, and what its scores are made of. */
import { customerPath } from "../api.js";
import { el, fill } from "../element.js";
import { decimal } from "../format.js";
import { label, title } from "../text.js";
import { contributions, readings, rule } from "./because.js";
import { chip, foreign, stageName, timeAgo } from "./names.js";

/** Build the parts; `read()` reads them anew. What the reader opened stays open. */
export function customerWhy({ api, scope, now }, model, id, colours) {
  const stages = el("div", {});
  const scores = el("div", {});
  let drawn = "";

  async function read() {
    const why = await api.get(customerPath("/v1/customers", id, "/why"), {}, scope.signal);
    const shape = JSON.stringify({ ...why, as_of: null });
    if (shape === drawn) return;
    drawn = shape;
    const open = new Set(
      [...stages.querySelectorAll("details[open]"), ...scores.querySelectorAll("details[open]")].map(
        (node) => node.dataset.name,
      ),
    );
    fill(
      stages,
      model.frameworks
        .filter(({ name }) => why.stages[name])
        .map((framework) => stageReason(framework, why.stages[framework.name])),
      alertReadings(why.alerts),
    );
    fill(
      scores,
      Object.entries(why.scores).map(([name, reason]) => scoreReason(name, reason, model.scores[name], true)),
      dimensionReasons(why.dimensions),
    );
    for (const node of [...stages.querySelectorAll("details"), ...scores.querySelectorAll("details")]) {
      if (open.has(node.dataset.name)) node.open = true;
    }
  }

  function stageReason(framework, reason) {
    const own = colours.get(framework.name);
    const held = Array.isArray(reason.stage) ? reason.stage : [reason.stage];
    return el(
      "div",
      { class: "why" },
      el(
        "h3",
        {},
        el("span", { class: "muted" }, `${title(framework.name)}: `),
        held.length === 0 ? "none" : held.map((stage, i) => [i > 0 && ", ", stageName(stage, own)]),
        el("span", { class: "muted small" }, " since ", timeAgo(reason.since, now())),
      ),
      reason.rule && rule(reason.rule),
      readings(reason.values),
      Object.keys(reason.others).length > 0 &&
        el(
          "details",
          { "data-name": `stage/${framework.name}` },
          el(
            "summary",
            { class: "small muted" },
            framework.kind === "flags" ? "The rule of each flag" : "Why not another stage",
          ),
          el(
            "div",
            {},
            framework.kind === "ladder" &&
              el(
                "p",
                { class: "small muted" },
                "Exits come first; of the others, the most advanced stage whose rule holds counts.",
              ),
            Object.entries(reason.others).map(([stage, other]) =>
              el(
                "div",
                { class: "why-not" },
                el(
                  "span",
                  {},
                  stageName(stage, own),
                  " ",
                  chip(other.holds ? "holds" : "does not hold", other.holds ? "good" : ""),
                  other.from_stages.length > 0 &&
                    el(
                      "span",
                      { class: "muted small" },
                      ` only from ${other.from_stages.map(label).join(", ")}`,
                    ),
                ),
                rule(other.rule),
                readings(other.values),
              ),
            ),
          ),
        ),
    );
  }

  return { stages, scores, read };
}

function scoreReason(name, reason, formula, main) {
  return el(
    "div",
    { class: main ? "why" : "why-not" },
    el("h3", {}, foreign(label(name)), ` ${reason.value === null ? "none" : decimal(reason.value)}`),
    formula && rule(formula),
    contributions(reason.touchpoints, `What ${label(name)} is made of, in points`) ??
      el("p", { class: "muted small" }, "Nothing has contributed."),
  );
}

function dimensionReasons(dimensions) {
  const all = Object.entries(dimensions);
  if (all.length === 0) return null;
  return el(
    "div",
    { class: "why" },
    el(
      "details",
      { "data-name": "dimensions" },
      el("summary", { class: "small muted" }, "Its dimensions"),
      el(
        "div",
        {},
        all.map(([name, reason]) => scoreReason(name, reason, null, false)),
      ),
    ),
  );
}

function alertReadings(alerts) {
  const all = Object.entries(alerts);
  if (all.length === 0) return null;
  return el(
    "div",
    { class: "why" },
    el(
      "details",
      { "data-name": "alerts" },
      el("summary", { class: "small muted" }, "What its alerts read"),
      el(
        "div",
        {},
        all.map(([name, read]) =>
          el(
            "div",
            { class: "why-not" },
            el(
              "span",
              {},
              foreign(label(name)),
              " ",
              chip(read.holds ? "holds" : "does not hold", read.holds ? "warning" : ""),
            ),
            rule(read.rule),
            readings(read.values),
          ),
        ),
      ),
    ),
  );
}
