//! How a rule binds one change: its level, what undetermined does, whether old violations count.

use std::path::Path;

use gabion_model::{Change, Data, Level, NodeId, Stage, Tree};

use super::file::{OnUnknown, PolicyFile, Ratchet, RuleBlock, When};
use super::merge::RuleInForce;

/// How a rule binds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Binding {
    /// The least and the most that the level can be; they differ where a `when` cannot be told.
    pub(super) least: Level,
    pub(super) level: Level,
    pub(super) from: String,
    pub(super) on_unknown: OnUnknown,
    pub(super) ratchet: Ratchet,
    /// What a `when` asks for and is not known.
    pub(super) untold: Option<&'static str>,
}

impl Binding {
    /// What is not known and makes a difference: where the least level that can hold is also the most, nothing does.
    pub(super) fn open(&self) -> Option<&'static str> {
        self.untold.filter(|_| self.least != self.level)
    }
}

/// What `when` is held against, besides the change.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) workspace: Option<String>,
    /// The working directory as seen from each floor (absolute), and from the nearest file (relative to it).
    pub(super) floor_path: String,
    pub(super) near_path: Option<String>,
    /// The region of the environment.
    pub(super) region: Option<String>,
}

impl Scene {
    pub(super) fn new(
        directory: &Path,
        workspace: Option<String>,
        region: Option<String>,
        near: Option<&PolicyFile>,
    ) -> Self {
        let absolute = directory
            .canonicalize()
            .unwrap_or_else(|_| directory.to_path_buf());
        let near_path = near.and_then(|file| {
            let base = file.directory.canonicalize().ok()?;
            let relative = absolute
                .strip_prefix(base)
                .ok()?
                .to_string_lossy()
                .into_owned();
            Some(if relative.is_empty() {
                ".".to_owned()
            } else {
                relative
            })
        });
        Self {
            workspace: workspace.or_else(|| workspace_of(&absolute)),
            floor_path: absolute.to_string_lossy().into_owned(),
            near_path,
            region,
        }
    }
}

/// The workspace that Terraform would use in the directory.
fn workspace_of(directory: &Path) -> Option<String> {
    if let Some(name) = std::env::var("TF_WORKSPACE")
        .ok()
        .filter(|name| !name.is_empty())
    {
        return Some(name);
    }
    let data = std::env::var_os("TF_DATA_DIR")
        .map_or_else(|| directory.join(".terraform"), |data| directory.join(data));
    match std::fs::read_to_string(data.join("environment")) {
        Ok(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Ok(_) => Some("default".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some("default".to_owned()),
        Err(_) => None,
    }
}

impl RuleInForce {
    /// Whether the binding is the same for all changes.
    pub(super) fn is_static(&self) -> bool {
        self.floors
            .iter()
            .flat_map(|(_, blocks)| blocks)
            .chain(&self.near)
            .all(|block| block.when.is_none())
    }

    /// How the rule binds a change; without a change, as far as can be told.
    pub(super) fn binding(&self, scene: &Scene, change: Option<&Change>) -> Binding {
        let base = Binding {
            least: self.level,
            level: self.level,
            from: self.from.clone(),
            on_unknown: OnUnknown::Defer,
            ratchet: Ratchet::Changes,
            untold: None,
        };
        let floor = self
            .floors
            .iter()
            .map(|(_, blocks)| {
                layer(
                    blocks,
                    &base,
                    scene,
                    Some(scene.floor_path.as_str()),
                    change,
                )
            })
            .reduce(|left, right| stricter(&left, right));
        let floor = floor.unwrap_or(base);
        if self.near.is_empty() {
            return floor;
        }
        let near = layer(
            &self.near,
            &floor,
            scene,
            scene.near_path.as_deref(),
            change,
        );
        if self.loosen {
            near
        } else {
            stricter(&floor, near)
        }
    }
}

/// A block that speaks of a rule, and whether it holds.
#[derive(Debug)]
pub(super) struct BlockSeen<'b> {
    pub(super) block: &'b RuleBlock,
    /// The fields of its `when`, held against what is there.
    pub(super) conditions: Vec<Condition>,
    pub(super) applies: bool,
    /// Why it does not count although its `when` holds.
    pub(super) shadowed: Option<&'static str>,
}

impl RuleInForce {
    /// The blocks that speak of the rule, the floors' first, each with whether it holds for a change.
    pub(super) fn blocks(&self, scene: &Scene, change: Option<&Change>) -> Vec<BlockSeen<'_>> {
        let floors = (self.floors.iter())
            .flat_map(|(_, blocks)| seen(blocks, scene, Some(scene.floor_path.as_str()), change));
        let near = seen(&self.near, scene, scene.near_path.as_deref(), change);
        floors.chain(near).collect()
    }
}

