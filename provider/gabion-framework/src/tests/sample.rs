//! The sample provider. Its resource does what its name says: `panic-create`, `fail-halfway`, `slow`, ...

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::erased::{DynDataSource, DynEphemeral, DynResource};
use crate::prelude::*;

pub(super) struct Sample;

crate::object! {
    #[derive(Clone, Debug, Default)]
    pub(super) struct Config {
        pub endpoint: Value<String>,
    }
}

#[derive(Default)]
pub(super) struct Cloud {
    endpoint: Option<String>,
    things: Mutex<BTreeMap<String, ThingModel>>,
    /// Of each delete: whether it was half of a replacement.
    pub(super) deletes: Mutex<Vec<bool>>,
}

#[async_trait]
impl Provider for Sample {
    type Config = Config;
    type Configured = Cloud;

    fn type_prefix(&self) -> &'static str {
        "sample"
    }
    fn schema(&self) -> Schema {
        Schema::new("A sample.")
            .attribute(Attribute::string("endpoint").required().describe("Where."))
    }
    fn validate(&self, config: &Config, diags: &mut Diagnostics) {
        if config.endpoint.as_str() == Some("nowhere") {
            diags.error_at(Path::root("endpoint"), "No such endpoint", "It is nowhere.");
        }
    }
    async fn configure(&self, config: Config, version: &str) -> Result<Cloud, Diagnostics> {
        if version.starts_with("0.") {
            return Err(Diagnostics::from_error("Too old", "Use a newer Terraform."));
        }
        Ok(Cloud {
            endpoint: config.endpoint.into_known(),
            ..Cloud::default()
        })
    }
    fn resources(&self) -> Vec<Box<dyn DynResource<Cloud>>> {
        vec![Box::new(Thing)]
    }
    fn data_sources(&self) -> Vec<Box<dyn DynDataSource<Cloud>>> {
        vec![Box::new(Count)]
    }
    fn functions(&self) -> Vec<Box<dyn Function>> {
        vec![Box::new(Repeat)]
    }
    fn ephemerals(&self) -> Vec<Box<dyn DynEphemeral<Cloud>>> {
        vec![Box::new(Ticket)]
    }
}

crate::object! {
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(super) struct ThingModel {
        pub name: Value<String>,
        pub size: Value<i64>,
        pub id: Value<String>,
        pub version: Value<i64>,
        pub password: Value<String>,
        pub token: Value<String>,
        pub tags: Value<BTreeMap<String, Value<String>>>,
        pub zones: Value<Vec<String>>,
        pub settings: Value<Settings>,
        pub rules: Value<Vec<RuleModel>>,
        pub labels: Value<Vec<Label>>,
        pub named: Value<BTreeMap<String, Named>>,
        pub old: Value<bool>,
        pub ratio: Value<Decimal>,
        pub exception: Vec<ExceptionModel>,
        pub limit: Vec<Limit>,
        pub origin: Value<Origin>,
        pub timeouts: Value<Timeouts>,
    }
}

crate::object! {
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(super) struct Settings {
        pub mode: Value<String>,
        pub level: Value<i64>,
        pub digest: Value<String>,
        pub key: Value<String>,
    }
}
crate::object! {
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(super) struct RuleModel {
        pub port: Value<i64>,
        pub protocol: Value<String>,
        pub id: Value<String>,
    }
}
crate::object! {
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(super) struct Label {
        pub key: Value<String>,
        pub value: Value<String>,
        pub id: Value<String>,
    }
}
crate::object! {
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(super) struct Named {
        pub color: Value<String>,
    }
}
crate::object! {
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(super) struct ExceptionModel {
        pub code: Value<String>,
        pub expires: Value<String>,
        pub active: Value<bool>,
    }
}
crate::object! {
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(super) struct Limit {
        pub name: Value<String>,
        pub max: Value<i64>,
    }
}
crate::object! {
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(super) struct Origin {
        pub type_: Value<String> = "type",
    }
}

pub(super) struct Thing;

