//! Finds what the caller named in a plan, and asks the guard what the answer rests on.

use std::path::Path;
use std::sync::Arc;

use gabion_engine::policy::{Explanation, Guard};
use gabion_model::{Change, Graph, Level, Scope};

use super::{Explain, Wanted, json, text};
use crate::command::asked;
use crate::exit::Failure;
use crate::input::{self, Input};
use crate::output::{Form, level};
use crate::plan::{Names, Plan, Planned};
use crate::source::Place;

/// Near names that are told.
const NEAR: usize = 5;

/// What an answer rests on, and where its resource stands.
#[derive(Debug)]
pub(super) struct Explained {
    pub(super) about: Explanation,
    /// Where the resource stands.
    pub(super) place: Option<Place>,
}

/// A plan and the policy that judges it.
struct Asked<'a> {
    guard: Guard,
    plan: Plan<'a>,
    input: &'a Input,
}

impl Explain {
    /// What the named findings rest on, written out.
    pub(super) fn findings(&self, plan: &Path) -> Result<String, Failure> {
        let wanted = Wanted::of(&self.what)?;
        let configuration = input::configuration(self.source.as_deref(), plan)?;
        let input = Input::read(
            plan,
            &input::Options {
                terraform: self.terraform.as_deref(),
                folder: self.source.as_deref(),
            },
        )?;
        let code: Vec<String> = wanted.code().map(str::to_owned).into_iter().collect();
        let guard = self.guard(&code)?;
        let mut asked = Asked {
            guard,
            plan: input.plan()?,
            input: &input,
        };
        let sources = input::sources(configuration.as_deref());
        asked.plan.written = input::written_in(&sources);
        let found = match &wanted {
            Wanted::Id { code, id } => asked.by_id(code, id)?,
            Wanted::Resource { code, address } => asked.by_address(*code, address)?,
            Wanted::Rule { code } => asked.by_rule(code)?,
        };
        let found: Vec<Explained> = found
            .into_iter()
            .map(|about| {
                let path = about.rulings.first().map(|ruling| ruling.path.clone());
                let place = sources.as_ref().zip(about.address.as_deref());
                Explained {
                    place: place.and_then(|(sources, address)| {
                        sources.place(address, &path.unwrap_or_default())
                    }),
                    about,
                }
            })
            .collect();
        let in_full = wanted.code().is_some();
        Ok(match self.output {
            Form::Text => text::write(&found, in_full),
            Form::Json => json::write(&found),
        })
    }
}

impl<'a> Asked<'a> {
    fn change(&self, planned: &Planned<'a>) -> Result<Arc<Change>, Failure> {
        (self.plan.change(planned, &mut Names::default()))
            .map(Arc::new)
            .map_err(|error| self.input.unreadable(&error))
    }

    fn graph(&self) -> Result<Arc<Graph>, Failure> {
        (self.plan.graph())
            .map(Arc::new)
            .map_err(|error| self.input.unreadable(&error))
    }

    fn scope(&self, code: &str) -> Option<Scope> {
        let rules = self.guard.rules();
        let rule = rules.iter().find(|rule| rule.code == code)?;
        Some(rule.scope)
    }

    /// Every finding of a rule: its id, its address, and the change where a single one was judged.
    fn of_rule(&self, code: &str) -> Result<Vec<(String, Option<String>)>, Failure> {
        let mut ids = Vec::new();
        let mut add = |rulings: &[gabion_engine::policy::Ruling]| {
            for ruling in rulings.iter().filter(|ruling| ruling.code == code) {
                ids.push((ruling.id(), ruling.address.clone()));
            }
        };
        if self.scope(code) == Some(Scope::Plan) {
            add(&self.guard.judge_plan(&self.graph()?).rulings);
            return Ok(ids);
        }
        for planned in &self.plan.changes {
            if self.guard.concerns(&planned.index_type()) {
                add(&self.guard.judge(&self.change(planned)?).rulings);
            }
        }
        Ok(ids)
    }

