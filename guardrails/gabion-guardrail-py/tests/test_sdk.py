"""The package on its fake host: `python3 -m unittest`."""

import json
import unittest
from typing import Any, Literal

from gabion_guardrail import (
    NOT_APPLICABLE,
    PASS,
    Arn,
    Cidr,
    PolicyDocument,
    Review,
    Settings,
    Tags,
    Value,
    matches,
    rule,
    setting,
)
from gabion_guardrail.outcome import to_json
from gabion_guardrail.testing import Answer, ask, change, computed, graph, sensitive, unknown
from gabion_guardrail.value import whole


def judge(after: Any, look: Any) -> Answer:
    made = rule(code="T01", title="a thing", since="1.0.0", name="thing")(lambda one: look(one.after))
    return ask(made, change("thing", after=after))


class Reads(unittest.TestCase):
    def test_what_cannot_be_read_ends_a_rule_as_it_should(self) -> None:
        def text(value: Value) -> Any:
            return NOT_APPLICABLE if value["name"].text() is None else PASS

        self.assertEqual(judge({"name": "x"}, text), Answer("pass"))
        self.assertEqual(judge({"name": None}, text), Answer("not-applicable"))
        self.assertEqual(judge({"name": computed()}, text), Answer("not-applicable"))
        self.assertEqual(judge({"name": unknown()}, text), Answer("undetermined", text="`name` is not known yet"))
        self.assertEqual(judge({"name": sensitive("x")}, text), Answer("undetermined", text="`name` is sensitive"))
        wrong = "`name` is of another kind than the rule expects"
        self.assertEqual(judge({"name": 7}, text), Answer("error", text=wrong))
        self.assertEqual(judge(unknown(), text).text, "`name` is not known yet")

    def test_values_are_walked(self) -> None:
        after = {
            "list": [{"days": 3}, {"days": 4.5}],
            "map": {"b": 1, "a": True},
            "doc": '{"x":[1]}',
            "secret": sensitive("äb"),
        }

        def look(value: Value) -> Any:
            self.assertEqual([one["days"].number() for one in value["list"]], ["3", "4.5"])
            block = value["list"].block()
            assert block is not None
            self.assertEqual(block["days"].integer(), 3)
            self.assertEqual(value.find("list[1].days").float(), 4.5)
            self.assertEqual(value.find("list[1].days").path, "list[1].days")
            self.assertEqual(value["map"].keys(), ["a", "b"])
            self.assertIs(value["map"]["a"].boolean(), True)
            document = value["doc"].document()
            assert document is not None
            self.assertEqual(document["x"][0].integer(), 1)
            self.assertEqual(value["secret"].size(), 2)
            self.assertTrue(value["secret"].is_sensitive and value["secret"].equal_to(value["secret"]))
            self.assertFalse(value["none"].is_set())
            return PASS

        self.assertEqual(judge(after, look), Answer("pass"))

    def test_whole_numbers_are_read_exactly(self) -> None:
        cases = {"30": 30, "-7": -7, "30.0": 30, "3e1": 30, "3E+1": 30, "300e-1": 30, "2.5e1": 25, "-0.0": 0}
        for text, value in cases.items():
            self.assertEqual(whole(text), value, text)
        for text in ["2.5", "1e-1", "", "x", "1e99", "9223372036854775808"]:
            self.assertIsNone(whole(text), text)