fn fill(model: &mut ThingModel, version: i64) {
    let name = model.name.clone().unwrap_or_default();
    model.version = version.into();
    if model.zones.is_unknown() {
        model.zones = vec!["a".to_owned(), "b".to_owned()].into();
    }
    if let Value::Known(settings) = &mut model.settings {
        if settings.level.is_unknown() {
            settings.level = 1.into();
        }
        settings.digest = format!("digest-{version}").into();
    }
    if model.settings.is_unknown() {
        model.settings = Value::Null;
    }
    if let Value::Known(rules) = &mut model.rules {
        for (index, rule) in rules.iter_mut().enumerate() {
            if rule.id.is_unknown() {
                rule.id = format!("rule-{index}").into();
            }
        }
    }
    if let Value::Known(labels) = &mut model.labels {
        for label in labels {
            if label.id.is_unknown() {
                label.id = format!("label-{}", label.key.clone().unwrap_or_default()).into();
            }
        }
    }
    for exception in &mut model.exception {
        exception.active = true.into();
    }
    if name == "leave-unknown" {
        model.version = Value::Unknown;
    }
}

impl Thing {
    fn keep(cloud: &Cloud, model: &ThingModel) {
        let id = model.id.clone().unwrap_or_default();
        cloud.things.lock().unwrap().insert(id, model.clone());
    }
}

#[async_trait]
impl Resource for Thing {
    type Model = ThingModel;
    type Provider = Cloud;

