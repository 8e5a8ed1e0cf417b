//! `cargo xtask real-account`: the quick start's key and sink on a real AWS account.

use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use gabion_tests::terraform::Tool;
use gabion_tests::tools::say;
use gabion_tests::{Run, Terraform};

use super::{cargo, setup};

/// Run the quick start on a real AWS account that you name, and clean up
///
/// Uses the AWS environment as it is (profile, keys, region). Makes one KMS key with an alias, two
/// buckets, one trail and one log group, plans again, and destroys them: the buckets with what
/// CloudTrail wrote meanwhile, the key after the 30 days that AWS keeps it at least as disabled.
/// Costs cents. Says what it will make and asks first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The account to use; the provider refuses to work in any other
    account_id: String,
    /// The region to use
    #[arg(long, env = "AWS_REGION", default_value = "eu-central-1")]
    region: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Use OpenTofu in place of Terraform
    #[arg(long)]
    opentofu: bool,
}

/// Makes, looks again, destroys. Where the destroy fails, the state is kept and its folder is named.
pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(
        args.account_id.len() == 12 && args.account_id.bytes().all(|byte| byte.is_ascii_digit()),
        "`{}` is not an account id: give its 12 digits",
        args.account_id
    );
    let bucket = format!("gabion-try-{}-{:08x}", args.account_id, std::process::id());
    println!("In account {} and region {}:", args.account_id, args.region);
    println!("  KMS key        alias/{bucket}");
    println!("  S3 buckets     {bucket}, {bucket}-access-logs");
    println!("  trail          {bucket}, of all regions");
    println!("  log group      /gabion/{bucket}");
    if !args.yes {
        confirm()?;
    }
    if std::env::var_os("GABION_PROVIDER_BIN").is_none() {
        setup::core()?;
        cargo::build_binaries()?;
    }
    let tool = if args.opentofu {
        Tool::OpenTofu
    } else {
        Tool::Terraform
    };
    let binary = tool
        .locate()
        .with_context(|| format!("{tool} is missing"))?;
    let mut terraform = Terraform::new(&binary, "")?;
    own_environment(&mut terraform);
    terraform.limit(Duration::from_secs(30 * 60));
    terraform.write("main.tf", &configuration(args, &bucket))?;
    show(terraform.init()?)?;
    let worked = play(&terraform);
    if worked.is_err()
        && terraform
            .state_list()
            .is_ok_and(|objects| objects.is_empty())
    {
        say("nothing was made");
        return worked;
    }
    let off = ["-var", "deletion_protection=false"];
    let cleaned = terraform
        .apply(&off)
        .and_then(show)
        .and_then(|()| terraform.destroy(&off))
        .and_then(show);
    if let Err(error) = cleaned {
        let folder = terraform.keep();
        bail!(
            "the clean-up failed; the state is kept in {}: run `{tool} destroy` there ({error:#})",
            folder.display()
        );
    }
    say("destroyed; the key stays disabled until AWS deletes it");
    worked
}

fn play(terraform: &Terraform) -> Result<()> {
    show(terraform.apply(&[])?)?;
    for _ in 0..2 {
        let plan = terraform.plan(&[])?;
        ensure!(
            !plan.changes()?,
            "a plan after apply shows changes:\n{}",
            plan.stdout
        );
    }
    say("two plans after the apply show no changes");
    Ok(())
}

fn configuration(args: &Args, bucket: &str) -> String {
    format!(
        r#"terraform {{
  required_providers {{
    gabion = {{ source = "gabion/gabion" }}
  }}
}}

provider "gabion" {{
  region              = "{region}"
  allowed_account_ids = ["{account}"]
}}

variable "deletion_protection" {{
  type    = bool
  default = true
}}

resource "gabion_kms_key" "this" {{
  alias = "alias/{bucket}"
  service_users = [
    {{ service = "cloudtrail.amazonaws.com" }},
    {{ service = "logs.amazonaws.com" }},
  ]
  deletion_protection = var.deletion_protection
}}

resource "gabion_log_sink" "this" {{
  bucket                   = "{bucket}"
  kms_key_id               = gabion_kms_key.this.arn
  deletion_policy          = "purge"
  acknowledge_irreversible = "{bucket}"
  deletion_protection      = var.deletion_protection
}}
"#,
        region = args.region,
        account = args.account_id,
    )
}

/// The user's AWS settings in place of those that the tests use.
fn own_environment(terraform: &mut Terraform) {
    for name in [
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_EC2_METADATA_DISABLED",
    ] {
        terraform.env_remove(name);
    }
    if let Some(home) = std::env::var_os("HOME") {
        let folder = std::path::Path::new(&home).join(".aws");
        for (name, file) in [
            ("AWS_CONFIG_FILE", "config"),
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ] {
            terraform.env(name, folder.join(file).to_string_lossy());
        }
    }
    for (name, value) in std::env::vars() {
        if name.starts_with("AWS_") || name.ends_with("_proxy") || name.ends_with("_PROXY") {
            terraform.env(&name, value);
        }
    }
}

fn confirm() -> Result<()> {
    print!("Only `yes` goes on: ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    ensure!(answer.trim() == "yes", "nothing was made");
    Ok(())
}

fn show(run: Run) -> Result<()> {
    let run = run.ok()?;
    println!("{}{}", run.stdout, run.stderr);
    Ok(())
}
