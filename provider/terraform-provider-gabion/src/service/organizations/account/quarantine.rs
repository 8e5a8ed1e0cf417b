//! Quarantine: a service control policy of the account's own that forbids everything to everybody but the vending
//! role, from its creation until its baseline stands.

use gabion_aws::organizations::CreatePolicy;
use gabion_aws::{Clients, Tags};
use gabion_framework::prelude::*;

use super::TYPE;
use crate::shared::policy::{Document, deny};
use crate::shared::{creation, fault};

/// The policy type.
pub(super) const POLICY_TYPE: &str = "SERVICE_CONTROL_POLICY";

/// The name of an account's quarantine policy.
pub(super) fn name(account: &str) -> String {
    format!("gabion-quarantine-{account}")
}

/// What it says. `role` is the vending role's name, with its path where it has one.
fn document(partition: &str, account: &str, role: &str) -> Document {
    let exempt = format!(
        "arn:{partition}:iam::{account}:role/{}",
        role.trim_start_matches('/')
    );
    Document::new(vec![deny("Quarantine").actions(["*"]).when(
        "ArnNotLike",
        "aws:PrincipalArn",
        [exempt],
    )])
}

/// Service control policies have no principals: they are about everybody in the account.
fn text(partition: &str, account: &str, role: &str) -> String {
    let document = document(partition, account, role).to_json();
    let parsed: Result<serde_json::Value, _> = serde_json::from_str(&document);
    let Ok(mut value) = parsed else {
        return document;
    };
    let statements = value
        .get_mut("Statement")
        .and_then(serde_json::Value::as_array_mut);
    for statement in statements.into_iter().flatten() {
        if let Some(statement) = statement.as_object_mut() {
            statement.remove("Principal");
        }
    }
    value.to_string()
}

fn doing(account: &str, what: &str) -> impl FnOnce(gabion_aws::AwsError) -> Diagnostics + use<> {
    fault::while_setting(
        Path::root("quarantine"),
        format!("{what} the quarantine of account `{account}`"),
    )
}

/// Puts an account under quarantine. Whoever does it twice has done it once.
///
/// # Errors
/// A call failed: the account is then open to whoever the management account lets in.
pub(super) async fn put(here: &Clients, account: &str, role: &str) -> Result<(), Diagnostics> {
    let organizations = here.organizations();
    let request = CreatePolicy {
        name: name(account),
        description: format!("Account {account} until its baseline stands"),
        content: text(here.partition(), account, role),
        policy_type: POLICY_TYPE.to_owned(),
        tags: Tags::from([creation::creating(TYPE, account)]),
    };
    let policy = organizations
        .create_policy(&request)
        .await
        .map_err(doing(account, "making the policy of"))?;
    organizations
        .attach_policy(&policy.id, account)
        .await
        .map_err(doing(account, "beginning"))
}

/// Whether an account is under quarantine.
///
/// # Errors
/// A call failed.
pub(super) async fn holds(here: &Clients, account: &str) -> Result<bool, Diagnostics> {
    let wanted = name(account);
    let policies = here
        .organizations()
        .policies_of(account, POLICY_TYPE)
        .await
        .map_err(doing(account, "reading"))?;
    Ok(policies.iter().any(|policy| policy.name == wanted))
}

/// Ends it, and takes the policy away.
///
/// # Errors
/// A call failed.
pub(super) async fn lift(here: &Clients, account: &str) -> Result<(), Diagnostics> {
    let organizations = here.organizations();
    let found = organizations
        .find_policy(POLICY_TYPE, &name(account))
        .await
        .map_err(doing(account, "looking for"))?;
    let Some(policy) = found else {
        return Ok(());
    };
    organizations
        .detach_policy(&policy.id, account)
        .await
        .map_err(doing(account, "ending"))?;
    organizations
        .delete_policy(&policy.id)
        .await
        .map_err(doing(account, "removing the policy of"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::policy::{allow, may};

    const ACCOUNT: &str = "444455556666";

    #[test]
    fn everybody_but_the_vending_role_is_shut_out() {
        let mut document = document("aws", ACCOUNT, "OrganizationAccountAccessRole");
        for statement in &mut document.statements {
            *statement = statement.clone().to_everybody();
        }
        document
            .statements
            .push(allow("FullAccess").to_everybody().actions(["*"]));
        let arn = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
        assert!(
            may(
                &document,
                &arn("OrganizationAccountAccessRole"),
                "ec2:DeleteVpc"
            )
            .is_ok()
        );
        for other in ["admin", "OrganizationAccountAccessRole2"] {
            assert!(
                may(&document, &arn(other), "ec2:DeleteVpc").is_err(),
                "{other}"
            );
        }
    }

    #[test]
    fn the_policy_has_no_principal_and_names_the_role_with_its_path() {
        let text = text("aws", ACCOUNT, "vending/Role");
        let policy: serde_json::Value = serde_json::from_str(&text).unwrap();
        let statement = &policy["Statement"][0];
        assert_eq!(statement["Effect"], "Deny");
        assert!(statement.get("Principal").is_none(), "{text}");
        assert!(
            text.contains("arn:aws:iam::444455556666:role/vending/Role"),
            "{text}"
        );
        assert!(text.len() < 5120);
    }
}
