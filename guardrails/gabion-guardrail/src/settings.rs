//! The settings of the pack, as `gabion.hcl` gives them: a struct of the pack's own, checked before any rule runs.
//!
//! ```
//! use gabion_guardrail::prelude::*;
//!
//! #[derive(Settings)]
//! struct Allowed {
//!     /// Regions in which resources may be made.
//!     #[setting(min_items = 1)]
//!     allowed_regions: Vec<String>,
//!     /// How many days a backup is kept.
//!     #[setting(default = 30, min = 7, max = 365)]
//!     backup_days: i64,
//!     /// What to make of old resources.
//!     #[setting(default = Mode::Strict)]
//!     mode: Mode,
//!     /// Whom to ask.
//!     contact: Option<String>,
//! }
//!
//! #[derive(Settings)]
//! enum Mode {
//!     Strict,
//!     VeryLax,
//! }
//!
//! fn days() -> Result<i64, Stop> {
//!     Ok(settings::<Allowed>()?.backup_days)
//! }
//! ```
//!
//! `pack!` names the struct (`settings: Allowed`). Its JSON Schema goes into the component, so that Gabion finds a
//! mistyped name or value in `gabion.hcl` with line and column. A field without `default` is required, unless it is
//! an `Option`. An enum's variants are written in lower case, `"very_lax"`.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::json::Json;
use crate::outcome::Stop;
use crate::pack::SettingsProblem;

/// The settings of this thread, and what the pack made of them.
struct Current {
    json: Arc<Json>,
    typed: Option<Rc<dyn Any>>,
}

thread_local! {
    static CURRENT: RefCell<Current> = RefCell::new(Current { json: Arc::new(Json::Map(Vec::new())), typed: None });
}

/// The settings of the pack, read into its own struct.
///
/// # Errors
/// What is wrong with them; the host has looked before, so that only a struct that the pack does not name can fail.
pub fn settings<S: Settings>() -> Result<Rc<S>, Stop> {
    let (json, typed) = CURRENT.with(|current| {
        let current = current.borrow();
        (current.json.clone(), current.typed.clone())
    });
    if let Some(Ok(known)) = typed.map(Rc::downcast::<S>) {
        return Ok(known);
    }
    let made = Rc::new(whole::<S>(&json).map_err(|problems| {
        let all: Vec<String> = problems.iter().map(SettingsProblem::to_string).collect();
        Stop::Failed(["the settings cannot be read: ", &all.join("; ")].concat())
    })?);
    let kept: Rc<dyn Any> = made.clone();
    CURRENT.with(|current| current.borrow_mut().typed = Some(kept));
    Ok(made)
}

/// The settings as JSON: a map, empty where nothing is set.
pub fn get() -> Arc<Json> {
    CURRENT.with(|current| current.borrow().json.clone())
}

/// Replaces the settings of this thread.
pub(crate) fn share(json: Arc<Json>) {
    CURRENT.with(|current| {
        let mut current = current.borrow_mut();
        if !Arc::ptr_eq(&current.json, &json) {
            *current = Current { json, typed: None };
        }
    });
}

/// Reads all settings of a pack.
///
/// # Errors
/// What is wrong with them.
pub fn whole<S: Setting>(json: &Json) -> Result<S, Vec<SettingsProblem>> {
    let mut problems = Vec::new();
    match S::read(json, "", &mut problems) {
        Some(settings) if problems.is_empty() => Ok(settings),
        _ => Err(problems),
    }
}

/// The settings of a pack: a struct with `#[derive(Settings)]`.
pub trait Settings: Setting + 'static {
    /// The JSON Schema, as text.
    fn schema_text() -> String {
        Self::schema().to_string()
    }
}

/// The settings of a pack that takes none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSettings;

impl Setting for NoSettings {
    fn schema() -> Json {
        SchemaOf::new().finish()
    }

