//! Many random configurations, one after the other, against the harness's own checks: plans that core would
//! accept, results as planned, and nothing left to do afterwards. The same sequence in every run.

use serde_json::{Map, Value, json};

use super::harness;
use crate::testing::render;

/// A field's name, whether it must be there, and what makes it.
type Field<'a> = (&'a str, bool, fn(&mut Random) -> Value);

/// A small generator (xorshift): no two runs differ.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn text(&mut self) -> Value {
        json!(["a", "b", "c"][usize::try_from(self.below(3)).unwrap()])
    }

    fn object(&mut self, fields: &[Field<'_>]) -> Value {
        let mut object = Map::new();
        for (name, required, make) in fields {
            if *required || self.below(2) == 0 {
                object.insert((*name).to_owned(), make(self));
            }
        }
        Value::Object(object)
    }

    fn list(&mut self, most: u64, make: fn(&mut Self) -> Value) -> Value {
        let length = self.below(most + 1);
        (0..length).map(|_| make(self)).collect()
    }

    fn map(&mut self, make: fn(&mut Self) -> Value) -> Value {
        let mut map = Map::new();
        for key in ["k", "l", "m"] {
            if self.below(2) == 0 {
                map.insert(key.to_owned(), make(self));
            }
        }
        Value::Object(map)
    }

    fn config(&mut self) -> Value {
        self.object(&[
            ("name", true, Self::text),
            ("size", false, |random| json!(random.below(12) + 20)),
            ("password", false, Self::text),
            ("ratio", false, |random| {
                json!([0.1, 0.5, 7.0][usize::try_from(random.below(3)).unwrap()])
            }),
            ("tags", false, |random| random.map(Self::text)),
            ("zones", false, |random| random.list(3, Self::text)),
            ("settings", false, |random| {
                random.object(&[
                    ("mode", false, Self::text),
                    ("level", false, |random| json!(random.below(3))),
                    ("key", false, Self::text),
                ])
            }),
            ("rules", false, |random| {
                random.list(3, |random| {
                    random.object(&[
                        ("port", true, |random| json!(random.below(4))),
                        ("protocol", false, Self::text),
                    ])
                })
            }),
            ("labels", false, |random| {
                random.list(3, |random| {
                    random.object(&[("key", true, Self::text), ("value", false, Self::text)])
                })
            }),
            ("named", false, |random| {
                random.map(|random| random.object(&[("color", false, Self::text)]))
            }),
            ("exception", false, |random| {
                random.list(2, |random| random.object(&[("code", true, Self::text)]))
            }),
            ("limit", false, |random| {
                random.list(3, |random| {
                    random.object(&[
                        ("name", true, Self::text),
                        ("max", false, |random| json!(random.below(2) + 4)),
                    ])
                })
            }),
            ("origin", false, |random| json!({ "type": random.text() })),
        ])
    }

    /// Makes parts of a configuration unknown.
    fn hide(&mut self, value: Value) -> Value {
        if self.below(8) == 0 {
            return json!("<unknown>");
        }
        match value {
            Value::Array(items) => items.into_iter().map(|item| self.hide(item)).collect(),
            Value::Object(fields) => self.hide_in(fields),
            other => other,
        }
    }

    fn hide_in(&mut self, fields: Map<String, Value>) -> Value {
        fields
            .into_iter()
            .map(|(name, field)| (name, self.hide(field)))
            .collect()
    }
}

#[tokio::test]
async fn random_configurations() {
    let harness = harness().await;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut stored = None;
    for round in 0..400 {
        let config = random.config();
        let Value::Object(fields) = config.clone() else {
            continue;
        };
        let hidden = random.hide_in(fields);
        let first = harness.plan("sample_thing", stored.as_ref(), &hidden).await;
        assert!(
            first.diags.is_empty(),
            "round {round}, unknown parts: {}\n{hidden}\n{stored:#?}",
            render(&first.diags)
        );
        let planned = harness.plan_again(&first, &config).await;
        assert!(
            planned.diags.is_empty(),
            "round {round}, plan: {}\n{hidden}\n{config}\n{stored:#?}",
            render(&planned.diags)
        );
        let outcome = harness.apply(&planned).await;
        assert!(
            outcome.diags.is_empty(),
            "round {round}, apply: {}\n{config}",
            render(&outcome.diags)
        );
        let after = harness.read("sample_thing", &outcome.stored.unwrap()).await;
        let after = after.stored.unwrap();
        let again = harness.plan("sample_thing", Some(&after), &config).await;
        assert!(
            again.diags.is_empty() && again.is_no_op(),
            "round {round}\n{config}\n{again:#?}"
        );
        stored = Some(after);
    }
}
