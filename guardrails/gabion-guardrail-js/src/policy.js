// IAM policy documents: key policies, bucket policies, trust policies.
//
// A document is read through the host, so that the reads are traced; what comes back is plain data.

import { Failure } from "./stop.js";

/** @typedef {import("./value.js").Value} Value */

/**
 * What a statement speaks of: nothing said, these, or everything but these.
 * @template T
 */
export class Choice {
  /**
   * @param {"absent" | "only" | "all-but"} kind
   * @param {T[]} named
   */
  constructor(kind, named) {
    this.kind = kind;
    /** The elements that are named, to include or to leave out. */
    this.named = named;
  }

  /**
   * Whether something is in it, when `is` tells whether one element stands for it.
   * @param {(element: T) => boolean} is
   */
  holds(is) {
    if (this.kind === "absent") return false;
    return this.named.some(is) === (this.kind === "only");
  }
}

/** A principal of a statement. */
export class Principal {
  /**
   * @param {string} kind `*`, `AWS`, `Service`, `Federated`, `CanonicalUser`, or what stands there.
   * @param {string} id An ARN, an account id, a service name, `*`.
   */
  constructor(kind, id) {
    this.kind = kind;
    this.id = id;
  }

  /** Whether it is everybody: `*`, or `{ "AWS": "*" }`, which is everybody with an AWS account. */
  get isEverybody() {
    return (this.kind === "*" || this.kind === "AWS") && this.id === "*";
  }

  /** Whether it is an account as a whole: its id, or its root ARN. */
  get isAccount() {
    if (this.kind !== "AWS") return false;
    return ACCOUNT.test(this.id) || (accountOf(this.id) !== null && this.id.endsWith(":root"));
  }

  /** The account of an `AWS` principal where its id tells, else null. */
  get account() {
    if (this.kind !== "AWS") return null;
    return ACCOUNT.test(this.id) ? this.id : accountOf(this.id);
  }
}

const ACCOUNT = /^[0-9]{12}$/;

/**
 * The account of an ARN, `arn:aws:iam::111122223333:role/x`; null where it has none or is no ARN.
 * @param {string} arn
 */
export function accountOf(arn) {
  const parts = arn.split(":");
  return (parts[0] === "arn" && parts[4]) || null;
}

/** A condition of a statement: one key of one operator. */
export class Condition {
  /**
   * @param {string} operator As written, `StringEquals`.
   * @param {string} key As written, `aws:PrincipalOrgID`.
   * @param {string[]} values One of which must fit.
   */
  constructor(operator, key, values) {
    this.operator = operator;
    this.key = key;
    this.values = values;
  }

  /**
   * Whether it is about this key. Upper and lower case are the same, as in AWS.
   * @param {string} key
   */
  isAbout(key) {
    return lower(this.key) === lower(key);
  }

  /** The operator without quantifier and `IfExists`, as written. */
  get baseOperator() {
    const operator = this.operator.slice(this.operator.lastIndexOf(":") + 1);
    return operator.endsWith("IfExists") ? operator.slice(0, -"IfExists".length) : operator;
  }

  /** Whether it also holds when the request does not have the key: `IfExists`, and `ForAllValues`. */
  get holdsWhenMissing() {
    const colon = this.operator.indexOf(":");
    return this.operator.endsWith("IfExists") || (colon >= 0 && lower(this.operator.slice(0, colon)) === "forallvalues");
  }

  /**
   * Whether it is the test of a boolean key for a value, `Bool: { "aws:SecureTransport": "false" }`.
   * @param {string} key
   * @param {boolean} value
   */
  isBool(key, value) {
    return (
      this.isAbout(key) &&
      lower(this.baseOperator) === "bool" &&
      this.values.length === 1 &&
      lower(this.values[0] ?? "") === String(value)
    );
  }
}

/** One statement. */
export class Statement {
  /**
   * @param {object} fields
   * @param {string | null} fields.sid Its id, where it has one.
   * @param {"Allow" | "Deny"} fields.effect What it does.
   * @param {Choice<Principal>} fields.principals For whom.
   * @param {Choice<string>} fields.actions For which actions.
   * @param {Choice<string>} fields.resources On which resources.
   * @param {Condition[]} fields.conditions Under which conditions, all of which must hold.
   */
  constructor({ sid, effect, principals, actions, resources, conditions }) {
    this.sid = sid;
    this.effect = effect;
    this.principals = principals;
    this.actions = actions;
    this.resources = resources;
    this.conditions = conditions;
  }

  /**
   * Whether it speaks of this action, `kms:PutKeyPolicy`. Upper and lower case are the same, as in AWS.
   * @param {string} action
   */
  coversAction(action) {
    return this.actions.holds((pattern) => matchesIgnoringCase(pattern, action));
  }

  /**
   * Whether it speaks of every action of a service, `kms`.
   * @param {string} service
   */
  coversService(service) {
    return (
      this.actions.kind === "only" &&
      this.actions.named.some((pattern) => {
        const [, prefix, rest] = /^([^:]*):(.*)$/s.exec(pattern) ?? [];
        if (prefix === undefined || rest === undefined) return pattern === "*";
        return matchesIgnoringCase(prefix, service) && /^\*+$/.test(rest);
      })
    );
  }

