/* The one EventSource of the page: opens it, watches its pulse, opens it again, and tells listeners. */
import { address } from "./api.js";
import { GIVE_UP_MS, reduce } from "./link.js";

const KINDS = ["transition", "alert", "kpis", "acknowledgement"];
const RESUMED = "resumed"; // connected again: what is shown has to be read anew

/**
 * Keep connected. `changed(link)` hears of the connection, `beat(data)` of the server's time, `refused()` of an
 * answer that is no stream.
 */
export function createLive({ changed, beat, refused }) {
  let link = { state: "connecting", since: Date.now(), heard: Date.now() };
  let source = null;
  let timer = null;
  let customer = null;
  let last = null; // the id of the last event, so that nothing is missed in between
  let broken = false;
  const listeners = new Map([...KINDS, RESUMED].map((kind) => [kind, new Set()]));

  const tell = (kind, data) => {
    for (const listener of [...listeners.get(kind)]) listener(data);
  };

  function happened(type, more = {}) {
    const next = reduce(link, { type, at: Date.now(), ...more });
    if (next === link) return;
    link = next;
    changed(link);
  }

  function hear(kind, then) {
    source.addEventListener(kind, (event) => {
      if (event.lastEventId) last = event.lastEventId;
      then(JSON.parse(event.data));
    });
  }

  function open() {
    close();
    source = new EventSource(
      address("/v1/events", { kinds: "transitions,alerts,kpis", customer, since: last }),
    );
    source.addEventListener("open", () => {
      happened("opened");
      if (broken) tell(RESUMED);
      broken = false;
    });
    source.addEventListener("error", () => {
      // The browser tries again by itself, and says where it was, unless the server refused.
      const ended = source.readyState === EventSource.CLOSED;
      broken = true;
      happened("failed");
      if (!ended) return;
      last = null; // it may be what was refused
      refused();
      again();
    });
    hear("beat", (data) => {
      happened("beat", data);
      beat(data);
    });
    hear("lost", () => {
      broken = true;
      last = null;
      happened("failed");
      again();
    });
    for (const kind of KINDS) hear(kind, (data) => tell(kind, data));
  }

  function close() {
    clearTimeout(timer);
    timer = null;
    source?.close();
    source = null;
  }

  function again() {
    close();
    timer = setTimeout(open, Math.max(0, link.retryAt - Date.now()));
  }

  setInterval(() => {
    happened("second");
    const silent = Date.now() - Math.max(link.heard, link.failed ?? 0);
    if (source === null || silent < GIVE_UP_MS || link.state === "live" || link.state === "behind") return;
    broken = true;
    happened("failed");
    again();
  }, 1_000);

  return {
    open,
    close,
    /** Hear events of a kind, or that the connection was `resumed`; return how to stop. */
    on(kind, listener) {
      listeners.get(kind).add(listener);
      return () => listeners.get(kind).delete(listener);
    },
    /** Follow one customer alone, or everybody (null); figures come in any case. */
    follow(id) {
      if (id === customer) return;
      customer = id;
      if (source !== null) open();
    },
  };
}
