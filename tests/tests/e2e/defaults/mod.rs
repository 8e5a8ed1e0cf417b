//! The secure defaults of all composites, side by side: the shortest block has no finding; each single weakening is
//! refused without its exception, and with it is found by the rule that cites the control.
//!
//! Everything is one configuration that is planned three times, and never applied.

mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use gabion_tests::Kind;
use serde_json::json;

use crate::support::World;
use table::{Caught, Composite, composites};

/// One resource that is weaker than its defaults in one attribute.
struct Planted {
    address: String,
    attribute: &'static str,
    control: &'static str,
    caught: Caught,
    with: String,
    without: String,
}

fn exception(attribute: &str, control: &str) -> String {
    format!(
        "  exception {{\n    attribute = \"{attribute}\"\n    control   = \"{control}\"\n    reason    = \"a test\"\n    expires   = \"2099-01-01T00:00:00Z\"\n  }}\n"
    )
}

fn block(of: &Composite, name: &str, number: usize, more: &str) -> String {
    let own = (of.shortest)(number, more);
    format!("resource \"{}\" \"{name}\" {{\n{own}{more}}}\n", of.kind)
}

/// Every line of every table, each in a resource of its own.
fn plant(all: &[Composite]) -> Vec<Planted> {
    let mut planted = Vec::new();
    for of in all {
        for (index, line) in of.weak.iter().enumerate() {
            let name = format!("weak{index}");
            let weaker = format!("  {}\n", line.hcl);
            let excused = format!("{weaker}{}", exception(line.attribute, line.control));
            planted.push(Planted {
                address: format!("{}.{name}", of.kind),
                attribute: line.attribute,
                control: line.control,
                caught: line.caught,
                with: block(of, &name, index + 1, &excused),
                without: block(of, &name, index + 1, &weaker),
            });
        }
    }
    planted
}

/// The shortest block of each, and one with an exception for what is no setting at all.
fn plain(all: &[Composite]) -> String {
    // What a guardrail is attached to is not known yet, so that nobody looks for it.
    let mut text =
        "resource \"terraform_data\" \"unit\" {\n  input = \"ou-abcd-12345678\"\n}\n".to_owned();
    for of in all {
        let _ = writeln!(text, "{}", block(of, "short", 0, ""));
        let names = exception("no_such_setting", "own");
        let _ = writeln!(text, "{}", block(of, "asked", 99, &names));
    }
    text
}

fn world() -> Result<Option<World>> {
    let Some(mut world) = World::start(Kind::Moto)? else {
        return Ok(None);
    };
    world.aws.call(
        "organizations",
        "create_organization",
        json!({"FeatureSet": "ALL"}),
    )?;
    let roots = world.aws.call("organizations", "list_roots", json!({}))?;
    let root = roots["Roots"][0]["Id"].as_str().context("no root")?;
    world.aws.call(
        "organizations",
        "create_organizational_unit",
        json!({"ParentId": root, "Name": "prod"}),
    )?;
    Ok(Some(world))
}

/// The rules that refuse, or warn of, each address.
fn findings(run: &gabion_tests::terraform::Run) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in run.diagnostics() {
        let rule = ["Refused by ", "Guardrail "]
            .iter()
            .find_map(|begin| one.summary.strip_prefix(begin))
            .filter(|_| one.summary.contains(": "));
        if let Some(code) = rule.and_then(|rest| rest.split(' ').next()) {
            all.entry(one.address).or_default().insert(code.to_owned());
        }
    }
    all
}

