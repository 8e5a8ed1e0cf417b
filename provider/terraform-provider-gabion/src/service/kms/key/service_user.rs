//! `service_users`: AWS services that use the key, each bound to what it acts for.

use std::collections::BTreeMap;

use gabion_framework::prelude::*;

use crate::shared::policy::{Document, Effect, Principals, Statement, allow, root_arn};
use crate::shared::strings::{self, Strings};

use super::policy::{Scene, USE};

/// Its name.
pub(super) const ATTRIBUTE: &str = "service_users";

object! {
    /// One service.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct ServiceUser {
        /// The service principal, `cloudtrail.amazonaws.com`.
        pub(crate) service: Value<String>,
        /// Whether principals use the key through the service, in place of the service itself.
        pub(crate) via_service: Value<bool>,
        /// Which principals, with `via_service`.
        pub(crate) principals: Strings,
        /// The account that the service acts for.
        pub(crate) source_account: Value<String>,
        /// The resource that the service acts for.
        pub(crate) source_arn: Value<String>,
        /// The encryption context that the service must give.
        pub(crate) encryption_context: Value<BTreeMap<String, Value<String>>>,
        /// What it may do.
        pub(crate) actions: Strings,
    }
}

/// The attribute.
pub(super) fn attribute() -> Attribute {
    Attribute::nested_list(
        ATTRIBUTE,
        vec![
            Attribute::string("service")
                .required()
                .validate(validate::matches(is_service, "a service principal, such as `cloudtrail.amazonaws.com`"))
                .describe("The service principal, such as `cloudtrail.amazonaws.com`."),
            Attribute::bool("via_service").optional().describe(
                "Set it to `true` for services that use the key in their caller's name, such as S3 and EBS: bound by \
                 `kms:ViaService` and the account, in place of the service principal.",
            ),
            Attribute::set("principals", Type::String)
                .optional()
                .validate(validate::each(validate::principal()))
                .describe(
                    "With `via_service`: the principals that may use the key through the service. Default: those of \
                     the account that their IAM policies permit.",
                ),
            Attribute::string("source_account")
                .optional()
                .validate(validate::account_id())
                .describe("The account that the service acts for. Default: the key's, unless `source_arn` is set."),
            Attribute::string("source_arn")
                .optional()
                .validate(validate::matches(is_arn_pattern, "an ARN, `*` allowed in its resource"))
                .describe("The resource that the service acts for; `*` is allowed."),
            Attribute::map("encryption_context", Type::String).optional().describe(
                "The encryption context that the service must give; values may hold `*`. Default for CloudTrail: the \
                 account's trails; for CloudWatch Logs: the account's log groups of the region.",
            ),
            Attribute::set("actions", Type::String)
                .optional()
                .validate(validate::each(validate::matches(
                    is_use_action,
                    "an action that uses a key: `kms:Encrypt`, `kms:Decrypt`, `kms:ReEncrypt*`, `kms:GenerateDataKey*` \
                     or a form of them",
                )))
                .describe("What it may do besides `kms:DescribeKey`. Default: what the service needs."),
        ],
    )
    .optional()
    .describe("AWS services that use the key, each bound to its account and to what it acts for.")
}

fn is_service(text: &str) -> bool {
    let name = text
        .strip_suffix(".amazonaws.com")
        .or_else(|| text.strip_suffix(".amazonaws.com.cn"))
        .or_else(|| text.strip_suffix(".amazonaws.eu"));
    name.is_some_and(|name| {
        !name.is_empty()
            && name.split('.').all(|part| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            })
    })
}

fn is_arn_pattern(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", partition, service, _, _, resource]
        if partition.starts_with("aws") && !service.is_empty() && !service.contains('*') && !resource.is_empty())
}

fn is_use_action(text: &str) -> bool {
    const NAMES: &[&str] = &[
        "kms:encrypt",
        "kms:decrypt",
        "kms:reencrypt",
        "kms:generatedatakey",
    ];
    let text = text.to_ascii_lowercase();
    NAMES.iter().any(|name| text.starts_with(name))
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b":*".contains(&b))
}

