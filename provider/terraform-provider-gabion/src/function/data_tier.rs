//! `provider::gabion::data_tier(name)`: what a data tier asks for.

use std::collections::BTreeMap;

use gabion_framework::prelude::*;

/// The function.
pub(crate) struct DataTier;

/// One column of the table of data tiers.
struct Tier {
    name: &'static str,
    /// `SSE-S3`, `aws-managed`, `cmk`, `cmk-per-system`.
    encryption: &'static str,
    customer_managed_key: bool,
    key_per_system: bool,
    /// Who reaches the data: all of these bounds hold.
    access: &'static [&'static str],
    object_lock: bool,
    /// Which object-level events the trail holds: `read`, `write`.
    data_events: &'static [&'static str],
    retention_in_days: i64,
    /// Whether the retention must be written down, the number of days being the least.
    retention_explicit: bool,
    backup_daily: bool,
    backup_retention_in_days: Option<i64>,
    point_in_time_recovery: bool,
    backup_locked: bool,
    backup_cross_account: bool,
    /// What a network segment's `egress` may be.
    egress: &'static [&'static str],
}

const OPEN: &[&str] = &["none", "aws_only", "allowlist", "inspected", "open"];
const BOUND: &[&str] = &["none", "aws_only", "allowlist", "inspected"];

const TIERS: &[Tier] = &[
    Tier {
        name: "public",
        encryption: "SSE-S3",
        customer_managed_key: false,
        key_per_system: false,
        access: &["cdn"],
        object_lock: false,
        data_events: &[],
        retention_in_days: 30,
        retention_explicit: false,
        backup_daily: false,
        backup_retention_in_days: None,
        point_in_time_recovery: false,
        backup_locked: false,
        backup_cross_account: false,
        egress: OPEN,
    },
    Tier {
        name: "internal",
        encryption: "aws-managed",
        customer_managed_key: false,
        key_per_system: false,
        access: &["account"],
        object_lock: false,
        data_events: &["write"],
        retention_in_days: 90,
        retention_explicit: false,
        backup_daily: true,
        backup_retention_in_days: Some(35),
        point_in_time_recovery: false,
        backup_locked: false,
        backup_cross_account: false,
        egress: OPEN,
    },
    Tier {
        name: "confidential",
        encryption: "cmk",
        customer_managed_key: true,
        key_per_system: false,
        access: &["boundary", "endpoint"],
        object_lock: false,
        data_events: &["read", "write"],
        retention_in_days: 365,
        retention_explicit: false,
        backup_daily: true,
        backup_retention_in_days: Some(35),
        point_in_time_recovery: true,
        backup_locked: false,
        backup_cross_account: false,
        egress: BOUND,
    },
    Tier {
        name: "regulated",
        encryption: "cmk-per-system",
        customer_managed_key: true,
        key_per_system: true,
        access: &["boundary", "endpoint", "named_roles"],
        object_lock: true,
        data_events: &["read", "write"],
        retention_in_days: 365,
        retention_explicit: true,
        backup_daily: true,
        backup_retention_in_days: Some(35),
        point_in_time_recovery: true,
        backup_locked: true,
        backup_cross_account: true,
        egress: BOUND,
    },
];

