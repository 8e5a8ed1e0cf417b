// The package on its fake host: `node --test`.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Arn,
  Cidr,
  Failure,
  Finding,
  NOT_APPLICABLE,
  PASS,
  PolicyDocument,
  Review,
  Tags,
  found,
  matches,
  pack,
  planRule,
  rule,
  setting,
  settings,
} from "../src/index.js";
import { component } from "../src/component.js";
import { toJson } from "../src/json.js";
import { ask, change, computed, graph, sensitive, unknown } from "../src/testing.js";
import { whole } from "../src/value.js";

const about = { code: "T01", name: "thing", title: "a thing", since: "1.0.0" };
const judge = (after, look, more = {}) =>
  ask(
    rule(about, (one) => look(one.after, one)),
    change({ type: "thing", after, ...more }),
  );

test("reads that cannot be answered end a rule as they should", () => {
  const text = (value) => (value.get("name").text() === null ? NOT_APPLICABLE : PASS);
  assert.deepEqual(judge({ name: "x" }, text), { verdict: "pass" });
  assert.deepEqual(judge({ name: null }, text), { verdict: "not-applicable" });
  assert.deepEqual(judge({ name: computed() }, text), { verdict: "not-applicable" });
  assert.deepEqual(judge({ name: unknown() }, text), { verdict: "undetermined", text: "`name` is not known yet" });
  assert.deepEqual(judge({ name: sensitive("x") }, text), { verdict: "undetermined", text: "`name` is sensitive" });
  assert.deepEqual(judge({ name: 7 }, text), {
    verdict: "error",
    text: "`name` is of another kind than the rule expects",
  });
  assert.deepEqual(judge(unknown(), text).text, "`name` is not known yet");
});

test("values are walked", () => {
  const after = { list: [{ days: 3 }, { days: 4.5 }], map: { b: 1, a: true }, doc: '{"x":[1]}', secret: sensitive("äb") };
  const verdict = judge(after, (value) => {
    assert.deepEqual(Array.from(value.get("list"), (one) => one.get("days").number()), ["3", "4.5"]);
    assert.equal(value.get("list").block()?.get("days").integer(), 3);
    assert.equal(value.find("list[1].days").float(), 4.5);
    assert.equal(value.find("list[1].days").path, "list[1].days");
    assert.equal(value.get("list").at(2).block(), null);
    assert.deepEqual(value.get("map").keys(), ["a", "b"]);
    assert.equal(value.get("map").get("a").boolean(), true);
    assert.equal(value.get("doc").document()?.get("x").at(0).integer(), 1);
    assert.equal(value.get("secret").size(), 2);
    assert.equal(value.get("secret").isSensitive, true);
    assert.equal(value.get("secret").equalTo(value.get("secret")), true);
    assert.equal(value.get("none").isSet(), false);
    return PASS;
  });
  assert.deepEqual(verdict, { verdict: "pass" });
});

test("whole numbers are read exactly", () => {
  const cases = { 30: 30, "-7": -7, "30.0": 30, "3e1": 30, "3E+1": 30, "300e-1": 30, "2.5e1": 25, "-0.0": 0 };
  for (const [text, value] of Object.entries(cases)) assert.equal(whole(text), value, text);
  for (const text of ["2.5", "1e-1", "", "x", "1e99", "9223372036854775808"]) assert.equal(whole(text), null, text);
});

test("a review keeps findings beside what is unknown, and a failure outweighs all", () => {
  const review = (...looks) =>
    judge({ a: unknown(), b: 1, c: false }, (value) => {
      const review = new Review();
      for (const look of looks) review.look(() => look(value));
      return review.outcome();
    });
  const blocked = (value) => value.get("a").text();
  const wrong = (value) => value.get("b").text();
  const bad = (value) => value.get("c").finding("is off").observed("off").fix(true).fixAt("d[0]", { "é\t": [1, null] });
  assert.equal(review(blocked).verdict, "undetermined");
  assert.equal(review(wrong, blocked, bad).verdict, "error");
  const [finding] = review(blocked, bad).findings;
  assert.deepEqual(
    [finding.path, finding.message, finding.observedText, finding.patches],
    ["c", "is off", "off", [{ path: "c", value: "true" }, { path: "d[0]", value: '{"é\\u0009":[1,null]}' }]],
  );
  assert.equal(review(() => null).verdict, "pass");
  assert.throws(() => review(() => { throw new TypeError("a fault of the rule"); }), TypeError);
});

