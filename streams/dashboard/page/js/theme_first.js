/* Runs before anything is painted, so that a chosen theme does not flash by. It owns nothing else. */
try {
  const chosen = localStorage.getItem("rapport.theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  /* Storage may be forbidden; then the system's theme holds. */
}
