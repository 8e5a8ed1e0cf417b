//! `exception` blocks: who weakens a default says why, and until when.

use gabion_framework::prelude::*;
use jiff::Timestamp;

object! {
    /// One `exception` block.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct Exception {
        /// The setting that is weaker than its default.
        pub(crate) attribute: Value<String>,
        /// The control that is not met.
        pub(crate) control: Value<String>,
        /// Why.
        pub(crate) reason: Value<String>,
        /// Until when, RFC 3339.
        pub(crate) expires: Value<String>,
    }
}

/// The `exception` block of a schema.
pub(crate) fn block() -> Block {
    Block::list(
        "exception",
        vec![
            Attribute::string("attribute")
                .required()
                .validate(validate::length(1, 128))
                .describe("The setting that is weaker than its default."),
            Attribute::string("control")
                .required()
                .validate(validate::length(1, 128))
                .describe("The control that is not met, as the resource's page names it."),
            Attribute::string("reason")
                .required()
                .validate(validate::length(1, 1024))
                .describe("Why, for whoever reviews it."),
            Attribute::string("expires")
                .required()
                .validate(validate::rfc3339())
                .describe("Until when, such as `2027-01-31T00:00:00Z`."),
        ],
    )
    .describe(
        "Permits one setting to be weaker than its default, until a date. Whether the guardrails accept it is \
         decided in `gabion.hcl`.",
    )
}

/// How a setting compares with its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Strength {
    /// As strong, or stronger.
    Kept,
    /// Not known before apply.
    Unknown,
    /// Weaker: what it is, and what the default is, such as "it is `false`, the default is `true`".
    Weaker(String),
}

impl Strength {
    /// Weaker where the test says so of a known value.
    pub(crate) fn of<T>(value: &Value<T>, weaker: impl FnOnce(&T) -> Option<String>) -> Self {
        match value {
            Value::Null => Self::Kept,
            Value::Unknown => Self::Unknown,
            Value::Known(value) => weaker(value).map_or(Self::Kept, Self::Weaker),
        }
    }

    /// For a setting that should be true.
    pub(crate) fn on(value: &Value<bool>) -> Self {
        Self::of(value, |on| {
            (!on).then(|| "it is `false`, the default is `true`".to_owned())
        })
    }
}

/// One line of a resource's table of defaults.
pub(crate) struct Enforced<M> {
    /// The attribute.
    pub(crate) attribute: &'static str,
    /// The controls it satisfies, as secure-defaults.md writes them (`C5 3.6`, `KMS.4`, `own`).
    pub(crate) controls: &'static [&'static str],
    /// Compares a planned model with the default.
    pub(crate) strength: fn(&M) -> Strength,
}

/// What happens to the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It is made, or changed: an expired exception is an error.
    Change,
    /// It stays, or only deletion protection goes off: an expired exception is a warning.
    Still,
}

