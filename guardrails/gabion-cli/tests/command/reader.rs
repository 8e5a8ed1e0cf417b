//! The reader on a plan that Terraform 1.11 wrote.

use std::sync::Arc;

use gabion_cli::plan::{Names, Plan};
use gabion_model::{Change, Data, Operation, Path, Shape};

use crate::support::fixture_text;

fn change(plan: &Plan<'_>, address: &str) -> Change {
    let planned = plan
        .changes
        .iter()
        .find(|planned| planned.address == address)
        .unwrap();
    plan.change(planned, &mut Names::default()).unwrap()
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

fn after<'c>(change: &'c Change, text: &str) -> &'c Data {
    change.after.data(change.after.lookup(&path(text)).unwrap())
}

#[test]
fn a_real_plan() {
    let text = fixture_text("terraform-1.11.json");
    let plan = Plan::read(&text).unwrap();
    assert_eq!(
        (
            plan.format_version.as_str(),
            plan.terraform_version.as_deref()
        ),
        ("1.2", Some("1.11.4"))
    );
    assert!(plan.complete && !plan.errored);
    assert_eq!(plan.changes.len(), 5);

    let plain = change(&plan, "terraform_data.a");
    assert_eq!(plain.operation, Operation::Create);
    assert_eq!(after(&plain, "id"), &Data::Computed);
    assert_eq!(after(&plain, "output"), &Data::Computed);
    assert_eq!(after(&plain, "triggers_replace"), &Data::Null);
    assert_eq!(after(&plain, "input.list[0].x"), &Data::Number("1".into()));
    assert!(matches!(
        after(&plain, "input.tags"),
        Data::Mapping(Shape::Map, _)
    ));
    assert_eq!(plain.configured(&path("input")), Some(true));
    assert_eq!(plain.configured(&path("input.list[0].x")), Some(true));
    assert_eq!(plain.configured(&path("triggers_replace")), Some(false));
    assert_eq!(plain.configured(&path("output")), Some(false));

    let keyed = change(&plan, "terraform_data.b[\"l.m\"]");
    assert_eq!(after(&keyed, "input.id"), &Data::Unknown);
    assert_eq!(after(&keyed, "input.k"), &Data::Text("l.m".into()));
    assert_eq!(keyed.configured(&path("input.k")), None);
    let shown = keyed.after.to_display_json(keyed.after.root()).to_string();
    assert!(
        shown.contains("(sensitive)") && !shown.contains("hunter2"),
        "{shown}"
    );

    let inner = change(&plan, "module.m.terraform_data.inner[1]");
    assert_eq!(after(&inner, "input"), &Data::Unknown);
    assert_eq!(inner.module_address.as_deref(), Some("module.m"));
}

#[test]
fn the_graph_follows_references() {
    let text = fixture_text("terraform-1.11.json");
    let graph = Arc::new(Plan::read(&text).unwrap().graph().unwrap());
    assert!(graph.complete);
    assert_eq!(graph.changes.len(), 5);
    let references = graph.references.get(&1).unwrap();
    assert_eq!(references.len(), 1);
    let reference = references.first().unwrap();
    assert_eq!(
        (
            reference.path.to_string().as_str(),
            reference.address.as_str(),
            reference.attribute.as_str()
        ),
        ("input", "terraform_data.a", "id")
    );
}
