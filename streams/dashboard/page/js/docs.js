/* The page of the API: reads the OpenAPI document and shows its routes, parameters, answers and types. */
import { createApi } from "./api.js";
import { el, fill } from "./element.js";
import { card, scrolling, table } from "./parts/card.js";
import { trouble } from "./parts/notice.js";
import { chip } from "./parts/names.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const main = document.getElementById("main");
const api = createApi({ turnedAway: () => location.assign("/overview") });

try {
  show(await api.get("/v1/openapi.json"));
} catch (error) {
  fill(
    main,
    el("h1", {}, "API"),
    trouble(error, () => location.reload()),
  );
}

function show(document_) {
  const routes = Object.entries(document_.paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      path,
      method,
      operation: item[method],
      shared: item.parameters ?? [],
    })),
  );
  const place = ({ method, path }) => `${method}${path.replace(/[^a-z0-9]+/gi, "-")}`;
  fill(
    document.getElementById("routes"),
    el(
      "ul",
      {},
      routes.map((route) =>
        el(
          "li",
          {},
          el(
            "a",
            { href: `#${place(route)}` },
            el("span", { class: "method" }, route.method.toUpperCase()),
            route.path,
          ),
        ),
      ),
    ),
  );
  fill(
    main,
    el("h1", {}, `${document_.info?.title ?? "API"} API`),
    el(
      "p",
      { class: "muted" },
      `Version ${document_.info?.version ?? "?"} · `,
      el("a", { href: "/v1/openapi.json" }, "OpenAPI document"),
      ". Errors are problem documents (RFC 9457); lists are paged by the cursor that they return as `next`.",
    ),
    routes.map((route) => routeCard(route, place(route))),
    types(document_.components?.schemas ?? {}),
  );
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function routeCard({ path, method, operation, shared }, id) {
  const section = card(
    el("span", { class: "route" }, el("span", { class: "method" }, `${method.toUpperCase()} `), path),
    {},
    el("p", {}, operation.description ?? operation.summary ?? ""),
    parameters([...shared, ...(operation.parameters ?? [])]),
    operation.requestBody && el("p", {}, "Body: ", contentTypes(operation.requestBody.content)),
    answers(operation.responses ?? {}),
  );
  section.id = id;
  return section;
}

function parameters(list) {
  if (list.length === 0) return null;
  return scrolling(
    "Parameters",
    table(
      [["Parameter"], ["In"], ["Type"], ["Meaning"]],
      list.map((each) => [
        el("code", {}, each.name),
        each.in,
        el("span", {}, typeOf(each.schema ?? {}), each.required && [" ", chip("required")]),
        each.description ?? each.schema?.description ?? "",
      ]),
    ),
  );
}

function answers(responses) {
  return scrolling(
    "Answers",
    table(
      [["Answer"], ["Type"], ["Meaning"]],
      Object.entries(responses).map(([status, answer]) => [
        el("code", {}, status),
        contentTypes(answer.content ?? {}),
        answer.description ?? "",
      ]),
    ),
  );
}

function contentTypes(content) {
  return Object.entries(content).map(([media, { schema = {} }], i) => [
    i > 0 && ", ",
    typeOf(schema),
    " ",
    el("span", { class: "muted small" }, media),
  ]);
}

/** Write a type; one of the document's own leads to its place. */
function typeOf(schema) {
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1);
    return el("a", { href: `#type-${name}` }, el("code", {}, name.split("_").at(-1)));
  }
  const several = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (several) return several.map((each, i) => [i > 0 && " | ", typeOf(each)]);
  if (schema.const !== undefined) return el("code", {}, JSON.stringify(schema.const));
  if (schema.enum) return el("code", {}, schema.enum.map((each) => JSON.stringify(each)).join(" | "));
  if (schema.type === "array") return ["list of ", typeOf(schema.items ?? {})];
  if (schema.type === "object" && typeof schema.additionalProperties === "object")
    return ["map of ", typeOf(schema.additionalProperties)];
  const bounds = [
    schema.minimum !== undefined && `≥ ${schema.minimum}`,
    schema.maximum !== undefined && `≤ ${schema.maximum}`,
  ].filter(Boolean);
  const kind = [].concat(schema.type ?? "any").join(" | ");
  return el("code", {}, [kind, schema.format && `(${schema.format})`, ...bounds].filter(Boolean).join(" "));
}

function types(schemas) {
  const names = Object.keys(schemas).sort();
  if (names.length === 0) return null;
  return card(
    "Types",
    {},
    names.map((name) => {
      const schema = schemas[name];
      const details = el(
        "details",
        { id: `type-${name}` },
        el("summary", {}, el("code", {}, schema.title ?? name)),
      );
      details.addEventListener("toggle", () => details.append(fieldsOf(name, schema)), { once: true });
      return details;
    }),
  );
}

function fieldsOf(name, schema) {
  const fields = Object.entries(schema.properties ?? {});
  const needed = new Set(schema.required ?? []);
  return el(
    "div",
    {},
    schema.description && el("p", { class: "muted" }, schema.description),
    fields.length === 0
      ? el("p", {}, typeOf(schema))
      : scrolling(
          name,
          table(
            [["Field"], ["Type"]],
            fields.map(([field, type]) => [
              el("code", {}, field),
              el(
                "span",
                {},
                typeOf(type),
                !needed.has(field) && el("span", { class: "muted small" }, " optional"),
              ),
            ]),
          ),
        ),
  );
}

addEventListener("hashchange", () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target?.tagName === "DETAILS") target.open = true;
  target?.scrollIntoView();
});