class Outcomes(unittest.TestCase):
    def review(self, *looks: Any) -> Answer:
        def look(value: Value) -> Any:
            review = Review()
            for one in looks:
                with review.look():
                    one(review, value)
            return review.outcome()

        return judge({"a": unknown(), "b": 1, "c": False}, look)

    def test_findings_stand_beside_what_is_unknown_and_a_failure_outweighs_all(self) -> None:
        def blocked(review: Review, value: Value) -> None:
            value["a"].text()

        def wrong(review: Review, value: Value) -> None:
            value["b"].text()

        def bad(review: Review, value: Value) -> None:
            finding = value["c"].finding("is off").observed("off").fix(True)
            review.add(finding.fix_at("d[0]", {"é\t": [1, None]}))

        self.assertEqual(self.review(blocked).verdict, "undetermined")
        self.assertEqual(self.review(wrong, blocked, bad).verdict, "error")
        (finding,) = self.review(blocked, bad).findings
        self.assertEqual((finding.path, finding.message, finding.observed_text), ("c", "is off", "off"))
        self.assertEqual(finding.patches, [("c", "true"), ("d[0]", '{"é\\u0009":[1,null]}')])
        self.assertEqual(self.review().verdict, "pass")
        with self.assertRaises(ZeroDivisionError):
            self.review(lambda review, value: 1 / 0)

    def test_json_has_the_bytes_of_the_other_languages(self) -> None:
        self.assertEqual(to_json(['a"\\\n\u0001', 1, 2.0, True, None, {}]), '["a\\"\\\\\\n\\u0001",1,2,true,null,{}]')
        with self.assertRaises(ValueError):
            to_json(float("nan"))


