// Amazon resource names.

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

  /** The type that the resource begins with, `role` of `role/app`; null where there is none. */
  get resourceType() {
    return /^([^/:]+)[/:]/.exec(this.resource)?.[1] ?? null;
  }

  toString() {
    return ["arn", this.partition, this.service, this.region, this.account, this.resource].join(":");
  }
}
