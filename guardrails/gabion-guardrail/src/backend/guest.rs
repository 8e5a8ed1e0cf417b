//! Inside the sandbox: every read is a call to the host.

use crate::change::{Mode, Operation, Stage};
use crate::graph::Reference;
use crate::value::{Kind, Secret, Why};

/// The generated bindings; [`crate::pack!`] exports through them.
#[allow(missing_docs, unsafe_code, unreachable_pub, clippy::all)]
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "guardrail",
        pub_export_macro: true,
        export_macro_name: "export_guardrail",
        default_bindings_module: "gabion_guardrail::bindings",
    });
}

use bindings::gabion::guardrail::{log as host_log, plan, values};

pub(crate) fn log(message: &str) {
    host_log::write(host_log::Severity::Info, message);
}

fn why(why: values::Unreadable) -> Why {
    match why {
        values::Unreadable::Unknown => Why::Unknown,
        values::Unreadable::Computed => Why::Computed,
        values::Unreadable::Sensitive => Why::Sensitive,
        values::Unreadable::WrongKind => Why::WrongKind,
        values::Unreadable::NoSuchPath => Why::NoSuchPath,
        values::Unreadable::NoSchema => Why::NoSchema,
        values::Unreadable::NotJson => Why::NotJson,
    }
}

#[derive(Debug)]
pub(crate) struct Value(values::Value);

impl Value {
    pub(crate) fn kind(&self) -> Kind {
        match self.0.kind() {
            values::Kind::Null => Kind::Null,
            values::Kind::Boolean => Kind::Boolean,
            values::Kind::Number => Kind::Number,
            values::Kind::Text => Kind::Text,
            values::Kind::Sequence => Kind::Sequence,
            values::Kind::Mapping => Kind::Mapping,
            values::Kind::Unknown => Kind::Unknown,
            values::Kind::Computed => Kind::Computed,
        }
    }

    pub(crate) fn sensitive(&self) -> bool {
        self.0.sensitive()
    }

    pub(crate) fn get(&self, name: &str) -> Self {
        Self(self.0.get(name))
    }

    pub(crate) fn at(&self, index: u32) -> Self {
        Self(self.0.at(index))
    }

    pub(crate) fn find(&self, path: &str) -> Result<Self, String> {
        self.0.find(path).map(Self)
    }

    pub(crate) fn elements(&self) -> Result<Vec<Self>, Why> {
        self.0
            .elements()
            .map(|elements| elements.into_iter().map(Self).collect())
            .map_err(why)
    }

    pub(crate) fn keys(&self) -> Result<Vec<String>, Why> {
        self.0.keys().map_err(why)
    }

    pub(crate) fn size(&self) -> Result<u32, Why> {
        self.0.size().map_err(why)
    }

    pub(crate) fn boolean(&self) -> Result<Option<bool>, Why> {
        self.0.boolean().map_err(why)
    }

    pub(crate) fn number(&self) -> Result<Option<String>, Why> {
        self.0.number().map_err(why)
    }

    pub(crate) fn text(&self) -> Result<Option<String>, Why> {
        self.0.text().map_err(why)
    }

    pub(crate) fn equal_to(&self, other: &Self) -> Result<bool, Why> {
        self.0.equal_to(&other.0).map_err(why)
    }

    pub(crate) fn path(&self) -> String {
        self.0.path()
    }

    pub(crate) fn document(&self) -> Result<Self, Why> {
        self.0.document().map(Self).map_err(why)
    }

    pub(crate) fn secrets(&self) -> Vec<Secret> {
        self.0
            .secrets()
            .into_iter()
            .map(|secret| Secret {
                kind: secret.kind,
                path: secret.path,
            })
            .collect()
    }
}

#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Change(plan::Change);

impl Change {
    pub(crate) fn resource_type(&self) -> String {
        self.0.resource_type()
    }

    pub(crate) fn mode(&self) -> Mode {
        match self.0.mode() {
            plan::Mode::Managed => Mode::Managed,
            plan::Mode::Data => Mode::Data,
            plan::Mode::Ephemeral => Mode::Ephemeral,
        }
    }

    pub(crate) fn provider(&self) -> String {
        self.0.provider()
    }

    pub(crate) fn provider_version(&self) -> Option<String> {
        self.0.provider_version()
    }

    pub(crate) fn operation(&self) -> Operation {
        match self.0.operation() {
            plan::Operation::Create => Operation::Create,
            plan::Operation::Update => Operation::Update,
            plan::Operation::Replace => Operation::Replace,
            plan::Operation::Delete => Operation::Delete,
            plan::Operation::NoOp => Operation::NoOp,
            plan::Operation::Read => Operation::Read,
            plan::Operation::Open => Operation::Open,
            plan::Operation::Import => Operation::Import,
            plan::Operation::Move => Operation::Move,
            plan::Operation::Forget => Operation::Forget,
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        match self.0.stage() {
            plan::Stage::Plan => Stage::Plan,
            plan::Stage::Apply => Stage::Apply,
            plan::Stage::Check => Stage::Check,
        }
    }

    pub(crate) fn before(&self) -> Value {
        Value(self.0.before())
    }

    pub(crate) fn after(&self) -> Value {
        Value(self.0.after())
    }

    pub(crate) fn configured(&self, path: &str) -> Option<bool> {
        self.0.configured(path)
    }

    pub(crate) fn provider_configuration(&self) -> Value {
        Value(self.0.provider_configuration())
    }

    pub(crate) fn address(&self) -> Option<String> {
        self.0.address()
    }

    pub(crate) fn module_address(&self) -> Option<String> {
        self.0.module_address()
    }
}

#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Graph(plan::Graph);

impl Graph {
    pub(crate) fn complete(&self) -> bool {
        self.0.complete()
    }

