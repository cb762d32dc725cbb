/* Numbers, times and durations in the reader's language and zone. Pure but for the language of the browser. */

const plain = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const signed = new Intl.NumberFormat(undefined, { signDisplay: "exceptZero", maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const second = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "always", style: "narrow" });

const UNITS = [
  ["day", "d", 86_400_000],
  ["hour", "h", 3_600_000],
  ["minute", "min", 60_000],
  ["second", "s", 1_000],
];

export const number = (value) => (Number.isInteger(value) ? whole : plain).format(value);
export const decimal = (value) => tenth.format(value);
export const compact = (value) => (Math.abs(value) < 100_000 ? number(value) : short.format(value));
export const share = (value) => percent.format(value);
export const change = (value) => signed.format(value);
export const date = (iso) => day.format(new Date(iso));
export const time = (iso) => minute.format(new Date(iso));
export const exactTime = (iso) => second.format(new Date(iso));
export const clockTime = (iso) => clock.format(new Date(iso));

/** Write an instant in UTC, as the title of a local time. */
export const utc = (iso) => `${new Date(iso).toISOString().replace("T", " ").slice(0, 19)} UTC`;

/** Write a length of time (ms) with its two largest units. */
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1_000) return ms < 1 ? "0 s" : "under 1 s";
  const at = UNITS.findIndex(([, , size]) => ms >= size);
  const [, unit, size] = UNITS[at];
  const count = Math.floor(ms / size);
  const text = `${whole.format(count)} ${unit}`;
  const next = UNITS[at + 1];
  const rest = next ? Math.floor((ms - count * size) / next[2]) : 0;
  return rest > 0 && count < 10 ? `${text} ${rest} ${next[1]}` : text;
}

/** Write how long before or after `now` (ms) an instant is. */
export function ago(iso, now) {
  const away = Date.parse(iso) - now;
  const found = UNITS.find(([, , size]) => Math.abs(away) >= size);
  if (!found) return "now";
  return relative.format(Math.round(away / found[2]), found[0]);
}

const LENGTHS = ["since(", "until(", "tenure", "rhythm"]; // terms that are told in milliseconds

/** Write what a rule read for a term: a number, a length of time, a text, or that it is absent. */
export function reading(term, value) {
  if (value === null || value === undefined) return "absent";
  if (typeof value === "number" && LENGTHS.some((begin) => term.startsWith(begin))) return duration(value);
  return typeof value === "number" ? number(value) : String(value);
}

/** Write bytes. */
export function bytes(count) {
  const units = ["B", "KB", "MB", "GB"];
  const power = Math.min(3, Math.max(0, Math.floor(Math.log10(Math.max(count, 1)) / 3)));
  return `${(power ? tenth : whole).format(count / 1000 ** power)} ${units[power]}`;
}
