/* The state that views share. What is in it: see `empty`. Nothing else on the page is global. */

export const empty = Object.freeze({
  session: null, // what /v1/session said
  model: null, // what /v1/model said
  kpis: null, // the latest figures about everybody
  hours: [], // figures by hour, the oldest first
  days: [], // figures by day
  link: { state: "connecting", since: 0 }, // of the event stream: see link.js
  now: null, // the server's time (epoch ms) at the last beat
  trouble: null, // why the figures or the model could not be read
  behind: 0, // records that the server has not processed yet
});

/** Keep a state; tell those who watch a part of it when that part is another. */
export function createStore(initial = empty) {
  let state = initial;
  const watchers = new Set();

  return {
    get: () => state,

    set(patch) {
      const before = state;
      state = { ...state, ...patch };
      for (const watcher of [...watchers]) watcher(state, before);
    },

    /** Call `then(part)` now (if there is one) and at each change; return how to stop. */
    watch(pick, then) {
      const watcher = (after, before) => {
        if (pick(after) !== pick(before)) then(pick(after));
      };
      watchers.add(watcher);
      const part = pick(state);
      if (part !== null && part !== undefined) then(part);
      return () => watchers.delete(watcher);
    },
  };
}