/// Checks what single attributes cannot.
pub(super) fn validate(users: &Value<Vec<ServiceUser>>, diags: &mut Diagnostics) {
    for (index, user) in users.known().into_iter().flatten().enumerate() {
        let path = Path::root(ATTRIBUTE).index(index);
        for (key, value) in user.encryption_context.known().into_iter().flatten() {
            if value.is_null() {
                diags.error_at(
                    path.attribute("encryption_context").key(key.clone()),
                    "Invalid service user",
                    format!("The encryption context `{key}` is null. Give it a value, or leave the key out."),
                );
            }
        }
        let via = user.via_service.known() == Some(&true);
        if !via && !user.via_service.is_unknown() && !user.principals.is_null() {
            diags.error_at(
                path.attribute("principals"),
                "Invalid service user",
                "`principals` goes with `via_service = true`: without it, the service itself uses the key.",
            );
        }
        if via && !user.source_arn.is_null() {
            diags.error_at(
                path.attribute("source_arn"),
                "Invalid service user",
                "`source_arn` does not go with `via_service`: the caller is bound by its account and the service.",
            );
        }
    }
}

/// Whether the generated policy uses this label for a service.
pub(super) fn is_reserved(sid: &str) -> bool {
    number(sid).is_some()
}

/// The number in a label such as `Service2Use`.
fn number(sid: &str) -> Option<usize> {
    let rest = sid.strip_prefix("Service")?;
    let digits = ["Use", "Describe", "Grant"]
        .iter()
        .find_map(|end| rest.strip_suffix(end))?;
    digits.parse().ok()
}

/// The statements of all service users; none while something in them is unknown.
pub(super) fn statements(
    users: &Value<Vec<ServiceUser>>,
    scene: &Scene<'_>,
) -> Option<Vec<Statement>> {
    match users {
        Value::Null => Some(Vec::new()),
        Value::Unknown => None,
        Value::Known(list) => {
            let each: Option<Vec<Vec<Statement>>> = list
                .iter()
                .enumerate()
                .map(|(index, user)| of_one(user, index + 1, scene))
                .collect();
            each.map(|each| each.into_iter().flatten().collect())
        }
    }
}

/// What a service is known to need and to send.
struct Known {
    actions: &'static [&'static str],
    context: Option<(&'static str, String)>,
    /// The resource it acts for, where its ARN is in every call.
    source_arn: Option<String>,
    sends_source: bool,
}

/// `account` is the one that the service acts for.
fn known(service: &str, account: &str, scene: &Scene<'_>) -> Known {
    let Scene {
        partition, region, ..
    } = scene;
    let name = service.split(".amazonaws").next().unwrap_or(service);
    if name == "cloudtrail" {
        let trails = format!("arn:{partition}:cloudtrail:*:{account}:trail/*");
        return Known {
            actions: &["kms:GenerateDataKey*"],
            context: Some(("aws:cloudtrail:arn", trails.clone())),
            source_arn: Some(trails),
            sends_source: true,
        };
    }
    if name == "logs" || name.starts_with("logs.") {
        return Known {
            actions: USE,
            context: Some((
                "aws:logs:arn",
                format!("arn:{partition}:logs:{region}:{account}:*"),
            )),
            source_arn: None,
            sends_source: false,
        };
    }
    Known {
        actions: USE,
        context: None,
        source_arn: None,
        sends_source: true,
    }
}