    fn type_name(&self) -> &'static str {
        "sample_thing"
    }

    fn schema(&self) -> Schema {
        Schema::new("A thing.")
            .version(2)
            .attribute(
                Attribute::string("name")
                    .required()
                    .requires_replace()
                    .validate(validate::length(1, 20)),
            )
            .attribute(
                Attribute::int64("size")
                    .default(10)
                    .validate(validate::between(1, 100)),
            )
            .attribute(Attribute::string("id").computed().use_state_for_unknown())
            .attribute(Attribute::int64("version").computed())
            .attribute(Attribute::string("password").write_only().sensitive())
            .attribute(
                Attribute::string("token")
                    .sensitive()
                    .validate(validate::one_of(&["good", "better"])),
            )
            .attribute(Attribute::map("tags", Type::String))
            .attribute(
                Attribute::set("zones", Type::String)
                    .optional_computed()
                    .use_state_for_unknown(),
            )
            .attribute(Attribute::object(
                "settings",
                vec![
                    Attribute::string("mode").default("fast"),
                    Attribute::int64("level")
                        .optional_computed()
                        .use_state_for_unknown(),
                    Attribute::string("digest").computed(),
                    Attribute::string("key").requires_replace(),
                ],
            ))
            .attribute(Attribute::nested_list(
                "rules",
                vec![
                    Attribute::int64("port")
                        .required()
                        .validate(validate::between(0, 65535)),
                    Attribute::string("protocol").default("tcp"),
                    Attribute::string("id").computed().use_state_for_unknown(),
                ],
            ))
            .attribute(Attribute::nested_set(
                "labels",
                vec![
                    Attribute::string("key")
                        .required()
                        .validate(validate::length(1, 5)),
                    Attribute::string("value").default("x"),
                    Attribute::string("id").computed().use_state_for_unknown(),
                ],
            ))
            .attribute(Attribute::nested_map(
                "named",
                vec![Attribute::string("color").default("red")],
            ))
            .attribute(Attribute::number("ratio"))
            .attribute(Attribute::bool("old").deprecated("Use `size`."))
            .block(
                Block::list(
                    "exception",
                    vec![
                        Attribute::string("code").required(),
                        Attribute::string("expires").validate(validate::rfc3339()),
                        Attribute::bool("active").computed().use_state_for_unknown(),
                    ],
                )
                .max(2),
            )
            .block(Block::set(
                "limit",
                vec![
                    Attribute::string("name").required(),
                    Attribute::int64("max").default(5),
                ],
            ))
            .block(Block::single(
                "origin",
                vec![Attribute::string("type").required()],
            ))
            .block(timeouts::block(&["create", "delete"]))
    }

    fn validate(&self, config: &ThingModel, diags: &mut Diagnostics) {
        if config.name.as_str() == Some("panic-validate") {
            panic!("validate");
        }
        if config.size.known() == Some(&13) && config.token.is_null() {
            diags.error_at(Path::root("size"), "Unlucky size", "Size 13 needs a token.");
        }
    }

    async fn modify_plan(
        &self,
        _ctx: &Ctx<Cloud>,
        plan: &mut Plan<ThingModel>,
        diags: &mut Diagnostics,
    ) {
        plan.private.set("planned", &true);
        let prior_name = plan.prior.as_ref().and_then(|prior| prior.name.as_str());
        if plan.is_destroy() && prior_name == Some("protected") {
            diags.error("Deletion protection", "It is protected.");
        }
        let bigger = plan.prior.as_ref().is_some_and(|prior| {
            plan.planned
                .as_ref()
                .is_some_and(|planned| planned.size > prior.size)
        });
        let Some(planned) = &mut plan.planned else {
            return;
        };
        match planned.name.as_str() {
            Some("bad-plan") => planned.size = 99.into(),
            Some("bad-count") => planned.exception.clear(),
            Some("no-shrink") if !bigger => {
                plan.requires_replace.push(Path::root("size"));
                plan.requires_replace.push(Path::root("tags"));
            }
            Some("panic-plan") => panic!("plan"),
            Some("wrong-model") => planned.old = true.into(),
            _ => {}
        }
    }

    async fn create(
        &self,
        ctx: &Ctx<Cloud>,
        plan: ThingModel,
        state: &mut StateSlot<ThingModel>,
    ) -> Diagnostics {
        let cloud = match ctx.provider() {
            Ok(cloud) => cloud,
            Err(diags) => return diags,
        };
        let config: ThingModel = ctx.config().unwrap().unwrap();
        let name = plan.name.clone().unwrap_or_default();
        let mut model = plan;
        model.id = format!("id-{name}").into();
        state.private.set(
            "password_length",
            &config.password.clone().unwrap_or_default().len(),
        );
        state
            .private
            .set("limit", &ctx.remaining().unwrap().as_secs().div_ceil(60));
        match name.as_str() {
            "panic-create" => {
                state.set(model);
                panic!("secret text");
            }
            "fail-halfway" => {
                state.set(model);
                return Diagnostics::from_error("Halfway", "The second step failed.");
            }
            "fail-first" => return Diagnostics::from_error("First", "The first step failed."),
            "no-state" => return Diagnostics::new(),
            "slow" => {
                state.set(model);
                ctx.cancel.cancelled().await;
                return match ctx.interrupted() {
                    Ok(()) => Diagnostics::new(),
                    Err(diags) => diags,
                };
            }
            "keep-password" => model.password = config.password,
            _ => {}
        }
        fill(&mut model, 1);
        if name == "other-result" {
            model.size = 11.into();
        }
        Self::keep(cloud, &model);
        state.set(model);
        Diagnostics::new()
    }

    async fn read(&self, ctx: &Ctx<Cloud>, state: &mut StateSlot<ThingModel>) -> Diagnostics {
        let cloud = match ctx.provider() {
            Ok(cloud) => cloud,
            Err(diags) => return diags,
        };
        let before = state.get().unwrap().clone();
        if before.name.as_str() == Some("panic-read") {
            panic!("read");
        }
        let id = before.id.clone().unwrap_or_default();
        let found = cloud.things.lock().unwrap().get(&id).cloned();
        match found {
            Some(mut found) => {
                found.timeouts = before.timeouts;
                state.set(found);
            }
            None => state.remove(),
        }
        Diagnostics::new()
    }

    async fn update(
        &self,
        ctx: &Ctx<Cloud>,
        prior: ThingModel,
        plan: ThingModel,
        state: &mut StateSlot<ThingModel>,
    ) -> Diagnostics {
        let cloud = match ctx.provider() {
            Ok(cloud) => cloud,
            Err(diags) => return diags,
        };
        assert_eq!(state.get(), Some(&prior));
        let mut model = plan;
        if model.size.known() == Some(&66) {
            let mut half = prior;
            half.size = model.size;
            Self::keep(cloud, &half);
            state.set(half);
            return Diagnostics::from_error("Halfway", "The second step failed.");
        }
        if model.size.known() == Some(&67) {
            panic!("update");
        }
        fill(&mut model, prior.version.unwrap_or(0) + 1);
        Self::keep(cloud, &model);
        state.set(model);
        Diagnostics::new()
    }

    async fn delete(&self, ctx: &Ctx<Cloud>, state: &mut StateSlot<ThingModel>) -> Diagnostics {
        let cloud = match ctx.provider() {
            Ok(cloud) => cloud,
            Err(diags) => return diags,
        };
        let model = state.get().unwrap();
        if model.name.as_str() == Some("undeletable") {
            return Diagnostics::from_error("Still in use", "Something uses it.");
        }
        cloud.deletes.lock().unwrap().push(ctx.replacing);
        let id = model.id.clone().unwrap_or_default();
        cloud.things.lock().unwrap().remove(&id);
        Diagnostics::new()
    }

    async fn import(
        &self,
        _ctx: &Ctx<Cloud>,
        id: &str,
        state: &mut StateSlot<ThingModel>,
    ) -> Diagnostics {
        if id == "nothing" {
            return Diagnostics::new();
        }
        state.set(ThingModel {
            id: id.into(),
            ..ThingModel::default()
        });
        Diagnostics::new()
    }

    fn upgrade(
        &self,
        version: i64,
        mut raw: serde_json::Value,
    ) -> Result<serde_json::Value, Diagnostics> {
        if version == 0 {
            return Err(Diagnostics::from_error(
                "Too old",
                "Version 0 was never released.",
            ));
        }
        if let Some(fields) = raw.as_object_mut()
            && let Some(title) = fields.remove("title")
        {
            fields.insert("name".to_owned(), title);
        }
        Ok(raw)
    }

    fn move_from(&self, source: MoveSource) -> Option<Result<ThingModel, Diagnostics>> {
        if source.type_name != "other_thing" {
            return None;
        }
        let Some(name) = source
            .state
            .get("label")
            .and_then(serde_json::Value::as_str)
        else {
            return Some(Err(Diagnostics::from_error(
                "No label",
                "The source has no label.",
            )));
        };
        Some(Ok(ThingModel {
            id: format!("id-{name}").into(),
            name: name.into(),
            ..ThingModel::default()
        }))
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema::new().required("id", Type::String, "The id."))
    }

    fn identity(&self, state: &ThingModel) -> Option<BTreeMap<String, Dynamic>> {
        let id = state.id.clone().into_known()?;
        Some(BTreeMap::from([("id".to_owned(), Dynamic::String(id))]))
    }

    fn import_id(&self, identity: &BTreeMap<String, Dynamic>) -> Result<String, Diagnostics> {
        match identity.get("id") {
            Some(Dynamic::String(id)) => Ok(id.clone()),
            _ => Err(Diagnostics::from_error("No id", "Give the id.")),
        }
    }

    fn default_timeouts(&self) -> [Duration; 3] {
        [Duration::from_secs(300); 3]
    }
}

