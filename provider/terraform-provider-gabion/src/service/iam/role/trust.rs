//! The trust policy: one generated statement by kind of principal, and those that the user adds.

use gabion_framework::prelude::*;

use crate::shared::policy::{
    Document, Effect, Matcher, Principals, Statement, account_of, is_open, is_root, matches,
};
use crate::shared::policy_statement;

use super::human::Human;
use super::model::WorkloadRoleModel;
use super::oidc::Workload;
use super::service_principal::{self, ServicePrincipal};

/// Where the role lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub(super) partition: &'a str,
    pub(super) account: &'a str,
}

impl<'a> Scene<'a> {
    pub(super) fn of(clients: &'a gabion_aws::Clients) -> Self {
        Self {
            partition: clients.partition(),
            account: clients.account_id(),
        }
    }
}

/// Label of the generated statement.
pub(super) const SID: &str = "Trust";

/// Whether the generated policy uses this label.
pub(super) fn is_reserved(sid: &str) -> bool {
    sid == SID
}

/// The kinds of principals.
pub(super) const KINDS: &[&str] = &["service", "workload", "human"];

/// Exactly the object that `principal_kind` names is there.
pub(super) fn validate(role: &WorkloadRoleModel, diags: &mut Diagnostics) {
    if let Some(service) = role.service.known() {
        service.validate(diags);
    }
    if let Some(workload) = role.workload.known() {
        workload.validate(diags);
    }
    if let Some(human) = role.human.known() {
        human.validate(diags);
    }
    let Some(kind) = role.principal_kind.as_str() else {
        return;
    };
    let objects = [
        ("service", role.service.is_null()),
        ("workload", role.workload.is_null()),
        ("human", role.human.is_null()),
    ];
    for (name, absent) in objects {
        if name == kind && absent {
            diags.error_at(
                Path::root("principal_kind"),
                "The principal is missing",
                format!("`principal_kind` is `{kind}`, so `{kind} = {{ ... }}` must say who assumes the role."),
            );
        } else if name != kind && !absent {
            diags.error_at(
                Path::root(name),
                "A role has one kind of principal",
                format!("`principal_kind` is `{kind}`, so `{name}` has no place here. Make a role for each."),
            );
        }
    }
}

/// The trust policy of a planned role; none while something it depends on is unknown.
pub(super) fn document(role: &WorkloadRoleModel, scene: &Scene<'_>) -> Option<Document> {
    let own = match role.principal_kind.as_str()? {
        "service" => role.service.known()?.statement(scene)?,
        "workload" => role.workload.known()?.statement(scene)?,
        _ => role.human.known()?.statement(scene)?,
    };
    let mut statements = vec![own];
    statements.extend(policy_statement::to_statements(
        &role.additional_policy_statements,
        scene.partition,
    )?);
    Some(Document::new(statements))
}

/// The text as IAM takes it: a trust policy names no resource.
pub(super) fn to_json(document: &Document) -> String {
    let text = document.to_json();
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(&text) else {
        return text;
    };
    let statements = value
        .get_mut("Statement")
        .and_then(serde_json::Value::as_array_mut);
    for statement in statements.into_iter().flatten() {
        if let Some(fields) = statement.as_object_mut() {
            fields.remove("Resource");
        }
    }
    value.to_string()
}

/// Kind, principal and further statements of a live trust policy, for import.
pub(super) fn read(live: &Document, scene: &Scene<'_>, role: &mut WorkloadRoleModel) {
    let mut found = None;
    for (index, statement) in live.statements.iter().enumerate() {
        if let Some(candidate) = read_statement(statement, scene) {
            let same = document(&candidate, scene)
                .and_then(|document| document.statements.into_iter().next())
                .is_some_and(|own| own.same_content(statement));
            if same {
                found = Some((index, candidate));
                break;
            }
        }
    }
    let mut others: Vec<Statement> = live.statements.clone();
    if let Some((index, candidate)) = found {
        others.remove(index);
        role.principal_kind = candidate.principal_kind;
        role.service = candidate.service;
        role.workload = candidate.workload;
        role.human = candidate.human;
    }
    if !others.is_empty() {
        role.additional_policy_statements = Value::Known(
            others
                .iter()
                .map(policy_statement::from_statement)
                .collect(),
        );
    }
}

