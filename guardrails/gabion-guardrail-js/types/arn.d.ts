/** An ARN in its parts, `arn:partition:service:region:account:resource`. */
export declare class Arn {
    /** `aws`, `aws-cn`, `aws-us-gov`. */
    partition: string;
    /** `s3`, `iam`. */
    service: string;
    /** Empty where the resource has no region. */
    region: string;
    /** Empty where the resource has no account. */
    account: string;
    /** Everything after the account, `role/app`. */
    resource: string;
    /** @param {string[]} parts */
    constructor([partition, service, region, account, resource]: string[]);
    /**
     * Takes a text apart; null where it is no ARN.
     * @param {string} text
     */
    static parse(text: string): Arn | null;
    /**
     * What kind of resource, where the ARN says so: `role` of `role/app`, `function` of `function:app`; else null. A
     * bucket says nothing: `logs/key` is the bucket and a key.
     */
    get kind(): string | null;
    /** The resource without its kind: `app` of `role/app`. */
    get name(): string;
    /**
     * Whether this ARN, read as a pattern with `*` and `?`, covers another. A wildcard does not reach over the colons
     * before the resource.
     * @param {Arn} other
     */
    covers(other: Arn): boolean;
    toString(): string;
}
