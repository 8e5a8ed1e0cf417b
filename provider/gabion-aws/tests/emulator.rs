//! The whole crate against a running emulator: `GABION_TEST_ENDPOINT=http://127.0.0.1:PORT`.
//! Without that variable each test says so and does nothing. What an emulator lacks is asserted as
//! "unsupported", so that an upgrade shows.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::sync::Arc;

use gabion_aws::cloudtrail::{AdvancedSelector, TrailSettings};
use gabion_aws::kms::{CreateKey, UsageSource};
use gabion_aws::logs::CreateLogGroup;
use gabion_aws::organizations::OrganizationLookup;
use gabion_aws::s3::{
    BucketPresence, CreateBucket, Encryption, LifecycleRule, ObjectLock, PublicAccessBlock,
    Transition, Versioning,
};
use gabion_aws::{
    ClientPool, Clients, Kind, ProviderSettings, RecordingObserver, Secret, SessionRequest, Tags,
};

const REGION: &str = "eu-central-1";

fn settings() -> Option<ProviderSettings> {
    let Ok(url) = std::env::var("GABION_TEST_ENDPOINT") else {
        assert!(
            std::env::var_os("CI").is_none(),
            "GABION_TEST_ENDPOINT names no emulator: `cargo xtask test` starts one"
        );
        eprintln!("SKIPPED: GABION_TEST_ENDPOINT names no emulator: `cargo xtask test` starts one");
        return None;
    };
    let services = gabion_aws::config::ENDPOINT_SERVICES.iter();
    Some(ProviderSettings {
        region: Some(REGION.to_owned()),
        access_key: Some(Secret::new("test")),
        secret_key: Some(Secret::new("test")),
        endpoints: services
            .map(|name| ((*name).to_owned(), url.clone()))
            .collect(),
        max_retries: Some(1),
        ..ProviderSettings::default()
    })
}

async fn own() -> Option<Clients> {
    Some(ClientPool::new(settings()?).get(None, None).await.unwrap())
}

fn unique(what: &str) -> String {
    let time = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    format!("gabion-{what}-{}", time.as_nanos())
}

fn tags(id: &str) -> Tags {
    Tags::from([
        ("gabion:creation".to_owned(), "creating".to_owned()),
        ("id".to_owned(), id.to_owned()),
    ])
}

#[tokio::test]
async fn a_key() {
    let Some(clients) = own().await else { return };
    let kms = clients.kms();
    let id = unique("key");
    let alias = format!("alias/{id}");
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{}:root"}},"Action":"kms:*","Resource":"*"}}]}}"#,
        clients.account_id()
    );
    let request = CreateKey {
        description: "first".to_owned(),
        policy: Some(policy.clone()),
        tags: tags(&id),
        recover: true,
        ..CreateKey::default()
    };
    assert_eq!(
        clients
            .read_only()
            .kms()
            .create_key(&request)
            .await
            .unwrap_err()
            .kind,
        Kind::ReadOnly
    );
    let key = kms.create_key(&request).await.unwrap();
    assert!(
        key.enabled && !key.multi_region && key.created.is_some(),
        "{key:?}"
    );
    let found = kms.find_keys_by_tags(&tags(&id)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key_id, key.id);

    kms.update_description(&key.id, "second").await.unwrap();
    assert_eq!(
        kms.describe_key(&key.arn).await.unwrap().description,
        "second"
    );
    kms.put_key_policy(&key.id, &policy).await.unwrap();
    kms.wait_for_policy(&key.id, |found| found.contains(":root"))
        .await
        .unwrap();
    kms.enable_rotation(&key.id, 180).await.unwrap();
    kms.wait_for_rotation(&key.id, true).await.unwrap();
    eprintln!(
        "rotation: {:?}",
        kms.rotation_status(&key.id).await.unwrap()
    );
    kms.disable_rotation(&key.id).await.unwrap();

    assert_eq!(kms.find_alias(&alias).await.unwrap(), None);
    kms.create_alias(&alias, &key.id).await.unwrap();
    kms.create_alias(&alias, &key.arn).await.unwrap();
    let other = kms.create_key(&CreateKey::default()).await.unwrap();
    let error = kms.create_alias(&alias, &other.id).await.unwrap_err();
    assert_eq!(error.kind, Kind::AlreadyExists, "{error}");
    let found = kms.find_alias(&alias).await.unwrap().unwrap();
    assert_eq!(kms.aliases_of(&key.id).await.unwrap(), [found]);
    kms.update_alias(&alias, &other.id).await.unwrap();
    assert_eq!(
        kms.find_alias(&alias).await.unwrap().unwrap().target_key_id,
        Some(other.id.clone())
    );
    kms.delete_alias(&alias).await.unwrap();
    kms.delete_alias(&alias).await.unwrap();

    kms.untag(&key.id, &["gabion:creation".to_owned()])
        .await
        .unwrap();
    kms.tag(&key.id, &Tags::from([("a".to_owned(), String::new())]))
        .await
        .unwrap();
    assert_eq!(kms.tags(&key.id).await.unwrap().len(), 2);
    kms.disable_key(&key.id).await.unwrap();
    kms.wait_for_state(&key.id, &["Disabled"]).await.unwrap();
    let usage = kms.last_usage(&key.arn).await.unwrap();
    eprintln!("usage: {usage:?}");
    assert!(usage.last_used.is_none());
    assert!(matches!(
        usage.source,
        UsageSource::Unknown(_) | UsageSource::CloudTrail | UsageSource::Kms
    ));
    assert!(kms.schedule_deletion(&key.id, 7).await.unwrap().is_some());
    kms.schedule_deletion(&key.id, 7).await.unwrap();
    assert!(
        kms.describe_key(&key.id)
            .await
            .unwrap()
            .is_pending_deletion()
    );
    kms.cancel_deletion(&key.id).await.unwrap();
    kms.enable_key(&key.id).await.unwrap();
    let gone = "00000000-0000-0000-0000-000000000000";
    assert_eq!(kms.find_key(gone).await.unwrap(), None);
}