fn read_statement(statement: &Statement, scene: &Scene<'_>) -> Option<WorkloadRoleModel> {
    let mut role = WorkloadRoleModel::default();
    if let Some(service) = ServicePrincipal::read(statement, scene) {
        role.principal_kind = "service".into();
        role.service = Value::Known(service);
    } else if let Some(workload) = Workload::read(statement) {
        role.principal_kind = "workload".into();
        role.workload = Value::Known(workload);
    } else {
        role.human = Value::Known(Human::read(statement, scene)?);
        role.principal_kind = "human".into();
    }
    Some(role)
}

/// Why a statement that the user adds trusts more than named principals, if it does. `account` is the role's own; none
/// while that is not known.
pub(super) fn weakness(statement: &Statement, account: Option<&str>) -> Option<&'static str> {
    if statement.effect != Effect::Allow {
        return None;
    }
    if is_open(statement) {
        return Some(
            "lets in everybody, with no condition that says from which account or organization",
        );
    }
    let Principals::Only(map) = &statement.principals else {
        return Some("lets in everybody but some");
    };
    let whole = |name: &String| {
        let of = account_of(name).unwrap_or(name);
        (is_root(name) || validate::is_account_id(name)) && account.is_some_and(|own| own != of)
    };
    let accounts = map.get("AWS").is_some_and(|names| names.iter().any(whole));
    if accounts && !says(statement, CALLER, names_caller) {
        return Some(
            "trusts a whole other account, with no condition on `aws:PrincipalArn` or `sts:ExternalId`",
        );
    }
    let services = map
        .get("Service")
        .is_some_and(|names| names.iter().any(|name| service_principal::can_bind(name)));
    if services && !says(statement, SOURCE, |_, value| names_somebody(value)) {
        return Some(
            "trusts a service, with no condition on `aws:SourceAccount` or `aws:SourceArn` that says on whose behalf",
        );
    }
    let web = match &statement.actions {
        Matcher::Only(set) => set.iter().any(|action| {
            let action = action.to_ascii_lowercase();
            action.contains('*') || action == "sts:assumerolewithwebidentity"
        }),
        Matcher::Except(_) => true,
    };
    let oidc = map
        .get("Federated")
        .is_some_and(|names| names.iter().any(|name| !name.contains(":saml-provider/")));
    if web && oidc {
        let exact = statement.conditions.iter().any(|(operator, keys)| {
            let (equal, like) = match operator.to_ascii_lowercase().as_str() {
                "stringequals" => (true, false),
                "stringlike" => (false, true),
                _ => (false, false),
            };
            keys.iter().any(|(key, values)| {
                let exact = !values.iter().any(|value| value.contains(['*', '?']));
                key.to_ascii_lowercase().ends_with(":sub") && (equal || (like && exact))
            })
        });
        if !exact {
            return Some("trusts an OIDC provider without an exact `sub`");
        }
    }
    None
}

/// Keys that say who of an account calls.
const CALLER: &[&str] = &["aws:principalarn", "aws:userid", "sts:externalid"];
/// Keys that say on whose behalf a service acts.
const SOURCE: &[&str] = &[
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
];
/// A role and a user that only patterns for all of them take in.
const ANYBODY: [&str; 2] = ["role/q7w1-no-such-role", "user/q7w1-no-such-user"];

