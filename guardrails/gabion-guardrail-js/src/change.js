// One planned change, and the whole plan.

import { Companions } from "./join.js";
import { Value } from "./value.js";

/** @typedef {import("gabion:guardrail/plan@1.0.0").Change} ChangeHandle */
/** @typedef {import("gabion:guardrail/plan@1.0.0").Graph} GraphHandle */
/** @typedef {import("gabion:guardrail/plan@1.0.0").Operation} Operation What is about to happen. */
/** @typedef {import("gabion:guardrail/plan@1.0.0").Stage} Stage At which step a rule is asked. */
/** @typedef {import("gabion:guardrail/plan@1.0.0").Mode} Mode What kind of object a change is about. */
/** @typedef {import("gabion:guardrail/plan@1.0.0").Reference} Reference An expression that names another resource. */

/** Operations after which a managed resource is not there, or not ours. */
const GONE = ["delete", "forget", "read", "open"];

/** One change, as a rule sees it. */
export class Change {
  /** @param {ChangeHandle} handle */
  constructor(handle) {
    /** @private */
    this._handle = handle;
  }

  /**
   * The host's handle of a change; for the graph.
   * @param {Change} change
   */
  static handle(change) {
    return change._handle;
  }

  /** The resource type, `aws_kms_key`. */
  get resourceType() {
    return this._handle.resourceType();
  }

  /** Managed, data or ephemeral. */
  get mode() {
    return this._handle.mode();
  }

  /** The provider's source address, `registry.terraform.io/hashicorp/aws`. */
  get provider() {
    return this._handle.provider();
  }

  /** The provider's version where known, else null. */
  get providerVersion() {
    return this._handle.providerVersion() ?? null;
  }

  /** What happens. */
  get operation() {
    return this._handle.operation();
  }

  /** At which step. */
  get stage() {
    return this._handle.stage();
  }

  /** The prior state; null for a create. */
  get before() {
    return new Value(this._handle.before());
  }

  /** The planned state; null for a delete. */
  get after() {
    return new Value(this._handle.after());
  }

  /**
   * The planned state of a managed resource that will exist; null when it goes away or leaves the state, and for data
   * sources and ephemeral resources. What most rules look at.
   */
  planned() {
    return this.stays ? this.after : null;
  }

  /** Whether it is a managed resource that will exist. */
  get stays() {
    return !GONE.includes(this.operation) && this.mode === "managed";
  }

  /**
   * Whether the configuration sets the attribute at this path; null where that is not known, which makes a pass
   * undetermined.
   * @param {string} path
   */
  configured(path) {
    return this._handle.configured(path) ?? null;
  }

  /** The provider's configuration, redacted: region, role, account where known. */
  get providerConfiguration() {
    return new Value(this._handle.providerConfiguration());
  }

  /** The resource's address where known, else null; plan calls carry none. */
  get address() {
    return this._handle.address() ?? null;
  }

  /** The address of its module where known, else null; empty for the root module. */
  get moduleAddress() {
    return this._handle.moduleAddress() ?? null;
  }
}

/** The whole plan, for rules that join resources. */
export class Graph {
  /** @param {GraphHandle} handle */
  constructor(handle) {
    /** @private */
    this._handle = handle;
  }

  /** Whether everything is in it: what is missing from an incomplete graph may live elsewhere. */
  get complete() {
    return this._handle.complete();
  }

  /**
   * All changes of one resource type, in the plan's order; an empty type means all.
   * @param {string} resourceType
   */
  changes(resourceType = "") {
    return this._handle.changes(resourceType).map((handle) => new Change(handle));
  }

  /**
   * The managed resources of one type that will exist after the apply.
   * @param {string} resourceType
   */
  of(resourceType) {
    return this.changes(resourceType).filter((change) => change.stays);
  }

  /**
   * What the expressions of a change refer to.
   * @param {Change} change
   */
  references(change) {
    return this._handle.references(Change.handle(change));
  }

  /**
   * The changes whose expressions refer to this one.
   * @param {Change} change
   */
  referrers(change) {
    return this._handle.referrers(Change.handle(change)).map((handle) => new Change(handle));
  }

  /**
   * The resources of a type that will exist, to be joined by `attribute` to what they belong to: by reference first,
   * then by equal values. Make it once, and ask it for each resource.
   * @param {string} resourceType
   * @param {string} attribute
   */
  companions(resourceType, attribute) {
    return new Companions(this, resourceType, attribute);
  }
}