#[test]
fn each_weakening_needs_its_exception_and_is_found() -> Result<()> {
    let Some(world) = world()? else {
        return Ok(());
    };
    let all = composites();
    let planted = plant(&all);
    let whole = |text: fn(&Planted) -> &String| {
        let blocks: Vec<&str> = planted.iter().map(|one| text(one).as_str()).collect();
        format!("{}\n{}", plain(&all), blocks.join("\n"))
    };

    // Without exceptions: an error for each, which names attribute and control.
    world.init(&whole(|one| &one.without))?;
    let run = world.terraform.plan_json(&[])?.refused()?;
    let told = run.diagnostics();
    for one in &planted {
        let summary = format!("`{}` is weaker than its secure default", one.attribute);
        let error = told
            .iter()
            .find(|told| told.address == one.address && told.severity == "error")
            .with_context(|| format!("{} `{}` is no error", one.address, one.attribute))?;
        assert_eq!(error.summary, summary, "{}: {error:#?}", one.address);
        assert!(
            error.detail.contains(&format!("`{}`", one.control)),
            "{} {}: {error:#?}",
            one.address,
            one.control
        );
    }

    // The table has every setting that an exception is for.
    for of in &all {
        let address = format!("{}.asked", of.kind);
        let warning = told
            .iter()
            .find(|told| told.address == address && told.summary == "Exception for nothing")
            .with_context(|| format!("{address} does not say which settings there are"))?;
        let (_, list) = warning.detail.split_once("those are ").context("no list")?;
        let settings: BTreeSet<&str> = list.split('`').skip(1).step_by(2).collect();
        let mut listed: BTreeSet<&str> = of.weak.iter().map(|line| line.attribute).collect();
        listed.extend(of.never);
        assert_eq!(listed, settings, "{}", of.kind);
    }

    // With exceptions that the platform does not accept: the rule speaks, and nothing else does.
    world.terraform.write("main.tf", &whole(|one| &one.with))?;
    world
        .terraform
        .write("gabion.hcl", "exceptions { accept = \"none\" }\n")?;
    let run = world.terraform.plan_json(&[])?.refused()?;
    let mut found = findings(&run);
    let mut wrong = Vec::new();
    for one in &planted {
        let rules = found.remove(&one.address).unwrap_or_default();
        let wanted: BTreeSet<String> = match one.caught {
            Caught::By(rules) => rules.iter().map(|rule| (*rule).to_owned()).collect(),
            Caught::ByNone(_) => BTreeSet::new(),
        };
        if rules != wanted {
            wrong.push(format!(
                "{} `{}`: {rules:?}, not {wanted:?}",
                one.address, one.attribute
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What is left has nothing weakened: the shortest blocks.
    assert!(found.is_empty(), "{found:#?}");
    for error in run.diagnostics() {
        let refusal = error.severity != "error" || error.summary.starts_with("Refused by ");
        assert!(refusal, "{error:#?}");
    }

    // The platform accepts them: the same configuration is planned.
    world
        .terraform
        .write("gabion.hcl", "exceptions { accept = \"until_expiry\" }\n")?;
    let run = world.terraform.plan_json(&[])?;
    assert!(run.changes()?, "nothing is planned");
    assert!(findings(&run).is_empty(), "{:#?}", findings(&run));
    assert!(
        world.proxy.writes().is_empty(),
        "{:?}",
        world.proxy.writes()
    );
    Ok(())
}

/// A code whose rule is there now is a weakening that nobody looks for.
#[test]
fn what_no_rule_finds_has_no_rule() {
    let rules = gabion_tests::workspace::root().join("guardrails/gabion-baseline/cases");
    let is_built = |code: &str| rules.join(format!("{code}.md")).is_file();
    let mut looked = 0;
    for of in composites() {
        for line in of.weak {
            match line.caught {
                Caught::By(codes) => {
                    assert!(!codes.is_empty(), "{}", line.attribute);
                    assert!(codes.iter().all(|code| is_built(code)), "{codes:?}");
                }
                Caught::ByNone(why) => {
                    if let Some((code, _)) = why.split_once(" of the catalogue is not built yet") {
                        assert!(!is_built(code), "{}: {code} is built", line.attribute);
                        looked += 1;
                    }
                }
            }
        }
    }
    assert!(looked > 0);
}
