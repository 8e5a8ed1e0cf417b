//! Documents from and to JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::document::{Conditions, Document, Effect, Matcher, Principals, Statement};
use super::pattern::root_arn;

impl Document {
    /// Reads a policy. Account ids become root ARNs of `partition`.
    ///
    /// # Errors
    /// A sentence that says where the text is not a policy.
    pub(crate) fn parse(text: &str, partition: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        let Value::Object(mut map) = value else {
            return Err("it is not a JSON object".to_owned());
        };
        let statements = match map.remove("Statement") {
            Some(Value::Array(list)) => list,
            Some(single @ Value::Object(_)) => vec![single],
            _ => return Err("it has no list `Statement`".to_owned()),
        };
        let text_of =
            |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        let statements = statements
            .into_iter()
            .enumerate()
            .map(|(index, value)| {
                statement(value, partition)
                    .map_err(|fault| format!("in statement {}: {fault}", index + 1))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            version: text_of(map.remove("Version")).unwrap_or_else(|| "2008-10-17".to_owned()),
            id: text_of(map.remove("Id")),
            statements,
        })
    }

    /// The canonical text: sorted keys, no spaces, sorted sets, sets of one as a single string.
    pub(crate) fn to_json(&self) -> String {
        let mut map = BTreeMap::new();
        if let Some(id) = &self.id {
            map.insert("Id", Value::from(id.as_str()));
        }
        map.insert(
            "Statement",
            self.statements.iter().map(write_statement).collect(),
        );
        map.insert("Version", Value::from(self.version.as_str()));
        object(map).to_string()
    }
}

fn object<K: Into<String>>(map: BTreeMap<K, Value>) -> Value {
    Value::Object(
        map.into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect(),
    )
}

fn write_set(set: &BTreeSet<String>) -> Value {
    match set.first() {
        Some(single) if set.len() == 1 => Value::from(single.as_str()),
        _ => set.iter().map(|item| Value::from(item.as_str())).collect(),
    }
}

fn write_statement(statement: &Statement) -> Value {
    let mut map = BTreeMap::new();
    if let Some(sid) = &statement.sid {
        map.insert("Sid", Value::from(sid.as_str()));
    }
    map.insert(
        "Effect",
        Value::from(match statement.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        }),
    );
    let (key, principals) = match &statement.principals {
        Principals::Only(map) => ("Principal", map),
        Principals::Except(map) => ("NotPrincipal", map),
    };
    // A policy of an identity or of an organization names none.
    if !principals.is_empty() || matches!(statement.principals, Principals::Except(_)) {
        map.insert(key, write_principals(principals));
    }
    let mut write_matcher = |only, except, matcher: &Matcher| match matcher {
        Matcher::Only(set) => map.insert(only, write_set(set)),
        Matcher::Except(set) => map.insert(except, write_set(set)),
    };
    write_matcher("Action", "NotAction", &statement.actions);
    write_matcher("Resource", "NotResource", &statement.resources);
    if !statement.conditions.is_empty() {
        let conditions = statement
            .conditions
            .iter()
            .map(|(operator, keys)| {
                let keys = keys
                    .iter()
                    .map(|(key, values)| (key.as_str(), write_set(values)))
                    .collect();
                (operator.as_str(), object::<&str>(keys))
            })
            .collect();
        map.insert("Condition", object::<&str>(conditions));
    }
    object(map)
}

fn write_principals(map: &BTreeMap<String, BTreeSet<String>>) -> Value {
    let everybody = |names: &BTreeSet<String>| names.len() == 1 && names.contains("*");
    match map.get("AWS") {
        Some(names) if map.len() == 1 && everybody(names) => Value::from("*"),
        _ => object(
            map.iter()
                .map(|(kind, names)| (kind.as_str(), write_set(names)))
                .collect(),
        ),
    }
}

fn statement(value: Value, partition: &str) -> Result<Statement, String> {
    let Value::Object(mut map) = value else {
        return Err("it is not an object".to_owned());
    };
    let effect = match map.remove("Effect").as_ref().and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err("`Effect` is neither `Allow` nor `Deny`".to_owned()),
    };
    let principals = match (map.remove("Principal"), map.remove("NotPrincipal")) {
        (Some(value), None) => Principals::Only(principals(value, partition)?),
        (None, Some(value)) => Principals::Except(principals(value, partition)?),
        (None, None) => Principals::Only(BTreeMap::new()),
        (Some(_), Some(_)) => return Err("it has both `Principal` and `NotPrincipal`".to_owned()),
    };
    let actions = matcher(&mut map, "Action", "NotAction")?;
    let resources = matcher(&mut map, "Resource", "NotResource")?;
    Ok(Statement {
        sid: map
            .remove("Sid")
            .and_then(|sid| sid.as_str().map(str::to_owned)),
        effect,
        principals,
        actions,
        resources,
        conditions: conditions(map.remove("Condition"))?,
    })
}

fn principals(value: Value, partition: &str) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    match value {
        Value::String(star) if star == "*" => Ok(BTreeMap::from([(
            "AWS".to_owned(),
            BTreeSet::from(["*".to_owned()]),
        )])),
        Value::Object(map) => map
            .into_iter()
            .map(|(kind, names)| {
                let names =
                    set(names).ok_or_else(|| format!("`Principal.{kind}` is no string or list"))?;
                let names = match kind.as_str() {
                    "AWS" => names
                        .into_iter()
                        .map(|name| normal_principal(name, partition))
                        .collect(),
                    _ => names,
                };
                Ok((kind, names))
            })
            .collect(),
        _ => Err("`Principal` is neither `*` nor an object".to_owned()),
    }
}

