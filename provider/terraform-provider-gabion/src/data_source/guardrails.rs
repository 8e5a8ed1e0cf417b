//! `gabion_guardrails`: the rules in force, as the provider judges with them.

use gabion_engine::policy::RuleInForce;
use gabion_framework::prelude::*;

use crate::configured::Gabion;
use crate::shared::strings::{self, Strings};

/// The data source.
pub(crate) struct Guardrails;

object! {
    /// One rule.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct RuleModel {
        pub(crate) code: Value<String>,
        pub(crate) name: Value<String>,
        pub(crate) title: Value<String>,
        pub(crate) level: Value<String>,
        pub(crate) level_from: Value<String>,
        pub(crate) scope: Value<String>,
        pub(crate) pack: Value<String>,
        pub(crate) pack_version: Value<String>,
        pub(crate) controls: Strings,
        pub(crate) applies_to: Strings,
    }
}

object! {
    /// Configuration and answer.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct GuardrailsModel {
        pub(crate) level: Value<String>,
        pub(crate) codes: Strings,
        pub(crate) rules: Value<Vec<RuleModel>>,
    }
}

#[async_trait]
impl DataSource for Guardrails {
    type Model = GuardrailsModel;
    type Provider = Gabion;

    fn type_name(&self) -> &'static str {
        "gabion_guardrails"
    }

    fn schema(&self) -> Schema {
        let text = |name: &str, text: &str| Attribute::string(name).computed().describe(text);
        Schema::new(
            "The guardrail rules in force: what `gabion.hcl` and the floor make of the packs.",
        )
        .attribute(
            Attribute::string("level")
                .optional()
                .validate(validate::one_of(&["off", "advisory", "mandatory"]))
                .describe("Only rules of this level."),
        )
        .attribute(
            Attribute::list("codes", Type::String)
                .computed()
                .describe("The codes of the rules, sorted."),
        )
        .attribute(
            Attribute::nested_list(
                "rules",
                vec![
                    text("code", "The rule's code, such as `DT08`."),
                    text("name", "The rule's name, such as `key-without-rotation`."),
                    text("title", "The rule in one line."),
                    text("level", "`off`, `advisory` or `mandatory`."),
                    text(
                        "level_from",
                        "Where the level comes from: `default`, or a place in a policy file.",
                    ),
                    text("scope", "`change`, or `plan` for rules on whole plans."),
                    text("pack", "The pack that holds the rule."),
                    text("pack_version", "The pack's version."),
                    Attribute::list("controls", Type::String)
                        .computed()
                        .describe("The controls it gives evidence for."),
                    Attribute::list("applies_to", Type::String)
                        .computed()
                        .describe("The resource types it judges; empty for all."),
                ],
            )
            .computed()
            .describe("The rules, sorted by code."),
        )
    }

    async fn read(
        &self,
        ctx: &Ctx<Gabion>,
        config: GuardrailsModel,
    ) -> Result<(GuardrailsModel, Diagnostics), Diagnostics> {
        let gabion = ctx.provider()?;
        let mut rules: Vec<RuleModel> = gabion
            .guard
            .as_ref()
            .map(|guard| guard.rules())
            .into_iter()
            .flatten()
            .map(model)
            .collect();
        if let Some(level) = config.level.as_str() {
            rules.retain(|rule| rule.level.as_str() == Some(level));
        }
        rules.sort_by(|one, two| one.code.cmp(&two.code));
        let codes = strings::of(rules.iter().filter_map(|rule| rule.code.known().cloned()));
        Ok((
            GuardrailsModel {
                codes,
                rules: Value::Known(rules),
                ..config
            },
            Diagnostics::new(),
        ))
    }
}

fn model(rule: RuleInForce) -> RuleModel {
    let controls = rule.controls.iter().map(|control| {
        let mark = if control.confirmed { "" } else { "*" };
        format!("{}:{}{mark}", control.framework, control.id)
    });
    // Both have one name each, the same as in the policy file.
    let name = |value: serde_json::Result<serde_json::Value>| {
        Value::or_null(
            value
                .ok()
                .and_then(|value| value.as_str().map(str::to_owned)),
        )
    };
    RuleModel {
        controls: strings::of(controls),
        applies_to: strings::of(rule.resource_types),
        level: name(serde_json::to_value(rule.level)),
        level_from: rule.why.into(),
        scope: name(serde_json::to_value(rule.scope)),
        code: rule.code.into(),
        name: rule.name.into(),
        title: rule.title.into(),
        pack: rule.pack.into(),
        pack_version: rule.pack_version.into(),
    }
}
