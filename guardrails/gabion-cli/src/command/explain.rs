//! `gabion explain`: a rule's page, or what a finding rests on.

mod finding;
mod json;
mod text;

use std::path::PathBuf;

use gabion_engine::policy::Guard;

use crate::command::{Alone, Policy};
use crate::exit::{Exit, Failure};
use crate::output::{self, Form};

const LONG: &str = "\
Show what a rule finds, why it matters, and how to mend it. With --plan, show what a finding rests on.

A finding is named by its id (DT08-3f9a1c20: the last line of a finding that `gabion check` writes, and `id` in its \
JSON), or by the address of the resource, with the rule's code before it to ask for that rule alone. Shown are every \
attribute that the rule read, in order, with its value (redacted where the plan marks it sensitive, or where it looks \
like a secret), what was not known, the verdict and why, the level and where it is set, the blocks of the policy that \
speak of the rule, which waiver, exception or entry of the baseline applied, or why one that nearly matched did not, when it is \
decided again, the fix, and whom to ask.";

const EXAMPLES: &str = "\
Examples:
  gabion explain DT08
  gabion explain --plan tfplan DT08-3f9a1c20
  gabion explain --plan plan.json aws_kms_key.logs
  gabion explain --plan plan.json DT08 'module.keys[\"eu\"].aws_kms_key.this'
  gabion explain --plan plan.json DT01A
  gabion explain --plan plan.json --pack dist/acme.wasm AC01-3f9a1c20
  gabion explain --plan plan.json DT08 aws_kms_key.logs -o json

Exit codes:
  0  it is shown, whatever the verdict
  3  no rule, resource or finding has that name; near ones are told
  4  the tool failed, or was used wrongly";

/// Show what a rule finds, or what a finding rests on
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_help = EXAMPLES)]
pub(crate) struct Explain {
    /// A rule's code; with --plan a finding's id, or a resource's address, with a rule's code before it or without
    #[arg(value_name = "CODE|ID|ADDRESS", required = true, num_args = 1..=2)]
    what: Vec<String>,
    /// The plan that the finding is in: its JSON, or as `terraform plan -out` saved it; `-` reads JSON from the standard input
    #[arg(long, value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// How to write it
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    output: Form,
    #[command(flatten)]
    policy: Policy,
    /// Ask only this pack: a name of the policy, or the file of any pack; repeatable
    #[arg(long, value_name = "NAME|FILE")]
    pack: Vec<String>,
    /// The folder of the configuration, for files and lines; default: that of the plan, else the working directory
    #[arg(long, value_name = "DIR", requires = "plan")]
    source: Option<PathBuf>,
    /// The program that reads a saved plan; default: that of GABION_TERRAFORM, else terraform or tofu on PATH
    #[arg(long, value_name = "PATH", requires = "plan")]
    terraform: Option<PathBuf>,
}

/// What the caller names in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted<'w> {
    /// A rule and the id of a finding of it.
    Id { code: &'w str, id: &'w str },
    /// A resource; one rule alone, if one is named.
    Resource {
        code: Option<&'w str>,
        address: &'w str,
    },
    /// A rule.
    Rule { code: &'w str },
}

impl<'w> Wanted<'w> {
    /// Of the words that the caller wrote: an address has a point, and an id ends in eight hexadecimal digits.
    fn of(what: &'w [String]) -> Result<Self, Failure> {
        match what {
            [one] => Ok(if let Some(code) = code_of_id(one) {
                Self::Id { code, id: one }
            } else if one.contains('.') {
                Self::Resource {
                    code: None,
                    address: one,
                }
            } else {
                Self::Rule { code: one }
            }),
            [code, address] if code.contains('.') || !address.contains('.') => {
                Err(Failure::failed(format!(
                    "`{code} {address}` is not a rule's code and a resource's address, in that order; write `gabion explain --plan PLAN CODE ADDRESS`"
                )))
            }
            [code, address] => Ok(Self::Resource {
                code: Some(code),
                address,
            }),
            _ => Err(Failure::failed(
                "name a finding's id, a rule's code, or a resource's address",
            )),
        }
    }

    fn code(&self) -> Option<&'w str> {
        match self {
            Self::Id { code, .. } | Self::Rule { code } => Some(code),
            Self::Resource { code, .. } => *code,
        }
    }
}

/// The rule's code in the id of a finding; `None` for what is no id.
fn code_of_id(text: &str) -> Option<&str> {
    let (code, hash) = text.rsplit_once('-')?;
    let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    (!code.is_empty() && hash.len() == 8 && hash.chars().all(hexadecimal)).then_some(code)
}

impl Explain {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let text = match &self.plan {
            Some(plan) => self.findings(plan)?,
            None => self.rule()?,
        };
        output::stdout(&text)?;
        Ok(Exit::Clean)
    }

    /// The policy with these rules alone; with all, if none is named.
    fn guard(&self, rules: &[String]) -> Result<Guard, Failure> {
        self.policy.load_alone(Alone {
            rules,
            packs: &self.pack,
            ..Alone::default()
        })
    }

    /// The rule's page.
    fn rule(&self) -> Result<String, Failure> {
        let [code] = self.what.as_slice() else {
            return Err(Failure::failed(
                "a resource is explained by a plan: name it with `--plan PLAN`",
            ));
        };
        if code_of_id(code).is_some() || code.contains('.') {
            return Err(Failure::failed(format!(
                "`{code}` is in a plan: name it, `gabion explain --plan PLAN {code}`"
            )));
        }
        let guard = self.guard(std::slice::from_ref(code))?;
        let Some(rule) = guard.rules().into_iter().next() else {
            return Err(Failure::nothing(format!(
                "no pack in force has a rule `{code}`; `gabion inspect` lists the rules of a pack"
            )));
        };
        if self.output == Form::Json {
            return Ok(json::rule(&rule));
        }
        let level = output::level(rule.level);
        let types = if rule.resource_types.is_empty() {
            "all resource types".to_owned()
        } else {
            rule.resource_types.join(", ")
        };
        Ok(format!(
            "{} {}: {}\nLevel {level} ({}), pack {} {}\nJudges {types}\n\n{}\n",
            rule.code,
            rule.name,
            rule.title,
            rule.why,
            rule.pack,
            rule.pack_version,
            rule.page().trim()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        let of = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            Wanted::of(&words).map(|wanted| format!("{wanted:?}"))
        };
        for (words, wanted) in [
            (
                vec!["DT08-0123abcd"],
                "Id { code: \"DT08\", id: \"DT08-0123abcd\" }",
            ),
            (vec!["DT08"], "Rule { code: \"DT08\" }"),
            (vec!["DT08-0123ABCD"], "Rule { code: \"DT08-0123ABCD\" }"),
            (
                vec!["a_b.c-0123abcd.d"],
                "Resource { code: None, address: \"a_b.c-0123abcd.d\" }",
            ),
            (
                vec!["DT08", "a.b"],
                "Resource { code: Some(\"DT08\"), address: \"a.b\" }",
            ),
        ] {
            assert_eq!(of(&words).unwrap(), wanted);
        }
        for wrong in [vec!["a.b", "DT08"], vec!["DT08", "DT09"], vec![]] {
            assert!(of(&wrong).is_err(), "{wrong:?}");
        }
    }
}