fn of_one(user: &ServiceUser, number: usize, scene: &Scene<'_>) -> Option<Vec<Statement>> {
    let fields = [&user.service, &user.source_account, &user.source_arn];
    if fields.iter().any(|field| field.is_unknown())
        || user.via_service.is_unknown()
        || user.encryption_context.is_unknown()
    {
        return None;
    }
    // CloudWatch Logs is the one service whose principal has the region in it.
    let regional;
    let service = match user.service.as_str()? {
        "logs.amazonaws.com" => {
            regional = format!("logs.{}.amazonaws.com", scene.region);
            regional.as_str()
        }
        other => other,
    };
    let account = user.source_account.as_str();
    let known = known(service, account.unwrap_or(scene.account), scene);
    let actions = match &user.actions {
        Value::Null => known
            .actions
            .iter()
            .map(|action| (*action).to_owned())
            .collect(),
        some => strings::known(some)?,
    };
    let sid = |end: &str| format!("Service{number}{end}");

    if user.via_service.known() == Some(&true) {
        let principals = match &user.principals {
            Value::Null => {
                std::iter::once(root_arn(scene.partition, account.unwrap_or(scene.account)))
                    .collect()
            }
            some => strings::known(some)?
                .into_iter()
                .map(|name| super::policy::normal(&name, scene.partition))
                .collect::<std::collections::BTreeSet<_>>(),
        };
        let bound = |statement: Statement| {
            statement
                .to("AWS", principals.clone())
                .when(
                    "StringEquals",
                    "kms:ViaService",
                    [via(service, scene.region)],
                )
                .when(
                    "StringEquals",
                    "kms:CallerAccount",
                    [account.unwrap_or(scene.account)],
                )
        };
        let context = context(user, None)?;
        return Some(vec![
            with_context(bound(allow(sid("Use"))).actions(actions), &context),
            bound(allow(sid("Describe"))).actions(["kms:DescribeKey"]),
            bound(allow(sid("Grant")))
                .actions(["kms:CreateGrant"])
                .when("Bool", "kms:GrantIsForAWSResource", ["true"]),
        ]);
    }

    let context = context(user, known.context.clone())?;
    let bound = |statement: Statement, has_context: bool| {
        let mut statement = statement.to("Service", [service]);
        let source = user.source_arn.as_str().or(known.source_arn.as_deref());
        if let Some(arn) = source {
            statement = statement.when("ArnLike", "aws:SourceArn", [arn]);
        }
        // A service that sends no source is bound by its context; where there is none, the account still is.
        let by_account = source.is_none() && (known.sends_source || !has_context);
        if let Some(account) = account.or(by_account.then_some(scene.account)) {
            statement = statement.when("StringEquals", "aws:SourceAccount", [account]);
        }
        statement
    };
    let has_context = !context.is_empty();
    let mut list = vec![with_context(
        bound(allow(sid("Use")), has_context).actions(actions),
        &context,
    )];
    // Describing has no encryption context; a service bound only by that does not need to describe.
    if known.sends_source {
        list.push(bound(allow(sid("Describe")), false).actions(["kms:DescribeKey"]));
    }
    Some(list)
}

/// The value of `kms:ViaService`: with the region in it.
fn via(service: &str, region: &str) -> String {
    match service.split_once(".amazonaws") {
        Some((name, rest)) if !name.contains('.') => format!("{name}.{region}.amazonaws{rest}"),
        _ => service.to_owned(),
    }
}

fn context(
    user: &ServiceUser,
    default: Option<(&str, String)>,
) -> Option<BTreeMap<String, String>> {
    match &user.encryption_context {
        Value::Known(map) => map
            .iter()
            .map(|(key, value)| Some((key.clone(), value.known()?.clone())))
            .collect(),
        _ => Some(
            default
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        ),
    }
}

fn with_context(statement: Statement, context: &BTreeMap<String, String>) -> Statement {
    context.iter().fold(statement, |statement, (key, value)| {
        let operator = if value.starts_with("arn:") {
            "ArnLike"
        } else {
            "StringLike"
        };
        statement.when(
            operator,
            &format!("kms:EncryptionContext:{key}"),
            [value.as_str()],
        )
    })
}

/// Reads the service users back from a generated policy; for import. What does not come out again as it is
/// stays out.
pub(super) fn read(live: &Document, scene: &Scene<'_>) -> Vec<ServiceUser> {
    let mut users = Vec::new();
    loop {
        let next = users.len() + 1;
        let Some(statement) = live.by_sid(&format!("Service{next}Use")) else {
            return users;
        };
        let fitting = guesses(statement, scene).into_iter().find(|guess| {
            of_one(guess, next, scene).is_some_and(|own| {
                own.iter().all(|own| {
                    live.statements
                        .iter()
                        .any(|other| other.folded() == own.folded())
                })
            })
        });
        match fitting {
            Some(user) => users.push(user),
            None => return users,
        }
    }
}

