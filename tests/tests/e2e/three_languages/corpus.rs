//! The corpus: a good service, spoilt in up to four ways at a time, the same on every machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use gabion_model::{
    Change, Data, Graph, Mode, NodeId, Operation, Path, Reference, Shape, Stage, Tree, TreeBuilder,
};
use serde_json::{Value as Json, json};

const CHANGES: usize = 420;

/// A small generator of numbers: what matters is that it never changes.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

fn unknown() -> Json {
    json!({ "$": "unknown" })
}

fn computed() -> Json {
    json!({ "$": "computed" })
}

fn sensitive(value: Json) -> Json {
    json!({ "$": "sensitive", "of": value })
}

/// A number as it is written.
fn number(text: &str) -> Json {
    json!({ "$": "number", "of": text })
}

fn good() -> Json {
    json!({
        "name": "acme-api",
        "tags": { "owner": "team \"a\"", "cost center": "42" },
        "encrypted": true,
        "backup": [{ "days": 30, "copies": ["disk", "vault"] }],
        "ingress": [{ "from": 443, "to": 443, "cidrs": ["0.0.0.0/0"] }],
        "policy": r#"{"Version":"2012-10-17","Statement":[{"Sid":"Own","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:Get*","Resource":"*"}]}"#,
        "password": sensitive(json!("correct horse battery")),
        "limits": [{ "weight": number("0.25") }],
        "zone": "a",
        "options": { "debug": false, "level": "high" },
        "environment": { "HOME": "/srv", "LEVEL": "info" },
    })
}

