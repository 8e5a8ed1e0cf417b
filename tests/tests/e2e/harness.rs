//! The harness itself: what the other tests rely on.

use std::time::{Duration, Instant};

use anyhow::Result;
use gabion_tests::{Aws, Fault, Kind, Proxy};
use serde_json::json;

use crate::support::emulator;

/// An emulator, the proxy with its fake, and a client that goes through the proxy.
fn through_proxy(kind: Kind) -> Result<Option<(Proxy, Aws)>> {
    let Some(emulator) = emulator(kind)? else {
        return Ok(None);
    };
    let proxy = Proxy::start(emulator)?;
    let aws = Aws::new(&proxy.endpoint())?;
    Ok(Some((proxy, aws)))
}

#[test]
fn faults_strike_the_named_call_and_no_other() -> Result<()> {
    let Some((proxy, mut aws)) = through_proxy(Kind::Ministack)? else {
        return Ok(());
    };

    // botocore tries three times, so only a fault that stays is seen.
    let rule = proxy.on("kms:CreateKey").always().fault(Fault::Throttle);
    let error = aws
        .call("kms", "create_key", json!({}))
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("ThrottlingException"), "{error}");
    aws.call("kms", "list_keys", json!({}))?;
    assert!(rule.hits() > 1);
    proxy.clear();

    for (fault, text) in [
        (Fault::Reset, "ConnectionClosed"),
        (Fault::LoseReply, "ConnectionClosed"),
        (Fault::Truncate, "ConnectionClosed"),
        (Fault::ExpiredToken, "ExpiredTokenException"),
        (Fault::AccessDenied, "AccessDeniedException"),
    ] {
        let rule = proxy.on("kms:CreateKey").always().fault(fault.clone());
        let error = aws
            .call("kms", "create_key", json!({}))
            .unwrap_err()
            .to_string();
        assert!(error.contains(text), "{fault:?}: {error}");
        assert!(rule.hits() > 0);
        proxy.clear();
    }

    // A lost reply leaves the key behind; a reset before it does not.
    let before = keys(&mut aws)?;
    let lost = proxy.on("kms:CreateKey").fault(Fault::LoseReply);
    aws.call("kms", "create_key", json!({}))?;
    assert_eq!(lost.hits(), 1);
    assert_eq!(
        keys(&mut aws)?,
        before + 2,
        "one key by the lost call, one by its retry"
    );
    Ok(())
}

fn keys(aws: &mut Aws) -> Result<usize> {
    let found = aws.call("kms", "list_keys", json!({}))?;
    Ok(found["Keys"].as_array().unwrap().len())
}

#[test]
fn s3_errors_are_spelt_as_s3_does() -> Result<()> {
    let Some((proxy, mut aws)) = through_proxy(Kind::Ministack)? else {
        return Ok(());
    };
    let _throttle = proxy.on("s3:HeadBucket").always().fault(Fault::Throttle);
    let _expired = proxy
        .on("s3:ListBuckets")
        .always()
        .fault(Fault::ExpiredToken);
    let error = aws
        .call("s3", "head_bucket", json!({"Bucket": "x-y-z"}))
        .unwrap_err();
    assert!(error.to_string().contains("503"), "{error}");
    let error = aws.call("s3", "list_buckets", json!({})).unwrap_err();
    assert!(error.to_string().starts_with("ExpiredToken"), "{error}");
    Ok(())
}

#[test]
fn a_held_call_waits_until_it_is_released() -> Result<()> {
    let Some((proxy, mut aws)) = through_proxy(Kind::Ministack)? else {
        return Ok(());
    };
    let hold = proxy.on("kms:CreateKey").fault(Fault::Hold);
    let started = Instant::now();
    let caller = std::thread::spawn(move || aws.call("kms", "create_key", json!({})));
    hold.wait(Duration::from_secs(20))?;
    std::thread::sleep(Duration::from_millis(200));
    assert!(!caller.is_finished());
    hold.release();
    caller.join().unwrap()?;
    assert!(started.elapsed() >= Duration::from_millis(200));
    Ok(())
}