    pub(crate) fn changes(&self, resource_type: &str) -> Vec<Change> {
        self.0
            .changes(resource_type)
            .into_iter()
            .map(Change)
            .collect()
    }

    pub(crate) fn references(&self, change: &Change) -> Vec<Reference> {
        let reference = |reference: plan::Reference| Reference {
            path: reference.path,
            address: reference.address,
            attribute: reference.attribute,
        };
        self.0
            .references(&change.0)
            .into_iter()
            .map(reference)
            .collect()
    }

    pub(crate) fn referrers(&self, change: &Change) -> Vec<Change> {
        self.0
            .referrers(&change.0)
            .into_iter()
            .map(Change)
            .collect()
    }
}

/// The exports of a component.
#[doc(hidden)]
pub mod component {
    use std::marker::PhantomData;

    use super::bindings::exports::gabion::guardrail::rules as wit;
    use super::plan;
    use crate::metadata::{Level, RuleEntry, Scope};
    use crate::outcome::{Finding, Outcome, Stop, Verdict};
    use crate::pack::Pack;

    /// The pack that a component offers.
    #[doc(hidden)]
    pub trait Offers: 'static {
        /// The pack.
        fn pack() -> &'static Pack;
    }

    /// The exports, for the pack of `P`.
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct Exports<P>(PhantomData<P>);

    impl<P: Offers> wit::Guest for Exports<P> {
        fn describe() -> wit::Pack {
            let pack = P::pack();
            wit::Pack {
                name: pack.name.to_owned(),
                version: pack.version.to_owned(),
                settings_schema: (pack.settings_schema)(),
                rules: pack.rules.iter().map(rule).collect(),
            }
        }

        fn configure(settings: String) -> Result<(), Vec<wit::SettingsProblem>> {
            P::pack().configure(&settings).map_err(|problems| {
                let problem = |problem: crate::SettingsProblem| wit::SettingsProblem {
                    path: problem.path,
                    message: problem.message,
                };
                problems.into_iter().map(problem).collect()
            })
        }

        fn check(rule: String, change: &plan::Change) -> Result<wit::Verdict, String> {
            // SAFETY: `crate::Change` is a transparent wrapper of `super::Change`, which is one of `plan::Change`;
            // the reference lives as long as the one it is made of.
            #[allow(unsafe_code)]
            let change = unsafe { &*std::ptr::from_ref(change).cast::<crate::Change>() };
            verdict(P::pack().check(&rule, change))
        }

        fn check_plan(rule: String, graph: &plan::Graph) -> Result<wit::Verdict, String> {
            // SAFETY: as in `check`.
            #[allow(unsafe_code)]
            let graph = unsafe { &*std::ptr::from_ref(graph).cast::<crate::Graph>() };
            verdict(P::pack().check_plan(&rule, graph))
        }
    }

    fn rule(entry: &RuleEntry) -> wit::Rule {
        let of = &entry.metadata;
        let target = |target: &crate::Target| wit::Target {
            resource_type: target.resource_type.to_owned(),
            provider: target.provider.to_owned(),
            versions: target.versions.to_owned(),
        };
        let control = |control: &crate::Control| wit::Control {
            framework: control.framework.to_owned(),
            id: control.id.to_owned(),
            confirmed: control.confirmed,
        };
        wit::Rule {
            code: of.code.to_owned(),
            name: of.name.to_owned(),
            title: of.title.to_owned(),
            page: entry.page(),
            level: match of.level {
                Level::Off => wit::Level::Off,
                Level::Advisory => wit::Level::Advisory,
                Level::Mandatory => wit::Level::Mandatory,
            },
            scope: match of.scope {
                Scope::Change => wit::Scope::Change,
                Scope::Plan => wit::Scope::Plan,
            },
            targets: of.targets.iter().map(target).collect(),
            controls: of.controls.iter().map(control).collect(),
            since: of.since.to_owned(),
        }
    }

    fn verdict(outcome: Outcome) -> Result<wit::Verdict, String> {
        match outcome {
            Ok(Verdict::NotApplicable) => Ok(wit::Verdict::NotApplicable),
            Ok(Verdict::Pass) => Ok(wit::Verdict::Pass),
            Ok(Verdict::Violation(findings)) => Ok(wit::Verdict::Violation(
                findings.into_iter().map(finding).collect(),
            )),
            Ok(Verdict::Undetermined(text)) | Err(Stop::Undetermined(text)) => {
                Ok(wit::Verdict::Undetermined(text))
            }
            Err(Stop::Failed(reason)) => Err(reason),
        }
    }

    fn finding(finding: Finding) -> wit::Finding {
        let patch = |patch: crate::Patch| wit::Patch {
            path: patch.path,
            value: patch.value.to_string(),
        };
        wit::Finding {
            address: finding.address,
            path: finding.path,
            observed: finding.observed,
            message: finding.message,
            fix: finding.fix.into_iter().map(patch).collect(),
        }
    }
}
