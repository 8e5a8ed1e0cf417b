// Amazon resource names.

import { matches } from "./policy.js";

/** An ARN in its parts, `arn:partition:service:region:account:resource`. */
export class Arn {
  /** @param {string[]} parts */
  constructor([partition = "", service = "", region = "", account = "", resource = ""]) {
    /** `aws`, `aws-cn`, `aws-us-gov`. */
    this.partition = partition;
    /** `s3`, `iam`. */
    this.service = service;
    /** Empty where the resource has no region. */
    this.region = region;
    /** Empty where the resource has no account. */
    this.account = account;
    /** Everything after the account, `role/app`. */
    this.resource = resource;
  }

  /**
   * Takes a text apart; null where it is no ARN.
   * @param {string} text
   */
  static parse(text) {
    const parts = text.split(":");
    if (parts.length < 6 || parts[0] !== "arn" || !parts[1] || !parts[2]) return null;
    const resource = parts.slice(5).join(":");
    return resource ? new Arn([...parts.slice(1, 5), resource]) : null;
  }

  /**
   * What kind of resource, where the ARN says so: `role` of `role/app`, `function` of `function:app`; else null. A
   * bucket says nothing: `logs/key` is the bucket and a key.
   */
  get kind() {
    return this.service === "s3" ? null : (/^([^/:]+)[/:]/.exec(this.resource)?.[1] ?? null);
  }

  /** The resource without its kind: `app` of `role/app`. */
  get name() {
    return this.kind === null ? this.resource : this.resource.slice(this.kind.length + 1);
  }

  /**
   * Whether this ARN, read as a pattern with `*` and `?`, covers another. A wildcard does not reach over the colons
   * before the resource.
   * @param {Arn} other
   */
  covers(other) {
    return (
      matches(this.partition, other.partition) &&
      matches(this.service, other.service) &&
      matches(this.region, other.region) &&
      matches(this.account, other.account) &&
      matches(this.resource, other.resource)
    );
  }

  toString() {
    return ["arn", this.partition, this.service, this.region, this.account, this.resource].join(":");
  }
}
