//! A pack as a runner without a sandbox: for tests and comparisons.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use gabion_model as model;

use super::native::{self, SharedTrace};
use crate::json::Json;
use crate::metadata::{Level, RuleEntry, Scope};
use crate::outcome::{Outcome, Stop, Verdict};
use crate::pack::{Pack, SettingsProblem};

/// A pack whose rules run natively. A rule that panics takes the caller with it: only the sandbox holds it.
#[derive(Debug)]
pub struct NativePack {
    pack: &'static Pack,
    info: model::PackInfo,
    settings: Arc<Json>,
}

impl NativePack {
    /// A pack with its settings.
    ///
    /// # Errors
    /// What is wrong with the settings. The JSON Schema is not looked at: the host does that.
    pub fn new(
        pack: &'static Pack,
        settings: &serde_json::Value,
    ) -> Result<Self, Vec<SettingsProblem>> {
        pack.configure(&settings.to_string())?;
        let settings = crate::settings::get();
        let mut rules: Vec<_> = pack.rules.iter().map(rule).collect();
        rules.sort_by(|left, right| left.code.cmp(&right.code));
        let info = model::PackInfo {
            name: pack.name.to_owned(),
            version: pack.version.to_owned(),
            settings_schema: (pack.settings_schema)(),
            rules,
        };
        Ok(Self {
            pack,
            info,
            settings,
        })
    }

    /// Settings are those of the thread, and another pack may have run on it since.
    fn prepare(&self) -> SharedTrace {
        crate::settings::share(self.settings.clone());
        Rc::new(RefCell::new(model::Trace::new()))
    }
}

impl model::Runner for NativePack {
    fn info(&self) -> &model::PackInfo {
        &self.info
    }

    fn check(&mut self, rule: &str, change: &Arc<model::Change>) -> model::Evaluation {
        let trace = self.prepare();
        let view = crate::Change(native::Change::new(change, &trace));
        let outcome = self.pack.check(rule, &view);
        let trace = trace.borrow();
        let raw = raw(outcome, |finding| change.observed(&finding.path));
        model::Evaluation {
            verdict: model::Verdict::settle(raw, &trace),
            reads: trace.reads(),
        }
    }

    fn check_plan(&mut self, rule: &str, graph: &Arc<model::Graph>) -> model::Evaluation {
        let trace = self.prepare();
        trace.borrow_mut().of_plan(graph.clone());
        let view = crate::Graph(native::Graph::new(graph, &trace));
        let outcome = self.pack.check_plan(rule, &view);
        let trace = trace.borrow();
        let raw = raw(outcome, |finding| {
            let named = |change: &&Arc<model::Change>| {
                finding.address.is_some() && change.address == finding.address
            };
            graph.changes.iter().find(named)?.observed(&finding.path)
        });
        model::Evaluation {
            verdict: model::Verdict::settle(raw, &trace),
            reads: trace.reads(),
        }
    }
}

/// What a rule answered, in the model's words, with what `observed` knows of a finding that does not say it.
fn raw(
    outcome: Outcome,
    observed: impl Fn(&model::Finding) -> Option<String>,
) -> Result<model::RawVerdict, String> {
    match outcome {
        Ok(Verdict::NotApplicable) => Ok(model::RawVerdict::NotApplicable),
        Ok(Verdict::Pass) => Ok(model::RawVerdict::Pass),
        Ok(Verdict::Violation(findings)) => {
            let findings: Result<Vec<_>, String> = findings.into_iter().map(finding).collect();
            let mut findings = findings?;
            for finding in findings
                .iter_mut()
                .filter(|finding| finding.observed.is_none() && !finding.path.is_root())
            {
                finding.observed = observed(finding);
            }
            Ok(model::RawVerdict::Violation(findings))
        }
        Ok(Verdict::Undetermined(text)) | Err(Stop::Undetermined(text)) => {
            Ok(model::RawVerdict::Undetermined(text))
        }
        Err(Stop::Failed(reason)) => Err(["the rule failed: ", &reason].concat()),
    }
}

fn finding(finding: crate::Finding) -> Result<model::Finding, String> {
    let path = model::Path::parse(&finding.path)?;
    let patch = |patch: crate::Patch| {
        Ok(model::Patch {
            path: model::Path::parse(&patch.path)?,
            value: patch.value.to_string(),
        })
    };
    let fix: Result<Vec<_>, String> = finding.fix.into_iter().map(patch).collect();
    Ok(model::Finding {
        address: finding.address,
        observed: finding.observed,
        path,
        message: finding.message,
        fix: fix?,
    })
}

