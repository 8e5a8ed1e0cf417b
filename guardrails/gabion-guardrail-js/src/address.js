// Addresses of resources, taken apart: `module.a["x"].aws_s3_bucket.logs[0]`.

/** An address. */
export class Address {
  /**
   * @param {{ name: string, key: string | null }[]} parts Between dots, with the instance key as written.
   * @param {number} modules How many parts at the start are those of modules.
   */
  constructor(parts, modules) {
    this.parts = parts;
    this.own = parts.slice(modules);
    /** The names and keys of the modules, from outside in. */
    this.modules = parts.slice(0, modules).filter((_, index) => index % 2 === 1);
  }

  /** @param {string} text */
  static parse(text) {
    /** @type {{ name: string, key: string | null }[]} */
    const parts = [];
    let name = "";
    /** @type {string | null} */
    let key = null;
    for (let at = 0; at < text.length; at++) {
      const letter = text[at];
      if (letter === ".") {
        parts.push({ name, key });
        name = "";
        key = null;
      } else if (letter === "[") {
        [key, at] = bracketed(text, at + 1);
      } else {
        name += letter;
      }
    }
    parts.push({ name, key });
    let modules = 0;
    while (modules + 1 < parts.length && parts[modules]?.name === "module") modules += 2;
    return new Address(parts, modules);
  }

  /** The address without any instance key. */
  get bare() {
    return this.parts.map((part) => part.name).join(".");
  }

  /** Whether it is a data source. */
  get isData() {
    return this.own[0]?.name === "data";
  }

  /** The type of the resource. */
  get resourceType() {
    return this.own[this.isData ? 1 : 0]?.name ?? "";
  }

  /** The instance key of the resource itself; null where it has none. */
  get key() {
    return this.parts.at(-1)?.key ?? null;
  }

  /**
   * Whether two are written alike.
   * @param {Address} other
   */
  equals(other) {
    const { parts } = this;
    return (
      parts.length === other.parts.length &&
      parts.every((part, index) => part.name === other.parts[index]?.name && part.key === other.parts[index]?.key)
    );
  }

  /**
   * Whether it cannot be the same object: another name, or the same with another instance key.
   * @param {Address} other
   */
  isOtherThan(other) {
    const { parts } = this;
    const differs = (/** @type {string | null} */ one, /** @type {string | null | undefined} */ two) =>
      one !== null && two !== null && one !== two;
    return (
      parts.length !== other.parts.length ||
      parts.some((part, at) => part.name !== other.parts[at]?.name || differs(part.key, other.parts[at]?.key))
    );
  }
}

/**
 * The text up to the closing bracket, and where that is; a bracket within quotes closes nothing.
 * @param {string} text
 * @param {number} from
 * @returns {[string, number]}
 */
function bracketed(text, from) {
  let quoted = false;
  let at = from;
  for (; at < text.length; at++) {
    if (text[at] === "]" && !quoted) break;
    if (text[at] === '"') quoted = !quoted;
    else if (text[at] === "\\" && quoted) at++;
  }
  return [text.slice(from, at), at];
}