test("JSON has the bytes of the other languages", () => {
  assert.equal(toJson(['a"\\\n\u0001', 1, 2n, true, null, {}]), '["a\\"\\\\\\n\\u0001",1,2,true,null,{}]');
  assert.throws(() => toJson(Number.NaN), /a fix cannot be NaN/);
});

test("policies are read", () => {
  const text = JSON.stringify({
    Statement: [
      { Sid: "Own", Effect: "Allow", Principal: { AWS: "111122223333" }, Action: "kms:*", Resource: "*" },
      { Effect: "Allow", Principal: "*", NotAction: ["s3:*"], Condition: { "ForAllValues:Bool": { "aws:SecureTransport": false } } },
    ],
  });
  judge({ policy: text }, (value) => {
    const [own, open] = PolicyDocument.read(value.get("policy")).statements;
    assert.equal(own.coversService("KMS"), true);
    assert.equal(own.coversEverybody, false);
    assert.equal(own.principals.named[0].isAccount, true);
    assert.equal(own.label(1), "statement `Own`");
    assert.equal(open.coversEverybody, true);
    assert.equal(open.coversAction("iam:PassRole"), true);
    assert.equal(open.coversAction("S3:GetObject"), false);
    assert.equal(open.conditions[0].isBool("AWS:securetransport", false), true);
    assert.equal(open.conditions[0].holdsWhenMissing, true);
    return PASS;
  });
  const bad = judge({ policy: '{"Statement":{"Effect":"allow"}}' }, (value) => PolicyDocument.read(value.get("policy")));
  assert.equal(bad.text, "`policy` is no policy document: statement 1 has neither the effect `Allow` nor `Deny`");
  assert.ok(matches("kms:Put*Policy?", "kms:PutKeyPolicyX") && !matches("a*b", "a1c"));
});

test("tags, ranges, resource names", () => {
  judge({ tags: { owner: "me" } }, (value) => {
    assert.deepEqual(Tags.own(value).missing(["owner", "cost"]), ["cost"]);
    return PASS;
  });
  assert.ok(Cidr.parse("10.0.0.0/8").contains(Cidr.parse("10.9.0.0/16")));
  assert.ok(Cidr.parse("::/0").isEverything && Cidr.parse("fd00::1/64").isPrivate);
  assert.ok(!Cidr.parse("10.0.0.0/8").overlaps(Cidr.parse("11.0.0.0/8")));
  for (const text of ["10.0.0.0", "10.0.0.0/33", "01.0.0.0/8", "1::2::3/8", "x/8"]) assert.equal(Cidr.parse(text), null, text);
  const arn = Arn.parse("arn:aws:lambda:eu-central-1:111122223333:function:app");
  assert.deepEqual([arn.kind, arn.name, String(arn)], ["function", "app", "arn:aws:lambda:eu-central-1:111122223333:function:app"]);
  assert.equal(Arn.parse("logs"), null);
});

test("a plan is joined by reference, then by value, and says when it cannot tell", () => {
  const join = (others, options, bucket) => {
    const logs = { type: "aws_s3_bucket", address: "aws_s3_bucket.a", after: { bucket: "logs" }, ...bucket };
    const plan = graph([logs, ...others], options);
    return plan.companions("aws_s3_bucket_versioning", "bucket").of(plan.of("aws_s3_bucket")[0], ["bucket"]);
  };
  const other = (bucket, references) => ({
    type: "aws_s3_bucket_versioning",
    address: "aws_s3_bucket_versioning.a",
    after: { bucket },
    references,
  });
  assert.equal(join([other(unknown(), { bucket: "aws_s3_bucket.a.id" })]).kind, "found");
  assert.equal(join([other("logs")]).kind, "found");
  // One that exists and is known to be another, though it refers to it; while that is made it cannot be looked at.
  const exists = { operation: "update", before: { bucket: "logs" } };
  const copy = other("logs-copy", { bucket: "aws_s3_bucket.a.id" });
  assert.equal(join([copy], {}, exists).kind, "absent");
  assert.equal(join([other("logs", { bucket: "aws_s3_bucket.a.id" })], {}, exists).kind, "found");
  assert.equal(join([copy]).kind, "found");
  // Two that it may mean.
  const two = { type: "aws_s3_bucket", address: "aws_s3_bucket.b", after: { bucket: "other" } };
  const either = { bucket: "aws_s3_bucket.a.id", "bucket[0]": "aws_s3_bucket.b.id" };
  assert.equal(join([two, other(unknown(), either)]).kind, "undetermined");
  // The nearest counts: the name of one bucket that is made of another's.
  const near = { ...two, after: { bucket: unknown() }, references: { bucket: "aws_s3_bucket.a.bucket" } };
  assert.equal(join([near, other(unknown(), { bucket: "aws_s3_bucket.b.bucket" })]).kind, "absent");
  assert.equal(join([other("others")]).kind, "absent");
  assert.equal(join([]).kind, "absent");
  assert.equal(join([], { complete: false }).kind, "undetermined");
  const unsure = join([other(unknown())]);
  assert.equal(unsure.why, "whether `bucket` of `aws_s3_bucket_versioning.a` means `aws_s3_bucket.a` is not known yet");
  assert.throws(() => unsure.settled(), /not known yet/);
});