/// Checks a planned model against its table of defaults.
pub(crate) fn check<M>(
    model: &M,
    exceptions: &[Exception],
    table: &[Enforced<M>],
    moment: Moment,
    now: Timestamp,
    diags: &mut Diagnostics,
) {
    let any_unknown = exceptions
        .iter()
        .any(|exception| exception.attribute.is_unknown());
    for line in table {
        if let Strength::Weaker(how) = (line.strength)(model) {
            let of_line =
                |exception: &&Exception| exception.attribute.as_str() == Some(line.attribute);
            let fitting = exceptions.iter().filter(of_line).any(|exception| {
                exception
                    .control
                    .as_str()
                    .is_none_or(|control| line.satisfied_by(control))
            });
            let mistaken = exceptions.iter().any(|exception| of_line(&exception));
            if !fitting && !mistaken && !any_unknown {
                missing(line, &how, diags);
            }
        }
    }
    for (index, exception) in exceptions.iter().enumerate() {
        let path = Path::root("exception").index(index);
        let Some(attribute) = exception.attribute.as_str() else {
            continue;
        };
        let line = table.iter().find(|line| line.attribute == attribute);
        match line.map(|line| (line, (line.strength)(model))) {
            None => {
                let names: Vec<String> = table.iter().map(|line| format!("`{}`", line.attribute)).collect();
                diags.warning_at(
                    path.attribute("attribute"),
                    "Exception for nothing",
                    format!(
                        "`{attribute}` is no setting that needs an exception here; those are {}. Remove the block.",
                        names.join(", ")
                    ),
                );
            }
            Some((_, Strength::Kept)) => diags.warning_at(
                path,
                "Exception for nothing",
                format!("`{attribute}` is not weaker than its default. Remove the block, or it will hide a later mistake."),
            ),
            Some((line, Strength::Weaker(_))) => {
                if let Some(control) = exception.control.as_str()
                    && !line.satisfied_by(control)
                {
                    diags.error_at(
                        path.attribute("control"),
                        "Exception for another control",
                        format!("`{control}` is not a control of `{attribute}`. Write {}.", line.controls_text("or")),
                    );
                }
                expiry(exception, attribute, &path, moment, now, diags);
            }
            Some((_, Strength::Unknown)) => {}
        }
    }
}

fn missing<M>(line: &Enforced<M>, how: &str, diags: &mut Diagnostics) {
    let (attribute, control) = (
        line.attribute,
        line.controls.first().copied().unwrap_or("own"),
    );
    diags.error_at(
        Path::root(attribute),
        format!("`{attribute}` is weaker than its secure default"),
        format!(
            "`{attribute}`: {how}. That does not meet control {}. Leave the setting out, or say in this resource why \
             it must be so, and until when:\n\n  exception {{\n    attribute = \"{attribute}\"\n    control   = \
             \"{control}\"\n    reason    = \"...\"\n    expires   = \"2027-01-31T00:00:00Z\"\n  }}",
            line.controls_text("and")
        ),
    );
}

fn expiry(
    exception: &Exception,
    attribute: &str,
    path: &Path,
    moment: Moment,
    now: Timestamp,
    diags: &mut Diagnostics,
) {
    let Some(text) = exception.expires.as_str() else {
        return;
    };
    // A malformed date is the validator's to tell.
    let Ok(expires) = text.parse::<Timestamp>() else {
        return;
    };
    if expires > now {
        return;
    }
    let path = path.attribute("expires");
    let summary = "Expired exception";
    match moment {
        Moment::Change => diags.error_at(
            path,
            summary,
            format!(
                "The exception for `{attribute}` ended at `{text}`, so the resource cannot change while `{attribute}` \
                 is weaker than its default. Bring the setting back to its default, or extend the exception."
            ),
        ),
        Moment::Still => diags.warning_at(
            path,
            summary,
            format!(
                "The exception for `{attribute}` ended at `{text}`. Nothing changes now, but the next change of this \
                 resource will be refused until the setting is back at its default or the exception is extended."
            ),
        ),
    }
}

impl<M> Enforced<M> {
    fn satisfied_by(&self, control: &str) -> bool {
        self.controls
            .iter()
            .any(|own| normal(own) == normal(control))
    }

    fn controls_text(&self, word: &str) -> String {
        let list: Vec<String> = self
            .controls
            .iter()
            .map(|control| format!("`{control}`"))
            .collect();
        match list.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, first)) => format!("{} {word} {last}", first.join(", ")),
            None => "`own`".to_owned(),
        }
    }
}