crate::object! {
    #[derive(Clone, Debug, Default)]
    pub(super) struct CountModel {
        pub prefix: Value<String>,
        pub count_of: Value<i64>,
        pub endpoint: Value<String>,
    }
}

pub(super) struct Count;

#[async_trait]
impl DataSource for Count {
    type Model = CountModel;
    type Provider = Cloud;

    fn type_name(&self) -> &'static str {
        "sample_count"
    }
    fn schema(&self) -> Schema {
        Schema::new("Counts things.")
            .attribute(Attribute::string("prefix").required())
            .attribute(Attribute::int64("count_of").computed())
            .attribute(Attribute::string("endpoint").computed())
    }
    async fn read(
        &self,
        ctx: &Ctx<Cloud>,
        config: CountModel,
    ) -> Result<(CountModel, Diagnostics), Diagnostics> {
        let cloud = ctx.provider()?;
        let mut diags = Diagnostics::new();
        diags.warning("Slow", "Counting takes long.");
        let prefix = config.prefix.as_str().unwrap_or_default().to_owned();
        if prefix == "panic" {
            panic!("read");
        }
        let things = cloud.things.lock().unwrap();
        let count = things.keys().filter(|id| id.starts_with(&prefix)).count();
        let model = CountModel {
            count_of: i64::try_from(count).unwrap().into(),
            endpoint: cloud.endpoint.clone().into(),
            ..config
        };
        Ok((model, diags))
    }
}