impl Function for DataTier {
    fn name(&self) -> &'static str {
        "data_tier"
    }

    fn definition(&self) -> FunctionDefinition {
        let strings = || Type::list(Type::String);
        let returns = Type::object([
            ("name", Type::String),
            ("encryption", Type::String),
            ("customer_managed_key", Type::Bool),
            ("key_per_system", Type::Bool),
            ("access", strings()),
            ("versioning", Type::Bool),
            ("object_lock", Type::Bool),
            ("data_events", strings()),
            ("retention_in_days", Type::Int64),
            ("retention_explicit", Type::Bool),
            (
                "backup",
                Type::object([
                    ("daily", Type::Bool),
                    ("retention_in_days", Type::Int64),
                    ("point_in_time_recovery", Type::Bool),
                    ("locked", Type::Bool),
                    ("cross_account", Type::Bool),
                ]),
            ),
            ("egress", strings()),
        ]);
        FunctionDefinition::new("What a data tier asks for", returns)
            .describe(
                "Gives the requirements of a data tier (`public`, `internal`, `confidential` or `regulated`) as an \
                 object, so that modules can follow them without repeating the table.",
            )
            .parameter(
                Parameter::new("name", Type::String)
                    .describe("`public`, `internal`, `confidential` or `regulated`."),
            )
    }

    fn call(&self, args: Vec<Dynamic>) -> Result<Dynamic, FunctionError> {
        let Some(Dynamic::String(name)) = args.first() else {
            return Err(FunctionError::argument(
                0,
                "the name of a data tier is a string",
            ));
        };
        let tier = TIERS.iter().find(|tier| tier.name == name).ok_or_else(|| {
            let names: Vec<String> = TIERS
                .iter()
                .map(|tier| format!("`{}`", tier.name))
                .collect();
            FunctionError::argument(
                0,
                format!(
                    "`{name}` is not a data tier; write one of {}",
                    names.join(", ")
                ),
            )
        })?;
        Ok(tier.to_object())
    }
}

impl Tier {
    fn to_object(&self) -> Dynamic {
        let list = |items: &[&str]| items.to_vec().to_dynamic();
        let map = |fields: Vec<(&str, Dynamic)>| {
            Dynamic::Map(
                fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<BTreeMap<_, _>>(),
            )
        };
        map(vec![
            ("name", self.name.to_dynamic()),
            ("encryption", self.encryption.to_dynamic()),
            (
                "customer_managed_key",
                self.customer_managed_key.to_dynamic(),
            ),
            ("key_per_system", self.key_per_system.to_dynamic()),
            ("access", list(self.access)),
            ("versioning", true.to_dynamic()),
            ("object_lock", self.object_lock.to_dynamic()),
            ("data_events", list(self.data_events)),
            ("retention_in_days", self.retention_in_days.to_dynamic()),
            ("retention_explicit", self.retention_explicit.to_dynamic()),
            (
                "backup",
                map(vec![
                    ("daily", self.backup_daily.to_dynamic()),
                    (
                        "retention_in_days",
                        self.backup_retention_in_days
                            .map_or(Dynamic::Null, ToDynamic::to_dynamic),
                    ),
                    (
                        "point_in_time_recovery",
                        self.point_in_time_recovery.to_dynamic(),
                    ),
                    ("locked", self.backup_locked.to_dynamic()),
                    ("cross_account", self.backup_cross_account.to_dynamic()),
                ]),
            ),
            ("egress", list(self.egress)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tier_asks_for_at_least_as_much_as_the_one_before() {
        let order: Vec<&str> = TIERS.iter().map(|tier| tier.name).collect();
        assert_eq!(order, ["public", "internal", "confidential", "regulated"]);
        for pair in TIERS.windows(2) {
            assert!(pair[0].retention_in_days <= pair[1].retention_in_days);
            assert!(pair[0].data_events.len() <= pair[1].data_events.len());
            assert!(pair[0].egress.len() >= pair[1].egress.len());
        }
    }

    #[test]
    fn an_unknown_tier_is_told_the_others() {
        let fault = DataTier.call(vec!["secret".to_dynamic()]).unwrap_err();
        assert_eq!(fault.argument, Some(0));
        assert_eq!(
            fault.text,
            "`secret` is not a data tier; write one of `public`, `internal`, `confidential`, `regulated`"
        );
    }

    #[test]
    fn the_object_of_a_tier() {
        let object = DataTier.call(vec!["regulated".to_dynamic()]).unwrap();
        assert_eq!(object.get("object_lock"), Some(&true.to_dynamic()));
        assert_eq!(
            object.get("backup").and_then(|backup| backup.get("locked")),
            Some(&true.to_dynamic())
        );
    }
}
