/* Tells screen readers what changed, seldom: not more than once in some seconds, the latest of each kind. */
import { say } from "../element.js";

const PAUSE_MS = 5_000;

/** Return `announce(text, kind)`; of several of a kind within the pause the last is told. */
export function announcer(node) {
  const waiting = new Map();
  let timer = null;

  function tell() {
    timer = null;
    if (waiting.size === 0) return;
    say(node, [...waiting.values()].join(" "));
    waiting.clear();
    timer = setTimeout(tell, PAUSE_MS);
  }

  return (text, kind = "news") => {
    waiting.set(kind, text);
    timer ??= setTimeout(tell, 150);
  };
}