pub(super) struct Repeat;

impl Function for Repeat {
    fn name(&self) -> &'static str {
        "repeat"
    }
    fn definition(&self) -> FunctionDefinition {
        let returns = Type::object([("text", Type::String), ("length", Type::Int64)]);
        FunctionDefinition::new("Repeats text.", returns)
            .parameter(Parameter::new("times", Type::Int64))
            .variadic(Parameter::new("parts", Type::String))
    }
    fn call(&self, args: Vec<Dynamic>) -> Result<Dynamic, FunctionError> {
        let times = i64::from_dynamic(args[0].clone(), &Path::root("times")).unwrap();
        if times < 0 {
            return Err(FunctionError::argument(0, "`times` must not be negative"));
        }
        assert!(times < 1000, "too many");
        let parts: String = args[1..].iter().filter_map(Dynamic::as_str).collect();
        let text = parts.repeat(usize::try_from(times).unwrap());
        let length = i64::try_from(text.len()).unwrap();
        Ok([
            ("text", Dynamic::from(text)),
            ("length", Dynamic::from(length)),
        ]
        .into_iter()
        .collect())
    }
}

crate::object! {
    #[derive(Clone, Default)]
    pub(super) struct TicketModel {
        pub role: Value<String>,
        pub ticket: Value<String>,
    }
}

pub(super) struct Ticket;

#[async_trait]
impl Ephemeral for Ticket {
    type Model = TicketModel;
    type Provider = Cloud;

    fn type_name(&self) -> &'static str {
        "sample_ticket"
    }
    fn schema(&self) -> Schema {
        Schema::new("A ticket.")
            .attribute(
                Attribute::string("role")
                    .required()
                    .validate(validate::length(1, 9)),
            )
            .attribute(Attribute::string("ticket").computed().sensitive())
    }
    async fn open(
        &self,
        ctx: &Ctx<Cloud>,
        config: TicketModel,
    ) -> Result<Opened<TicketModel>, Diagnostics> {
        ctx.provider()?;
        let mut opened = Opened::new(TicketModel {
            ticket: "1234".into(),
            ..config
        });
        opened.renew_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1000));
        opened.private.set("renewed", &0_i64);
        Ok(opened)
    }
    async fn renew(&self, _ctx: &Ctx<Cloud>, private: Private) -> Result<Renewed, Diagnostics> {
        let renewed: i64 = private.get("renewed").unwrap();
        if renewed > 0 {
            return Err(Diagnostics::from_error("Enough", "Renewed once already."));
        }
        let mut private = private;
        private.set("renewed", &(renewed + 1));
        Ok(Renewed {
            renew_at: None,
            private,
            diagnostics: Diagnostics::new(),
        })
    }
    async fn close(&self, _ctx: &Ctx<Cloud>, private: Private) -> Diagnostics {
        let mut diags = Diagnostics::new();
        let renewed: i64 = private.get("renewed").unwrap();
        diags.warning("Closed", format!("Renewed {renewed} times."));
        diags
    }
}

/// For tests of faults: removes an object behind Terraform's back, or changes it.
pub(super) fn tamper(id: &str, change: impl FnOnce(&mut ThingModel), cloud: &Arc<Cloud>) {
    if let Some(model) = cloud.things.lock().unwrap().get_mut(id) {
        change(model);
    }
}