    fn read(value: &Json, at: &str, problems: &mut Vec<SettingsProblem>) -> Option<Self> {
        Fields::new(value, at, &[], problems)?;
        Some(Self)
    }

    fn write(&self) -> Json {
        Json::Map(Vec::new())
    }
}

impl Settings for NoSettings {}

/// A type that a setting can have.
pub trait Setting: Sized {
    /// What it looks like, as JSON Schema.
    fn schema() -> Json;

    /// Reads it; `None` where it cannot be, with the reason among the problems. `at` is its path.
    fn read(value: &Json, at: &str, problems: &mut Vec<SettingsProblem>) -> Option<Self>;

    /// Writes it, for the schema's `default`.
    fn write(&self) -> Json;

    /// What it is when nobody sets it; `None` where it must be set.
    fn absent() -> Option<Self> {
        None
    }
}

fn problem(at: &str, message: &str) -> SettingsProblem {
    SettingsProblem {
        path: at.to_owned(),
        message: message.to_owned(),
    }
}

fn typed(name: &str) -> Json {
    Json::Map(vec![("type".to_owned(), name.into())])
}

macro_rules! plain {
    ($($type:ty, $name:literal, $wanted:literal, $value:ident => $read:expr, $own:ident => $write:expr;)*) => {$(
        impl Setting for $type {
            fn schema() -> Json {
                typed($name)
            }

            fn read($value: &Json, at: &str, problems: &mut Vec<SettingsProblem>) -> Option<Self> {
                let read = $read;
                if read.is_none() {
                    problems.push(problem(at, $wanted));
                }
                read
            }

            fn write(&self) -> Json {
                let $own = self;
                $write
            }
        }
    )*};
}

plain! {
    bool, "boolean", "a boolean is wanted", value => value.boolean(), own => (*own).into();
    String, "string", "a string is wanted", value => value.text().map(str::to_owned), own => own.as_str().into();
    i64, "integer", "a whole number is wanted", value => value.integer(), own => (*own).into();
    u32, "integer", "a whole number from 0 on is wanted",
        value => value.integer().and_then(|value| Self::try_from(value).ok()), own => i64::from(*own).into();
}

impl<T: Setting> Setting for Vec<T> {
    fn schema() -> Json {
        Json::Map(vec![
            ("type".to_owned(), "array".into()),
            ("items".to_owned(), T::schema()),
        ])
    }

    fn read(value: &Json, at: &str, problems: &mut Vec<SettingsProblem>) -> Option<Self> {
        let Json::List(elements) = value else {
            problems.push(problem(at, "a list is wanted"));
            return None;
        };
        let mut read = Some(Self::new());
        for (index, element) in elements.iter().enumerate() {
            let at = [at, "[", &index.to_string(), "]"].concat();
            match (T::read(element, &at, problems), &mut read) {
                (Some(element), Some(read)) => read.push(element),
                (None, _) => read = None,
                _ => {}
            }
        }
        read
    }

    fn write(&self) -> Json {
        Json::List(self.iter().map(Setting::write).collect())
    }
}

impl<T: Setting> Setting for BTreeMap<String, T> {
    fn schema() -> Json {
        Json::Map(vec![
            ("type".to_owned(), "object".into()),
            ("additionalProperties".to_owned(), T::schema()),
        ])
    }

    fn read(value: &Json, at: &str, problems: &mut Vec<SettingsProblem>) -> Option<Self> {
        let Json::Map(entries) = value else {
            problems.push(problem(at, "a map is wanted, `{ name = value }`"));
            return None;
        };
        let mut read = Some(Self::new());
        for (name, value) in entries {
            match (T::read(value, &below(at, name), problems), &mut read) {
                (Some(value), Some(read)) => {
                    read.insert(name.clone(), value);
                }
                (None, _) => read = None,
                _ => {}
            }
        }
        read
    }