#[tokio::test]
async fn a_bucket() {
    let Some(clients) = own().await else { return };
    let s3 = clients.s3();
    let name = unique("bucket");
    assert_eq!(s3.look_up(&name).await.unwrap(), BucketPresence::Absent);
    let request = CreateBucket {
        name: name.clone(),
        tags: tags(&name),
        object_lock: true,
        ownership: None,
    };
    assert!(!s3.create_bucket(&request).await.unwrap().adopted);
    let region = REGION.to_owned();
    assert_eq!(
        s3.look_up(&name).await.unwrap(),
        BucketPresence::Owned { region }
    );
    eprintln!("tags after create: {:?}", s3.tags(&name).await.unwrap());
    // moto drops the tags of CreateBucket.
    s3.put_tags(&name, &tags(&name)).await.unwrap();
    assert_eq!(s3.tags(&name).await.unwrap(), tags(&name));
    assert!(s3.create_bucket(&request).await.unwrap().adopted);
    let foreign = CreateBucket {
        tags: tags("other"),
        ..request
    };
    assert_eq!(
        s3.create_bucket(&foreign).await.unwrap_err().kind,
        Kind::AlreadyExists
    );

    eprintln!(
        "public access block of a new bucket: {:?}",
        s3.public_access_block(&name).await.unwrap()
    );
    s3.put_public_access_block(&name, &PublicAccessBlock::ALL)
        .await
        .unwrap();
    assert_eq!(
        s3.public_access_block(&name).await.unwrap(),
        Some(PublicAccessBlock::ALL)
    );
    eprintln!(
        "ownership of a new bucket: {:?}",
        s3.ownership(&name).await.unwrap()
    );
    s3.put_ownership(&name, "BucketOwnerEnforced")
        .await
        .unwrap();
    assert_eq!(
        s3.ownership(&name).await.unwrap().as_deref(),
        Some("BucketOwnerEnforced")
    );
    s3.put_versioning(&name, Versioning::Enabled).await.unwrap();
    assert_eq!(s3.versioning(&name).await.unwrap(), Versioning::Enabled);
    eprintln!(
        "encryption of a new bucket: {:?}",
        s3.encryption(&name).await.unwrap()
    );
    let key = clients
        .kms()
        .create_key(&CreateKey::default())
        .await
        .unwrap();
    let encryption = Encryption::kms(&key.arn);
    s3.put_encryption(&name, &encryption).await.unwrap();
    assert_eq!(s3.encryption(&name).await.unwrap(), Some(encryption));
    assert_eq!(s3.policy(&name).await.unwrap(), None);
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"a","Effect":"Deny","Principal":"*","Action":"s3:DeleteBucketWebsite","Resource":"arn:aws:s3:::{name}"}}]}}"#
    );
    s3.put_policy(&name, &policy).await.unwrap();
    assert!(
        s3.policy(&name)
            .await
            .unwrap()
            .unwrap()
            .contains("DeleteBucketWebsite")
    );
    s3.delete_policy(&name).await.unwrap();
    let lock = ObjectLock {
        enabled: true,
        mode: Some("GOVERNANCE".to_owned()),
        days: Some(365),
        years: None,
    };
    s3.put_object_lock(&name, &lock).await.unwrap();
    assert_eq!(s3.object_lock(&name).await.unwrap(), Some(lock));
    assert_eq!(s3.lifecycle(&name).await.unwrap(), None);
    let rule = LifecycleRule {
        id: "colder".to_owned(),
        enabled: true,
        transitions: vec![Transition {
            days: 90,
            storage_class: "GLACIER_IR".to_owned(),
        }],
        noncurrent_expiration_days: Some(400),
        abort_multipart_days: Some(7),
        ..LifecycleRule::default()
    };
    s3.put_lifecycle(&name, std::slice::from_ref(&rule))
        .await
        .unwrap();
    assert_eq!(s3.lifecycle(&name).await.unwrap(), Some(vec![rule]));
    s3.put_lifecycle(&name, &[]).await.unwrap();
    assert_eq!(s3.logging(&name).await.unwrap(), None);
    assert!(s3.is_empty(&name).await.unwrap());
    assert_eq!(s3.delete_all_versions(&name, false).await.unwrap(), 0);
    let missing = s3.policy(&unique("none")).await.unwrap_err();
    assert_eq!(
        (missing.kind, missing.code()),
        (Kind::NotFound, Some("NoSuchBucket"))
    );
    s3.delete_bucket(&name).await.unwrap();
    s3.delete_bucket(&name).await.unwrap();
    assert_eq!(s3.look_up(&name).await.unwrap(), BucketPresence::Absent);
}