  /** Whether it speaks of everybody: `*`, `{ "AWS": "*" }`, or everybody but some. */
  get coversEverybody() {
    return this.principals.kind === "all-but" || this.principals.holds((principal) => principal.isEverybody);
  }

  /**
   * What a reader recognises it by: its id, else its number, counted from 1.
   * @param {number} number
   */
  label(number) {
    return this.sid ? `statement \`${this.sid}\`` : `statement ${number}`;
  }
}

/** A policy document. */
export class PolicyDocument {
  /** @param {Statement[]} statements Its statements, in order. */
  constructor(statements) {
    this.statements = statements;
  }

  /**
   * Reads the policy that a text attribute holds; null where it is null, computed or empty. What is no policy is a
   * failure: AWS would refuse it too.
   * @param {Value} value
   */
  static read(value) {
    const document = value.document();
    if (document === null) return null;
    if (document.kind !== "mapping") throw bad(value, "it is no JSON object");
    const statements = oneOrMany(document.get("Statement")).map((one, index) => statement(value, one, index + 1));
    return new PolicyDocument(statements);
  }

  /** The statements that allow. */
  get allows() {
    return this.statements.filter((one) => one.effect === "Allow");
  }

  /** The statements that deny. */
  get denies() {
    return this.statements.filter((one) => one.effect === "Deny");
  }
}

/**
 * @param {Value} value
 * @param {Value} one
 * @param {number} number
 */
function statement(value, one, number) {
  if (one.kind !== "mapping") throw bad(value, `statement ${number} is no JSON object`);
  const effect = one.get("Effect").text();
  if (effect !== "Allow" && effect !== "Deny") {
    throw bad(value, `statement ${number} has neither the effect \`Allow\` nor \`Deny\``);
  }
  return new Statement({
    sid: one.get("Sid").text(),
    effect,
    principals: choice(one, "Principal", "NotPrincipal", principals),
    actions: choice(one, "Action", "NotAction", texts),
    resources: choice(one, "Resource", "NotResource", texts),
    conditions: conditions(one.get("Condition")),
  });
}

/**
 * @param {Value} value
 * @param {string} what
 */
function bad(value, what) {
  return new Failure(`\`${value.path}\` is no policy document: ${what}`);
}

/** @param {Value} value */
function oneOrMany(value) {
  const kind = value.kind;
  if (kind === "null") return [];
  return kind === "sequence" ? value.elements() : [value];
}

/**
 * A text, or several. Booleans and numbers are texts to IAM.
 * @param {Value} value
 */
function texts(value) {
  const kind = value.kind;
  if (kind === "null") return [];
  if (kind !== "sequence") return textOf(value, kind);
  return value.elements().flatMap((one) => textOf(one, one.kind));
}

/**
 * @param {Value} one
 * @param {string} kind Its kind.
 */
function textOf(one, kind) {
  const text = kind === "boolean" ? one.boolean() : kind === "number" ? one.number() : one.text();
  return text === null ? [] : [String(text)];
}

/**
 * @template T
 * @param {Value} statement
 * @param {string} name
 * @param {string} not
 * @param {(value: Value) => T[]} read
 * @returns {Choice<T>}
 */
function choice(statement, name, not, read) {
  const only = statement.get(name);
  const allBut = statement.get(not);
  if (only.isSet()) return new Choice("only", read(only));
  return allBut.isSet() ? new Choice("all-but", read(allBut)) : new Choice("absent", []);
}

/** @param {Value} value */
function principals(value) {
  if (value.kind !== "mapping") return texts(value).map((id) => new Principal("*", id));
  return value.keys().flatMap((kind) => texts(value.get(kind)).map((id) => new Principal(kind, id)));
}

/** @param {Value} value */
function conditions(value) {
  return value.keys().flatMap((operator) => {
    const keys = value.get(operator);
    return keys.keys().map((key) => new Condition(operator, key, texts(keys.get(key))));
  });
}

/**
 * Lower case of the letters of ASCII, as AWS compares.
 * @param {string} text
 */
function lower(text) {
  // Beyond ASCII, lower case is more than AWS compares.
  return BEYOND.test(text) ? text.replace(/[A-Z]/g, (c) => c.toLowerCase()) : text.toLowerCase();
}

const BEYOND = /[^\0-\x7f]/;

/**
 * Whether `text` fits `pattern`, where `*` stands for any text and `?` for one character.
 * @param {string} pattern
 * @param {string} text
 */
export function matches(pattern, text) {
  return WILD.test(pattern) ? fits([...pattern], [...text]) : pattern === text;
}

const WILD = /[*?]/;

/**
 * @param {string[]} pattern Its characters.
 * @param {string[]} text
 */
function fits(pattern, text) {
  let p = 0;
  let t = 0;
  let star = -1;
  let from = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      from = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/**
 * As {@link matches}, with upper and lower case of ASCII letters the same.
 * @param {string} pattern
 * @param {string} text
 */
export function matchesIgnoringCase(pattern, text) {
  return matches(lower(pattern), lower(text));
}
