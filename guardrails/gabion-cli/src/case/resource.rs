//! One resource of a case as a change.

use std::sync::Arc;

use gabion_engine::policy::Problem;
use gabion_model::{Change, Data, Mode, Operation, PackInfo, Path, RuleInfo, Stage, Tree};

use super::fields::{Fields, hint};
use super::schema::{self, Of, Schemas};
use super::tree;
use super::value::{Node, Spanned, Value};

/// The operations, as a case file writes them.
pub(super) const OPERATIONS: [(&str, Operation); 10] = [
    ("create", Operation::Create),
    ("update", Operation::Update),
    ("replace", Operation::Replace),
    ("delete", Operation::Delete),
    ("no-op", Operation::NoOp),
    ("read", Operation::Read),
    ("open", Operation::Open),
    ("import", Operation::Import),
    ("move", Operation::Move),
    ("forget", Operation::Forget),
];

/// What a resource takes from what it stands in.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) info: &'a PackInfo,
    pub(super) stage: Stage,
    pub(super) strict: bool,
    /// Where a file names them.
    pub(super) schemas: Option<&'a Schemas>,
    /// Said by the kind of block, else told by the operation.
    pub(super) mode: Option<Mode>,
}

/// Takes what a change is made of from the fields of a block; `None` where a problem was told.
pub(super) fn change(
    fields: &mut Fields<'_>,
    frame: Frame<'_>,
    resource_type: &str,
    problems: &mut Vec<Problem>,
) -> Option<Change> {
    let told = problems.len();
    let said = fields.word("operation", &OPERATIONS, problems);
    let provider = fields.text("provider", problems);
    let version = fields.text("provider_version", problems);
    let provider_configuration = fields.object("provider_configuration", problems);
    let before = fields
        .object("before", problems)
        .filter(|node| node.value != Value::Null);
    let after = fields
        .object("after", problems)
        .filter(|node| node.value != Value::Null);
    let configured = fields.texts("configured", problems);
    if problems.len() > told {
        return None;
    }
    let (operation, before) = operation(fields, said, before, after.as_ref(), problems)?;
    let mode = frame.mode.unwrap_or(match operation {
        Operation::Read => Mode::Data,
        Operation::Open => Mode::Ephemeral,
        _ => Mode::Managed,
    });
    let provider = provider.map_or_else(
        || provider_of(resource_type, &frame.info.rules),
        |provider| provider.value,
    );
    let side = |node: &Option<Node>| {
        node.as_ref()
            .map_or_else(Tree::null, |node| tree::build(node, frame.strict))
    };
    // What is given: a schema adds what the configuration does not set.
    let given = side(&after);
    let only = match &configured {
        None => None,
        Some(paths) => Some(configured_paths(paths, &given, problems)?),
    };
    let config = tree::configuration(&given, only.as_deref());
    let (before, after) = match frame.schemas {
        None => (side(&before), given),
        Some(schemas) => {
            let block = schemas.block(mode, resource_type, &provider);
            let block = block
                .map_err(|why| problems.push(Problem::at(fields.at(), why)))
                .ok()?;
            let planned = match operation {
                Operation::Create | Operation::Replace | Operation::Read | Operation::Open => {
                    Of::Created
                }
                _ => Of::Changed(before.as_ref()),
            };
            let mut side = |node: &Option<Node>, of| {
                node.as_ref()
                    .map_or_else(Tree::null, |node| schema::build(node, block, of, problems))
            };
            (side(&before, Of::State), side(&after, planned))
        }
    };
    Some(Change {
        resource_type: resource_type.to_owned(),
        mode,
        provider,
        provider_version: version.map(|version| version.value),
        operation,
        stage: frame.stage,
        config: Some(Arc::new(config)),
        before: Arc::new(before),
        after: Arc::new(after),
        provider_configuration: Arc::new(side(&provider_configuration)),
        address: None,
        module_address: None,
    })
}

