//! Who a statement speaks of.

use super::texts;
use crate::outcome::Stop;
use crate::value::{Kind, Value};

/// What kind of principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// `"Principal": "*"`: everybody, nameless ones included.
    Everybody,
    /// `AWS`: accounts, roles, users.
    Aws,
    /// `Service`.
    Service,
    /// `Federated`.
    Federated,
    /// `CanonicalUser`.
    CanonicalUser,
    /// Something else.
    Other,
}

impl PrincipalKind {
    /// The kind of a name in a policy, `AWS`.
    pub fn of(name: &str) -> Self {
        match name {
            "*" => Self::Everybody,
            "AWS" => Self::Aws,
            "Service" => Self::Service,
            "Federated" => Self::Federated,
            "CanonicalUser" => Self::CanonicalUser,
            _ => Self::Other,
        }
    }
}

/// A principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// What kind.
    pub kind: PrincipalKind,
    /// Its id: an ARN, an account id, a service name, `*`.
    pub id: String,
}

impl Principal {
    /// Whether it is everybody: `*`, or `{ "AWS": "*" }`, which is everybody with an AWS account.
    pub fn is_everybody(&self) -> bool {
        matches!(self.kind, PrincipalKind::Everybody | PrincipalKind::Aws) && self.id == "*"
    }

    /// Whether it is an account as a whole: its id, or its root ARN.
    pub fn is_account(&self) -> bool {
        self.kind == PrincipalKind::Aws
            && (is_account_id(&self.id)
                || (account_of(&self.id).is_some() && self.id.ends_with(":root")))
    }

    /// The account of an `AWS` principal, where its id tells.
    pub fn account(&self) -> Option<&str> {
        if self.kind != PrincipalKind::Aws {
            None
        } else if is_account_id(&self.id) {
            Some(&self.id)
        } else {
            account_of(&self.id)
        }
    }
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The account of an ARN, `arn:aws:iam::111122223333:role/x`; `None` where it has none or is no ARN.
pub fn account_of(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    (parts.next() == Some("arn")).then_some(())?;
    parts.nth(3).filter(|account| !account.is_empty())
}

pub(super) fn read(value: &Value) -> Result<Vec<Principal>, Stop> {
    if value.kind() != Kind::Mapping {
        let of = |id| Principal {
            kind: PrincipalKind::Everybody,
            id,
        };
        return Ok(texts(value)?.into_iter().map(of).collect());
    }
    let mut principals = Vec::new();
    for name in value.keys()? {
        let kind = PrincipalKind::of(&name);
        principals.extend(
            texts(&value.get(&name))?
                .into_iter()
                .map(|id| Principal { kind, id }),
        );
    }
    Ok(principals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts() {
        let aws = |id: &str| Principal {
            kind: PrincipalKind::Aws,
            id: id.into(),
        };
        assert!(aws("111122223333").is_account());
        assert!(aws("arn:aws-cn:iam::111122223333:root").is_account());
        assert!(!aws("arn:aws:iam::111122223333:role/root").is_account());
        assert_eq!(
            aws("arn:aws:iam::111122223333:role/x").account(),
            Some("111122223333")
        );
        assert_eq!(account_of("arn:aws:s3:::bucket"), None);
        assert!(aws("*").is_everybody());
    }
}