#[tokio::test]
async fn a_bucket_without_lock_in_the_first_region() {
    let Some(settings) = settings() else { return };
    let pool = ClientPool::new(settings);
    let clients = pool.get(None, Some("us-east-1")).await.unwrap();
    let name = unique("first");
    let request = CreateBucket {
        name: name.clone(),
        tags: tags(&name),
        ..CreateBucket::default()
    };
    clients.s3().create_bucket(&request).await.unwrap();
    let region = "us-east-1".to_owned();
    assert_eq!(
        clients.s3().look_up(&name).await.unwrap(),
        BucketPresence::Owned { region }
    );
    eprintln!(
        "tags in us-east-1: {:?}",
        clients.s3().tags(&name).await.unwrap()
    );
    assert_eq!(clients.s3().object_lock(&name).await.unwrap(), None);
    let elsewhere = pool.get(None, Some(REGION)).await.unwrap();
    eprintln!(
        "from another region: {:?}",
        elsewhere.s3().look_up(&name).await
    );
    clients.s3().delete_bucket(&name).await.unwrap();
}

#[tokio::test]
async fn a_trail() {
    let Some(clients) = own().await else { return };
    let trails = clients.cloudtrail();
    let bucket = unique("trail");
    let create = CreateBucket {
        name: bucket.clone(),
        ..CreateBucket::default()
    };
    clients.s3().create_bucket(&create).await.unwrap();
    let settings = TrailSettings {
        name: bucket.clone(),
        bucket: bucket.clone(),
        multi_region: true,
        log_file_validation: true,
        include_global_service_events: true,
        ..TrailSettings::default()
    };
    assert_eq!(trails.find_trail(&bucket).await.unwrap(), None);
    let trail = trails
        .create_trail(&settings, &tags(&bucket))
        .await
        .unwrap();
    assert_eq!(trail.settings, settings);
    if trails.tags(&trail.arn).await.unwrap().is_empty() {
        eprintln!("this emulator drops the tags of CreateTrail");
        trails.add_tags(&trail.arn, &tags(&bucket)).await.unwrap();
    }
    assert_eq!(
        trails
            .create_trail(&settings, &tags(&bucket))
            .await
            .unwrap()
            .arn,
        trail.arn
    );
    let error = trails
        .create_trail(&settings, &tags("other"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::AlreadyExists, "{error}");
    assert!(!trails.status(&bucket).await.unwrap().logging);
    trails.start_logging(&bucket).await.unwrap();
    assert!(trails.status(&bucket).await.unwrap().logging);
    let selectors = [
        AdvancedSelector::management_events(),
        AdvancedSelector::s3_write_events(),
    ];
    trails
        .put_event_selectors(&bucket, &selectors)
        .await
        .unwrap();
    let found = trails.event_selectors(&bucket).await.unwrap();
    assert!(
        found.logs_management_events() && found.logs_s3_writes(),
        "{found:?}"
    );
    trails
        .add_tags(&trail.arn, &Tags::from([("a".to_owned(), "1".to_owned())]))
        .await
        .unwrap();
    trails
        .remove_tags(&trail.arn, &["gabion:creation".to_owned()])
        .await
        .unwrap();
    let left = trails.tags(&trail.arn).await.unwrap();
    assert!(
        left.contains_key("a") && !left.contains_key("gabion:creation"),
        "{left:?}"
    );
    trails.stop_logging(&bucket).await.unwrap();
    trails.delete_trail(&bucket).await.unwrap();
    trails.delete_trail(&bucket).await.unwrap();
    assert_eq!(trails.find_trail(&bucket).await.unwrap(), None);
}

#[tokio::test]
async fn a_log_group() {
    let Some(clients) = own().await else { return };
    let logs = clients.logs();
    let name = format!("/gabion/{}", unique("group"));
    let key = clients
        .kms()
        .create_key(&CreateKey::default())
        .await
        .unwrap();
    let request = CreateLogGroup {
        name: name.clone(),
        tags: tags(&name),
        kms_key_arn: Some(key.arn.clone()),
        deletion_protection: false,
    };
    assert_eq!(logs.find_log_group(&name).await.unwrap(), None);
    assert!(!logs.create_log_group(&request).await.unwrap().adopted);
    assert!(logs.create_log_group(&request).await.unwrap().adopted);
    let foreign = CreateLogGroup {
        tags: tags("other"),
        ..request
    };
    assert_eq!(
        logs.create_log_group(&foreign).await.unwrap_err().kind,
        Kind::AlreadyExists
    );
    logs.put_retention(&name, 365).await.unwrap();
    if let Err(error) = logs.associate_key(&name, &key.arn).await {
        assert!(error.is_unsupported(), "{error:?}");
    }
    let group = logs.find_log_group(&name).await.unwrap().unwrap();
    assert_eq!(
        (group.retention_in_days, group.kms_key_arn),
        (Some(365), Some(key.arn))
    );
    logs.untag(&group.arn, &["gabion:creation".to_owned()])
        .await
        .unwrap();
    logs.tag(&group.arn, &Tags::from([("a".to_owned(), "1".to_owned())]))
        .await
        .unwrap();
    assert_eq!(logs.tags(&group.arn).await.unwrap().len(), 2);
    match logs.set_deletion_protection(&name, true).await {
        Ok(()) => logs.set_deletion_protection(&name, false).await.unwrap(),
        Err(error) => assert!(error.is_unsupported(), "{error:?}"),
    }
    if let Err(error) = logs.disassociate_key(&name).await {
        assert!(error.is_unsupported(), "{error:?}");
    }
    logs.delete_retention(&name).await.unwrap();
    logs.delete_log_group(&name).await.unwrap();
    logs.delete_log_group(&name).await.unwrap();
}

#[tokio::test]
async fn accounts_and_sessions() {
    let Some(settings) = settings() else { return };
    let observer = Arc::new(RecordingObserver::default());
    let pool = ClientPool::new(settings.clone()).with_observer(observer.clone());
    let (one, two) = tokio::join!(pool.get(None, None), pool.get(None, Some("us-east-1")));
    let own = one.unwrap();
    assert_eq!(two.unwrap().region(), "us-east-1");
    let other = "222233334444";
    let (a, b) = tokio::join!(
        pool.get(Some(other), None),
        pool.get(Some(other), Some("us-east-1"))
    );
    let there = a.unwrap();
    b.unwrap();
    assert_eq!(there.account_id(), other);
    assert!(
        there
            .caller()
            .principal_arn()
            .ends_with(":role/OrganizationAccountAccessRole")
    );
    eprintln!("caller: {:?}; there: {:?}", own.caller(), there.caller());
    // One lookup of the caller and one session, however many asked.
    let names: Vec<&str> = observer.calls().iter().map(|call| call.operation).collect();
    assert_eq!(names, ["GetCallerIdentity", "AssumeRole"]);
    // What is made there carries that account.
    let key = there.kms().create_key(&CreateKey::default()).await.unwrap();
    eprintln!("key there: {}", key.arn);

    let request = SessionRequest::new(own.arn("iam", "role/x").replace(REGION, ""));
    let session = pool.assume_role_session(request).await.unwrap();
    assert!(!session.secret_access_key.expose().is_empty());
    assert!(!format!("{session:?}").contains(session.secret_access_key.expose()));
    assert!(session.expiration > jiff::Timestamp::now());

    let strict = ProviderSettings {
        allowed_account_ids: vec!["999999999999".to_owned()],
        ..settings
    };
    let error = ClientPool::new(strict).get(None, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Configuration);
    assert!(error.to_string().contains("allowed_account_ids"));
    match own.organizations().describe_organization().await.unwrap() {
        OrganizationLookup::Member(organization) => assert!(organization.id.starts_with("o-")),
        lookup => assert_eq!(lookup.id(), None, "{lookup:?}"),
    }
}
