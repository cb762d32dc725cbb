/* The icons of the navigation, drawn with strokes in the colour of the text. */
import { svg } from "../element.js";

const PATHS = {
  overview: "M3 3h7v9H3zM14 3h7v5h-7zM14 12h7v9h-7zM3 16h7v5H3z",
  frameworks: "M4 20v-4h5v-4h5V8h6M4 20h16",
  customers:
    "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21c0-4 3-6.5 7-6.5s7 2.5 7 6.5M16 3.3a4 4 0 0 1 0 7.4M18.5 14.8c2.2.9 3.5 3 3.5 6.2",
  alerts: "M18 9a6 6 0 1 0-12 0c0 6-2.5 7-2.5 7h17S18 15 18 9M10 20a2.2 2.2 0 0 0 4 0",
  model: "M4 4h6v6H4zM14 14h6v6h-6zM10 7h4a3 3 0 0 1 3 3v4",
  health: "M2 12h5l2.5-7 5 14 2.5-7h5",
  theme: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
};

/** Draw an icon; it says nothing, the text beside it does. */
export function icon(name) {
  return svg(
    "svg",
    {
      viewBox: "0 0 24 24",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "1.7",
      "stroke-linejoin": "round",
      "stroke-linecap": "round",
      "aria-hidden": "true",
      focusable: "false",
    },
    svg("path", {
      d: PATHS[name],
      fill: name === "theme" ? "currentColor" : null,
      "fill-opacity": name === "theme" ? "0.25" : null,
    }),
  );
}
