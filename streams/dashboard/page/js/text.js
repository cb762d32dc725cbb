/* Words of the model and of customers as people read them. Pure. */

const NOT_SEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Make characters visible that cannot be seen, or that turn the order of others round. */
export function visible(text) {
  return text.replace(NOT_SEEN, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** Write a name of the model as a label: `post_purchase` becomes `Post purchase`. */
export function label(name) {
  const words = name.replaceAll("_", " ").trim();
  return words ? words[0].toUpperCase() + words.slice(1) : name;
}

/** Write the name of a framework or question: short ones are abbreviations. */
export function title(name) {
  return name.length <= 5 ? name.toUpperCase() : label(name);
}

/** Write stages: one, several flags, or none. */
export function stagesText(stages) {
  if (Array.isArray(stages)) return stages.length ? stages.map(label).join(", ") : "none";
  return stages === null || stages === undefined ? "none" : label(stages);
}

/** Choose between one and many. */
export function plural(count, one, many) {
  return count === 1 ? one : many;
}
