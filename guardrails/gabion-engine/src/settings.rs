//! Settings against a pack's schema: the part of JSON Schema that settings need, so that a mistyped name is
//! an error before the pack sees it. The pack's own `configure` has the last word.

use gabion_model::SettingsProblem;
use serde_json::Value;

/// All that is wrong with the settings; empty where they are good, or the schema does not say.
pub(crate) fn problems(settings: &Value, schema: &str) -> Vec<SettingsProblem> {
    let Ok(schema) = serde_json::from_str::<Value>(schema) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if settings.is_object() {
        let nothing = schema.as_object().is_some_and(serde_json::Map::is_empty);
        if nothing && settings.as_object().is_some_and(|given| !given.is_empty()) {
            let names = settings
                .as_object()
                .into_iter()
                .flat_map(serde_json::Map::keys);
            found.extend(names.map(|name| problem(name, "the pack takes no settings")));
        } else {
            check(settings, &schema, "", &mut found);
        }
    } else {
        found.push(problem("", "settings are an object, `{ name = value }`"));
    }
    found
}

fn problem(path: &str, message: impl Into<String>) -> SettingsProblem {
    SettingsProblem {
        path: path.to_owned(),
        message: message.into(),
    }
}

fn check(value: &Value, schema: &Value, path: &str, found: &mut Vec<SettingsProblem>) {
    if let Some(wanted) = types(schema)
        && !wanted.iter().any(|name| is_type(value, name))
    {
        found.push(problem(
            path,
            format!(
                "{} is given, and {} is wanted",
                kind(value),
                wanted.join(" or ")
            ),
        ));
        return;
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        let allowed: Vec<String> = allowed
            .iter()
            .map(|value| format!("`{}`", text(value)))
            .collect();
        found.push(problem(
            path,
            format!("`{}` is none of {}", text(value), allowed.join(", ")),
        ));
    }
    if let Some(number) = value.as_f64() {
        for (name, bad, word) in [
            ("minimum", -1.0_f64, "less than"),
            ("maximum", 1.0, "more than"),
        ] {
            if let Some(limit) = schema.get(name).and_then(Value::as_f64)
                && (number - limit) * bad > 0.0
            {
                found.push(problem(path, format!("{number} is {word} {limit}")));
            }
        }
    }
    if let Some(items) = value.as_array() {
        if let Some(least) = schema.get("minItems").and_then(Value::as_u64)
            && (items.len() as u64) < least
        {
            found.push(problem(
                path,
                format!(
                    "it has {} elements, and at least {least} are wanted",
                    items.len()
                ),
            ));
        }
        if let Some(schema) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                check(item, schema, &format!("{path}[{index}]"), found);
            }
        }
    }
    if let Some(object) = value.as_object() {
        check_object(object, schema, path, found);
    }
}

fn check_object(
    object: &serde_json::Map<String, Value>,
    schema: &Value,
    path: &str,
    found: &mut Vec<SettingsProblem>,
) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let others = schema.get("additionalProperties");
    for (name, value) in object {
        match (properties.and_then(|known| known.get(name)), others) {
            (Some(schema), _) => check(value, schema, &below(name), found),
            (None, Some(schema @ Value::Object(_))) => check(value, schema, &below(name), found),
            (None, Some(Value::Bool(true))) => {}
            // JSON Schema would let a name pass that nothing speaks of; here it is a slip of the pen.
            (None, _) if properties.is_some() || others == Some(&Value::Bool(false)) => {
                let known: Vec<String> = properties
                    .into_iter()
                    .flat_map(serde_json::Map::keys)
                    .map(|name| format!("`{name}`"))
                    .collect();
                let known = if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                };
                found.push(problem(
                    &below(name),
                    format!("there is no such setting; known are {known}"),
                ));
            }
            (None, _) => {}
        }
    }
    for name in schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if !object.contains_key(name) {
            found.push(problem(&below(name), "it is missing"));
        }
    }
}

fn types(schema: &Value) -> Option<Vec<&str>> {
    match schema.get("type")? {
        Value::String(name) => Some(vec![name]),
        Value::Array(names) => Some(names.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

fn is_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => {
            value.is_i64()
                || value.is_u64()
                || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        _ => true,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn say(settings: &Value) -> Vec<String> {
        let schema = json!({
            "type": "object",
            "properties": {
                "regions": { "type": "array", "items": { "type": "string" }, "minItems": 1 },
                "days": { "type": "integer", "minimum": 1, "maximum": 30 },
                "mode": { "enum": ["strict", "lax"] },
            },
            "required": ["mode"],
        });
        problems(settings, &schema.to_string())
            .iter()
            .map(|p| format!("{}: {}", p.path, p.message))
            .collect()
    }

    #[test]
    fn good_settings_pass() {
        assert!(say(&json!({"regions": ["eu-central-1"], "days": 7, "mode": "lax"})).is_empty());
        assert!(problems(&json!({}), "{}").is_empty());
    }

    #[test]
    fn each_slip_is_named() {
        let found = say(&json!({"regions": ["a", 1], "days": 31, "mod": "lax"}));
        assert_eq!(
            found,
            [
                "regions[1]: a number is given, and string is wanted",
                "days: 31 is more than 30",
                "mod: there is no such setting; known are `regions`, `days`, `mode`",
                "mode: it is missing",
            ]
        );
        assert_eq!(
            say(&json!([1])),
            [": settings are an object, `{ name = value }`"]
        );
        let found = problems(&json!({"x": 1}), "{}");
        assert_eq!(found[0].message, "the pack takes no settings");
    }
}
