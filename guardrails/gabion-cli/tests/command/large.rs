//! A plan of 200 MB, in bounded memory.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use crate::support::Desk;

/// One change of about two kilobytes.
fn change(index: usize, kind: &str) -> String {
    let filler = "x".repeat(1600);
    format!(
        r#"{{"address":"{kind}.r[{index}]","mode":"managed","type":"{kind}","name":"r","index":{index},"provider_name":"registry.terraform.io/hashicorp/aws","change":{{"actions":["create"],"before":null,"after":{{"bypass_policy_lockout_safety_check":false,"custom_key_store_id":null,"customer_master_key_spec":"SYMMETRIC_DEFAULT","deletion_window_in_days":30,"description":"{filler}","enable_key_rotation":false,"is_enabled":true,"key_usage":"ENCRYPT_DECRYPT","tags":{{"n":"{index}"}},"timeouts":null,"xks_key_id":null}},"after_unknown":{{"arn":true,"id":true,"key_id":true,"multi_region":true,"policy":true,"rotation_period_in_days":true,"tags_all":true}},"before_sensitive":false,"after_sensitive":{{}}}}}}"#
    )
}

#[test]
fn two_hundred_megabytes() {
    let desk = Desk::new();
    let path = desk.folder.path().join("plan.json");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    file.write_all(br#"{"format_version":"1.2","terraform_version":"1.11.4","resource_changes":["#)
        .unwrap();
    let mut size = 0;
    let mut index = 0;
    while size < 200_000_000 {
        let kind = if index % 1000 == 0 {
            "aws_kms_key"
        } else {
            "aws_placement_group"
        };
        let text = change(index, kind);
        size += text.len() + 1;
        if index > 0 {
            file.write_all(b",").unwrap();
        }
        file.write_all(text.as_bytes()).unwrap();
        index += 1;
    }
    file.write_all(br#"],"configuration":{"provider_config":{"aws":{"name":"aws"}},"root_module":{"resources":[{"address":"aws_kms_key.r","provider_config_key":"aws","expressions":{"description":{}}}]}}}"#).unwrap();
    drop(file);

    let refused = index.div_ceil(1000);
    let child = desk
        .command(&["check", "plan.json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let watcher = std::thread::spawn(move || {
        let mut most = 0;
        // The file goes when the process does, and a process that ended has no memory in it.
        while let Some(kilobytes) = std::fs::read_to_string(&status)
            .ok()
            .as_deref()
            .and_then(peak)
        {
            most = most.max(kilobytes);
            std::thread::sleep(Duration::from_millis(5));
        }
        most
    });
    let output = child.wait_with_output().unwrap();
    let most = watcher.join().unwrap() * 1024;
    assert!(
        most > size && most < 2 * size,
        "{most} bytes of memory for a file of {size}"
    );
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(
        out.contains(&format!("{refused} refused")),
        "{}",
        out.lines().last().unwrap_or_default()
    );
    assert!(out.contains("more resources; `-o json` lists them all"));
    assert!(out.len() < 200_000);
}

/// The most memory that a process had, in kilobytes.
fn peak(status: &str) -> Option<usize> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
