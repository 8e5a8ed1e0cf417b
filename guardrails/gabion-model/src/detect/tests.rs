//! What is found and what is not. Secrets are put together here, so that no scanner takes this file for a leak.

use super::*;

fn in_text(text: &str) -> Vec<&'static str> {
    kinds_in(None, text)
}

/// Forty characters of hexadecimal digits that are as mixed as a token's.
const HEX: &str = "9f8e7d6c5b4a39281706f5e4d3c2b1a0918273f4";

fn key() -> String {
    format!("{}{}", "AKIA", "Z7QH3XPLMN5TRW2V")
}

#[test]
fn finds_what_is_one() {
    assert_eq!(
        in_text(&format!("export KEY={}", key())),
        ["aws-access-token"]
    );
    let body = "MIIEpAIBAAKCAQEA7yn3bRHQ5FcXkYvT".repeat(4);
    let (begin, end) = ("-----BEGIN RSA PRIVATE", "-----END RSA PRIVATE");
    let pem = format!("x\n{begin} KEY-----\n{body}\n{end} KEY-----\n");
    assert_eq!(in_text(&pem), ["private-key"]);
    // Its end is cut off.
    assert_eq!(
        in_text(&format!("x\n{begin} KEY-----\nabc")),
        ["private-key"]
    );
    let token = format!(
        "token: {}{}",
        "ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    );
    assert_eq!(in_text(&token), ["github-pat"]);
    let fine = format!(
        "{}{}",
        "github_pat_",
        &"11AB2CDE3fG4hI5jK6lM7n_".repeat(4)[..82]
    );
    assert_eq!(in_text(&fine), ["github-fine-grained-pat"]);
    assert_eq!(
        in_text("postgres://app:hunter2@db.example.com/x"),
        ["url-password"]
    );
}

#[test]
fn a_name_tells_what_a_text_alone_does_not() {
    assert!(in_text(HEX).is_empty());
    assert_eq!(
        kinds_in(Some("DATADOG_API_KEY"), HEX),
        ["datadog-access-token"]
    );
    let guess = kinds_in(Some("PAYMENT_API_KEY"), "zK8mQ2vX7nR4tY6wB3pL");
    assert_eq!(guess, ["generic-api-key"]);
    assert!(is_guess(guess[0]) && !is_guess("github-pat"));
    assert!(kinds_in(Some("bucket"), "zK8mQ2vX7nR4tY6wB3pL").is_empty());
}

#[test]
fn looks_into_base64() {
    use base64::Engine as _;
    let script = format!("#!/bin/sh\nexport AWS_ACCESS_KEY_ID={}\n", key());
    let encoded = base64::engine::general_purpose::STANDARD.encode(script);
    assert_eq!(in_text(&encoded), ["aws-access-token"]);
    let clean = redact(None, &encoded);
    assert!(clean.starts_with("[redacted: aws-access-token]"), "{clean}");
}

#[test]
fn leaves_alone_what_is_none() {
    for text in [
        "",
        "AKIA",
        "AKIAZ7QH3XPLMN5TRW2VQ",
        "xAKIAZ7QH3XPLMN5TRW2V",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
        "ghp_short",
        "https://example.com/a:b@c",
        "https://user@example.com",
        "https://user:@example.com",
        "postgres://app:${password}@db",
        "arn:aws:iam::111122223333:root",
        "https://ex\u{e4}mple.com:8080/\u{1f600}@x",
        "{\"valueFrom\":\"arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod-zqx8-k7Wm2Z\"}",
        "the bucket has no public access block: set block_public_acls",
        "sha256:9f8e7d6c5b4a39281706f5e4d3c2b1a0918273f49f8e7d6c5b4a392817062233",
    ] {
        assert!(in_text(text).is_empty(), "{text}: {:?}", in_text(text));
    }
    for (name, text) in [
        ("kms_key_id", "1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("key_name", "deploy-7f3k2m9x-eu"),
        (
            "secret_arn",
            "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod-zqx8-k7Wm2Z",
        ),
        (
            "public_key",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5v9x8Qk2m me@example.com",
        ),
        ("bucket_key_enabled", "true-and-false"),
        ("api_key_selection_expression", "$request.header.x-api-key"),
    ] {
        let found = kinds_in(Some(name), text);
        assert!(found.is_empty(), "{name} = {text}: {found:?}");
    }
}

#[test]
fn redacts_what_is_found_and_nothing_else() {
    let text = format!("é {} é postgres://app:hunter2@db/x é", key());
    assert_eq!(
        redact(None, &text),
        "é [redacted: aws-access-token] é postgres://app:[redacted: url-password]@db/x é"
    );
    // What was redacted is found no more.
    assert!(in_text(&redact(None, &text)).is_empty());
    assert!(matches!(redact(None, "plain"), Cow::Borrowed("plain")));
}

#[test]
fn what_overlaps_is_covered_whole() {
    // A guess of the whole, with a sure token at its end.
    let token = format!("{}{}", "ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let (name, text) = (
        Some("PAYMENT_API_KEY"),
        format!("zK8mQ2vX7nR4tY6wB3pL-{token}"),
    );
    let mut kinds: Vec<&str> = all(name, &text).iter().map(|hit| hit.kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["generic-api-key", "github-pat"]);
    assert_eq!(kinds_in(name, &text), ["github-pat"]);
    assert_eq!(redact(name, &text), "[redacted: github-pat]");
}

#[test]
fn escapes_of_json_end_a_word() {
    for (text, plain) in [
        (r"a\nb", "a \nb"),
        (r"a\\tb\\\\rc\qn", "a   b    \nc\\qn"),
        (r"é\n\", "é \n\\"),
        ("none", "none"),
    ] {
        assert_eq!(scan::without_escapes(text), plain);
    }
    let inner = serde_json::json!({ "script": format!("set -e\n{}\n", key()) }).to_string();
    assert_eq!(in_text(&inner), ["aws-access-token"]);
    assert!(!redact(None, &inner).contains(&key()));
    let outer = serde_json::json!({ "document": inner }).to_string();
    assert_eq!(in_text(&outer), ["aws-access-token"]);
    // A run of base64 that begins a line would be shifted by the letter.
    use base64::Engine as _;
    let run =
        base64::engine::general_purpose::STANDARD.encode(format!("export KEY={} # a key", key()));
    assert_eq!(
        in_text(&serde_json::json!({ "a": format!("x\n{run}") }).to_string()),
        ["aws-access-token"]
    );
}

#[test]
fn a_password_is_a_placeholder_as_a_whole_only() {
    let found = |password: &str| in_text(&format!("postgres://app:{password}@db.example.com"));
    for password in [
        "${db_password}",
        "$DB_PASSWORD",
        "$password",
        "<password>",
        "{{ password }}",
        "{password}",
        "%DB_PASSWORD%",
        "%s",
        "****",
        "xxxx",
    ] {
        assert!(found(&password.replace(' ', "")).is_empty(), "{password}");
    }
    for password in [
        "%40hunter2",
        "$ecret-word",
        "$eCret9",
        "<hunter2",
        "{hunter2",
        "[hunter2]",
        "%hunter2",
        "${a}hunter2",
        "$",
    ] {
        assert_eq!(found(password), ["url-password"], "{password}");
    }
}

#[test]
fn no_text_makes_it_panic() {
    let pieces = [
        "é",
        "key=",
        "\"",
        "\n",
        "\\",
        "\\n",
        "-----BEGIN ",
        "PRIVATE KEY",
        "-----",
        "://",
        "a:b@",
        "ghp_",
        "secret",
        "=",
        "\u{1f600}",
        "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8=",
        "token: ",
        "zK8mQ2vX7nR4tY6wB3pL",
    ];
    let mut seed = 7_usize;
    for _ in 0..400 {
        let mut text = String::new();
        for _ in 0..8 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(seed >> 33) % pieces.len()]);
        }
        let clean = redact(Some("api_key"), &text);
        assert!(clean.is_char_boundary(clean.len()));
    }
}

/// Names that users write in their rules: what goes or changes here breaks them.
#[test]
fn the_names_of_kinds_stay() {
    let mut names: Vec<&str> = kinds().map(|(kind, _)| kind).collect();
    names.sort_unstable();
    let listed: Vec<&str> = include_str!("../../rules/kinds.txt").lines().collect();
    assert_eq!(names, listed);
    names.dedup();
    assert_eq!(names.len(), listed.len());
}

/// The tables of the guide: what it says is caught is, and what it says is not is not.
#[test]
fn the_guide_says_what_is_caught() {
    let guide = include_str!("../../../../docs/guides/secrets.md");
    let (mut caught, mut missed) = (0, 0);
    for line in guide.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [under, text, last] = cells[..] else {
            panic!("{line}")
        };
        let code = |cell: &str| cell.trim_matches('`').replace('·', "");
        let found = kinds_in(Some(&code(under)), &code(text));
        if last.starts_with('`') {
            assert_eq!(found, [code(last)], "{line}");
            caught += 1;
        } else {
            assert_eq!(found, [""; 0], "{line}");
            missed += 1;
        }
    }
    assert!(caught >= 7 && missed >= 12, "{caught} {missed}");
}
