/* Dark or light: what the system says until the reader chooses. Also the colours of the style sheet for charts. */

const KEY = "rapport.theme";
const listeners = new Set();
const system = matchMedia("(prefers-color-scheme: dark)");
system.addEventListener("change", () => tell());

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : system.matches;
}

/** Turn to the other theme, and keep it; back at the system's own, follow the system again. */
export function toggle() {
  const dark = !isDark();
  if (dark === system.matches) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = dark ? "dark" : "light";
  try {
    if (dark === system.matches) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, dark ? "dark" : "light");
  } catch {
    // Storage may be forbidden: the choice holds until the page is left.
  }
  tell();
}

/** Hear of changes; return how to stop. */
export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A colour of the style sheet, by the name of its property. */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export const ramp = () => [token("ramp-from"), token("ramp-to")];

function tell() {
  for (const listener of [...listeners]) listener(isDark());
}