/// Blocks that could have made a statement, the shortest first.
fn guesses(statement: &Statement, scene: &Scene<'_>) -> Vec<ServiceUser> {
    let (Effect::Allow, Principals::Only(principals)) = (statement.effect, &statement.principals)
    else {
        return Vec::new();
    };
    let single = |operator: &str, key: &str| {
        let values = statement.conditions.get(operator)?.get(key)?;
        values.first().filter(|_| values.len() == 1).cloned()
    };
    let crate::shared::policy::Matcher::Only(actions) = &statement.actions else {
        return Vec::new();
    };
    let context: BTreeMap<String, Value<String>> = statement
        .conditions
        .values()
        .flatten()
        .filter_map(|(key, values)| {
            let key = key.strip_prefix("kms:EncryptionContext:")?;
            Some((key.to_owned(), Value::Known(values.first()?.clone())))
        })
        .collect();
    let base = match principals
        .get("Service")
        .and_then(std::collections::BTreeSet::first)
    {
        Some(service) => ServiceUser {
            service: service.clone().into(),
            source_account: single("StringEquals", "aws:SourceAccount").into(),
            source_arn: single("ArnLike", "aws:SourceArn").into(),
            ..ServiceUser::default()
        },
        None => match (
            single("StringEquals", "kms:ViaService"),
            principals.get("AWS"),
        ) {
            (Some(service), Some(names)) => ServiceUser {
                service: service.replace(&format!(".{}.", scene.region), ".").into(),
                via_service: true.into(),
                principals: strings::of(names.clone()),
                source_account: single("StringEquals", "kms:CallerAccount").into(),
                ..ServiceUser::default()
            },
            _ => return Vec::new(),
        },
    };
    // Each bit keeps or drops one field that a default may have made.
    (0..32_u8)
        .map(|bits| {
            let has = |bit: u8| bits & (1 << bit) != 0;
            let mut guess = base.clone();
            if has(4) {
                guess.actions = strings::of(actions.clone());
            }
            if has(3) {
                guess.encryption_context = Value::Known(context.clone());
            }
            if !has(2) {
                guess.source_arn = Value::Null;
            }
            if !has(1) {
                guess.source_account = Value::Null;
            }
            if !has(0) {
                guess.principals = Value::Null;
            }
            guess
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENE: Scene<'static> = Scene {
        partition: "aws",
        account: "111122223333",
        region: "eu-central-1",
    };

    fn user(service: &str) -> ServiceUser {
        ServiceUser {
            service: service.into(),
            ..ServiceUser::default()
        }
    }

    fn text(user: ServiceUser) -> String {
        let statements = statements(&Value::Known(vec![user]), &SCENE).unwrap();
        statements
            .into_iter()
            .map(|statement| Document::new(vec![statement]).to_json())
            .map(|text| {
                text.replace(r#"{"Statement":["#, "")
                    .replace(r#"],"Version":"2012-10-17"}"#, "")
            })
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn cloudtrail_is_bound_to_its_trails() {
        insta::assert_snapshot!(text(user("cloudtrail.amazonaws.com")), @r#"
        {"Action":"kms:GenerateDataKey*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:111122223333:trail/*","kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:111122223333:trail/*"}},"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Resource":"*","Sid":"Service1Use"}
        {"Action":"kms:DescribeKey","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:111122223333:trail/*"}},"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Resource":"*","Sid":"Service1Describe"}
        "#);
    }

    #[test]
    fn a_source_arn_takes_the_place_of_the_account() {
        let trail = ServiceUser {
            source_arn: "arn:aws:cloudtrail:eu-central-1:111122223333:trail/main".into(),
            ..user("cloudtrail.amazonaws.com")
        };
        let text = text(trail);
        assert!(text.contains(
            r#""aws:SourceArn":"arn:aws:cloudtrail:eu-central-1:111122223333:trail/main""#
        ));
        assert!(!text.contains("aws:SourceAccount"));
    }

    #[test]
    fn logs_are_bound_to_the_log_groups() {
        insta::assert_snapshot!(text(user("logs.eu-central-1.amazonaws.com")), @r#"{"Action":["kms:Decrypt","kms:Encrypt","kms:GenerateDataKey*","kms:ReEncrypt*"],"Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:eu-central-1:111122223333:*"}},"Effect":"Allow","Principal":{"Service":"logs.eu-central-1.amazonaws.com"},"Resource":"*","Sid":"Service1Use"}"#);
        // Without a context, the account binds all the same.
        let bare = ServiceUser {
            encryption_context: Value::Known(BTreeMap::new()),
            ..user("logs.eu-central-1.amazonaws.com")
        };
        assert!(text(bare).contains("aws:SourceAccount"));
    }

    #[test]
    fn via_a_service() {
        insta::assert_snapshot!(text(ServiceUser { via_service: true.into(), ..user("s3.amazonaws.com") }), @r#"
        {"Action":["kms:Decrypt","kms:Encrypt","kms:GenerateDataKey*","kms:ReEncrypt*"],"Condition":{"StringEquals":{"kms:CallerAccount":"111122223333","kms:ViaService":"s3.eu-central-1.amazonaws.com"}},"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Resource":"*","Sid":"Service1Use"}
        {"Action":"kms:DescribeKey","Condition":{"StringEquals":{"kms:CallerAccount":"111122223333","kms:ViaService":"s3.eu-central-1.amazonaws.com"}},"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Resource":"*","Sid":"Service1Describe"}
        {"Action":"kms:CreateGrant","Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"},"StringEquals":{"kms:CallerAccount":"111122223333","kms:ViaService":"s3.eu-central-1.amazonaws.com"}},"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Resource":"*","Sid":"Service1Grant"}
        "#);
    }

    #[test]
    fn unknown_is_not_guessed() {
        for unknown in [
            ServiceUser {
                source_arn: Value::Unknown,
                ..user("cloudtrail.amazonaws.com")
            },
            ServiceUser {
                actions: Value::Known(vec![Value::Unknown]),
                ..user("cloudtrail.amazonaws.com")
            },
            ServiceUser {
                service: Value::Unknown,
                ..ServiceUser::default()
            },
        ] {
            assert_eq!(statements(&Value::Known(vec![unknown]), &SCENE), None);
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        let all = vec![
            user("cloudtrail.amazonaws.com"),
            user("logs.eu-central-1.amazonaws.com"),
            ServiceUser {
                via_service: true.into(),
                ..user("s3.amazonaws.com")
            },
            ServiceUser {
                source_account: "444455556666".into(),
                actions: strings::of(["kms:Decrypt"]),
                encryption_context: Value::Known(BTreeMap::from([("a".to_owned(), "b*".into())])),
                ..user("sns.amazonaws.com")
            },
            ServiceUser {
                via_service: true.into(),
                principals: strings::of(["arn:aws:iam::111122223333:role/app"]),
                ..user("dynamodb.amazonaws.com")
            },
        ];
        let document = Document::new(statements(&Value::Known(all.clone()), &SCENE).unwrap());
        assert_eq!(read(&document, &SCENE), all);
    }

    #[test]
    fn names() {
        assert!(is_service("delivery.logs.amazonaws.com"));
        assert!(is_service("ec2.amazonaws.com.cn"));
        for wrong in [
            "s3",
            "*.amazonaws.com",
            ".amazonaws.com",
            "S3.amazonaws.com",
            "s3.example.com",
        ] {
            assert!(!is_service(wrong), "{wrong}");
        }
        assert!(is_use_action("kms:GenerateDataKeyWithoutPlaintext"));
        assert!(!is_use_action("kms:*"));
        assert!(!is_use_action("kms:PutKeyPolicy"));
        assert!(is_reserved("Service12Use"));
        assert!(!is_reserved("ServiceUse"));
    }
}