#[test]
fn the_fake_closes_the_gaps_that_the_provider_relies_on() -> Result<()> {
    for kind in Kind::ALL {
        let Some((proxy, mut aws)) = through_proxy(kind)? else {
            return Ok(());
        };
        let key = aws.call("kms", "create_key", json!({}))?["KeyMetadata"].clone();
        let (id, arn) = (key["KeyId"].clone(), key["Arn"].clone());

        aws.call(
            "kms",
            "enable_key_rotation",
            json!({"KeyId": id, "RotationPeriodInDays": 180}),
        )?;
        let status = aws.call("kms", "get_key_rotation_status", json!({"KeyId": id}))?;
        assert_eq!(status["RotationPeriodInDays"], 180, "{kind}");
        let bad = json!({"KeyId": id, "RotationPeriodInDays": 89});
        let error = aws
            .call("kms", "enable_key_rotation", bad)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("ValidationException"), "{kind}: {error}");

        let unused = aws.call("kms", "get_key_last_usage", json!({"KeyId": id}))?;
        assert!(unused.get("KeyLastUsage").is_none(), "{kind}: {unused}");
        proxy
            .fake()
            .unwrap()
            .set_last_used(id.as_str().unwrap(), 1_700_000_000);
        let used = aws.call("kms", "get_key_last_usage", json!({"KeyId": id}))?;
        assert_eq!(used["KeyLastUsage"]["Operation"], "Decrypt", "{kind}");

        let bucket = json!({"Bucket": "gabion-fake", "CreateBucketConfiguration": {
            "LocationConstraint": "eu-central-1", "Tags": [{"Key": "a", "Value": "b"}]}});
        aws.call("s3", "create_bucket", bucket)?;
        let tags = aws.call("s3", "get_bucket_tagging", json!({"Bucket": "gabion-fake"}))?;
        assert_eq!(
            tags["TagSet"],
            json!([{"Key": "a", "Value": "b"}]),
            "{kind}"
        );
        let sse = aws.call(
            "s3",
            "get_bucket_encryption",
            json!({"Bucket": "gabion-fake"}),
        )?;
        assert!(sse.to_string().contains("AES256"), "{kind}: {sse}");
        let other = json!({"Bucket": "gabion-fake", "ExpectedBucketOwner": "999999999999"});
        assert!(
            aws.call("s3", "head_bucket", other).is_err(),
            "{kind}: a stranger's bucket"
        );

        aws.call("logs", "create_log_group", json!({"logGroupName": "/fake"}))?;
        let of_group = json!({"logGroupName": "/fake", "kmsKeyId": arn});
        aws.call("logs", "associate_kms_key", of_group)?;
        let groups = aws.call("logs", "describe_log_groups", json!({}))?;
        assert_eq!(groups["logGroups"][0]["kmsKeyId"], arn, "{kind}");

        let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*",
            "Resource": ["arn:aws:s3:::gabion-fake", "arn:aws:s3:::gabion-fake/*"]}]});
        let policy = json!({"Bucket": "gabion-fake", "Policy": policy.to_string()});
        aws.call("s3", "put_bucket_policy", policy)?;
        let trail = json!({"Name": "fake", "S3BucketName": "gabion-fake",
            "TagsList": [{"Key": "a", "Value": "b"}]});
        let made = aws.call("cloudtrail", "create_trail", trail.clone())?;
        let tags = json!({"ResourceIdList": [made["TrailARN"]]});
        let tags = aws.call("cloudtrail", "list_tags", tags)?;
        assert_eq!(
            tags["ResourceTagList"][0]["TagsList"][0]["Key"], "a",
            "{kind}"
        );
        aws.call(
            "cloudtrail",
            "start_logging",
            json!({"Name": made["TrailARN"]}),
        )?;
        let error = aws
            .call("cloudtrail", "create_trail", trail)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("TrailAlreadyExists"), "{kind}: {error}");
    }
    Ok(())
}

#[test]
fn an_emulator_ends_with_its_owner() -> Result<()> {
    let Some(emulator) = emulator(Kind::Ministack)? else {
        return Ok(());
    };
    let address = emulator.address();
    assert!(std::net::TcpStream::connect(address).is_ok());
    drop(emulator);
    assert!(std::net::TcpStream::connect(address).is_err());
    Ok(())
}
