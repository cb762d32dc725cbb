/* A colour for each stage: a ramp of the accent along a ladder, hues after Okabe & Ito elsewhere. Pure. */

const HUES = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b3a41a", "#7a8694"];
const EXITS = ["#d55e00", "#009e73", "#8a94a1", "#cc79a7", "#e69f00"];
export const NEUTRAL = "#8a94a1";

/** Colours by stage name; `ramp` are two colours (`#rrggbb`). */
export function stageColours(framework, ramp) {
  const colours = new Map();
  const inside = framework.stages.filter(({ exit }) => !exit);
  const outside = framework.stages.filter(({ exit }) => exit);
  inside.forEach(({ name }, i) => {
    const along = inside.length > 1 ? i / (inside.length - 1) : 1;
    colours.set(name, framework.kind === "ladder" ? mix(ramp[0], ramp[1], along) : HUES[i % HUES.length]);
  });
  outside.forEach(({ name }, i) => colours.set(name, EXITS[i % EXITS.length]));
  return colours;
}

/** Hues for things without an order. */
export const hue = (i) => HUES[i % HUES.length];

/** The colour for text on a ground: black or white, whichever stands out more. */
export function inkOn(ground) {
  const [r, g, b] = channels(ground).map((value) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return light > 0.18 ? "#000000" : "#ffffff";
}

/** Make a colour see-through. */
export function faint(colour, alpha) {
  return `rgba(${channels(colour).join(", ")}, ${alpha})`;
}

function mix(from, to, along) {
  const [a, b] = [channels(from), channels(to)];
  return `#${a
    .map((value, i) =>
      Math.round(value + (b[i] - value) * along)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

function channels(colour) {
  return [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16));
}
