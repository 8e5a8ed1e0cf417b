//! A pack without WebAssembly, and changes made by hand.

use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gabion_model::{
    AppliesTo, Change, Data, Evaluation, Finding, Graph, Level, Mode, Operation, PackInfo, Patch,
    Path, RawVerdict, RuleInfo, Runner, Scope, SettingsProblem, Shape, Side, Stage, Trace, Tree,
    TreeBuilder, Unreadable, Verdict, View,
};
use serde_json::Value as Json;

use crate::policy::{
    Guard, GuardOptions, Inside, LoadedPack, PackFault, Packs, PolicyError, SessionFault,
};
use crate::store::{Digest, Store};

pub(super) static ASKED: AtomicUsize = AtomicUsize::new(0);

#[derive(Clone)]
pub(super) struct Fake {
    info: Arc<PackInfo>,
    digest: String,
}

pub(super) struct FakePacks;

fn rule(code: &str, name: &str, title: &str, level: Level, types: &[&str]) -> RuleInfo {
    RuleInfo {
        code: code.into(),
        name: name.into(),
        title: title.into(),
        page: format!("# {title}"),
        level,
        scope: Scope::Change,
        applies_to: types
            .iter()
            .map(|name| AppliesTo {
                resource_type: (*name).into(),
                provider: "hashicorp/aws".into(),
                versions: ">= 5.0, < 7.0".into(),
            })
            .collect(),
        controls: Vec::new(),
        since: "1.0.0".into(),
    }
}

impl Fake {
    fn baseline(version: &str) -> Self {
        let mut gabion = rule(
            "DT08",
            "key-without-rotation",
            "a key without rotation",
            Level::Mandatory,
            &["aws_kms_key"],
        );
        gabion.applies_to.push(AppliesTo {
            resource_type: "gabion_kms_key".into(),
            provider: "gabion/gabion".into(),
            versions: String::new(),
        });
        let mut companion = rule(
            "DT01",
            "bucket-alone",
            "a bucket alone",
            Level::Advisory,
            &[],
        );
        companion.scope = Scope::Plan;
        let mut rules = vec![
            companion,
            gabion,
            rule(
                "DT09",
                "short-deletion-window",
                "a key with a short deletion window",
                Level::Advisory,
                &["aws_kms_key"],
            ),
            rule(
                "NW02",
                "admin-port-open",
                "an admin port open to the world",
                Level::Mandatory,
                &["aws_security_group"],
            ),
            rule(
                "XX01",
                "rule-that-fails",
                "a rule that fails",
                Level::Mandatory,
                &["aws_broken"],
            ),
        ];
        // Of the earlier release, the rules that came later are missing.
        if version == "1.1.0" {
            rules.retain(|rule| rule.code != "NW02");
        }
        Self {
            digest: Digest::of(version.as_bytes()).to_string(),
            info: Arc::new(PackInfo {
                name: "baseline".into(),
                version: version.into(),
                settings_schema: r#"{"properties":{"days":{}}}"#.into(),
                rules,
            }),
        }
    }

    /// A component is its version, as text; more words give it other bytes.
    fn acme(bytes: &[u8]) -> Self {
        let mut owner = rule(
            "AC01",
            "key-without-owner",
            "a key without owner",
            Level::Mandatory,
            &["aws_kms_key"],
        );
        let text = String::from_utf8_lossy(bytes);
        let mut words = text.split_whitespace();
        let version = words.next().unwrap_or_default().to_owned();
        for word in words {
            match word.split_once('=') {
                Some(("since", since)) => owner.since = since.into(),
                Some(("code", code)) => owner.code = code.into(),
                _ => {}
            }
        }
        let rules = vec![owner];
        Self {
            digest: Digest::of(bytes).to_string(),
            info: Arc::new(PackInfo {
                name: "acme".into(),
                version,
                settings_schema: "{}".into(),
                rules,
            }),
        }
    }
}

impl Packs for FakePacks {
    fn baselines(&self) -> Vec<Inside> {
        [("1.1.0", true), ("1.2.0", false)]
            .map(|(version, released)| Inside {
                version: version.parse().unwrap(),
                released,
            })
            .to_vec()
    }

    fn baseline(
        &self,
        version: &semver::Version,
        pin: Option<&Digest>,
    ) -> Result<Arc<dyn LoadedPack>, PackFault> {
        pinned(Fake::baseline(&version.to_string()), pin)
    }