class Helpers(unittest.TestCase):
    def test_policies_are_read(self) -> None:
        condition = {"ForAllValues:Bool": {"aws:SecureTransport": False}}
        own = {"Sid": "Own", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*"}
        other = {"Effect": "Allow", "Principal": "*", "NotAction": ["s3:*"], "Condition": condition}
        text = json.dumps({"Statement": [own, other]})

        def look(value: Value) -> Any:
            document = PolicyDocument.read(value["policy"])
            assert document is not None
            first, second = document.statements
            self.assertTrue(first.covers_service("KMS") and not first.covers_everybody)
            self.assertTrue(first.principals.named[0].is_account)
            self.assertEqual(first.label(1), "statement `Own`")
            self.assertTrue(second.covers_everybody and second.covers_action("iam:PassRole"))
            self.assertFalse(second.covers_action("S3:GetObject"))
            self.assertTrue(second.conditions[0].is_bool("AWS:securetransport", False))
            self.assertTrue(second.conditions[0].holds_when_missing)
            return PASS

        self.assertEqual(judge({"policy": text}, look), Answer("pass"))
        bad = judge({"policy": '{"Statement":{"Effect":"allow"}}'}, lambda value: PolicyDocument.read(value["policy"]))
        wanted = "`policy` is no policy document: statement 1 has neither the effect `Allow` nor `Deny`"
        self.assertEqual(bad.text, wanted)
        self.assertTrue(matches("kms:Put*Policy?", "kms:PutKeyPolicyX") and not matches("a*b", "a1c"))

    def test_tags_ranges_and_resource_names(self) -> None:
        def look(value: Value) -> Any:
            self.assertEqual(Tags.own(value).missing(["owner", "cost"]), ["cost"])
            return PASS

        self.assertEqual(judge({"tags": {"owner": "me"}}, look), Answer("pass"))
        ten, other = Cidr.parse("10.0.0.0/8"), Cidr.parse("11.0.0.0/8")
        inner, everything, local = Cidr.parse("10.9.0.0/16"), Cidr.parse("::/0"), Cidr.parse("fd00::1/64")
        assert ten and other and inner and everything and local
        self.assertTrue(ten.contains(inner) and not ten.overlaps(other))
        self.assertTrue(everything.is_everything and local.is_private)
        for text in ["10.0.0.0", "10.0.0.0/33", "01.0.0.0/8", "1::2::3/8", "x/8"]:
            self.assertIsNone(Cidr.parse(text), text)
        text = "arn:aws:lambda:eu-central-1:111122223333:function:app"
        arn = Arn.parse(text)
        assert arn is not None
        self.assertEqual((arn.kind, arn.name, str(arn)), ("function", "app", text))
        self.assertIsNone(Arn.parse("logs"))

    def test_a_plan_is_joined_by_reference_then_by_value_and_says_when_it_cannot_tell(self) -> None:
        bucket = change("aws_s3_bucket", address="aws_s3_bucket.a", after={"bucket": "logs"})

        def other(name: Any, **references: str) -> Any:
            kind = "aws_s3_bucket_versioning"
            return change(kind, address=f"{kind}.a", after={"bucket": name}, references=references)

        def join(*others: Any, complete: bool = True) -> Any:
            plan = graph(bucket, *others, complete=complete)
            return plan.companions("aws_s3_bucket_versioning", "bucket").of(plan.of("aws_s3_bucket")[0], ["bucket"])

        self.assertEqual(join(other(unknown(), bucket="aws_s3_bucket.a.id")).kind, "found")
        self.assertEqual(join(other("logs")).kind, "found")
        # One that exists and is known to be another, though it refers to it; while that is made it cannot be looked at.
        made, bucket = bucket, change(
            "aws_s3_bucket", address="aws_s3_bucket.a", before={"bucket": "logs"}, after={"bucket": "logs"}
        )
        copy = other("logs-copy", bucket="aws_s3_bucket.a.id")
        self.assertEqual(join(copy).kind, "absent")
        self.assertEqual(join(other("logs", bucket="aws_s3_bucket.a.id")).kind, "found")
        bucket = made
        self.assertEqual(join(copy).kind, "found")
        # Two that it may mean.
        two = change("aws_s3_bucket", address="aws_s3_bucket.b", after={"bucket": "other"})
        either = {"bucket": "aws_s3_bucket.a.id", "bucket[0]": "aws_s3_bucket.b.id"}
        self.assertEqual(join(two, other(unknown(), **either)).kind, "undetermined")
        # The nearest counts: the name of one bucket that is made of another's.
        name = {"bucket": "aws_s3_bucket.a.bucket"}
        near = change("aws_s3_bucket", address="aws_s3_bucket.b", after={"bucket": unknown()}, references=name)
        self.assertEqual(join(near, other(unknown(), bucket="aws_s3_bucket.b.bucket")).kind, "absent")
        self.assertEqual(join(other("others")).kind, "absent")
        self.assertEqual(join().kind, "absent")
        self.assertEqual(join(complete=False).kind, "undetermined")
        wanted = "whether `bucket` of `aws_s3_bucket_versioning.a` means `aws_s3_bucket.a` is not known yet"
        self.assertEqual(join(other(unknown())).why, wanted)


class Packs(unittest.TestCase):
    def test_settings_have_a_schema_and_defaults(self) -> None:
        class Own(Settings):
            owners: list[str] = setting(doc="Who.", at_least=1)
            days: int = setting(7, minimum=1)
            mode: Literal["strict", "lax"] | None

        properties = {
            "owners": {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "Who."},
            "days": {"type": "integer", "minimum": 1, "default": 7},
            "mode": {"type": "string", "enum": ["strict", "lax"]},
        }
        wanted = {"type": "object", "properties": properties, "required": ["owners"], "additionalProperties": False}
        self.assertEqual(json.loads(Own.schema()), wanted)
        Own.set({"owners": ["me"]})
        own = Own.current()
        self.assertEqual((own.owners, own.days, own.mode), (["me"], 7, None))

    def test_the_docstring_is_the_page_and_the_name_that_of_the_function(self) -> None:
        @rule(code="T01", title="a thing", since="1.0.0")
        def bad_thing(change: Any) -> Any:
            """
            ## What it does
            Finds things.

                indented
            """
            return PASS

        self.assertEqual(bad_thing.page, "## What it does\nFinds things.\n\n    indented\n")
        self.assertEqual(bad_thing.name, "bad-thing")
        self.assertIs(bad_thing(change("thing")), PASS)


if __name__ == "__main__":
    unittest.main()
