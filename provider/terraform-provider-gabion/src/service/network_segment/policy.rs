//! The policies of the endpoints: bound to the organization, or to the account where there is none.

use crate::shared::policy::{Document, allow};

/// The policy of every endpoint but the one for S3.
pub(super) fn general(organization: Option<&str>, account: &str) -> Document {
    Document::new(vec![bound(organization, account)])
}

/// The policy of the endpoint for S3: container images come from a bucket of AWS, by a request that no principal of
/// the organization signed.
pub(super) fn s3(
    organization: Option<&str>,
    account: &str,
    partition: &str,
    region: &str,
) -> Document {
    Document::new(vec![
        bound(organization, account),
        allow("ContainerImageLayers")
            .to_everybody()
            .actions(["s3:GetObject"])
            .on([format!(
                "arn:{partition}:s3:::prod-{region}-starport-layer-bucket/*"
            )]),
    ])
}

fn bound(organization: Option<&str>, account: &str) -> crate::shared::policy::Statement {
    let (key, value) = match organization {
        Some(organization) => ("aws:PrincipalOrgID", organization),
        None => ("aws:PrincipalAccount", account),
    };
    allow("OwnPrincipals")
        .to_everybody()
        .actions(["*"])
        .when("StringEquals", key, [value])
}

/// Whether two texts say the same.
pub(super) fn same(one: &str, other: &str, partition: &str) -> bool {
    one == other
        || match (
            Document::parse(one, partition),
            Document::parse(other, partition),
        ) {
            (Ok(one), Ok(other)) => one.same_as(&other),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_to_organization_or_account() {
        let text = general(Some("o-abcdefghij"), "111122223333").to_json();
        assert!(
            text.contains(r#""aws:PrincipalOrgID":"o-abcdefghij""#),
            "{text}"
        );
        let text = s3(None, "111122223333", "aws", "eu-central-1").to_json();
        assert!(
            text.contains(r#""aws:PrincipalAccount":"111122223333""#),
            "{text}"
        );
        assert!(text.contains("prod-eu-central-1-starport-layer-bucket/*"));
        assert!(same(&text, &text.replace(',', " ,"), "aws"));
        assert!(!same(&text, "{}", "aws"));
    }
}