fn rule(entry: &RuleEntry) -> model::RuleInfo {
    let of = &entry.metadata;
    let target = |target: &crate::Target| model::AppliesTo {
        resource_type: target.resource_type.to_owned(),
        provider: target.provider.to_owned(),
        versions: target.versions.to_owned(),
    };
    let control = |control: &crate::Control| model::Control {
        framework: control.framework.to_owned(),
        id: control.id.to_owned(),
        confirmed: control.confirmed,
    };
    model::RuleInfo {
        code: of.code.to_owned(),
        name: of.name.to_owned(),
        title: of.title.to_owned(),
        page: entry.page(),
        level: match of.level {
            Level::Off => model::Level::Off,
            Level::Advisory => model::Level::Advisory,
            Level::Mandatory => model::Level::Mandatory,
        },
        scope: match of.scope {
            Scope::Change => model::Scope::Change,
            Scope::Plan => model::Scope::Plan,
        },
        applies_to: of.targets.iter().map(target).collect(),
        controls: of.controls.iter().map(control).collect(),
        since: of.since.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use model::{Runner as _, Shape, Tree, Unreadable};

    use super::*;
    use crate::prelude::*;

    /// ## What it does
    /// Finds names that are not allowed.
    #[rule(
        code = "T01",
        title = "a name that is not allowed",
        level = advisory,
        since = "1.0.0",
        targets(thing(provider = "acme/things"))
    )]
    fn foreign_name(change: &Change) -> Outcome {
        let Some(thing) = change.planned() else {
            return NOT_APPLICABLE;
        };
        let name = thing.get("name");
        match name.text()? {
            Some(text) if settings::<Names>()?.names.contains(&text) => PASS,
            Some(_) => found(name.finding("the name is not allowed").fix("a")),
            None => Err(Stop::Failed("a thing without a name".to_owned())),
        }
    }

    /// ## What it does
    /// Finds plans with more than one thing.
    #[rule(
        code = "T02",
        name = "crowd",
        title = "more than one thing",
        level = mandatory,
        since = "1.0.0",
        targets(any),
        controls(own("T02"))
    )]
    fn too_many(graph: &Graph) -> Outcome {
        let things = graph.changes("thing");
        match things.get(1) {
            Some(second) if !graph.referrers(second).is_empty() => {
                found(Finding::new("", "there is a second thing in use").on(second.address()))
            }
            _ => PASS,
        }
    }

    /// ## What it does
    /// Finds things that nobody owns.
    #[rule(
        code = "T03",
        title = "a thing that nobody owns",
        level = mandatory,
        since = "1.0.0",
        targets(any)
    )]
    fn ownerless(change: &Change) -> Outcome {
        let tags = Tags::own(&change.after());
        match tags.missing(&["owner", "cost"])?.as_slice() {
            [] => PASS,
            missing => found(
                tags.value()
                    .finding(["no tag ", &missing.join(", ")].concat()),
            ),
        }
    }

    #[derive(Settings)]
    struct Names {
        /// The names that things may have.
        #[setting(default)]
        names: Vec<String>,
    }

    crate::pack! {
        name: "test",
        version: "1.2.3",
        settings: Names,
        configure: |settings| if settings.names.is_empty() {
            Err(vec![SettingsProblem { path: "names".into(), message: "name some".into() }])
        } else {
            Ok(())
        },
        rules: [foreign_name, too_many, ownerless],
    }

    fn change(after: &serde_json::Value, address: &str) -> Arc<model::Change> {
        Arc::new(model::Change {
            resource_type: "thing".into(),
            mode: model::Mode::Managed,
            provider: "registry.terraform.io/acme/things".into(),
            provider_version: None,
            operation: model::Operation::Create,
            stage: model::Stage::Plan,
            before: Arc::new(Tree::null()),
            after: Arc::new(Tree::from_json(after, Shape::Object)),
            config: None,
            provider_configuration: Arc::new(Tree::null()),
            address: Some(address.into()),
            module_address: None,
        })
    }

    fn runner() -> NativePack {
        NativePack::new(&PACK, &serde_json::json!({"names": ["a", "b"]})).unwrap()
    }

    #[test]
    fn a_pack_says_what_it_is() {
        let runner = runner();
        let info = runner.info();
        assert_eq!(
            (info.name.as_str(), info.version.as_str()),
            ("test", "1.2.3")
        );
        assert_eq!(
            info.rules[0].page,
            "## What it does\nFinds names that are not allowed.\n"
        );
        assert_eq!(info.rules[0].name, "foreign-name");
        assert_eq!(info.rules[0].applies_to[0].provider, "acme/things");
        assert_eq!(info.rules[1].name, "crowd");
        assert_eq!(info.rules[1].scope, model::Scope::Plan);
        assert!(
            info.settings_schema
                .contains("The names that things may have.")
        );
        let problems = NativePack::new(&PACK, &serde_json::json!({})).unwrap_err();
        assert_eq!(problems[0].path, "names");
    }

    #[test]
    fn settings_reach_the_rule_and_findings_the_caller() {
        let mut runner = runner();
        let mut verdict = |after| runner.check("T01", &change(&after, "thing.x")).verdict;
        assert_eq!(
            verdict(serde_json::json!({"name": "b"})),
            model::Verdict::Pass
        );
        let model::Verdict::Violation(findings) = verdict(serde_json::json!({"name": "c"})) else {
            panic!()
        };
        assert_eq!(findings[0].path.to_string(), "name");
        assert_eq!(findings[0].observed.as_deref(), Some("c"));
        assert_eq!(findings[0].fix[0].value, "\"a\"");
        assert_eq!(
            verdict(serde_json::json!({"name": null})),
            model::Verdict::Error("the rule failed: a thing without a name".into())
        );
        let model::Verdict::Error(reason) = verdict(serde_json::json!({"names": 1})) else {
            panic!()
        };
        assert!(reason.contains("`name`"), "{reason}");
        let model::Verdict::Error(reason) = verdict(serde_json::json!({"name": 1})) else {
            panic!()
        };
        assert!(reason.contains("another kind"), "{reason}");
    }

    #[test]
    fn reads_are_noted_and_the_unknown_decides() {
        let mut builder = model::TreeBuilder::new();
        let name = builder.push(model::Data::Unknown, false);
        let root = builder.push(
            model::Data::Mapping(Shape::Object, vec![("name".into(), name)]),
            false,
        );
        let mut one = change(&serde_json::json!({}), "thing.x").as_ref().clone();
        one.after = Arc::new(builder.finish(root));
        let evaluation = runner().check("T01", &Arc::new(one));
        let model::Verdict::Undetermined(model::Undecided { blocked, reason }) = evaluation.verdict
        else {
            panic!()
        };
        assert_eq!(reason.as_deref(), Some("`name` is not known yet"));
        assert_eq!(
            (blocked[0].path.to_string().as_str(), blocked[0].why),
            ("name", Unreadable::Unknown)
        );
        assert_eq!(evaluation.reads.len(), 1);
    }

    #[test]
    fn tags_are_told_apart() {
        let verdict = |tags| {
            runner()
                .check(
                    "T03",
                    &change(&serde_json::json!({"tags": tags}), "thing.x"),
                )
                .verdict
        };
        let both = serde_json::json!({"owner": "me", "cost": ""});
        assert_eq!(verdict(both), model::Verdict::Pass);
        let model::Verdict::Violation(findings) = verdict(serde_json::Value::Null) else {
            panic!()
        };
        assert_eq!(findings[0].message, "no tag owner, cost");
    }

    #[test]
    fn other_types_and_unknown_rules() {
        let mut runner = runner();
        let mut other = change(&serde_json::json!({}), "thing.x").as_ref().clone();
        other.resource_type = "other".into();
        assert_eq!(
            runner.check("T01", &Arc::new(other.clone())).verdict,
            model::Verdict::NotApplicable
        );
        let model::Verdict::Error(reason) = runner.check("T99", &Arc::new(other)).verdict else {
            panic!()
        };
        assert_eq!(reason, "the rule failed: the pack `test` has no rule `T99`");
    }

    #[test]
    fn a_whole_plan_is_joined_by_reference() {
        let things = ["thing.a", "thing.b[0]", "user.c"]
            .map(|address| change(&serde_json::json!({"name": "a"}), address));
        let mut graph = model::Graph {
            changes: things.to_vec(),
            complete: true,
            ..model::Graph::default()
        };
        assert_eq!(
            runner().check_plan("T02", &Arc::new(graph.clone())).verdict,
            model::Verdict::Pass
        );
        let reference = model::Reference {
            path: model::Path::root(),
            address: "thing.b".into(),
            attribute: "id".into(),
        };
        graph.references.insert(2, vec![reference]);
        let model::Verdict::Violation(findings) =
            runner().check_plan("T02", &Arc::new(graph)).verdict
        else {
            panic!()
        };
        assert_eq!(findings[0].address.as_deref(), Some("thing.b[0]"));
    }
}