/// The blocks of one file: the first whose `when` holds counts, else the one without.
fn seen<'b>(
    blocks: &'b [RuleBlock],
    scene: &Scene,
    path: Option<&str>,
    change: Option<&Change>,
) -> Vec<BlockSeen<'b>> {
    let mut all: Vec<BlockSeen<'b>> = (blocks.iter())
        .map(|block| {
            let conditions = (block.when.as_ref())
                .map_or_else(Vec::new, |when| when.conditions(scene, path, change));
            BlockSeen {
                applies: conditions.iter().all(|one| one.holds() == Some(true)),
                block,
                conditions,
                shadowed: None,
            }
        })
        .collect();
    let chosen = (all.iter())
        .position(|one| one.applies && one.block.when.is_some())
        .or_else(|| all.iter().position(|one| one.applies));
    for (position, one) in all.iter_mut().enumerate() {
        if one.applies && Some(position) != chosen {
            one.applies = false;
            one.shadowed = Some("another block of the file that holds comes before it");
        }
    }
    all
}

/// The stricter of two in every respect.
fn stricter(left: &Binding, right: Binding) -> Binding {
    let from = if right.level > left.level {
        right.from
    } else {
        left.from.clone()
    };
    Binding {
        least: left.least.max(right.least),
        level: left.level.max(right.level),
        from,
        on_unknown: left.on_unknown.max(right.on_unknown),
        ratchet: left.ratchet.max(right.ratchet),
        untold: left.untold.or(right.untold),
    }
}

/// What the blocks of one file make of a base: the first whose `when` holds, else the one without.
fn layer(
    blocks: &[RuleBlock],
    base: &Binding,
    scene: &Scene,
    path: Option<&str>,
    change: Option<&Change>,
) -> Binding {
    let apply = |block: &RuleBlock| Binding {
        least: block.level.as_ref().map_or(base.least, |level| level.value),
        level: block.level.as_ref().map_or(base.level, |level| level.value),
        from: if block.level.is_some() {
            block.code.at.to_string()
        } else {
            base.from.clone()
        },
        on_unknown: block
            .on_unknown
            .as_ref()
            .map_or(base.on_unknown, |value| value.value),
        ratchet: block
            .scope
            .as_ref()
            .map_or(base.ratchet, |value| value.value),
        untold: base.untold,
    };
    let mut maybe: Vec<(Binding, &'static str)> = Vec::new();
    let mut sure = None;
    for block in blocks.iter().filter(|block| block.when.is_some()) {
        match block
            .when
            .as_ref()
            .map_or(Ok(true), |when| when.holds(scene, path, change))
        {
            Ok(true) => {
                sure = Some(apply(block));
                break;
            }
            Ok(false) => {}
            Err(untold) => maybe.push((apply(block), untold)),
        }
    }
    let always = || {
        blocks
            .iter()
            .find(|block| block.when.is_none())
            .map_or_else(|| base.clone(), &apply)
    };
    let sure = sure.unwrap_or_else(always);
    maybe.into_iter().fold(sure, |binding, (other, untold)| {
        let least = binding.least.min(other.least);
        let differs = binding.level != other.level;
        let mut both = stricter(&binding, other);
        both.least = least;
        if differs {
            both.untold = Some(untold);
        }
        both
    })
}

/// One field of a `when`, held against what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) name: &'static str,
    pub(super) patterns: Vec<String>,
    /// What is there; `None` where it is not known.
    pub(super) value: Option<String>,
}

impl Condition {
    /// Whether a pattern is the value; `None` where that is not known.
    pub(super) fn holds(&self) -> Option<bool> {
        let value = self.value.as_deref()?;
        let below = self.name == "path";
        Some(
            self.patterns.iter().any(|pattern| {
                glob(pattern, value) || (below && glob(&format!("{pattern}/*"), value))
            }),
        )
    }
}

