/* Health: is it ready, is it behind, does the count of records add up, what does it hold. */
import { el, fill } from "../element.js";
import { OUTCOMES } from "../figures.js";
import { bytes, duration, number, share } from "../format.js";
import { label, plural } from "../text.js";
import { bars } from "../parts/bars.js";
import { card, scrolling, table } from "../parts/card.js";
import { chip, timeAt } from "../parts/names.js";
import { trouble } from "../parts/notice.js";
import { viewHead } from "../parts/view.js";

export async function health(page) {
  const body = el("div", { class: "grid" });
  const said = el("div", {});
  const outcomes = bars({ kind: "thin", name: "Records by outcome" });

  async function read() {
    try {
      const status = await page.api.get("/v1/status", {}, page.scope.signal);
      fill(said);
      fill(body, ready(status), records(status, outcomes), partitions(status), doors());
    } catch (error) {
      if (error.name !== "AbortError") fill(said, trouble(error, read));
    }
  }
  await read();
  page.scope.every(3_000, read);
  return {
    title: "Health",
    node: el("div", { class: "view" }, viewHead("Health", { words: "How Rapport itself is." }), said, body),
  };
}

function ready(status) {
  return card(
    "Service",
    { kind: "half", beside: status.ready ? chip("ready", "good") : chip("not ready", "critical") },
    status.hindrance && el("p", { class: "notice trouble" }, status.hindrance),
    el(
      "dl",
      { class: "facts" },
      facts([
        ["Version", status.version],
        ["Runs", status.mode === "kafka" ? "on Kafka" : `${status.mode}, in one process`],
        ["Started", timeAt(status.started)],
        ["Up for", duration(Date.parse(status.now) - Date.parse(status.started))],
        ["Still to be processed", `${number(status.behind)} ${plural(status.behind, "record", "records")}`],
        ["Memory for a customer", status.row_bytes === null ? "unknown" : bytes(status.row_bytes)],
        ["Readers of the event stream", number(status.readers)],
      ]),
    ),
  );
}

function records({ outcomes: counts }, list) {
  const entries = OUTCOMES.map((name) => [name, counts[name] ?? 0]);
  const others = Object.entries(counts).filter(([name, count]) => !OUTCOMES.includes(name) && count > 0);
  const total = entries.reduce((all, [, count]) => all + count, 0);
  const most = Math.max(1, ...entries.map(([, count]) => count));
  list.show(
    entries.map(([name, count]) => ({
      key: name,
      label: label(name),
      count,
      share: total ? count / total : 0,
      width: count / most,
    })),
  );
  return card(
    "Every record has one outcome",
    { kind: "half" },
    list.node,
    el(
      "p",
      { class: "muted small" },
      entries.map(([, count]) => number(count)).join(" + "),
      " = ",
      el("b", {}, number(total)),
      " records read. Nothing is lost, nothing is counted twice.",
    ),
    others.length > 0 &&
      el(
        "p",
        { class: "muted small" },
        "Counted beside: ",
        others.map(([name, count]) => `${label(name).toLowerCase()} ${number(count)}`).join(", "),
        ".",
      ),
  );
}

function partitions({ partitions: list, now }) {
  const customers = list.reduce((all, each) => all + each.customers, 0);
  return card(
    "Partitions",
    { kind: "half", note: `${number(list.length)}, ${number(customers)} customers` },
    scrolling(
      "Partitions",
      table(
        [["Partition"], ["Customers", true], ["Share", true], ["As of", true], ["Age", true]],
        list.map((each) => [
          number(each.partition),
          number(each.customers),
          share(customers ? each.customers / customers : 0),
          timeAt(each.as_of),
          duration(Math.max(0, Date.parse(now) - Date.parse(each.as_of))),
        ]),
      ),
    ),
  );
}

function doors() {
  const door = (href, name, words) => [el("dt", {}, el("a", { href }, name)), el("dd", {}, words)];
  return card(
    "Other doors",
    { kind: "half" },
    el(
      "dl",
      { class: "facts" },
      door("/docs", "API", "every route, with its parameters and answers"),
      door("/v1/openapi.json", "OpenAPI", "the same, for programs"),
      door("/metrics", "Metrics", "for Prometheus"),
      door("/healthz", "Liveness", "the process lives"),
      door("/readyz", "Readiness", "touchpoints are taken and answers are current"),
    ),
  );
}

const facts = (rows) => rows.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
