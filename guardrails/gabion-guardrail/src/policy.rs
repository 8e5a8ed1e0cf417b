//! IAM policy documents: key policies, bucket policies, trust policies.
//!
//! A document is read through the host, so that the reads are traced; what comes back is plain data.

mod condition;
mod pattern;
mod principal;

pub use condition::Condition;
pub use pattern::{Set, matches, matches_ignoring_case};
pub use principal::{Principal, PrincipalKind, account_of};

use crate::outcome::Stop;
use crate::value::{Kind, Value};

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever allows.
    Deny,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its id, where it has one.
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
    /// For whom.
    pub principals: Set<Principal>,
    /// For which actions.
    pub actions: Set<String>,
    /// On which resources.
    pub resources: Set<String>,
    /// Under which conditions, all of which must hold.
    pub conditions: Vec<Condition>,
}

/// A policy document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyDocument {
    /// Its statements, in order.
    pub statements: Vec<Statement>,
}

impl PolicyDocument {
    /// Reads the policy that a text attribute holds; `None` where it is null, computed or empty.
    ///
    /// # Errors
    /// Why it cannot be read, or what in it is no policy: AWS would refuse it too.
    pub fn read(value: &Value) -> Result<Option<Self>, Stop> {
        let Some(document) = value.document()? else {
            return Ok(None);
        };
        if document.kind() != Kind::Mapping {
            return Err(bad(value, "it is no JSON object"));
        }
        Self::of(value, &document.get("Statement")).map(Some)
    }

    fn of(value: &Value, list: &Value) -> Result<Self, Stop> {
        let mut statements = Vec::new();
        for statement in one_or_many(list)? {
            let number = (statements.len() + 1).to_string();
            if statement.kind() != Kind::Mapping {
                return Err(bad(
                    value,
                    &["statement ", &number, " is no JSON object"].concat(),
                ));
            }
            let effect = match statement.get("Effect").text()?.as_deref() {
                Some("Allow") => Effect::Allow,
                Some("Deny") => Effect::Deny,
                _ => {
                    let what = [
                        "statement ",
                        &number,
                        " has neither the effect `Allow` nor `Deny`",
                    ]
                    .concat();
                    return Err(bad(value, &what));
                }
            };
            statements.push(Statement {
                sid: statement.get("Sid").text()?,
                effect,
                principals: set(&statement, "Principal", "NotPrincipal", principal::read)?,
                actions: set(&statement, "Action", "NotAction", texts)?,
                resources: set(&statement, "Resource", "NotResource", texts)?,
                conditions: condition::read(&statement.get("Condition"))?,
            });
        }
        Ok(Self { statements })
    }

    /// The statements that allow.
    pub fn allows(&self) -> impl Iterator<Item = &Statement> {
        self.statements
            .iter()
            .filter(|statement| statement.effect == Effect::Allow)
    }

    /// The statements that deny.
    pub fn denies(&self) -> impl Iterator<Item = &Statement> {
        self.statements
            .iter()
            .filter(|statement| statement.effect == Effect::Deny)
    }
}

impl Statement {
    /// Whether it speaks of this action, `kms:PutKeyPolicy`. Upper and lower case are the same, as in AWS.
    pub fn covers_action(&self, action: &str) -> bool {
        self.actions
            .holds(|pattern| matches_ignoring_case(pattern, action))
    }

    /// Whether it speaks of every action of a service, `kms`.
    pub fn covers_service(&self, service: &str) -> bool {
        let every = |pattern: &String| {
            pattern == "*"
                || pattern.split_once(':').is_some_and(|(prefix, rest)| {
                    matches_ignoring_case(prefix, service)
                        && !rest.is_empty()
                        && rest.bytes().all(|byte| byte == b'*')
                })
        };
        match &self.actions {
            Set::Only(patterns) => patterns.iter().any(every),
            Set::Absent | Set::AllBut(_) => false,
        }
    }

    /// Whether it speaks of everybody: `*`, `{ "AWS": "*" }`, or everybody but some.
    pub fn covers_everybody(&self) -> bool {
        match &self.principals {
            Set::Only(principals) => principals.iter().any(Principal::is_everybody),
            Set::AllBut(_) => true,
            Set::Absent => false,
        }
    }

    /// What a reader recognises it by: its id, else its number, counted from 1.
    pub fn label(&self, number: usize) -> String {
        match &self.sid {
            Some(sid) if !sid.is_empty() => ["statement `", sid, "`"].concat(),
            _ => ["statement ", &number.to_string()].concat(),
        }
    }
}

fn bad(value: &Value, what: &str) -> Stop {
    Stop::Failed(["`", &value.path(), "` is no policy document: ", what].concat())
}

fn one_or_many(value: &Value) -> Result<Vec<Value>, Stop> {
    match value.kind() {
        Kind::Null => Ok(Vec::new()),
        Kind::Sequence => Ok(value.elements()?),
        _ => Ok(value.find("").into_iter().collect()),
    }
}

/// A text, or several. Booleans and numbers are texts to IAM.
fn texts(value: &Value) -> Result<Vec<String>, Stop> {
    let mut texts = Vec::new();
    for one in one_or_many(value)? {
        texts.extend(match one.kind() {
            Kind::Boolean => one
                .boolean()?
                .map(|value| if value { "true" } else { "false" }.to_owned()),
            Kind::Number => one.number()?,
            _ => one.text()?,
        });
    }
    Ok(texts)
}

fn set<T>(
    statement: &Value,
    name: &str,
    not: &str,
    read: impl Fn(&Value) -> Result<Vec<T>, Stop>,
) -> Result<Set<T>, Stop> {
    let (only, all_but) = (statement.get(name), statement.get(not));
    Ok(if only.is_set()? {
        Set::Only(read(&only)?)
    } else if all_but.is_set()? {
        Set::AllBut(read(&all_but)?)
    } else {
        Set::Absent
    })
}
