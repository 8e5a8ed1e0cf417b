// Made of wit/guardrail/package.wit by scripts/wit-types.mjs; not to be edited.

declare module 'gabion:guardrail/log@1.0.0' {
  /**
   * Writes one message; the host cuts long ones and stops a flood.
   */
  export function write(severity: Severity, message: string): void;
  /**
   * How much it matters.
   * # Variants
   *
   * ## `"debug"`
   *
   * For finding a fault in a rule.
   * ## `"info"`
   *
   * Of interest.
   * ## `"warn"`
   *
   * Something is odd.
   */
  export type Severity = 'debug' | 'info' | 'warn';
}

declare module 'gabion:guardrail/plan@1.0.0' {
  export type Value = import('gabion:guardrail/values@1.0.0').Value;
  /**
   * What is about to happen.
   * # Variants
   *
   * ## `"create"`
   *
   * A new object.
   * ## `"update"`
   *
   * An existing object changes in place.
   * ## `"replace"`
   *
   * An object is destroyed and made anew.
   * ## `"delete"`
   *
   * An object is destroyed.
   * ## `"no-op"`
   *
   * Nothing changes.
   * ## `"read"`
   *
   * A data source is read.
   * ## `"open"`
   *
   * An ephemeral resource is opened.
   * ## `"import"`
   *
   * An existing object enters the state.
   * ## `"move"`
   *
   * An object changes its address or type.
   * ## `"forget"`
   *
   * An object leaves the state and lives on.
   */
  export type Operation = 'create' | 'update' | 'replace' | 'delete' | 'no-op' | 'read' | 'open' | 'import' | 'move' | 'forget';
  /**
   * At which step the rule is asked.
   * # Variants
   *
   * ## `"plan"`
   *
   * Inside `terraform plan`.
   * ## `"apply"`
   *
   * Inside `terraform apply`, before the change is made: what was unknown is known.
   * ## `"check"`
   *
   * On a saved plan.
   */
  export type Stage = 'plan' | 'apply' | 'check';
  /**
   * What kind of object it is.
   * # Variants
   *
   * ## `"managed"`
   *
   * A managed resource.
   * ## `"data"`
   *
   * A data source.
   * ## `"ephemeral"`
   *
   * An ephemeral resource.
   */
  export type Mode = 'managed' | 'data' | 'ephemeral';
  /**
   * An expression that names another resource.
   */
  export interface Reference {
    /**
     * The attribute whose expression it is.
     */
    path: string,
    /**
     * The address it names.
     */
    address: string,
    /**
     * The attribute it reads there; empty for the whole object.
     */
    attribute: string,
  }

  export class Change implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * The resource type, `aws_kms_key`.
    */
    resourceType(): string;
    /**
    * Managed, data or ephemeral.
    */
    mode(): Mode;
    /**
    * The provider's source address, `registry.terraform.io/hashicorp/aws`.
    */
    provider(): string;
    /**
    * The provider's version where known.
    */
    providerVersion(): string | undefined;
    /**
    * What happens.
    */
    operation(): Operation;
    /**
    * At which step.
    */
    stage(): Stage;
    /**
    * The prior state; null for a create.
    */
    before(): Value;
    /**
    * The planned state; null for a delete.
    */
    after(): Value;
    /**
    * Whether the configuration sets the attribute at this path; none where that is not known.
    */
    configured(path: string): boolean | undefined;
    /**
    * The provider's configuration, redacted: region, role, account where known.
    */
    providerConfiguration(): Value;
    /**
    * The resource's address where known; plan calls carry none.
    */
    address(): string | undefined;
    /**
    * The address of its module where known, empty for the root module.
    */
    moduleAddress(): string | undefined;
    [Symbol.dispose](): void;
  }

  export class Graph implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * Whether everything is in it: a companion that is missing from an incomplete graph is undetermined.
    */
    complete(): boolean;
    /**
    * All changes of one resource type, in the plan's order; an empty type means all.
    */
    changes(resourceType: string): Array<Change>;
    /**
    * What the expressions of a change refer to.
    */
    references(change: Change): Array<Reference>;
    /**
    * The changes whose expressions refer to this one.
    */
    referrers(change: Change): Array<Change>;
    [Symbol.dispose](): void;
  }
}

