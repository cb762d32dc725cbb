/* Charts by Plotly, which is loaded when the first chart comes into sight; each with words and a table. */
import { el, fill, say } from "../element.js";
import { token } from "../theme.js";
import { visible } from "../text.js";

let loading = null;

function plotly() {
  loading ??= new Promise((done, failed) => {
    const script = el("script", { src: "/assets/plotly.min.js" });
    script.addEventListener("load", () => done(globalThis.Plotly));
    script.addEventListener("error", () => failed(new Error("the chart library could not be loaded")));
    document.head.append(script);
  });
  return loading;
}

/** Text for Plotly, which reads some markup in labels: none is left. */
export function plain(text) {
  return visible(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * Make a chart. `show({summary, table, draw})` gives new data: `draw()` returns `{data, layout}`. Until it is in
 * sight nothing is drawn.
 */
export function chart({ scope, height }) {
  const box = el("div", { class: "chart-box", role: "img", style: { height: `${height}px` } });
  const body = el("div", { class: "chart-table-body" });
  const details = el("details", { class: "chart-table" }, el("summary", {}, "As a table"), body);
  const words = el("figcaption", { class: "unseen" });
  const node = el("figure", { class: "chart" }, box, words, details);
  let seen = false;
  let latest = null;
  let busy = false;
  let again = false;

  async function paint() {
    if (!seen || latest === null || scope.ended) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const library = await plotly();
      if (!scope.ended) {
        const { data, layout } = latest.draw();
        await library.react(box, data, dressed(layout, height), { displayModeBar: false, responsive: true });
      }
    } catch (error) {
      fill(box, el("p", { class: "muted" }, `No chart: ${error.message}`));
      details.open = true;
    }
    busy = false;
    if (again) {
      again = false;
      paint();
    }
  }

  const watching = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watching.disconnect();
      seen = true;
      requestAnimationFrame(() => setTimeout(paint));
    },
    { rootMargin: "200px" },
  );
  watching.observe(box);
  details.addEventListener("toggle", () => details.open && latest && fill(body, latest.table()));
  scope.add(() => watching.disconnect());
  scope.add(() => globalThis.Plotly?.purge(box));

  return {
    node,
    show(given) {
      latest = given;
      say(words, given.summary);
      box.setAttribute("aria-label", visible(given.summary));
      if (details.open) fill(body, given.table());
      paint();
    },
  };
}

function dressed(layout, height) {
  const axis = {
    gridcolor: token("line"),
    linecolor: token("line"),
    zeroline: false,
    automargin: true,
    fixedrange: true,
  };
  return {
    height,
    autosize: true,
    margin: { l: 44, r: 12, t: 8, b: 32 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: token("font"), size: 12, color: token("muted") },
    hoverlabel: { bgcolor: token("surface"), bordercolor: token("line"), font: { color: token("text") } },
    showlegend: false,
    ...layout,
    xaxis: { ...axis, ...layout.xaxis },
    yaxis: { ...axis, ...layout.yaxis },
  };
}