    fn write(&self) -> Json {
        let entry = |(name, value): (&String, &T)| (name.clone(), value.write());
        Json::Map(self.iter().map(entry).collect())
    }
}

impl<T: Setting> Setting for Option<T> {
    fn schema() -> Json {
        T::schema()
    }

    fn read(value: &Json, at: &str, problems: &mut Vec<SettingsProblem>) -> Option<Self> {
        match value {
            Json::Null => Some(None),
            value => T::read(value, at, problems).map(Some),
        }
    }

    fn write(&self) -> Json {
        self.as_ref().map_or(Json::Null, Setting::write)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

fn below(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        [at, ".", name].concat()
    }
}

/// What `#[setting(...)]` asks of a value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    pub least: Option<i64>,
    pub most: Option<i64>,
    pub least_items: Option<u32>,
    pub one_of: &'static [&'static str],
}

impl Limits {
    /// Writes them into a schema; those of an element into the schema of the elements.
    fn describe(&self, schema: &mut Vec<(String, Json)>) {
        if let Some(least) = self.least_items {
            schema.push(("minItems".to_owned(), i64::from(least).into()));
        }
        let own = match schema.iter_mut().find(|(name, _)| name == "items") {
            Some((_, Json::Map(items))) => items,
            _ => schema,
        };
        if let Some(least) = self.least {
            own.push(("minimum".to_owned(), least.into()));
        }
        if let Some(most) = self.most {
            own.push(("maximum".to_owned(), most.into()));
        }
        if !self.one_of.is_empty() {
            let words = self.one_of.iter().map(|word| Json::from(*word)).collect();
            own.push(("enum".to_owned(), Json::List(words)));
        }
    }

    fn check(&self, value: &Json, at: &str, problems: &mut Vec<SettingsProblem>) {
        match value {
            Json::List(elements) => {
                if let Some(least) = self.least_items
                    && elements.len() < least as usize
                {
                    let (has, least) = (elements.len().to_string(), least.to_string());
                    let message = [
                        "it has ",
                        &has,
                        " elements, and at least ",
                        &least,
                        " are wanted",
                    ];
                    problems.push(problem(at, &message.concat()));
                }
                for (index, element) in elements.iter().enumerate() {
                    if !matches!(element, Json::List(_)) {
                        let at = [at, "[", &index.to_string(), "]"].concat();
                        self.check(element, &at, problems);
                    }
                }
            }
            Json::Number(_) => {
                let Some(number) = value.integer() else {
                    return;
                };
                if let Some(least) = self.least.filter(|least| number < *least) {
                    let message = [&number.to_string(), " is less than ", &least.to_string()];
                    problems.push(problem(at, &message.concat()));
                }
                if let Some(most) = self.most.filter(|most| number > *most) {
                    let message = [&number.to_string(), " is more than ", &most.to_string()];
                    problems.push(problem(at, &message.concat()));
                }
            }
            Json::Text(text)
                if !self.one_of.is_empty() && !self.one_of.contains(&text.as_str()) =>
            {
                problems.push(problem(at, &none_of(text, self.one_of)));
            }
            _ => {}
        }
    }
}

fn none_of(given: &str, words: &[&str]) -> String {
    ["`", given, "` is none of `", &words.join("`, `"), "`"].concat()
}

/// Makes the schema of a struct.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct SchemaOf {
    properties: Vec<(String, Json)>,
    required: Vec<Json>,
}

impl SchemaOf {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    pub fn field<T: Setting>(
        &mut self,
        name: &str,
        doc: &str,
        default: Option<fn() -> T>,
        limits: &Limits,
    ) {
        if default.is_none() && T::absent().is_none() {
            self.required.push(name.into());
        }
        self.add(
            name,
            doc,
            T::schema(),
            default.map(|make| make().write()),
            limits,
        );
    }