fn is_wild(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether the value of a key of `CALLER` takes in some of an account only.
fn names_caller(key: &str, value: &str) -> bool {
    if value.contains("${") {
        return false;
    }
    match key {
        "aws:principalarn" => {
            let principal = value.splitn(6, ':').nth(5).unwrap_or(value);
            names_somebody(value) && !ANYBODY.iter().any(|one| matches(principal, one))
        }
        // `AROAEXAMPLE:session`, a role's id and its session, or a user's id.
        "aws:userid" => {
            let id = value.split(':').next().unwrap_or_default();
            !id.is_empty() && !is_wild(id)
        }
        _ => !value.is_empty() && !value.starts_with(['*', '?']),
    }
}

/// Whether a value names an account, an organization, or something of one. The baseline's rules read it alike, and share
/// the cases.
fn names_somebody(value: &str) -> bool {
    if value.contains("${") || value.bytes().all(|byte| matches!(byte, b'*' | b'?')) {
        return false;
    }
    match account_of(value) {
        Some(account) => !is_wild(account),
        // An S3 ARN has no account; its bucket names somebody when it does not begin with a wildcard.
        None if value.starts_with("arn:") => value
            .splitn(6, ':')
            .nth(5)
            .is_some_and(|resource| !resource.starts_with(['*', '?'])),
        // `o-abc/*` names an organization; `o-*` and `1*` name nobody.
        None => value
            .split_once(['*', '?'])
            .is_none_or(|(before, _)| before.contains(['/', ':'])),
    }
}

/// Whether a condition compares one of these keys, which must be there, with values that narrow.
fn says(statement: &Statement, wanted: &[&str], narrows: impl Fn(&str, &str) -> bool) -> bool {
    statement.conditions.iter().any(|(operator, keys)| {
        let operator = operator.to_ascii_lowercase();
        let compares = matches!(
            operator.strip_prefix("foranyvalue:").unwrap_or(&operator),
            "stringequals" | "stringlike" | "stringequalsignorecase" | "arnequals" | "arnlike"
        );
        compares
            && keys.iter().any(|(key, values)| {
                let key = key.to_ascii_lowercase();
                wanted.contains(&key.as_str())
                    && !values.is_empty()
                    && values.iter().all(|value| narrows(&key, value))
            })
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::shared::policy::allow;
    use crate::shared::strings;

    pub(in super::super) const SCENE: Scene<'static> = Scene {
        partition: "aws",
        account: "111122223333",
    };

    fn role() -> WorkloadRoleModel {
        WorkloadRoleModel {
            name: "app".into(),
            principal_kind: "service".into(),
            service: Value::Known(ServicePrincipal {
                principal: "ecs-tasks.amazonaws.com".into(),
                ..ServicePrincipal::default()
            }),
            ..WorkloadRoleModel::default()
        }
    }

    #[test]
    fn the_texts_of_each_kind() {
        let text = |role: &WorkloadRoleModel| to_json(&document(role, &SCENE).unwrap());
        insta::assert_snapshot!(text(&role()), @r#"{"Statement":[{"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:ecs:*:111122223333:*"},"StringEquals":{"aws:SourceAccount":"111122223333"}},"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Sid":"Trust"}],"Version":"2012-10-17"}"#);
        let workload = WorkloadRoleModel {
            principal_kind: "workload".into(),
            workload: Value::Known(Workload {
                provider: "https://token.actions.githubusercontent.com".into(),
                subjects: strings::of(["repo:acme/app:ref:refs/heads/main"]),
                audiences: Value::Null,
            }),
            ..WorkloadRoleModel::default()
        };
        insta::assert_snapshot!(text(&workload), @r#"{"Statement":[{"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":"repo:acme/app:ref:refs/heads/main"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Sid":"Trust"}],"Version":"2012-10-17"}"#);
        let human = WorkloadRoleModel {
            principal_kind: "human".into(),
            human: Value::Known(Human {
                permission_set: "Operators".into(),
                ..Human::default()
            }),
            ..WorkloadRoleModel::default()
        };
        insta::assert_snapshot!(text(&human), @r#"{"Statement":[{"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Operators_????????????????","arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Operators_????????????????"]}},"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Sid":"Trust"}],"Version":"2012-10-17"}"#);
    }

    #[test]
    fn a_live_policy_is_taken_apart() {
        let mut live = document(&role(), &SCENE).unwrap();
        let hand = allow("Hand")
            .to("AWS", ["arn:aws:iam::444455556666:role/audit"])
            .actions(["sts:AssumeRole"]);
        live.statements.insert(0, hand);
        let live = Document::parse(&to_json(&live), "aws").unwrap();
        let mut found = WorkloadRoleModel::default();
        read(&live, &SCENE, &mut found);
        // The first statement that this resource could have written is its own; the rest is kept.
        assert!(found.principal_kind.is_known());
        assert_eq!(
            found.additional_policy_statements.known().map(Vec::len),
            Some(1)
        );
        assert!(document(&found, &SCENE).is_some());
    }

    #[test]
    fn weak_statements() {
        let weakness = |statement: &Statement| super::weakness(statement, Some("111122223333"));
        let oidc = allow("A")
            .to(
                "Federated",
                ["arn:aws:iam::111122223333:oidc-provider/x.example.com"],
            )
            .actions(["sts:AssumeRoleWithWebIdentity"]);
        assert!(weakness(&oidc).is_some());
        let like = oidc
            .clone()
            .when("StringLike", "x.example.com:sub", ["repo:a/*"]);
        assert!(weakness(&like).is_some());
        let exact = oidc.when("StringEquals", "x.example.com:sub", ["repo:a/b:ref:c"]);
        assert!(weakness(&exact).is_none());
        assert!(weakness(&allow("A").to_everybody().actions(["sts:AssumeRole"])).is_some());
        let named = allow("A")
            .to("AWS", ["arn:aws:iam::111122223333:role/x"])
            .actions(["sts:AssumeRole"]);
        assert!(weakness(&named).is_none());
        let to = |kind: &str, name: &str| allow("A").to(kind, [name]).actions(["sts:AssumeRole"]);
        let theirs = to("AWS", "arn:aws:iam::444455556666:root");
        assert!(weakness(&theirs).is_some());
        assert!(weakness(&to("AWS", "444455556666")).is_some());
        assert!(weakness(&to("AWS", "arn:aws:iam::111122223333:root")).is_none());
        assert!(super::weakness(&theirs, None).is_none());
        let when = |one: &Statement, operator: &str, key: &str, value: &str| {
            weakness(&one.clone().when(operator, key, [value])).is_none()
        };
        assert!(when(&theirs, "StringEquals", "sts:ExternalId", "4711"));
        let auditors = "arn:aws:iam::444455556666:role/audit-*";
        assert!(when(&theirs, "ArnLike", "aws:PrincipalArn", auditors));
        let anybody = "arn:aws:iam::444455556666:role/*";
        assert!(!when(&theirs, "ArnLike", "aws:PrincipalArn", anybody));
        assert!(!when(
            &theirs,
            "StringEqualsIfExists",
            "sts:ExternalId",
            "4711"
        ));
        let flow = to("Service", "states.amazonaws.com");
        assert!(weakness(&flow).is_some());
        assert!(when(
            &flow,
            "StringEquals",
            "aws:SourceAccount",
            "111122223333"
        ));
        for (narrow, pattern) in [
            (false, "*"),
            (false, "arn:*"),
            (false, "arn:aws:states:*:*:*"),
            (true, "arn:aws:states:*:111122223333:*"),
            (true, "arn:aws:s3:::logs"),
        ] {
            let passes = when(&flow, "ArnLike", "aws:SourceArn", pattern);
            assert_eq!(passes, narrow, "{pattern}");
        }
        for (narrow, key, pattern) in [
            (
                false,
                "aws:PrincipalArn",
                "arn:aws:iam::444455556666:user/*",
            ),
            (false, "aws:PrincipalArn", "arn:aws:iam::*:role/audit"),
            (
                true,
                "aws:PrincipalArn",
                "arn:aws:iam::444455556666:user/audit",
            ),
            (false, "aws:userid", "*:*"),
            (false, "aws:userid", "AROA*:*"),
            (true, "aws:userid", "AROAEXAMPLE:*"),
            (false, "sts:ExternalId", "*"),
            (false, "sts:ExternalId", "?*"),
        ] {
            let passes = when(&theirs, "StringLike", key, pattern);
            assert_eq!(passes, narrow, "{key} {pattern}");
        }
        assert!(weakness(&to("Service", "ec2.amazonaws.com")).is_none());
    }

    #[test]
    fn values_that_name_somebody_as_the_baseline_reads_them() {
        let cases = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../guardrails/gabion-baseline/src/who_values.txt");
        let cases = std::fs::read_to_string(cases).unwrap();
        assert!(cases.lines().count() > 10);
        for line in cases.lines() {
            let (kind, value) = line.split_once(' ').unwrap();
            assert_eq!(names_somebody(value), kind == "somebody", "{line}");
        }
    }
}