test("settings have a schema and defaults", () => {
  const own = settings({
    owners: setting.list(setting.text(), { doc: "Who.", atLeast: 1 }),
    days: setting.integer({ default: 7, minimum: 1 }),
    mode: setting.text({ oneOf: ["strict", "lax"], optional: true }),
  });
  assert.deepEqual(JSON.parse(own.schema), {
    type: "object",
    properties: {
      owners: { type: "array", items: { type: "string" }, minItems: 1, description: "Who." },
      days: { type: "integer", minimum: 1, default: 7 },
      mode: { type: "string", enum: ["strict", "lax"] },
    },
    required: ["owners"],
    additionalProperties: false,
  });
  own.set({ owners: ["me"] });
  assert.deepEqual(own.current(), { owners: ["me"], days: 7, mode: null });
});

test("a component answers as the contract wants it", () => {
  const lines = [];
  const { console } = globalThis;
  const rules = component(
    pack({
      settings: settings({ word: setting.text({ default: "bad" }) }),
      configure: ({ word }) => (word === "" ? [{ path: "word", message: "it is empty" }] : []),
      rules: [
        rule({ ...about, targets: [{ type: "thing", provider: "acme/things" }], page: "# Page\n" }, ({ after }) => {
          globalThis.console.log("looking", { at: 1 });
          const name = after.get("name").text();
          if (name === "fails") throw new Failure("no");
          if (name === "throws") return undefined.x;
          if (name === "nothing") return undefined;
          return name === "bad" ? found(after.get("name").finding("it is bad")) : PASS;
        }),
        planRule({ ...about, code: "T02", name: "plan" }, (plan) => found(new Finding("", "all").on(plan.changes()[0].address))),
      ],
    }),
    { name: "acme", version: "1.2.3" },
    (severity, message) => lines.push([severity, message]),
  );
  const described = rules.describe();
  assert.deepEqual([described.name, described.rules[0].targets[0].versions, described.rules[1].scope], ["acme", "", "plan"]);
  assert.equal(rules.configure("{}"), undefined);
  assert.throws(() => rules.configure('{"word":""}'), (error) => error.payload[0].path === "word");
  const handle = (after) => {
    const names = { text: () => after, kind: () => "text", path: () => "name" };
    return { resourceType: () => "thing", after: () => ({ get: () => names }) };
  };
  assert.deepEqual(rules.check("T01", handle("good")), { tag: "pass" });
  assert.deepEqual(rules.check("T01", handle("bad")).val[0].message, "it is bad");
  assert.deepEqual(rules.check("T01", { resourceType: () => "other" }), { tag: "not-applicable" });
  const refused = (name) => {
    try {
      return rules.check("T01", handle(name));
    } catch (error) {
      return error.payload;
    }
  };
  assert.equal(refused("fails"), "no");
  assert.match(refused("throws"), /^TypeError: /);
  assert.match(refused("nothing"), /^the rule `T01` returned no verdict/);
  assert.throws(() => rules.check("T09", handle("x")), (error) => error.payload === "the pack `acme` has no rule `T09`");
  globalThis.console = console;
  assert.deepEqual(lines[0], ["info", 'looking {"at":1}']);
});
