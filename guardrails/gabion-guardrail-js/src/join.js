// Joins in whole-plan rules: which resource carries the settings of which other.
//
// On a first create the bucket's id is not known, so that values cannot join it to its public access block; the
// expression `bucket = aws_s3_bucket.logs.id` can. A join goes by reference first, then by equal values, and says when
// neither can tell. A value that is known to be another says more than a reference:
// `bucket = "${aws_s3_bucket.logs.id}-copy"` refers to a bucket that it does not mean.

import { Address } from "./address.js";
import { Stop, Undetermined } from "./stop.js";

/** @typedef {import("./change.js").Change} Change */
/** @typedef {import("./change.js").Graph} Graph */
/** What an attribute refers to, and through how many others. @typedef {{ address: Address, through: number }} End */
/**
 * `readable` says that nothing of what it refers to is yet to be made, so that its value can be read: to read one that
 * is not known would make the verdict of every other undetermined.
 * @typedef {{ change: Change, address: Address | null, ends: End[], readable: boolean }} Candidate
 */

/** So many steps of `a.x = b.x`, `b.x = c.x` are followed. */
const DEPTH = 4;

/** What a join came to. */
export class Join {
  /**
   * @param {"found" | "absent" | "undetermined"} kind
   * @param {Change[]} changes
   * @param {string | null} why
   */
  constructor(kind, changes = [], why = null) {
    this.kind = kind;
    /** The companions; at least one where some were found. */
    this.changes = changes;
    /** Why it cannot be told. */
    this.why = why;
  }

  /** The companions, none where it is sure that there are none; ends the rule where it cannot be told. */
  settled() {
    if (this.kind === "undetermined") throw new Undetermined(this.why ?? "");
    return this.changes;
  }
}

/**
 * The resources of one type that will exist, ready to be joined by one attribute to what they belong to. Made by
 * `graph.companions(type, attribute)`.
 */
export class Companions {
  /** @type {Graph} */
  #graph;
  /** @type {string} */
  #attribute;
  /** @type {Candidate[]} */
  #candidates = [];
  /** By address without keys: which candidates refer to it, and how they write it. @type {Map<string, [number, Address][]>} */
  #byReference = new Map();
  /** @type {{ known: Map<string, number[]>, unknown: number[] } | null} */
  #byValue = null;
  /** @type {Change[]} */
  #leaving = [];

