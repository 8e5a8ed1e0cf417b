//! The policies of the endpoints: bound to the organization, or to the account where there is none.

use crate::shared::policy::{Document, allow};

/// The policy of every endpoint but the one for S3.
pub(super) fn general(organization: Option<&str>, account: &str) -> Document {
    Document::new(vec![bound(organization, account)])
}

/// The policy of the endpoint for S3. Where ECR can be reached, it admits what ECR's documentation asks for, and no more:
/// layers of images come from a bucket of AWS in the region, by requests that ECR signed, so that no principal of the
/// organization shows in them.
pub(super) fn s3(
    organization: Option<&str>,
    account: &str,
    images_of: Option<(&str, &str)>,
) -> Document {
    let mut statements = vec![bound(organization, account)];
    if let Some((partition, region)) = images_of {
        let layers = format!("arn:{partition}:s3:::prod-{region}-starport-layer-bucket/*");
        statements.push(
            allow("ContainerImageLayers")
                .to_everybody()
                .actions(["s3:GetObject"])
                .on([layers]),
        );
    }
    Document::new(statements)
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
        let text = s3(None, "111122223333", None).to_json();
        assert!(!text.contains("starport"), "{text}");
        let text = s3(None, "111122223333", Some(("aws", "eu-central-1"))).to_json();
        assert!(
            text.contains(r#""aws:PrincipalAccount":"111122223333""#),
            "{text}"
        );
        assert!(text.contains("prod-eu-central-1-starport-layer-bucket/*"));
        assert!(same(&text, &text.replace(',', " ,"), "aws"));
        assert!(!same(&text, "{}", "aws"));
    }
}
