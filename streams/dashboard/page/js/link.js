/* How the page and the server are connected, as a reducer over what happened. Pure. */

export const STALE_MS = 6_000; // without a beat for so long, what is shown may be old
export const GIVE_UP_MS = 15_000; // then the connection is made anew
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** States: connecting, live, behind (the server is), stale, disconnected. */
export function reduce(link, happening) {
  const { at } = happening;
  switch (happening.type) {
    case "opened":
      return { ...link, heard: at, tries: 0, retryAt: null, ...state(link, "live", at) };
    case "beat":
      return {
        ...link,
        heard: at,
        ...state(link, happening.behind > 0 && link.behindBefore ? "behind" : "live", at),
        behindBefore: happening.behind > 0,
      };
    case "failed": {
      const tries = (link.tries ?? 0) + 1;
      return { ...link, tries, failed: at, retryAt: at + wait(tries), ...state(link, "disconnected", at) };
    }
    case "second":
      if (link.state !== "live" && link.state !== "behind") return link;
      return at - link.heard > STALE_MS ? { ...link, ...state(link, "stale", at) } : link;
    default:
      return link;
  }
}

/** How long to wait before the n-th attempt (from 1). */
export function wait(tries) {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
}

function state(link, name, at) {
  return link.state === name ? {} : { state: name, since: at };
}