  /**
   * @param {Graph} graph
   * @param {string} resourceType
   * @param {string} attribute
   */
  constructor(graph, resourceType, attribute) {
    this.#graph = graph;
    this.#attribute = attribute;
    const others = new Others(graph);
    for (const change of graph.changes(resourceType)) {
      if (!change.stays) {
        if (change.operation === "delete") this.#leaving.push(change);
        continue;
      }
      /** @type {End[]} */
      const ends = [];
      others.follow(change, attribute, 0, ends);
      for (const { address } of ends) {
        const known = this.#byReference.get(address.bare) ?? [];
        known.push([this.#candidates.length, address]);
        this.#byReference.set(address.bare, known);
      }
      const readable = !ends.some((end) => others.creates(end.address));
      this.#candidates.push({ address: addressOf(change), change, ends, readable });
    }
  }

  /** Whether there is none at all. */
  get isEmpty() {
    return this.#candidates.length === 0;
  }

  /**
   * Whether the plan destroys one that belonged to `subject`: then what its prior state says is about to end.
   * @param {Change} subject
   * @param {string[]} names
   */
  leaves(subject, names) {
    const before = subject.before;
    return this.#leaving.some((change) => {
      const value = change.before.get(this.#attribute).filled();
      return names.some((name) => value !== null && before.get(name).filled() === value);
    });
  }

  /**
   * Those that belong to `subject`: whose attribute refers to it and is not known to be something else, else whose
   * attribute equals one of its attributes `names`. Where an attribute that is not known refers to several of one type,
   * it cannot be told which it means.
   * @param {Change} subject
   * @param {string[]} names
   * @returns {Join}
   */
  of(subject, names) {
    const address = addressOf(subject);
    /** @type {number[]} */
    const found = [];
    /** @type {number[]} */
    const unsure = [];
    for (const [position, written] of (address && this.#byReference.get(address.bare)) || []) {
      const means = this.#means(written, position, /** @type {Address} */ (address));
      if (means === "yes" && !this.#isOther(position, subject, names)) found.push(position);
      else if (means === "maybe") unsure.push(position);
    }
    return found.length > 0 ? this.#found(found) : this.#ofValue(subject, names, unsure);
  }

  /** @param {number[]} positions */
  #found(positions) {
    const unique = [...new Set(positions)];
    return new Join("found", unique.map((position) => /** @type {Candidate} */ (this.#candidates[position]).change));
  }

  /**
   * Whether the value of a candidate is known and is none of the subject's.
   * @param {number} position
   * @param {Change} subject
   * @param {string[]} names
   */
  #isOther(position, subject, names) {
    const value = this.#candidates[position]?.readable ? this.#value(position) : null;
    if (!value) return false;
    const after = subject.after;
    let told = false;
    for (const name of names) {
      const own = attempt(() => after.get(name).filled());
      if (own === undefined || own === value) return false;
      if (own !== null) told = true;
    }
    return told;
  }

  /**
   * Whether a reference, as a candidate writes it, means this instance of the subject.
   * @param {Address} written
   * @param {number} position
   * @param {Address} subject
   * @returns {"yes" | "no" | "maybe"}
   */
  #means(written, position, subject) {
    const candidate = /** @type {Candidate} */ (this.#candidates[position]);
    const own = candidate.address;
    let means = chooses(candidate.ends, written);
    if (means === "no") return "no";
    let inside = true;
    for (const [index, { key: wanted }] of written.modules.entries()) {
      const module = subject.modules[index];
      if (!module) break;
      const at = own?.modules[index];
      inside = inside && at?.name === module.name;
      if (wanted !== null && module.key !== null) {
        if (wanted !== module.key) return "no";
      } else if (wanted === null && module.key !== null) {
        // An expression inside a module means the module's own instance.
        if (!inside) means = "maybe";
        else if (at?.key !== module.key) return "no";
      }
    }
    if (subject.key === null) return means;
    if (written.key !== null) return written.key === subject.key ? means : "no";
    const key = own?.key ?? null;
    if (key === subject.key) return means;
    if (key !== null) return this.#sibling(candidate, subject.key) ? "no" : "maybe";
    return this.#onlyInstance(subject) ? means : "maybe";
  }

  /**
   * Whether another instance of the same companion has this key.
   * @param {Candidate} of
   * @param {string} key
   */
  #sibling(of, key) {
    return this.#candidates.some(({ address }) => address?.key === key && address.bare === of.address?.bare);
  }

  /** @param {Address} subject */
  #onlyInstance(subject) {
    const all = this.#graph.of(subject.resourceType);
    return all.filter((change) => addressOf(change)?.bare === subject.bare).length === 1;
  }

  /**
   * @param {Change} subject
   * @param {string[]} names
   * @param {number[]} unsure
   */
  #ofValue(subject, names, unsure) {
    if (this.#candidates.length === 0) return this.#absent();
    /** @type {string[]} */
    const known = [];
    let hidden = false;
    const after = subject.after;
    for (const name of names) {
      const value = attempt(() => after.get(name).filled());
      if (value === undefined) hidden = true;
      else if (value !== null) known.push(value);
    }
    this.#byValue ??= this.#values();
    const values = this.#byValue;
    const found = known.flatMap((value) => values.known.get(value) ?? []);
    let open = -1;
    for (const position of unsure) {
      const value = this.#value(position);
      if (value && known.includes(value)) found.push(position);
      else if (!value || hidden || known.length === 0) open = position;
    }
    if (found.length > 0) return this.#found(found.sort((one, other) => one - other));
    // One that belongs to another of the same type does not belong to this one.
    const type = subject.resourceType;
    const here = (/** @type {number} */ position) =>
      !this.#candidates[position]?.ends.some(({ address }) => !address.isData && address.resourceType === type);
    if (open < 0) open = values.unknown.find(here) ?? -1;
    if (open >= 0) {
      const of = this.#candidates[open]?.change.address ?? "";
      const what = `whether \`${this.#attribute}\` of \`${of}\` means \`${subject.address ?? ""}\` is not known yet`;
      return new Join("undetermined", [], what);
    }
    if (hidden && [...values.known.values()].flat().some(here)) {
      return new Join("undetermined", [], `\`${names.join("` or `")}\` of \`${subject.address ?? ""}\` is not known yet`);
    }
    return this.#absent();
  }

  #absent() {
    return this.#graph.complete ? new Join("absent") : new Join("undetermined", [], "the plan does not hold everything");
  }

  /** @param {number} position */
  #value(position) {
    return attempt(() => this.#candidates[position]?.change.after.get(this.#attribute).filled() ?? null);
  }

  /**
   * The values of all candidates. One that refers to a resource is not read where that would only say that its id is
   * not known: it would make the verdict of every other undetermined.
   */
  #values() {
    /** @type {{ known: Map<string, number[]>, unknown: number[] }} */
    const values = { known: new Map(), unknown: [] };
    for (const [position, { readable }] of this.#candidates.entries()) {
      const value = readable ? this.#value(position) : undefined;
      if (value === undefined) values.unknown.push(position);
      else if (value !== null) values.known.set(value, [...(values.known.get(value) ?? []), position]);
    }
    return values;
  }
}