/// `C5 3.6`, `c5:3.6`, `CIS v5 3.6` and `cis-aws-v5 3.6` are one control, and a mark `*` says nothing.
fn normal(control: &str) -> String {
    let text = control
        .trim()
        .trim_end_matches('*')
        .to_ascii_lowercase()
        .replace([':', '/', '_', '-', ' '], "");
    for (long, short) in [
        ("cisawsfoundationsv", "c"),
        ("cisawsv", "c"),
        ("cisv", "c"),
        ("securityhub", ""),
    ] {
        if let Some(rest) = text.strip_prefix(long) {
            return format!("{short}{rest}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Model {
        rotation: Value<bool>,
    }

    const TABLE: &[Enforced<Model>] = &[Enforced {
        attribute: "enable_key_rotation",
        controls: &["C5 3.6", "KMS.4"],
        strength: |model| Strength::on(&model.rotation),
    }];

    fn exception(attribute: &str, control: &str, expires: &str) -> Exception {
        Exception {
            attribute: attribute.into(),
            control: control.into(),
            reason: "r".into(),
            expires: expires.into(),
        }
    }

    fn told(rotation: Value<bool>, exceptions: &[Exception], moment: Moment) -> Vec<String> {
        let mut diags = Diagnostics::new();
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        check(
            &Model { rotation },
            exceptions,
            TABLE,
            moment,
            now,
            &mut diags,
        );
        diags
            .iter()
            .map(|diag| {
                format!(
                    "{:?} {}: {}",
                    diag.severity,
                    diag.path.as_ref().unwrap(),
                    diag.summary
                )
            })
            .collect()
    }

    #[test]
    fn weaker_without_exception_is_an_error() {
        assert_eq!(
            told(false.into(), &[], Moment::Change),
            ["Error enable_key_rotation: `enable_key_rotation` is weaker than its secure default"]
        );
        assert!(told(true.into(), &[], Moment::Change).is_empty());
        assert!(told(Value::Unknown, &[], Moment::Change).is_empty());
    }

    #[test]
    fn a_valid_exception_satisfies() {
        for control in ["C5 3.6", "kms.4", "KMS.4*", "CIS v5 3.6", "cis-aws-v5 3.6"] {
            let one = [exception(
                "enable_key_rotation",
                control,
                "2026-12-31T00:00:00Z",
            )];
            assert!(
                told(false.into(), &one, Moment::Change).is_empty(),
                "{control}"
            );
        }
    }

    #[test]
    fn a_wrong_control_an_expiry_and_a_useless_block() {
        let one =
            |control: &str, expires: &str| [exception("enable_key_rotation", control, expires)];
        assert_eq!(
            told(
                false.into(),
                &one("KMS.3", "2026-12-31T00:00:00Z"),
                Moment::Change
            ),
            ["Error exception[0].control: Exception for another control"]
        );
        assert_eq!(
            told(
                false.into(),
                &one("KMS.4", "2026-01-01T00:00:00Z"),
                Moment::Change
            ),
            ["Error exception[0].expires: Expired exception"]
        );
        assert_eq!(
            told(
                false.into(),
                &one("KMS.4", "2026-01-01T00:00:00Z"),
                Moment::Still
            ),
            ["Warning exception[0].expires: Expired exception"]
        );
        assert_eq!(
            told(
                true.into(),
                &one("KMS.4", "2026-01-01T00:00:00Z"),
                Moment::Change
            ),
            ["Warning exception[0]: Exception for nothing"]
        );
        assert_eq!(
            told(
                true.into(),
                &[exception("typo", "KMS.4", "2026-12-31T00:00:00Z")],
                Moment::Change
            ),
            ["Warning exception[0].attribute: Exception for nothing"]
        );
    }

    #[test]
    fn the_text_of_a_missing_exception() {
        let mut diags = Diagnostics::new();
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        check(
            &Model {
                rotation: false.into(),
            },
            &[],
            TABLE,
            Moment::Change,
            now,
            &mut diags,
        );
        insta::assert_snapshot!(diags.iter().next().unwrap().detail, @r#"
        `enable_key_rotation`: it is `false`, the default is `true`. That does not meet control `C5 3.6` and `KMS.4`. Leave the setting out, or say in this resource why it must be so, and until when:

          exception {
            attribute = "enable_key_rotation"
            control   = "C5 3.6"
            reason    = "..."
            expires   = "2027-01-31T00:00:00Z"
          }
        "#);
    }
}
