// Tags of a resource.

/** @typedef {import("./value.js").Value} Value */

/** The tags of a resource, or those of it and the provider. */
export class Tags {
  /** @param {Value} value What holds the tags. */
  constructor(value) {
    /** The value behind them, for a finding. */
    this.value = value;
  }

  /**
   * The tags that the resource itself sets: its `tags`.
   * @param {Value} resource
   */
  static own(resource) {
    return new Tags(resource.get("tags"));
  }

  /**
   * All tags, the provider's `default_tags` included: its `tags_all`.
   * @param {Value} resource
   */
  static all(resource) {
    return new Tags(resource.get("tags_all"));
  }

  /**
   * The value of a tag; null where it is not set. An empty value is a value.
   * @param {string} key
   */
  get(key) {
    return this.value.get(key).text();
  }

  /** The keys, sorted. */
  keys() {
    return this.value.keys();
  }

  /**
   * Those of the wanted keys that are not set, in the order given.
   * @param {string[]} wanted
   */
  missing(wanted) {
    return wanted.filter((key) => this.get(key) === null);
  }
}