/// What each attribute may be instead.
fn spoils() -> Vec<(&'static str, Vec<Json>)> {
    let (any, odd) = (unknown(), computed());
    vec![
        (
            "name",
            vec![
                json!("api"),
                json!(""),
                Json::Null,
                any.clone(),
                odd.clone(),
                sensitive(json!("acme-secret")),
                json!(42),
                json!("acme-0123456789012345678901234567890123456789"),
                json!("ünï-\u{1f980} \"quoted\" \\ \n\t\u{1}\u{7f}"),
                json!(
                    "acme-\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}"
                ),
                json!("acme-éééééééééééééééééééééééééééééééééééé"),
                json!("ünï-api"),
            ],
        ),
        (
            "tags",
            vec![
                Json::Null,
                any.clone(),
                odd.clone(),
                json!({}),
                json!({ "owner": "team \"a\"" }),
                json!({ "owner": "nobody", "cost center": "" }),
                json!({ "owner": any, "cost center": "1" }),
                json!({ "owner": null, "Zebra": "z", "apple": "a", "Äpfel": "ä", "\u{1f980}": "" }),
                sensitive(json!({ "owner": "team\tb", "cost center": "1" })),
                json!(["owner"]),
                json!({ "owner": sensitive(json!("hidden")), "cost center": odd }),
                json!({ "owner": 7, "cost center": "1" }),
                json!({ "owner": "team\tb", "cost center": "1" }),
                json!({ "owner": "\u{1f980}", "cost center": "1" }),
            ],
        ),
        (
            "encrypted",
            vec![
                json!(false),
                Json::Null,
                any.clone(),
                odd.clone(),
                sensitive(json!(true)),
                json!("true"),
            ],
        ),
        (
            "backup",
            vec![
                json!([]),
                Json::Null,
                any.clone(),
                odd.clone(),
                json!([{ "days": 3, "copies": [] }]),
                json!([{ "days": number("3e0"), "copies": null }]),
                json!([{ "days": number("1.30e1"), "copies": ["tape"] }]),
                json!([{ "days": number("7.5"), "copies": [] }]),
                json!([{ "days": any, "copies": ["disk", any, "tape"] }]),
                json!([{ "days": number("-0.0"), "copies": ["disk", "tape", "tape"] }]),
                json!([{ "days": null, "copies": odd }]),
                json!([{ "copies": [] }]),
                json!([any]),
                json!([null]),
                json!({ "days": 3 }),
                sensitive(json!([{ "days": 3, "copies": [] }])),
                json!([{ "days": number("1000e-2"), "copies": any }]),
                json!([{ "days": "7", "copies": [] }]),
            ],
        ),
        (
            "ingress",
            vec![
                json!([]),
                Json::Null,
                any.clone(),
                odd.clone(),
                json!([{ "from": 0, "to": 65535, "cidrs": ["10.0.0.0/8", "0.0.0.0/0"] }, { "from": 22, "to": 22, "cidrs": ["0.0.0.0/0"] }]),
                json!([{ "from": 22, "to": 22, "cidrs": ["0.0.0.0/0", any, "0.0.0.0/0"] }]),
                json!([{ "from": any, "to": 22, "cidrs": ["0.0.0.0/0"] }, { "from": 1, "to": 80, "cidrs": ["0.0.0.0/0"] }]),
                json!([{ "from": null, "to": odd, "cidrs": ["0.0.0.0/0"] }, { "from": 22, "to": 22, "cidrs": null }]),
                json!([any]),
                json!([{ "from": 22, "to": 22, "cidrs": "0.0.0.0/0" }]),
            ],
        ),
        ("policy", policies()),
        (
            "password",
            vec![
                Json::Null,
                any.clone(),
                odd.clone(),
                sensitive(json!("short")),
                json!("acme-api"),
                sensitive(json!("acme-api")),
                sensitive(any.clone()),
                json!("a long one that all can see"),
                sensitive(Json::Null),
                json!(""),
                sensitive(json!(
                    "\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}\u{1f980}"
                )),
            ],
        ),
        (
            "limits",
            vec![
                json!([]),
                Json::Null,
                any.clone(),
                odd.clone(),
                json!([{ "weight": number("0.75") }]),
                json!([{ "weight": number("1e-1") }]),
                json!([{ "weight": number("123456789012345678901234567890.5") }]),
                json!([{ "weight": any }]),
                json!([{ "weight": null }]),
                json!([{ "weight": number("0.50000000000000001") }]),
                json!([{ "weight": "heavy" }]),
                json!([{ "weight": number("1E400") }]),
                json!([{}]),
            ],
        ),
        (
            "zone",
            vec![
                json!("b"),
                Json::Null,
                any.clone(),
                odd.clone(),
                sensitive(json!("a")),
            ],
        ),
        (
            "options",
            vec![
                Json::Null,
                any.clone(),
                odd.clone(),
                json!({ "debug": true, "debug é": true, "debug.x[0]": true }),
                json!({ "debug": any }),
                json!({ "debug": "yes", "debug2": odd }),
                json!({ "a": 1, "debug": sensitive(json!(true)) }),
                json!([true]),
            ],
        ),
        (
            "environment",
            vec![
                json!({ "KEY": "AKIAIOSFODNN7EXAMPLE", "URL": "postgres://app:hunter2@db.example.com/x" }),
                sensitive(json!({ "KEY": "AKIAIOSFODNN7EXAMPLE" })),
                any.clone(),
                Json::Null,
                json!({ "a key": { "inner": ["x", "AKIAIOSFODNN7EXAMPLE"] } }),
                json!({ "HOME": any }),
            ],
        ),
    ]
}