/** The resources that references lead to, each type asked for once. */
class Others {
  /** @type {Map<string, Map<string, Change[]>>} */
  #byType = new Map();

  /** @param {Graph} graph */
  constructor(graph) {
    this.graph = graph;
  }

  /** @param {Address} address */
  #at(address) {
    let all = this.#byType.get(address.resourceType);
    if (!all) {
      all = new Map();
      this.#byType.set(address.resourceType, all);
      for (const change of this.graph.of(address.resourceType)) {
        const bare = addressOf(change)?.bare;
        if (bare !== undefined) all.set(bare, [...(all.get(bare) ?? []), change]);
      }
    }
    return all.get(address.bare) ?? [];
  }

  /**
   * Whether the plan makes an object there, so that its id is not known.
   * @param {Address} address
   */
  creates(address) {
    return this.#at(address).some((change) => ["create", "replace"].includes(change.operation));
  }

  /**
   * What an attribute refers to: directly, and through attributes of others.
   * @param {Change} change
   * @param {string} attribute
   * @param {number} through
   * @param {End[]} ends
   */
  follow(change, attribute, through, ends) {
    for (const reference of this.graph.references(change)) {
      const rest = reference.path.startsWith(attribute) ? reference.path.slice(attribute.length) : "-";
      if (rest !== "" && rest[0] !== "." && rest[0] !== "[") continue;
      const end = Address.parse(reference.address);
      const next = through < DEPTH && reference.attribute !== "" && this.#at(end)[0];
      if (next) this.follow(next, reference.attribute, through + 1, ends);
      const known = ends.find((other) => other.address.equals(end));
      if (known) known.through = Math.min(known.through, through);
      else ends.push({ address: end, through });
    }
  }
}

/**
 * Whether an attribute means this one of all the resources of one type that it refers to: the nearest, if that is one.
 * @param {End[]} ends
 * @param {Address} end
 * @returns {"yes" | "no" | "maybe"}
 */
function chooses(ends, end) {
  const same = ends.filter((known) => known.address.resourceType === end.resourceType);
  const nearest = Math.min(...same.map((known) => known.through));
  const near = same.filter((known) => known.through === nearest);
  if (!near.some((known) => known.address.equals(end))) return "no";
  return near.some((known) => known.address.isOtherThan(end)) ? "maybe" : "yes";
}

/** @param {Change} change */
function addressOf(change) {
  const text = change.address;
  return text === null ? null : Address.parse(text);
}

/**
 * What `read` gives; undefined where it ends in something that cannot be read.
 * @template T
 * @param {() => T} read
 */
function attempt(read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Stop) return undefined;
    throw error;
  }
}
