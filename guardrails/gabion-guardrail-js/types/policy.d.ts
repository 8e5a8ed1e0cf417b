export type Value = import("./value.js").Value;
/** @typedef {import("./value.js").Value} Value */
/**
 * What a statement speaks of: nothing said, these, or everything but these.
 * @template T
 */
export declare class Choice<T> {
    kind: "absent" | "all-but" | "only";
    /** The elements that are named, to include or to leave out. */
    named: T[];
    /**
     * @param {"absent" | "only" | "all-but"} kind
     * @param {T[]} named
     */
    constructor(kind: "absent" | "only" | "all-but", named: T[]);
    /**
     * Whether something is in it, when `is` tells whether one element stands for it.
     * @param {(element: T) => boolean} is
     */
    holds(is: (element: T) => boolean): boolean;
}
/** A principal of a statement. */
export declare class Principal {
    kind: string;
    id: string;
    /**
     * @param {string} kind `*`, `AWS`, `Service`, `Federated`, `CanonicalUser`, or what stands there.
     * @param {string} id An ARN, an account id, a service name, `*`.
     */
    constructor(kind: string, id: string);
    /** Whether it is everybody: `*`, or `{ "AWS": "*" }`, which is everybody with an AWS account. */
    get isEverybody(): boolean;
    /** Whether it is an account as a whole: its id, or its root ARN. */
    get isAccount(): boolean;
    /** The account of an `AWS` principal where its id tells, else null. */
    get account(): string | null;
}
/**
 * The account of an ARN, `arn:aws:iam::111122223333:role/x`; null where it has none or is no ARN.
 * @param {string} arn
 */
export declare function accountOf(arn: string): string | null;
/** A condition of a statement: one key of one operator. */
export declare class Condition {
    operator: string;
    key: string;
    values: string[];
    /**
     * @param {string} operator As written, `StringEquals`.
     * @param {string} key As written, `aws:PrincipalOrgID`.
     * @param {string[]} values One of which must fit.
     */
    constructor(operator: string, key: string, values: string[]);
    /**
     * Whether it is about this key. Upper and lower case are the same, as in AWS.
     * @param {string} key
     */
    isAbout(key: string): boolean;
    /** The operator without quantifier and `IfExists`, as written. */
    get baseOperator(): string;
    /** Whether it also holds when the request does not have the key: `IfExists`, and `ForAllValues`. */
    get holdsWhenMissing(): boolean;
    /**
     * Whether it is the test of a boolean key for a value, `Bool: { "aws:SecureTransport": "false" }`.
     * @param {string} key
     * @param {boolean} value
     */
    isBool(key: string, value: boolean): boolean;
}
/** One statement. */
export declare class Statement {
    sid: string | null;
    effect: "Allow" | "Deny";
    principals: Choice<Principal>;
    actions: Choice<string>;
    resources: Choice<string>;
    conditions: Condition[];
    /**
     * @param {object} fields
     * @param {string | null} fields.sid Its id, where it has one.
     * @param {"Allow" | "Deny"} fields.effect What it does.
     * @param {Choice<Principal>} fields.principals For whom.
     * @param {Choice<string>} fields.actions For which actions.
     * @param {Choice<string>} fields.resources On which resources.
     * @param {Condition[]} fields.conditions Under which conditions, all of which must hold.
     */
    constructor({ sid, effect, principals, actions, resources, conditions }: {
        sid: string | null;
        effect: "Allow" | "Deny";
        principals: Choice<Principal>;
        actions: Choice<string>;
        resources: Choice<string>;
        conditions: Condition[];
    });
    /**
     * Whether it speaks of this action, `kms:PutKeyPolicy`. Upper and lower case are the same, as in AWS.
     * @param {string} action
     */
    coversAction(action: string): boolean;
    /**
     * Whether it speaks of every action of a service, `kms`.
     * @param {string} service
     */
    coversService(service: string): boolean;
    /** Whether it speaks of everybody: `*`, `{ "AWS": "*" }`, or everybody but some. */
    get coversEverybody(): boolean;
    /**
     * What a reader recognises it by: its id, else its number, counted from 1.
     * @param {number} number
     */
    label(number: number): string;
}
/** A policy document. */
export declare class PolicyDocument {
    statements: Statement[];
    /** @param {Statement[]} statements Its statements, in order. */
    constructor(statements: Statement[]);
    /**
     * Reads the policy that a text attribute holds; null where it is null, computed or empty. What is no policy is a
     * failure: AWS would refuse it too.
     * @param {Value} value
     */
    static read(value: Value): PolicyDocument | null;
    /** The statements that allow. */
    get allows(): Statement[];
    /** The statements that deny. */
    get denies(): Statement[];
}
/**
 * Whether `text` fits `pattern`, where `*` stands for any text and `?` for one character.
 * @param {string} pattern
 * @param {string} text
 */
export declare function matches(pattern: string, text: string): boolean;
/**
 * As {@link matches}, with upper and lower case of ASCII letters the same.
 * @param {string} pattern
 * @param {string} text
 */
export declare function matchesIgnoringCase(pattern: string, text: string): boolean;