    fn file(
        &self,
        path: &FilePath,
        pin: Option<&Digest>,
    ) -> Result<Arc<dyn LoadedPack>, PackFault> {
        // One that nobody wrote is the usual one.
        match (std::fs::read(path), path.file_name()) {
            (Ok(bytes), _) => pinned(Fake::acme(&bytes), pin),
            (Err(_), Some(name)) if name == "acme.wasm" => pinned(Fake::acme(b"2.1.0"), pin),
            _ => Err(PackFault::Failed("there is no such file".to_owned())),
        }
    }
}

fn pinned(fake: Fake, pin: Option<&Digest>) -> Result<Arc<dyn LoadedPack>, PackFault> {
    match pin {
        Some(pin) if pin.to_string() != fake.digest => Err(PackFault::Digest(fake.digest)),
        _ => Ok(Arc::new(fake)),
    }
}

impl LoadedPack for Fake {
    fn info(&self) -> &PackInfo {
        &self.info
    }

    fn digest(&self) -> &str {
        &self.digest
    }

    fn wit(&self) -> &str {
        "1.0.0"
    }

    fn imports(&self) -> &[String] {
        &[]
    }

    fn session(&self, settings: &Json) -> Result<Box<dyn Runner>, SessionFault> {
        match settings.get("days") {
            Some(days) if !days.is_u64() => Err(SessionFault::Settings(vec![SettingsProblem {
                path: "days".into(),
                message: format!("`{days}` is not a whole number of days"),
            }])),
            _ => Ok(Box::new(self.clone())),
        }
    }
}

fn finding(path: Path, message: &str, fix: &[(&str, &str)]) -> Finding {
    let fix = fix
        .iter()
        .map(|(path, value)| Patch {
            path: Path::parse(path).unwrap(),
            value: (*value).into(),
        })
        .collect();
    Finding {
        address: None,
        path,
        observed: None,
        message: message.into(),
        fix,
    }
}

impl Runner for Fake {
    fn info(&self) -> &PackInfo {
        &self.info
    }

    fn check(&mut self, rule: &str, change: &Arc<Change>) -> Evaluation {
        ASKED.fetch_add(1, Ordering::Relaxed);
        let mut trace = Trace::new();
        let after = View::root(change.after.clone(), Side::After);
        let raw = if matches!(change.after.data(change.after.root()), Data::Null) && rule != "XX01"
        {
            Ok(RawVerdict::NotApplicable)
        } else {
            match rule {
                "DT08" => Ok(rotation(&after, &mut trace)),
                "DT09" => Ok(window(&after, &mut trace)),
                "NW02" => Ok(ports(&after, &mut trace)),
                "AC01" => match after.get("tags").get("Owner").text(&mut trace) {
                    Ok(None) => Ok(RawVerdict::Violation(vec![finding(
                        Path::parse("tags.Owner").unwrap(),
                        "nobody owns the key",
                        &[],
                    )])),
                    _ => Ok(RawVerdict::Pass),
                },
                _ => Err("the rule trapped: unreachable".to_owned()),
            }
        };
        Evaluation {
            verdict: Verdict::settle(raw, &trace),
            reads: trace.reads(),
        }
    }

    fn check_plan(&mut self, _rule: &str, graph: &Arc<Graph>) -> Evaluation {
        let findings: Vec<Finding> = graph
            .changes
            .iter()
            .filter(|change| change.resource_type == "aws_s3_bucket")
            .map(|change| Finding {
                address: change.address.clone(),
                ..finding(Path::root(), "the bucket is alone", &[])
            })
            .collect();
        let verdict = if findings.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Violation(findings)
        };
        Evaluation {
            verdict,
            reads: Vec::new(),
        }
    }
}

fn rotation(after: &View, trace: &mut Trace) -> RawVerdict {
    // Asked aside, so that the read itself blocks nothing where there is none.
    let description = after.get("description");
    if let Ok(Some("beyond the rule")) = description.text(&mut Trace::new()) {
        return RawVerdict::Undetermined("the description is beyond the rule".into());
    }
    let value = after.get("enable_key_rotation");
    match value.boolean(trace) {
        Ok(Some(true)) => RawVerdict::Pass,
        Ok(_) | Err(Unreadable::Computed) => RawVerdict::Violation(vec![finding(
            value.path(),
            "the key's material is never replaced",
            &[("enable_key_rotation", "true")],
        )]),
        Err(_) => RawVerdict::Undetermined("whether the key rotates".into()),
    }
}