fn policies() -> Vec<Json> {
    let one = |statement: Json| {
        json!(json!({ "Version": "2012-10-17", "Statement": statement }).to_string())
    };
    vec![
        Json::Null,
        unknown(),
        computed(),
        json!(""),
        json!("{"),
        json!("[]"),
        json!("7"),
        json!({ "Statement": [] }),
        json!(r#"{"Statement":[]}"#),
        json!(r#"{"Id":"x"}"#),
        sensitive(one(json!([]))),
        one(json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*" })),
        one(json!([
            { "Sid": "Deny", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*" },
            { "Sid": "", "Effect": "Allow", "Principal": { "AWS": ["111122223333", "*"] }, "Action": ["KMS:*", "kms:Get*"], "Resource": "*" },
        ])),
        one(
            json!([{ "Sid": "Org", "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "kms:**", "Resource": "*",
            "Condition": { "StringEquals": { "AWS:principalorgid": "o-1" } } }]),
        ),
        one(
            json!([{ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "iam:?assRole", "Resource": "*",
            "Condition": { "StringEqualsIfExists": { "aws:PrincipalOrgID": ["o-1", "o-2"] } } }]),
        ),
        one(
            json!([{ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "IAM:PASS*", "Resource": "*",
            "Condition": { "ForAllValues:StringLike": { "aws:PrincipalOrgID": true, "x": [1, false, 2.50] } } }]),
        ),
        one(
            json!([{ "Effect": "Allow", "NotPrincipal": { "AWS": "111122223333" }, "NotAction": "iam:*", "Resource": "*" }]),
        ),
        one(json!([{ "Effect": "Allow", "NotAction": ["s3:*"], "Resource": [] }])),
        one(
            json!([{ "Sid": "é \u{1f980}", "Effect": "Allow", "Principal": "*", "Action": "k?s:*", "Resource": "*" }]),
        ),
        one(json!([{ "Effect": "allow", "Principal": "*", "Action": "*", "Resource": "*" }])),
        one(json!(["x"])),
        one(
            json!([{ "Effect": "Allow", "Principal": { "AWS": { "x": 1 } }, "Action": "*", "Resource": "*" }]),
        ),
        one(
            json!([{ "Effect": "Allow", "Principal": { "Service": "x.amazonaws.com", "Federated": "*" }, "Action": "*", "Resource": "*" }]),
        ),
        one(
            json!([{ "Effect": "Allow", "Principal": { "CanonicalUser": ["a", "b"] }, "Action": ["\u{1f980}:*", "kms:?"], "Resource": null }]),
        ),
        one(
            json!([{ "Sid": 7, "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }]),
        ),
    ]
}

/// All changes, from the good one to the worst.
pub(super) fn changes() -> Vec<Arc<Change>> {
    let spoils = spoils();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut bodies: Vec<Json> = vec![good(); 30];
    // Each way alone first, so that none is left out.
    for (name, instead) in &spoils {
        for one in instead {
            bodies.push(with(good(), name, one));
        }
    }
    for (name, _) in &spoils {
        let mut body = good();
        body.as_object_mut().unwrap().remove(*name);
        bodies.push(body);
    }
    while bodies.len() < CHANGES {
        let mut body = good();
        for _ in 0..=dice.roll(4) {
            let (name, instead) = dice.pick(&spoils);
            body = with(body, name, dice.pick(instead));
        }
        bodies.push(body);
    }
    bodies
        .iter()
        .map(|body| Arc::new(change(body, &mut dice)))
        .collect()
}

fn with(mut body: Json, name: &str, value: &Json) -> Json {
    body[name] = value.clone();
    body
}

fn change(body: &Json, dice: &mut Dice) -> Change {
    let operation = *dice.pick(&[
        Operation::Create,
        Operation::Create,
        Operation::Create,
        Operation::Create,
        Operation::Update,
        Operation::Update,
        Operation::Update,
        Operation::Replace,
        Operation::NoOp,
        Operation::Import,
        Operation::Delete,
        Operation::Forget,
    ]);
    let shape = *dice.pick(&[Shape::Object, Shape::Object, Shape::Object, Shape::Unsure]);
    let prior = with(
        good(),
        "zone",
        dice.pick(&[json!("a"), json!("a"), json!("c"), Json::Null]),
    );
    let (before, after) = match operation {
        Operation::Create => (Json::Null, body.clone()),
        Operation::Delete => (prior, Json::Null),
        _ => (prior, body.clone()),
    };
    let config = match dice.roll(7) {
        0 => None,
        1 => Some(json!({ "name": "x" })),
        2 => Some(json!({ "tier": unknown() })),
        _ => Some(json!({ "tier": "gold" })),
    };
    let regions = [
        Json::Null,
        json!({ "region": "eu-central-1" }),
        json!({ "region": "us-east-1" }),
        json!({ "region": unknown() }),
    ];
    let region = dice.pick(&regions);
    Change {
        resource_type: (*dice.pick(&[
            "acme_service",
            "acme_service",
            "acme_service",
            "acme_service",
            "acme_service",
            "acme_service",
            "acme_job",
            "acme_job",
            "acme_other",
        ]))
        .into(),
        mode: match dice.roll(20) {
            0 => Mode::Data,
            _ => Mode::Managed,
        },
        provider: "registry.terraform.io/acme/services".into(),
        provider_version: Some("1.2.0".into()),
        operation,
        stage: *dice.pick(&[Stage::Plan, Stage::Apply, Stage::Check]),
        before: Arc::new(tree(&before, shape)),
        after: Arc::new(tree(&after, shape)),
        config: config.map(|config| Arc::new(tree(&config, Shape::Map))),
        provider_configuration: Arc::new(tree(region, Shape::Map)),
        address: None,
        module_address: None,
    }
}

/// Whole plans of such services, some of them watched, some of them referring to each other.
pub(super) fn plans(changes: &[Arc<Change>]) -> Vec<Arc<Graph>> {
    let mut dice = Dice(0x0123_4567_89ab_cdef);
    let mut plans = Vec::new();
    for chunk in changes.chunks(7) {
        let mut all: Vec<Arc<Change>> = Vec::new();
        let mut references: BTreeMap<usize, Vec<Reference>> = BTreeMap::new();
        for (position, one) in chunk.iter().enumerate() {
            let mut one = one.as_ref().clone();
            one.resource_type =
                (*dice.pick(&["acme_service", "acme_service", "acme_alarm"])).into();
            one.address = Some(format!("{}.n{position}", one.resource_type));
            if dice.roll(3) == 0 {
                one.address = one
                    .address
                    .map(|address| format!("module.m[\"é\"].{address}[0]"));
            }
            for _ in 0..dice.roll(3) {
                if let Some(other) = all.get(dice.roll(position + 1)) {
                    references.entry(position).or_default().push(Reference {
                        path: Path::parse("limits[0].weight").unwrap(),
                        address: other.address.clone().unwrap(),
                        attribute: (*dice.pick(&["id", "", "name"])).to_owned(),
                    });
                }
            }
            all.push(Arc::new(one));
        }
        plans.push(Arc::new(Graph {
            changes: all,
            references,
            complete: dice.roll(4) > 0,
        }));
    }
    plans
}

fn tree(value: &Json, shape: Shape) -> Tree {
    let mut builder = TreeBuilder::new();
    let root = push(&mut builder, value, shape);
    builder.finish(root)
}

fn push(builder: &mut TreeBuilder, value: &Json, shape: Shape) -> NodeId {
    let data = match value {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Boolean(*value),
        Json::Number(number) => Data::Number(number.to_string().into()),
        Json::String(text) => Data::Text(text.as_str().into()),
        Json::Array(items) => Data::Sequence(
            items
                .iter()
                .map(|item| push(builder, item, shape))
                .collect(),
        ),
        Json::Object(items) => match items.get("$").and_then(Json::as_str) {
            Some("unknown") => Data::Unknown,
            Some("computed") => Data::Computed,
            Some("number") => Data::Number(items["of"].as_str().unwrap().into()),
            Some(_) => {
                let id = push(builder, &items["of"], shape);
                builder.mark_sensitive(id);
                return id;
            }
            None => {
                let child = |(name, item): (&String, &Json)| {
                    // Blocks have a schema, these have any keys.
                    let free = ["tags", "options", "environment"].contains(&name.as_str());
                    let below = if free { Shape::Map } else { shape };
                    (Arc::<str>::from(name.as_str()), push(builder, item, below))
                };
                Data::Mapping(shape, items.iter().map(child).collect())
            }
        },
    };
    builder.push(data, false)
}