/// Account ids as root ARNs.
fn normal_principal(name: String, partition: &str) -> String {
    if name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit()) {
        return root_arn(partition, &name);
    }
    name
}

fn matcher(map: &mut Map<String, Value>, only: &str, except: &str) -> Result<Matcher, String> {
    let read = |value: Value, key: &str| {
        set(value).ok_or_else(|| format!("`{key}` is no string or list of strings"))
    };
    match (map.remove(only), map.remove(except)) {
        (Some(value), None) => Ok(Matcher::Only(read(value, only)?)),
        (None, Some(value)) => Ok(Matcher::Except(read(value, except)?)),
        (None, None) if only == "Resource" => Ok(Matcher::Only(BTreeSet::from(["*".to_owned()]))),
        _ => Err(format!("it needs one of `{only}` and `{except}`")),
    }
}

fn conditions(value: Option<Value>) -> Result<Conditions, String> {
    let Some(value) = value else {
        return Ok(Conditions::new());
    };
    let Value::Object(operators) = value else {
        return Err("`Condition` is not an object".to_owned());
    };
    operators
        .into_iter()
        .map(|(operator, keys)| {
            let Value::Object(keys) = keys else {
                return Err(format!("`Condition.{operator}` is not an object"));
            };
            let keys = keys
                .into_iter()
                .map(|(key, values)| {
                    let values = set(values).ok_or_else(|| {
                        format!("the value of condition key `{key}` is no string or list")
                    })?;
                    Ok((key, values))
                })
                .collect::<Result<_, String>>()?;
            Ok((operator, keys))
        })
        .collect()
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn set(value: Value) -> Option<BTreeSet<String>> {
    match value {
        Value::Array(items) => items.into_iter().map(scalar).collect(),
        single => Some(BTreeSet::from([scalar(single)?])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::policy::{allow, deny};

    const ONE: &str = r#"{"Version":"2012-10-17","Id":"x","Statement":[
        {"Sid":"B","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"},
        {"Sid":"A","Effect":"Deny","Principal":"*","Action":["kms:b","kms:a"],"Resource":"*",
         "Condition":{"Bool":{"aws:SecureTransport":false}}}]}"#;
    const TWO: &str = r#"{"Version":"2012-10-17","Statement":[
        {"Sid":"A","Effect":"Deny","Principal":{"AWS":["*"]},"Action":["KMS:a","kms:b"],"Resource":["*"],
         "Condition":{"Bool":{"aws:SecureTransport":["false"]}}},
        {"Sid":"B","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root"]},"Action":["kms:*"],"Resource":"*"}]}"#;

    #[test]
    fn what_aws_rewrites_is_the_same() {
        let (one, two) = (
            Document::parse(ONE, "aws").unwrap(),
            Document::parse(TWO, "aws").unwrap(),
        );
        assert!(one.same_as(&two));
        let again = Document::parse(&one.to_json(), "aws").unwrap();
        assert_eq!(again, one);
    }

    #[test]
    fn a_changed_value_is_not_the_same() {
        let one = Document::parse(ONE, "aws").unwrap();
        for (from, to) in [
            ("kms:a", "kms:c"),
            ("111122223333", "111122223334"),
            ("\"B\"", "\"C\""),
            ("Deny", "Allow"),
        ] {
            assert!(
                !one.same_as(&Document::parse(&ONE.replace(from, to), "aws").unwrap()),
                "{from}"
            );
        }
    }

    #[test]
    fn canonical_text() {
        let document = Document::new(vec![
            allow("A")
                .to("AWS", ["b", "a"])
                .actions(["kms:Decrypt"])
                .when("StringEquals", "k", ["v"]),
            deny("D").to_everybody().actions(["kms:*"]),
        ]);
        insta::assert_snapshot!(document.to_json(), @r#"{"Statement":[{"Action":"kms:Decrypt","Condition":{"StringEquals":{"k":"v"}},"Effect":"Allow","Principal":{"AWS":["a","b"]},"Resource":"*","Sid":"A"},{"Action":"kms:*","Effect":"Deny","Principal":"*","Resource":"*","Sid":"D"}],"Version":"2012-10-17"}"#);
    }

    #[test]
    fn faults_say_where() {
        for (text, fault) in [
            ("[]", "it is not a JSON object"),
            ("{}", "it has no list `Statement`"),
            (
                r#"{"Statement":[{"Effect":"Maybe"}]}"#,
                "in statement 1: `Effect` is neither `Allow` nor `Deny`",
            ),
            (
                r#"{"Statement":[{"Effect":"Allow"}]}"#,
                "in statement 1: it needs one of `Action` and `NotAction`",
            ),
            (
                r#"{"Statement":{"Effect":"Allow","Principal":7,"Action":"*"}}"#,
                "in statement 1: `Principal` is neither `*` nor an object",
            ),
        ] {
            assert_eq!(Document::parse(text, "aws").unwrap_err(), fault);
        }
        assert!(
            Document::parse("{", "aws")
                .unwrap_err()
                .starts_with("it is not JSON")
        );
    }
}
