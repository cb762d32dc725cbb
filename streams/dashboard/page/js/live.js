/* The one EventSource of the page: opens it, watches its pulse, opens it again, and tells listeners. */
import { address } from "./api.js";
import { GIVE_UP_MS, reduce } from "./link.js";

const KINDS = ["transition", "alert", "kpis", "acknowledgement"];

/**
 * Keep connected. `changed(link)` hears of the connection, `beat(data)` of the server's time, `resumed()` of
 * a connection after the first (figures may have been missed), `refused()` when the server sent an error.
 */
export function createLive({ changed, beat, resumed, refused }) {
  let link = { state: "connecting", since: Date.now(), heard: Date.now() };
  let source = null;
  let timer = null;
  let customer = null;
  let openedOnce = false;
  const listeners = new Map(KINDS.map((kind) => [kind, new Set()]));

  function happened(type, more = {}) {
    const next = reduce(link, { type, at: Date.now(), ...more });
    if (next === link) return;
    link = next;
    changed(link);
  }

  function open() {
    close();
    const kinds = customer === null ? "transitions,alerts,kpis" : "transitions,alerts";
    source = new EventSource(address("/v1/events", { kinds, customer }));
    source.addEventListener("open", () => {
      happened("opened");
      if (openedOnce) resumed();
      openedOnce = true;
    });
    source.addEventListener("error", () => {
      // The browser tries again by itself (and tells the last id it saw) unless the server refused.
      const ended = source.readyState === EventSource.CLOSED;
      happened("failed");
      if (!ended) return;
      refused();
      again();
    });
    source.addEventListener("beat", (event) => {
      const data = JSON.parse(event.data);
      happened("beat", data);
      beat(data);
    });
    source.addEventListener("lost", () => {
      happened("failed");
      again();
    });
    for (const [kind, set] of listeners) {
      source.addEventListener(kind, (event) => {
        const data = JSON.parse(event.data);
        for (const listener of [...set]) listener(data);
      });
    }
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function again() {
    close();
    timer = setTimeout(open, Math.max(0, link.retryAt - Date.now()));
  }

  setInterval(() => {
    happened("second");
    if (link.state === "stale" && Date.now() - link.heard > GIVE_UP_MS) {
      happened("failed");
      again();
    }
  }, 1_000);

  return {
    open,
    close,
    /** Hear events of a kind; return how to stop. */
    on(kind, listener) {
      listeners.get(kind).add(listener);
      return () => listeners.get(kind).delete(listener);
    },
    /** Follow one customer alone, or everybody (null). */
    follow(id) {
      if (id === customer) return;
      customer = id;
      openedOnce = false;
      if (source !== null || timer !== null) open();
    },
  };
}
