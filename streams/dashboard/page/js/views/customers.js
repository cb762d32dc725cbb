/* Customers: found by id, narrowed by stage and score, a page after the other, only the rows in sight drawn. */
import { el, fill } from "../element.js";
import { number } from "../format.js";
import { narrow } from "../router.js";
import { stageColours } from "../palette.js";
import { label, plural, title } from "../text.js";
import { ramp } from "../theme.js";
import { field, select } from "../parts/choose.js";
import { firstTouchpoint, nothing, trouble } from "../parts/notice.js";
import { customerWindow } from "../parts/customer_window.js";
import { until, viewHead } from "../parts/view.js";

const FIRST = 200;
const MORE = 1000;

export async function customers(page, { query }) {
  const model = await until(page, (all) => all.model);
  const filter = { prefix: "", framework: "", stage: "", score: "", min: "", max: "", ...query };
  const colours = new Map(
    model.frameworks.map((framework) => [framework.name, stageColours(framework, ramp())]),
  );
  const shown = customerWindow({ page, model, colours, more: () => read(false) });
  const status = el("p", { class: "muted", role: "status" });
  const said = el("div", {});
  const more = el(
    "button",
    { type: "button", class: "button", hidden: true, onclick: () => read(false) },
    `Read ${number(MORE)} more`,
  );
  let rows = [];
  let cursor = null;
  let reading = null;

  async function read(anew) {
    if (reading && !anew) return;
    reading?.abort();
    const mine = (reading = new AbortController());
    page.scope.signal.addEventListener("abort", () => mine.abort());
    const asked = { ...asQuery(filter), limit: anew ? FIRST : MORE, cursor: anew ? null : cursor };
    try {
      const found = await wholePage(page.api, asked, mine.signal);
      rows = anew ? found.customers : [...rows, ...found.customers];
      cursor = found.next;
      fill(said, rows.length ? null : none(page, filter));
    } catch (error) {
      if (error.name === "AbortError") return;
      fill(
        said,
        trouble(error, () => read(anew)),
      );
      if (anew) [rows, cursor] = [[], null];
    }
    reading = null;
    shown.show(rows, { ended: cursor === null, top: anew });
    more.hidden = cursor === null;
    status.textContent = `${number(rows.length)}${cursor ? "+" : ""} ${plural(rows.length, "customer", "customers")}${cursor ? " read so far" : ""}`;
  }
  const readAnew = page.scope.paced(250, () => {
    narrow(filter);
    read(true);
  });
  const change = (part) => {
    Object.assign(filter, part);
    readAnew();
  };

  await read(true);
  return {
    title: "Customers",
    node: el(
      "div",
      { class: "view" },
      viewHead("Customers", { words: status }),
      filters(model, filter, change),
      said,
      shown.node,
      el("div", {}, more),
    ),
  };
}

/* A page may be short, or empty, and still have a next: so much was looked through. Read on until it is full. */
async function wholePage(api, asked, signal) {
  const customers = [];
  let cursor = asked.cursor;
  do {
    const query = { ...asked, limit: asked.limit - customers.length, cursor };
    const found = await api.get("/v1/customers", query, signal);
    customers.push(...found.customers);
    cursor = found.next;
  } while (cursor !== null && customers.length < asked.limit);
  return { customers, next: cursor };
}

function asQuery({ prefix, framework, stage, score, min, max }) {
  const bounded = score && (min !== "" || max !== "");
  return {
    prefix,
    framework: stage ? framework : "",
    stage,
    score: bounded ? score : "",
    min: bounded ? min : "",
    max: bounded ? max : "",
  };
}

function none(page, filter) {
  const narrowed = Object.values(asQuery(filter)).some((value) => value !== "");
  if (!narrowed) return firstTouchpoint(page);
  return nothing(
    "No customer is like this.",
    el("p", {}, "Widen the search: a shorter beginning of the id, another stage, a wider range."),
  );
}

function filters(model, filter, change) {
  const prefix = el("input", {
    type: "search",
    value: filter.prefix,
    placeholder: "beginning of the id",
    autocomplete: "off",
    spellcheck: "false",
    oninput: () => change({ prefix: prefix.value }),
  });
  const scores = Object.keys(model.scores);
  if (!filter.score) filter.score = scores[0] ?? "";
  const bound = (name, text) => {
    const input = el("input", {
      type: "number",
      min: "0",
      max: "100",
      step: "any",
      value: filter[name],
      oninput: () => change({ [name]: input.value }),
    });
    return field(text, input);
  };
  return el(
    "form",
    {
      class: "fields",
      role: "search",
      "aria-label": "Narrow the list",
      onsubmit: (event) => event.preventDefault(),
    },
    field("Customer", prefix),
    model.frameworks.length > 0 &&
      select("Stage", stageChoices(model), JSON.stringify([filter.framework, filter.stage]), (value) => {
        const [framework, stage] = JSON.parse(value);
        change({ framework, stage });
      }),
    scores.length > 1 &&
      select(
        "Score",
        scores.map((name) => [name, label(name)]),
        filter.score,
        (score) => change({ score }),
      ),
    scores.length > 0 &&
      el("div", { class: "fields range" }, bound("min", `${label(filter.score)} from`), bound("max", "to")),
  );
}

function stageChoices(model) {
  const single = model.frameworks.length === 1;
  return [
    [JSON.stringify(["", ""]), "any"],
    ...model.frameworks.flatMap((framework) =>
      framework.stages.map((stage) => [
        JSON.stringify([framework.name, stage.name]),
        single ? label(stage.name) : `${title(framework.name)} · ${label(stage.name)}`,
      ]),
    ),
  ];
}