    fn add(&mut self, name: &str, doc: &str, schema: Json, default: Option<Json>, limits: &Limits) {
        let Json::Map(mut schema) = schema else {
            return;
        };
        limits.describe(&mut schema);
        if let Some(default) = default {
            schema.push(("default".to_owned(), default));
        }
        let words: Vec<&str> = doc.split_whitespace().collect();
        schema.push(("description".to_owned(), words.join(" ").into()));
        self.properties.push((name.to_owned(), Json::Map(schema)));
    }

    pub fn finish(self) -> Json {
        let mut schema = vec![("type".to_owned(), "object".into())];
        if !self.properties.is_empty() {
            schema.push(("properties".to_owned(), Json::Map(self.properties)));
        }
        if !self.required.is_empty() {
            schema.push(("required".to_owned(), Json::List(self.required)));
        }
        schema.push(("additionalProperties".to_owned(), false.into()));
        Json::Map(schema)
    }
}

/// Reads the fields of a struct.
#[doc(hidden)]
#[derive(Debug)]
pub struct Fields<'a> {
    value: &'a Json,
    at: &'a str,
    problems: &'a mut Vec<SettingsProblem>,
}

impl<'a> Fields<'a> {
    /// `None` where the value is no map; a name that no field has is a problem.
    pub fn new(
        value: &'a Json,
        at: &'a str,
        known: &[&str],
        problems: &'a mut Vec<SettingsProblem>,
    ) -> Option<Self> {
        let Json::Map(entries) = value else {
            problems.push(problem(at, "settings are an object, `{ name = value }`"));
            return None;
        };
        for (name, _) in entries {
            if !known.contains(&name.as_str()) {
                let message = if known.is_empty() {
                    "the pack takes no settings".to_owned()
                } else {
                    [
                        "there is no such setting; known are `",
                        &known.join("`, `"),
                        "`",
                    ]
                    .concat()
                };
                problems.push(problem(&below(at, name), &message));
            }
        }
        Some(Self {
            value,
            at,
            problems,
        })
    }

    /// Reads a field; `None` where it cannot be, with the reason among the problems.
    pub fn field<T: Setting>(
        &mut self,
        name: &str,
        default: Option<fn() -> T>,
        limits: &Limits,
    ) -> Option<T> {
        let at = below(self.at, name);
        match self.value.get(name) {
            Json::Null => {
                let made = default.map_or_else(T::absent, |make| Some(make()));
                if made.is_none() {
                    self.problems.push(problem(&at, "it is missing"));
                }
                made
            }
            value => {
                limits.check(value, &at, self.problems);
                T::read(value, &at, self.problems)
            }
        }
    }
}

/// The schema of an enum.
#[doc(hidden)]
pub fn words(words: &[&str]) -> Json {
    let words = words.iter().map(|word| Json::from(*word)).collect();
    Json::Map(vec![
        ("type".to_owned(), "string".into()),
        ("enum".to_owned(), Json::List(words)),
    ])
}