/// What happens, and what was there before.
fn operation(
    fields: &Fields<'_>,
    said: Option<Spanned<Operation>>,
    before: Option<Node>,
    after: Option<&Node>,
    problems: &mut Vec<Problem>,
) -> Option<(Operation, Option<Node>)> {
    let mut problem = |at, text: String| {
        problems.push(Problem::at(at, text));
        None
    };
    let Some(said) = said else {
        return match (before, after) {
            (None, Some(_)) => Some((Operation::Create, None)),
            (before @ Some(_), Some(_)) => Some((Operation::Update, before)),
            (before @ Some(_), None) => Some((Operation::Delete, before)),
            (None, None) => problem(
                fields.at(),
                format!(
                    "{} needs `after`, `before` or both: what is planned, and what is there already",
                    fields.what()
                ),
            ),
        };
    };
    let empty = |node: &Node| matches!(&node.value, Value::Object(items) if items.is_empty());
    match (said.value, before, after) {
        (Operation::Create, Some(before), _) if !empty(&before) => problem(
            &before.at,
            "a `create` has nothing before it: leave `before` out, or write `operation = \"replace\"`".to_owned(),
        ),
        (Operation::Create, _, Some(_)) => Some((Operation::Create, None)),
        (Operation::Delete | Operation::Forget, _, Some(after)) => problem(
            &after.at,
            "nothing is left after a `delete` or a `forget`: leave `after` out".to_owned(),
        ),
        (Operation::Delete | Operation::Forget, None, None) => problem(
            &said.at,
            "a `delete` or a `forget` needs `before`: what is there already".to_owned(),
        ),
        (operation @ (Operation::Delete | Operation::Forget), before, None) => Some((operation, before)),
        (_, _, None) => problem(&said.at, "this operation needs `after`: what is planned".to_owned()),
        (operation, before, Some(_)) => Some((operation, before)),
    }
}

/// The paths that a case calls configured: each must be there.
fn configured_paths(
    paths: &[Spanned<String>],
    after: &Tree,
    problems: &mut Vec<Problem>,
) -> Option<Vec<Path>> {
    let mut found = Vec::new();
    let told = problems.len();
    for text in paths {
        match Path::parse(&text.value) {
            Err(why) => problems.push(Problem::at(&text.at, why)),
            Ok(path) => match after.lookup(&path).map(|id| after.data(id)) {
                Some(Data::Computed) => problems.push(Problem::at(
                    &text.at,
                    format!("`{path}` is computed(), which means that the configuration does not set it; write unknown()"),
                )),
                Some(_) => found.push(path),
                None => {
                    let known: Vec<String> = tree::below(after).iter().map(|(path, _)| path.to_string()).collect();
                    let known: Vec<&str> = known.iter().map(String::as_str).collect();
                    problems.push(Problem::at(
                        &text.at,
                        format!("`{path}` is not in `after`{}", hint(&text.value, &known)),
                    ));
                }
            },
        }
    }
    (problems.len() == told).then_some(found)
}

/// The source address of a type's provider: as the rules of the pack have it, else by the type's prefix.
pub(super) fn provider_of(resource_type: &str, rules: &[RuleInfo]) -> String {
    let known = rules
        .iter()
        .flat_map(|rule| &rule.applies_to)
        .find(|target| bare(&target.resource_type) == resource_type && !target.provider.is_empty())
        .map(|target| target.provider.clone());
    let provider =
        known.unwrap_or_else(
            || match resource_type.split('_').next().unwrap_or_default() {
                "gabion" => "gabion/gabion".to_owned(),
                prefix => format!("hashicorp/{prefix}"),
            },
        );
    format!("registry.terraform.io/{provider}")
}

/// A target's type without the word that says what kind of object it is.
pub(super) fn bare(target: &str) -> &str {
    target
        .strip_prefix("data.")
        .or_else(|| target.strip_prefix("ephemeral."))
        .unwrap_or(target)
}
