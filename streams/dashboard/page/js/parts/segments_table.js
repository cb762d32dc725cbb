/* Customers per stage by the values of a trait that the model names. */
import { el, fill } from "../element.js";
import { number, share } from "../format.js";
import { sum } from "../figures.js";
import { label } from "../text.js";
import { card, scrolling, table } from "./card.js";
import { chooser } from "./choose.js";
import { foreign, stageName } from "./names.js";

/** Build the card for a framework, null where the model names no trait. */
export function segmentsTable({ store, scope }, model, framework, colours) {
  if (model.segments.length === 0) return null;
  const body = el("div", {});
  let trait = model.segments[0];

  const draw = scope.paced(5_000, () => {
    const values = Object.entries(store.get().kpis?.segments[trait] ?? {})
      .map(([value, stages]) => [value, stages[framework.name] ?? {}])
      .sort(([, a], [, b]) => sum(b) - sum(a));
    if (values.length === 0) {
      fill(body, el("p", { class: "muted" }, "No customer has this trait."));
      return;
    }
    const rows = values.map(([value, counts]) => {
      const total = sum(counts);
      const cells = framework.stages.map(({ name }) => {
        const count = counts[name] ?? 0;
        return el("span", { title: share(total ? count / total : 0) }, count ? number(count) : "·");
      });
      return [foreign(value || "(none)"), number(total), ...cells];
    });
    const heads = framework.stages.map(({ name }) => [stageName(name, colours), true]);
    fill(
      body,
      scrolling(
        "Customers by segment",
        table([[label(trait.split(".").at(-1))], ["Customers", true], ...heads], rows),
      ),
    );
  });
  scope.add(store.watch((all) => all.kpis, draw));
  const choices = model.segments.map((name) => [name, label(name.split(".").at(-1))]);
  return card(
    "By segment",
    {
      beside: chooser("Trait", choices, trait, (name) => {
        trait = name;
        draw();
      }),
    },
    body,
  );
}
