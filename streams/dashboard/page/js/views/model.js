/* The model in force: its stages drawn, what its touchpoint map matched and what never came, its check. */
import { el } from "../element.js";
import { duration, number } from "../format.js";
import { stageColours } from "../palette.js";
import { label, plural, title } from "../text.js";
import { ramp } from "../theme.js";
import { card } from "../parts/card.js";
import { rule } from "../parts/because.js";
import { chip, foreign, mark } from "../parts/names.js";
import { diagram } from "../parts/diagram.js";
import { touchpointMap } from "../parts/touchpoint_map.js";
import { until, viewHead } from "../parts/view.js";

export async function model(page) {
  await until(page, (all) => all.model);
  const found = await page.api.get("/v1/model", {}, page.scope.signal); // how often lines matched changes
  return {
    title: "Model",
    node: el(
      "div",
      { class: "view" },
      viewHead(el("span", {}, foreign(found.name), el("span", { class: "muted" }, ` v${found.version}`)), {
        words: el(
          "span",
          {},
          "What events mean, which stages there are, when to raise an alert. ",
          el("code", { title: found.digest }, found.digest.slice(0, 12)),
        ),
      }),
      el(
        "div",
        { class: "grid" },
        found.frameworks.map((framework) =>
          card(
            title(framework.name),
            {
              kind: "half",
              note: label(framework.kind),
              beside: el(
                "a",
                { href: `/frameworks/${encodeURIComponent(framework.name)}`, class: "small" },
                "Rules and flows",
              ),
            },
            diagram(framework, stageColours(framework, ramp())),
          ),
        ),
        findings(found.findings),
      ),
      card(
        "Touchpoint map",
        { note: "the first line that matches gives a touchpoint its meaning" },
        touchpointMap(found),
      ),
      el("div", { class: "grid" }, scores(found), questions(found), alerts(found)),
    ),
  };
}

function findings(list) {
  if (list.length === 0)
    return card(
      "Check",
      { kind: "half" },
      el("p", {}, chip("nothing to say", "good"), " The model reads well."),
    );
  return card(
    "Check",
    { kind: "half", note: `${number(list.length)} ${plural(list.length, "finding", "findings")}` },
    el(
      "ul",
      { class: "feed" },
      list.map((finding) =>
        el(
          "li",
          {},
          mark(finding.severity === "error" ? "critical" : finding.severity),
          el("span", { class: "what" }, foreign(finding.reason)),
          el("span", { class: "when" }, finding.line ? `line ${finding.line}` : ""),
          finding.suggestion && el("span", { class: "because wraps" }, foreign(finding.suggestion)),
        ),
      ),
    ),
  );
}

function scores(found) {
  const names = Object.entries(found.scores);
  const goals = Object.entries(found.goals);
  return card(
    "Scores",
    { kind: "third" },
    names.length === 0 && el("p", { class: "muted" }, "None."),
    names.map(([name, formula]) =>
      el("div", { class: "why-not" }, el("h3", {}, foreign(label(name))), rule(formula)),
    ),
    found.dimensions.length > 0 &&
      el("p", { class: "small muted" }, "Dimensions: ", foreign(found.dimensions.map(label).join(", "))),
    goals.length > 0 &&
      el(
        "div",
        { class: "why-not" },
        el("h3", {}, "Goals"),
        el(
          "dl",
          { class: "facts" },
          goals.map(([name, goal]) => [el("dt", {}, foreign(name)), el("dd", {}, number(goal))]),
        ),
      ),
  );
}

function questions(found) {
  if (found.questions.length === 0) return null;
  const figures = {
    nps: "the share of promoters less that of detractors",
    top_two: "the share of the two best",
    mean: "the mean",
  };
  return card(
    "Questions",
    { kind: "third" },
    el(
      "dl",
      { class: "facts" },
      found.questions.map((each) => [
        el("dt", {}, foreign(title(each.name))),
        el(
          "dd",
          {},
          each.low === null ? "any value" : `${number(each.low)} to ${number(each.high)}`,
          `, stands for ${duration(each.window_ms)}`,
          el("span", { class: "muted" }, `, shown as ${figures[each.figure] ?? each.figure}`),
        ),
      ]),
    ),
  );
}

function alerts(found) {
  return card(
    "Alerts",
    { kind: "third" },
    found.alerts.length === 0 && el("p", { class: "muted" }, "None."),
    found.alerts.map((alert) =>
      el(
        "div",
        { class: "why-not" },
        el(
          "h3",
          {},
          mark(alert.severity),
          " ",
          foreign(label(alert.name)),
          el(
            "span",
            { class: "small muted" },
            ` ${alert.kind}, at most one in ${duration(alert.cooldown_ms)}`,
          ),
        ),
        el("p", { class: "small muted" }, foreign(alert.message)),
        alert.when && rule(alert.when),
      ),
    ),
  );
}
