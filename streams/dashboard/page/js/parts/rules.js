/* The rules of a framework in plain text: what brings a customer into each stage, and what keeps it there. */
import { el } from "../element.js";
import { duration } from "../format.js";
import { label } from "../text.js";
import { rule } from "./because.js";
import { chip, stageName } from "./names.js";

/** Write the rules of all stages. */
export function rulesOf(framework, colours) {
  return el(
    "dl",
    { class: "rules" },
    framework.stages.map((stage) => [
      el("dt", {}, stageName(stage.name, colours), stage.exit && [" ", chip("tried first")]),
      el(
        "dd",
        {},
        rule(
          stage.upon
            ? `upon ${stage.upon}${stage.when && stage.when !== "always" ? `: ${stage.when}` : ""}`
            : stage.when,
        ),
        stage.stay && [el("span", { class: "small muted" }, "stays while"), rule(stage.stay)],
        conditions(stage),
      ),
    ]),
  );
}

function conditions(stage) {
  const words = [];
  if (stage.from_stages.length) words.push(`only from ${stage.from_stages.map(label).join(", ")}`);
  if (stage.for_ms !== null) words.push(`for ${duration(stage.for_ms)}`);
  return words.length ? el("span", { class: "small muted" }, words.join(" · ")) : null;
}