/// Reads a word of an enum.
#[doc(hidden)]
pub fn word<'a>(
    value: &Json,
    at: &str,
    words: &[&'a str],
    problems: &mut Vec<SettingsProblem>,
) -> Option<&'a str> {
    let Some(given) = value.text() else {
        problems.push(problem(at, "a string is wanted"));
        return None;
    };
    let found = words.iter().find(|word| **word == given);
    if found.is_none() {
        problems.push(problem(at, &none_of(given, words)));
    }
    found.copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::Settings;

    /// Everything that a setting can be.
    #[derive(Debug, PartialEq, Settings)]
    struct All {
        /// Where resources may be.
        ///
        /// At least one.
        #[setting(min_items = 1)]
        regions: Vec<String>,
        /// How long.
        #[setting(default = 30, min = 7, max = 90)]
        days: i64,
        /// Which size.
        #[setting(default = "small", one_of = ["small", "large"])]
        size: String,
        /// How strict.
        #[setting(default = Mode::VeryStrict)]
        mode: Mode,
        /// Whom to ask.
        contact: Option<String>,
        /// By team.
        #[setting(default)]
        teams: BTreeMap<String, Team>,
        /// A name that is a word of Rust.
        #[setting(default = ["a", "b"])]
        r#type: Vec<String>,
    }

    #[derive(Debug, PartialEq, Settings)]
    struct Team {
        /// Whether it may.
        allowed: bool,
        /// How many.
        #[setting(default = 3)]
        most: u32,
    }

    #[derive(Debug, PartialEq, Settings)]
    enum Mode {
        Lax,
        VeryStrict,
    }

    fn read(text: &str) -> Result<All, Vec<String>> {
        whole::<All>(&Json::parse(text).unwrap())
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_is_not_set_is_as_the_struct_says() {
        let all = read(r#"{"regions":["eu-central-1"],"teams":{"a":{"allowed":true}}}"#).unwrap();
        assert_eq!(
            all,
            All {
                regions: vec!["eu-central-1".into()],
                days: 30,
                size: "small".into(),
                mode: Mode::VeryStrict,
                contact: None,
                teams: BTreeMap::from([(
                    "a".to_owned(),
                    Team {
                        allowed: true,
                        most: 3
                    }
                )]),
                r#type: vec!["a".into(), "b".into()],
            }
        );
    }

    #[test]
    fn each_slip_is_named_with_its_path() {
        let wrong = r#"{"regions":[],"days":99,"size":"tiny","mode":"loose","teams":{"a":{"allowed":1,"most":-1}},
            "type":["a",2],"typ":1}"#;
        insta::assert_snapshot!(read(wrong).unwrap_err().join("\n"), @"
        `typ`: there is no such setting; known are `regions`, `days`, `size`, `mode`, `contact`, `teams`, `type`
        `regions`: it has 0 elements, and at least 1 are wanted
        `days`: 99 is more than 90
        `size`: `tiny` is none of `small`, `large`
        `mode`: `loose` is none of `lax`, `very_strict`
        `teams.a.allowed`: a boolean is wanted
        `teams.a.most`: a whole number from 0 on is wanted
        `type[1]`: a string is wanted
        ");
        assert_eq!(read("{}").unwrap_err(), ["`regions`: it is missing"]);
        assert_eq!(
            read("[]").unwrap_err(),
            ["settings are an object, `{ name = value }`"]
        );
    }

    #[test]
    fn the_schema_says_it_all() {
        let schema: serde_json::Value = serde_json::from_str(&All::schema_text()).unwrap();
        let wanted = serde_json::json!({
            "type": "object",
            "properties": {
                "regions": {
                    "type": "array", "items": {"type": "string"}, "minItems": 1,
                    "description": "Where resources may be. At least one.",
                },
                "days": {
                    "type": "integer", "minimum": 7, "maximum": 90, "default": 30,
                    "description": "How long.",
                },
                "size": {
                    "type": "string", "enum": ["small", "large"], "default": "small",
                    "description": "Which size.",
                },
                "mode": {
                    "type": "string", "enum": ["lax", "very_strict"], "default": "very_strict",
                    "description": "How strict.",
                },
                "contact": {"type": "string", "description": "Whom to ask."},
                "teams": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "properties": {
                            "allowed": {"type": "boolean", "description": "Whether it may."},
                            "most": {"type": "integer", "default": 3, "description": "How many."},
                        },
                        "required": ["allowed"],
                        "additionalProperties": false,
                    },
                    "default": {},
                    "description": "By team.",
                },
                "type": {
                    "type": "array", "items": {"type": "string"}, "default": ["a", "b"],
                    "description": "A name that is a word of Rust.",
                },
            },
            "required": ["regions"],
            "additionalProperties": false,
        });
        assert_eq!(schema, wanted);
        assert_eq!(
            NoSettings::schema_text(),
            r#"{"type":"object","additionalProperties":false}"#
        );
    }
}