impl When {
    /// Whether it holds, or the name of what is not known.
    fn holds(
        &self,
        scene: &Scene,
        path: Option<&str>,
        change: Option<&Change>,
    ) -> Result<bool, &'static str> {
        let mut untold = None;
        for condition in self.conditions(scene, path, change) {
            match condition.holds() {
                None => untold = untold.or(Some(condition.name)),
                Some(false) => return Ok(false),
                Some(true) => {}
            }
        }
        untold.map_or(Ok(true), Err)
    }

    /// Its fields, each held against what is there.
    pub(super) fn conditions(
        &self,
        scene: &Scene,
        path: Option<&str>,
        change: Option<&Change>,
    ) -> Vec<Condition> {
        let account = || change.and_then(account);
        let region = || change.and_then(|change| region(change, scene.region.as_deref()));
        let value_of = |name| match name {
            "workspace" => scene.workspace.clone(),
            "path" => path.map(str::to_owned),
            "account" => account(),
            _ => region(),
        };
        [
            ("workspace", &self.workspace),
            ("path", &self.path),
            ("account", &self.account),
            ("region", &self.region),
        ]
        .into_iter()
        .filter_map(|(name, patterns)| {
            Some(Condition {
                name,
                patterns: patterns.clone()?,
                value: value_of(name),
            })
        })
        .collect()
    }
}

/// Whether the pattern is the text, `*` standing for any characters.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else {
        return text.is_empty();
    };
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn text(tree: &Tree, id: NodeId) -> Option<&str> {
    match tree.data(id) {
        Data::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn field<'a>(tree: &'a Tree, name: &str) -> Option<&'a str> {
    text(tree, tree.child(tree.root(), name)?)
}

/// A part of the object's own ARN, counted from 0.
fn arn_part(change: &Change, part: usize) -> Option<String> {
    [&change.before, &change.after]
        .into_iter()
        .filter_map(|tree| field(tree, "arn"))
        .filter(|arn| arn.starts_with("arn:"))
        .find_map(|arn| {
            arn.split(':')
                .nth(part)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        })
}

/// The account that the object is in, where it can be told.
fn account(change: &Change) -> Option<String> {
    let provider = &change.provider_configuration;
    arn_part(change, 4)
        .or_else(|| {
            change
                .resource_type
                .starts_with("gabion_")
                .then(|| field(&change.after, "account_id"))
                .flatten()
                .map(str::to_owned)
        })
        .or_else(|| {
            field(provider, "account_id")
                .or_else(|| field(provider, "account"))
                .map(str::to_owned)
        })
        .or_else(|| {
            let list = provider.child(provider.root(), "allowed_account_ids")?;
            match provider.data(list) {
                Data::Sequence(items) => match items.as_slice() {
                    [only] => text(provider, *only).map(str::to_owned),
                    _ => None,
                },
                _ => None,
            }
        })
        .or_else(|| {
            let roles = provider.child(provider.root(), "assume_role")?;
            let role = provider.element(roles, 0).unwrap_or(roles);
            let arn = text(provider, provider.child(role, "role_arn")?)?;
            arn.split(':')
                .nth(4)
                .filter(|account| !account.is_empty())
                .map(str::to_owned)
        })
}

/// The region that the object is in, where it can be told.
fn region(change: &Change, environment: Option<&str>) -> Option<String> {
    let own = change.after.child(change.after.root(), "region");
    if let Some(id) = own {
        match change.after.data(id) {
            Data::Text(region) => return Some(region.to_string()),
            Data::Unknown => return None,
            _ => {}
        }
    }
    let provider = &change.provider_configuration;
    arn_part(change, 3)
        .or_else(|| field(provider, "region").map(str::to_owned))
        .or_else(|| environment.filter(|_| left_out(change)).map(str::to_owned))
}

/// Whether the provider takes the region from the environment: one on AWS, whose block is known and leaves the region
/// out, while it runs in this environment. A saved plan may have been made in another one.
fn left_out(change: &Change) -> bool {
    let provider = &change.provider_configuration;
    let on_aws = ["/hashicorp/aws", "/gabion/gabion"]
        .iter()
        .any(|name| change.provider.ends_with(name));
    on_aws
        && change.stage != Stage::Check
        && matches!(provider.data(provider.root()), Data::Mapping(..))
        && provider
            .child(provider.root(), "region")
            .is_none_or(|region| match provider.data(region) {
                Data::Null => true,
                Data::Text(text) => text.is_empty(),
                _ => false,
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, text, expected) in [
            ("dev", "dev", true),
            ("dev", "dev2", false),
            ("dev*", "dev2", true),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxcyy", false),
            ("*-prod", "eu-prod", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