fn window(after: &View, trace: &mut Trace) -> RawVerdict {
    let value = after.get("deletion_window_in_days");
    match value.number(trace) {
        Ok(Some(days)) if days.parse::<u32>().is_ok_and(|days| days >= 30) => RawVerdict::Pass,
        Ok(_) => RawVerdict::Violation(vec![finding(
            value.path(),
            "a deleted key is gone too soon",
            &[],
        )]),
        Err(_) => RawVerdict::Undetermined("how long".into()),
    }
}

fn ports(after: &View, trace: &mut Trace) -> RawVerdict {
    let ingress = after.get("ingress");
    let count = ingress.size(trace).unwrap_or(0);
    let open: Vec<Finding> = (0..count)
        .map(|index| ingress.at(index).get("cidr"))
        .filter(|cidr| matches!(cidr.text(trace), Ok(Some("0.0.0.0/0"))))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|cidr| finding(cidr.path(), "everybody can reach an admin port", &[]))
        .collect();
    if open.is_empty() {
        RawVerdict::Pass
    } else {
        RawVerdict::Violation(open)
    }
}

/// JSON as a tree; the texts `UNKNOWN` and `COMPUTED` are such values, and a text that begins with `SECRET` is sensitive.
fn tree(value: &Json) -> Arc<Tree> {
    fn push(builder: &mut TreeBuilder, value: &Json, shape: Shape) -> gabion_model::NodeId {
        let data = match value {
            Json::Null => Data::Null,
            Json::Bool(value) => Data::Boolean(*value),
            Json::Number(number) => Data::Number(number.to_string().into()),
            Json::String(text) if text == "UNKNOWN" => Data::Unknown,
            Json::String(text) if text == "COMPUTED" => Data::Computed,
            Json::String(text) => Data::Text(text.as_str().into()),
            Json::Array(items) => Data::Sequence(
                items
                    .iter()
                    .map(|item| push(builder, item, Shape::Object))
                    .collect(),
            ),
            Json::Object(items) => Data::Mapping(
                shape,
                items
                    .iter()
                    .map(|(name, item)| {
                        let shape = if name == "tags" {
                            Shape::Map
                        } else {
                            Shape::Object
                        };
                        (name.as_str().into(), push(builder, item, shape))
                    })
                    .collect(),
            ),
        };
        let sensitive = value
            .as_str()
            .is_some_and(|text| text.starts_with("SECRET"));
        builder.push(data, sensitive)
    }
    let mut builder = TreeBuilder::new();
    let root = push(&mut builder, value, Shape::Object);
    Arc::new(builder.finish(root))
}

pub(super) fn change(kind: &str, operation: Operation, before: &Json, after: &Json) -> Change {
    Change {
        resource_type: kind.into(),
        mode: Mode::Managed,
        provider: if kind.starts_with("gabion_") {
            "registry.terraform.io/gabion/gabion"
        } else {
            "registry.terraform.io/hashicorp/aws"
        }
        .into(),
        provider_version: None,
        operation,
        stage: Stage::Plan,
        before: tree(before),
        after: tree(after),
        config: None,
        provider_configuration: Arc::new(Tree::null()),
        address: None,
        module_address: None,
    }
}

pub(super) const NOW: &str = "2026-06-01T00:00:00Z";

/// A folder with policy files, and a guard loaded from it.
pub(super) struct Desk {
    pub(super) folder: tempfile::TempDir,
    pub(super) options: GuardOptions,
}

impl Desk {
    pub(super) fn new(policy: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if let Some(policy) = policy {
            std::fs::write(folder.path().join("gabion.hcl"), policy).unwrap();
        }
        let mut options = GuardOptions::new(folder.path(), FakePacks);
        options.now = Some(NOW.parse().unwrap());
        options.workspace = Some("default".into());
        options.store = Ok(Store::at(folder.path().join("store")));
        Self { folder, options }
    }

    pub(super) fn floor(mut self, name: &str, text: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        // A pack that a floor names must be there and safe; the usual one.
        let pack = self.folder.path().join("acme.wasm");
        if !pack.exists() {
            std::fs::write(&pack, "2.1.0").unwrap();
        }
        std::fs::set_permissions(&pack, std::fs::Permissions::from_mode(0o644)).unwrap();
        self.options.floors.push(name.into());
        self
    }

    pub(super) fn load(&self) -> Result<Guard, PolicyError> {
        Guard::load(self.options.clone())
    }

    pub(super) fn guard(&self) -> Guard {
        self.load().unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) fn error(&self) -> String {
        self.load()
            .expect_err("the policy should be refused")
            .to_string()
            .replace(&self.folder.path().display().to_string(), "DIR")
    }
}