declare module 'gabion:guardrail/rules@1.0.0' {
  /**
   * What this pack offers. Asked once; must not depend on settings.
   */
  export function describe(): Pack;
  /**
   * Takes the settings, JSON text that fits the schema. Called once for each instance, before any check.
   */
  export function configure(settings: string): void;
  /**
   * Asks one rule about one change. An error text means that the rule failed; the plan fails closed.
   */
  export function check(rule: string, change: Change): Verdict;
  /**
   * Asks one whole-plan rule about the plan.
   */
  export function checkPlan(rule: string, graph: Graph): Verdict;
  export type Change = import('gabion:guardrail/plan@1.0.0').Change;
  export type Graph = import('gabion:guardrail/plan@1.0.0').Graph;
  /**
   * How much a violation weighs when the policy file says nothing.
   * # Variants
   *
   * ## `"off"`
   *
   * The rule is not run.
   * ## `"advisory"`
   *
   * A violation is a warning.
   * ## `"mandatory"`
   *
   * A violation refuses the change.
   */
  export type Level = 'off' | 'advisory' | 'mandatory';
  /**
   * What a rule looks at.
   * # Variants
   *
   * ## `"change"`
   *
   * One change at a time, through `check`.
   * ## `"plan"`
   *
   * The whole plan, through `check-plan`.
   */
  export type Scope = 'change' | 'plan';
  /**
   * A resource type that a rule applies to.
   */
  export interface Target {
    /**
     * `aws_kms_key`.
     */
    resourceType: string,
    /**
     * The provider's source address without host, `hashicorp/aws`.
     */
    provider: string,
    /**
     * The versions the rule was tested with, as Terraform writes constraints.
     */
    versions: string,
  }
  /**
   * A control that a rule gives evidence for.
   */
  export interface Control {
    /**
     * `cis-aws-v5`, `cis-aws-v7`, `security-hub`, `own`.
     */
    framework: string,
    /**
     * The id within it.
     */
    id: string,
    /**
     * Whether the id is confirmed as part of the framework's foundational set.
     */
    confirmed: boolean,
  }
  /**
   * What a pack says of one rule.
   */
  export interface Rule {
    /**
     * Stable for ever: `DT08`.
     */
    code: string,
    /**
     * The bad thing it finds: `key-without-rotation`.
     */
    name: string,
    /**
     * One line for a reader.
     */
    title: string,
    /**
     * Its page, Markdown.
     */
    page: string,
    /**
     * The level it has by default.
     */
    level: Level,
    /**
     * One change or the whole plan.
     */
    scope: Scope,
    /**
     * Which resource types it judges; empty means all.
     */
    targets: Array<Target>,
    /**
     * Which controls it gives evidence for.
     */
    controls: Array<Control>,
    /**
     * The pack version that brought it.
     */
    since: string,
  }
  /**
   * What a pack says of itself.
   */
  export interface Pack {
    /**
     * Its name.
     */
    name: string,
    /**
     * Its semantic version.
     */
    version: string,
    /**
     * A JSON Schema for its settings, as JSON text.
     */
    settingsSchema: string,
    /**
     * Its rules.
     */
    rules: Array<Rule>,
  }
  /**
   * What is wrong with the settings.
   */
  export interface SettingsProblem {
    /**
     * Which setting; empty for all of them.
     */
    path: string,
    /**
     * What is wrong and what would be right.
     */
    message: string,
  }
  /**
   * A change to one attribute that would mend a finding.
   */
  export interface Patch {
    /**
     * Which attribute.
     */
    path: string,
    /**
     * The value it should have, as JSON text.
     */
    value: string,
  }
  /**
   * One bad thing.
   */
  export interface Finding {
    /**
     * For whole-plan rules: the address of the resource.
     */
    address?: string,
    /**
     * Which attribute; empty for the resource as a whole.
     */
    path: string,
    /**
     * What was observed, where the value at the path does not say it; the host shows that otherwise.
     */
    observed?: string,
    /**
     * What is wrong, in one sentence without a final full stop.
     */
    message: string,
    /**
     * What would mend it.
     */
    fix: Array<Patch>,
  }
  /**
   * What a rule makes of a change or a plan.
   */
  export type Verdict = VerdictNotApplicable | VerdictPass | VerdictViolation | VerdictUndetermined;
  /**
   * Nothing to say.
   */
  export interface VerdictNotApplicable {
    tag: 'not-applicable',
  }
  /**
   * Looked at, and good.
   */
  export interface VerdictPass {
    tag: 'pass',
  }
  /**
   * At least one finding.
   */
  export interface VerdictViolation {
    tag: 'violation',
    val: Array<Finding>,
  }
  /**
   * A value could not be read; the text says what the rule wanted to know.
   */
  export interface VerdictUndetermined {
    tag: 'undetermined',
    val: string,
  }
}