    fn by_id(&self, code: &str, id: &str) -> Result<Vec<Explanation>, Failure> {
        let ids = self.of_rule(code)?;
        let Some((_, address)) = ids.iter().find(|(known, _)| known == id) else {
            return Err(Failure::nothing(format!(
                "no finding of {} has the id `{id}`{}",
                self.input.shown,
                near(&ids, code)
            )));
        };
        let mut found = match (self.scope(code), address) {
            (Some(Scope::Plan), address) => {
                self.guard
                    .explain_plan(&self.graph()?, Some(code), address.as_deref())
            }
            (_, Some(address)) => self.by_address(Some(code), address)?,
            (_, None) => Vec::new(),
        };
        for explanation in &mut found {
            explanation.rulings.retain(|ruling| ruling.id() == id);
        }
        Ok(found)
    }

    fn by_rule(&self, code: &str) -> Result<Vec<Explanation>, Failure> {
        if self.scope(code) == Some(Scope::Plan) {
            let found = self.guard.explain_plan(&self.graph()?, Some(code), None);
            if found.is_empty() {
                return Err(Failure::nothing(format!(
                    "rule `{code}` judges whole plans, and {} has nothing of the types that it looks at",
                    self.input.shown
                )));
            }
            return Ok(found);
        }
        let ids = self.of_rule(code)?;
        Err(Failure::nothing(format!(
            "rule `{code}` judges one resource at a time: name a resource, or a finding{}",
            near(&ids, code)
        )))
    }

    fn by_address(&self, code: Option<&str>, address: &str) -> Result<Vec<Explanation>, Failure> {
        let mut found = Vec::new();
        let mut kinds = Vec::new();
        for planned in self.plan.at(address) {
            kinds.push(planned.index_type().into_owned());
            found.extend(self.guard.explain(&self.change(planned)?, code));
        }
        if kinds.is_empty() {
            return Err(asked::no_such_address(
                address,
                &self.plan,
                &self.input.shown,
            ));
        }
        let types = self.plan.changes.iter();
        if self.guard.judges_plans(types.map(Planned::index_type)) {
            let mut of_plan = self.guard.explain_plan(&self.graph()?, code, Some(address));
            // A whole-plan rule that is not asked for by name is shown where it says something of this resource.
            of_plan.retain(|one| {
                let speaks = |ruling: &gabion_engine::policy::Ruling| {
                    ruling.address.as_deref() == Some(address)
                        || (ruling.undetermined.iter())
                            .any(|blocked| blocked.address.as_deref() == Some(address))
                };
                code.is_some() || one.rulings.iter().any(speaks)
            });
            found.extend(of_plan);
        }
        if found.is_empty() {
            let kind = kinds.join("`, `");
            return Err(Failure::nothing(match code {
                Some(code) => {
                    let rules = self.guard.rules();
                    let rule = rules.iter().find(|rule| rule.code == code);
                    let types = rule.map_or_else(String::new, |rule| {
                        let off = if rule.level == Level::Off {
                            format!("; it is {} ({})", level(rule.level), rule.why)
                        } else {
                            String::new()
                        };
                        format!("; it judges `{}`{off}", rule.resource_types.join("`, `"))
                    });
                    format!("rule `{code}` does not judge `{kind}`, which `{address}` is{types}")
                }
                None => format!("no rule in force judges `{kind}`, which `{address}` is"),
            }));
        }
        Ok(found)
    }
}

/// Some findings of a rule, to choose from.
fn near(ids: &[(String, Option<String>)], code: &str) -> String {
    if ids.is_empty() {
        return format!("; {code} found nothing in it");
    }
    let some: Vec<String> = ids
        .iter()
        .take(NEAR)
        .map(|(id, address)| match address {
            Some(address) => format!("{id} ({address})"),
            None => id.clone(),
        })
        .collect();
    let more = match ids.len().saturating_sub(NEAR) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("; {code} has {}{more}", some.join(", "))
}
