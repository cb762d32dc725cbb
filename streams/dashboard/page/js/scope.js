/* What lives as long as a view: its listeners, timers and requests all end when it is left. */

/** Make a scope; `end()` ends whatever was begun in it. */
export function createScope() {
  const stopping = new AbortController();
  const ends = [];
  return {
    signal: stopping.signal,
    get ended() {
      return stopping.signal.aborted;
    },
    /** Call `stop` at the end. */
    add(stop) {
      ends.push(stop);
    },
    /** Do something every so many milliseconds while the page is looked at. */
    every(ms, doing) {
      const timer = setInterval(() => !document.hidden && doing(), ms);
      ends.push(() => clearInterval(timer));
    },
    /** Return a function that does something at most once in `ms`, the last call included. */
    paced(ms, doing) {
      let timer = null;
      let last = -Infinity;
      const run = (args) => {
        timer = null;
        last = performance.now();
        if (!stopping.signal.aborted) doing(...args);
      };
      ends.push(() => clearTimeout(timer));
      return (...args) => {
        clearTimeout(timer);
        const wait = Math.max(0, last + ms - performance.now());
        if (wait === 0) run(args);
        else timer = setTimeout(run, wait, args);
      };
    },
    end() {
      stopping.abort();
      for (const stop of ends.splice(0)) stop();
    },
  };
}
