/* Builds elements. Whatever it is given becomes text, never markup; it is the only place that makes nodes. */
import { visible } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "open"]);
const UNTOUCHED = new Set(["href", "d", "viewBox", "datetime", "src"]);

/** Make an HTML element: `el("a", {href: "/"}, "home")`. A function under `on…` is a listener. */
export function el(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

/** Make an SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

/** Put text into an element, only if it differs, so that selections and screen readers are left in peace. */
export function say(node, text) {
  const shown = visible(String(text));
  if (node.textContent !== shown) node.textContent = shown;
}

/** Replace what is in an element. */
export function fill(node, ...children) {
  node.replaceChildren(...nodes(children));
  return node;
}

/**
 * Bring a parent's children in line with `items`, by key: what stays keeps its node (and its focus).
 * `make(item)` builds a node; `renew(node, item)` brings an old one up to date.
 */
export function keyed(parent, items, { key, make, renew = () => {} }) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let node = old.get(name);
    if (node) {
      old.delete(name);
      renew(node, item);
    } else {
      node = make(item);
      node.dataset.key = name;
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const left of old.values()) left.remove();
}

function furnished(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) node[name] = value;
    else if (name === "style") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : UNTOUCHED.has(name) ? value : visible(String(value)));
  }
  node.append(...nodes(children));
  return node;
}

function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(visible(String(child)))));
}
