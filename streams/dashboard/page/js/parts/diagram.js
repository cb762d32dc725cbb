/* A framework's stages, drawn: a ladder as steps, free stages as a ring, flags side by side. */
import { el, svg } from "../element.js";
import { inkOn } from "../palette.js";
import { label } from "../text.js";

const BOX = { width: 132, height: 36 };
const EXITS_A_ROW = 3;
let made = 0;

/** Draw a framework; the same in words is its description. */
export function diagram(framework, colours) {
  const draw = { ladder, free, flags }[framework.kind] ?? flags;
  const id = `arrow-${(made += 1)}`;
  const { parts, width, height } = draw(framework, colours, `url(#${id})`);
  const words = `${framework.stages.map((stage) => label(stage.name) + (stage.exit ? " (exit)" : "")).join(", ")}.`;
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Diagram of stages" },
    svg(
      "svg",
      {
        class: "diagram",
        viewBox: `0 0 ${width} ${height}`,
        width,
        height,
        role: "img",
        "aria-label": words,
      },
      svg(
        "defs",
        {},
        svg(
          "marker",
          { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
          svg("path", { d: "M0 0L8 4L0 8Z" }),
        ),
      ),
      parts,
    ),
  );
}

function box(stage, x, y, colours, width = BOX.width) {
  const ground = colours.get(stage.name);
  return svg(
    "g",
    {},
    svg("title", {}, stage.upon ? `upon ${stage.upon}` : stage.when),
    svg("rect", { x, y, width, height: BOX.height, rx: 8, style: { fill: ground, stroke: "none" } }),
    svg(
      "text",
      {
        x: x + width / 2,
        y: y + BOX.height / 2 + 4.5,
        "text-anchor": "middle",
        style: { fill: inkOn(ground) },
      },
      short(label(stage.name)),
    ),
  );
}

const short = (text) => (text.length > 17 ? `${text.slice(0, 16)}…` : text);
const arrow = (d, end, dashed = false) =>
  svg("path", { d, "marker-end": end, class: dashed ? "dashed" : null });

function ladder({ stages }, colours, end) {
  const steps = stages.filter(({ exit }) => !exit);
  const exits = stages.filter(({ exit }) => exit);
  const [right, up] = [Math.max(44, Math.min(112, 330 / Math.max(1, steps.length - 1))), 48];
  const top = 12;
  const floor = top + (steps.length - 1) * up;
  const at = (i) => ({ x: 4 + i * right, y: floor - i * up });
  const parts = steps.map((stage, i) => box(stage, at(i).x, at(i).y, colours));
  steps.slice(1).forEach((_, i) => {
    const [a, b] = [at(i), at(i + 1)];
    parts.push(arrow(`M${a.x + 24} ${a.y}V${b.y + 18}H${b.x - 3}`, end));
  });
  const exitY = floor + BOX.height + 52;
  exits.forEach((stage, i) => {
    const x = 4 + (i % EXITS_A_ROW) * (BOX.width + 20);
    const y = exitY + Math.floor(i / EXITS_A_ROW) * (BOX.height + 30);
    parts.push(box(stage, x, y, colours));
    const from = stage.from_stages.length
      ? `from ${stage.from_stages.map(label).join(", ")}`
      : "from anywhere";
    parts.push(
      svg(
        "text",
        { class: "note", x: x + BOX.width / 2, y: y + BOX.height + 16, "text-anchor": "middle" },
        shorter(from),
      ),
    );
  });
  const width =
    Math.max(at(steps.length - 1).x, 4 + (Math.min(exits.length, EXITS_A_ROW) - 1) * (BOX.width + 20)) +
    BOX.width +
    8;
  if (exits.length) {
    parts.push(svg("path", { class: "dashed", d: `M4 ${floor + BOX.height + 22}H${width - 4}` }));
    parts.push(
      svg("text", { class: "note", x: 4, y: floor + BOX.height + 40 }, "Exits, tried before the steps"),
    );
  }
  return {
    parts,
    width,
    height: exits.length
      ? exitY + Math.ceil(exits.length / EXITS_A_ROW) * (BOX.height + 30)
      : floor + BOX.height + 12,
  };
}

const shorter = (text) => (text.length > 26 ? `${text.slice(0, 25)}…` : text);

function free({ stages }, colours, end) {
  const radius = Math.max(90, stages.length * 24);
  const [width, height] = [2 * radius + BOX.width + 90, 2 * radius + BOX.height + 24];
  const middle = stages.map((_, i) => {
    const angle = (2 * Math.PI * i) / stages.length - Math.PI / 2;
    return { x: width / 2 + (radius + 40) * Math.cos(angle), y: height / 2 + radius * Math.sin(angle) };
  });
  const lines = stages.flatMap((stage, to) =>
    stage.from_stages
      .map((name) => stages.findIndex((each) => each.name === name))
      .filter((from) => from >= 0 && from !== to)
      .map((from) => {
        const target = edge(middle[from], middle[to]);
        const bend = {
          x: (middle[from].x + middle[to].x + width) / 4 + 6,
          y: (middle[from].y + middle[to].y + height) / 4 - 6,
        };
        return arrow(`M${middle[from].x} ${middle[from].y}Q${bend.x} ${bend.y} ${target.x} ${target.y}`, end);
      }),
  );
  const anywhere = stages.some((stage) => stage.from_stages.length === 0);
  return {
    parts: [
      lines,
      stages.map((stage, i) =>
        box(stage, middle[i].x - BOX.width / 2, middle[i].y - BOX.height / 2, colours),
      ),
      anywhere &&
        svg(
          "text",
          { class: "note", x: width / 2, y: height / 2 + 4, "text-anchor": "middle" },
          lines.length ? "" : "from any to any",
        ),
    ],
    width,
    height,
  };
}

/** Where a line between two middles meets the box around the second. */
function edge(from, to) {
  const [dx, dy] = [from.x - to.x, from.y - to.y];
  const scale = Math.min(
    (BOX.width / 2 + 6) / Math.abs(dx || 1e-9),
    (BOX.height / 2 + 6) / Math.abs(dy || 1e-9),
  );
  return { x: to.x + dx * scale, y: to.y + dy * scale };
}

function flags({ stages, levels }, colours, end) {
  const perRow = Math.min(stages.length, 3);
  const gap = levels ? 30 : 14;
  const parts = stages.map((stage, i) =>
    box(stage, 4 + (i % perRow) * (BOX.width + gap), 8 + Math.floor(i / perRow) * (BOX.height + 16), colours),
  );
  if (levels) {
    stages.slice(1).forEach((_, i) => {
      if ((i + 1) % perRow === 0) return;
      const x = 4 + (i % perRow) * (BOX.width + gap) + BOX.width;
      parts.push(
        arrow(
          `M${x + 2} ${8 + Math.floor(i / perRow) * (BOX.height + 16) + BOX.height / 2}H${x + gap - 2}`,
          end,
        ),
      );
    });
  }
  const rows = Math.ceil(stages.length / perRow);
  return { parts, width: 8 + perRow * (BOX.width + gap), height: 16 + rows * (BOX.height + 16) };
}