declare module 'gabion:guardrail/values@1.0.0' {
  /**
   * What kind of value a handle points to.
   * # Variants
   *
   * ## `"null"`
   *
   * Null: set to nothing, or absent where absence is allowed.
   * ## `"boolean"`
   *
   * A boolean.
   * ## `"number"`
   *
   * A number; read as exact decimal text.
   * ## `"text"`
   *
   * Text.
   * ## `"sequence"`
   *
   * A list, set, tuple or repeated block.
   * ## `"mapping"`
   *
   * A map, object or block.
   * ## `"unknown"`
   *
   * Not known yet: it depends on something that the apply makes.
   * ## `"computed"`
   *
   * Unset in the configuration and unknown in the plan: the provider decides it.
   */
  export type Kind = 'null' | 'boolean' | 'number' | 'text' | 'sequence' | 'mapping' | 'unknown' | 'computed';
  /**
   * Why a value could not be read.
   * # Variants
   *
   * ## `"unknown"`
   *
   * It is not known yet. The host makes a pass undetermined.
   * ## `"computed"`
   *
   * The provider decides it and nobody configured it. The rule says what it makes of that.
   * ## `"sensitive"`
   *
   * It is a secret: `kind`, `size` and `equal-to` answer. The host makes a pass undetermined.
   * ## `"wrong-kind"`
   *
   * It is of another kind than asked for.
   * ## `"no-such-path"`
   *
   * The resource's schema has no such path. The host's verdict is an error, whatever the rule returns.
   * ## `"no-schema"`
   *
   * No schema tells whether the name exists (a plan file). The host makes a pass undetermined.
   * ## `"not-json"`
   *
   * A text that should hold JSON and does not.
   */
  export type Unreadable = 'unknown' | 'computed' | 'sensitive' | 'wrong-kind' | 'no-such-path' | 'no-schema' | 'not-json';
  /**
   * Something that looks like a secret, found by a detector in the host.
   */
  export interface Secret {
    /**
     * What kind: `aws-access-token`, `private-key`, ...
     */
    kind: string,
    /**
     * The attribute path that holds it. Never the text.
     */
    path: string,
  }

  export class Value implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * The kind. A sensitive value shows its kind.
    */
    kind(): Kind;
    /**
    * Whether the schema marks the value, or one above it, as sensitive.
    */
    sensitive(): boolean;
    /**
    * The value at a name of a mapping.
    */
    get(name: string): Value;
    /**
    * The element of a sequence, counted from 0; past the end stands null.
    */
    at(index: number): Value;
    /**
    * The value at a path below this one, `a.b[0]["c"]`; an error text where it is no path.
    */
    find(path: string): Value;
    /**
    * All elements of a sequence; none for null.
    */
    elements(): Array<Value>;
    /**
    * The names of a mapping, sorted; none for null.
    */
    keys(): Array<string>;
    /**
    * How many elements, entries or characters; 0 for null. A sensitive text answers too.
    */
    size(): number;
    /**
    * The boolean; none for null.
    */
    boolean(): boolean | undefined;
    /**
    * The number as exact decimal text; none for null.
    */
    number(): string | undefined;
    /**
    * The text; none for null.
    */
    text(): string | undefined;
    /**
    * Whether two values are equal; sensitive values answer too.
    */
    equalTo(other: Value): boolean;
    /**
    * The attribute path of this value; inside a document, of the attribute that holds it.
    */
    path(): string;
    /**
    * The JSON that a text holds, such as an IAM policy. Names it does not have are null.
    */
    document(): Value;
    /**
    * What a detector in the host finds in this value and below it.
    */
    secrets(): Array<Secret>;
    [Symbol.dispose](): void;
  }
}
