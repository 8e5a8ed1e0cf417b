//! Changes made behind Terraform's back: a boto3 session in a Python process that stays up.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::process::{self, Guard};
use crate::tools::python;

/// An AWS client of its own: nothing of the provider's code is in it.
#[derive(Debug)]
pub struct Aws {
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    _process: Guard,
}

impl Aws {
    /// A client of `endpoint` in eu-central-1, with the credentials that the tests use.
    ///
    /// # Errors
    /// When the Python environment is missing or does not start.
    pub fn new(endpoint: &str) -> Result<Self> {
        Self::with_key(endpoint, "testing")
    }

    /// The same with another access key. MiniStack takes an account id for a key of that account.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_key(endpoint: &str, access_key: &str) -> Result<Self> {
        let environment = python::locate()?;
        let mut command = Command::new(environment.program("python"));
        command
            .args(["-c", include_str!("aws_helper.py"), endpoint, access_key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .env_remove("AWS_PROFILE")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let mut process = process::spawn(command)?;
        let stdin = process
            .stdin()
            .context("the helper has no standard input")?;
        let stdout = BufReader::new(process.stdout().context("the helper has no output")?);
        Ok(Self {
            stdin,
            stdout,
            _process: process,
        })
    }

    /// Calls `operation` (as boto3 spells it: `put_bucket_versioning`) of `service` in
    /// eu-central-1 and gives the answer without its metadata.
    ///
    /// # Errors
    /// When AWS answers with an error: the text begins with its code.
    pub fn call(&mut self, service: &str, operation: &str, parameters: Value) -> Result<Value> {
        self.call_in("eu-central-1", service, operation, parameters)
    }

    /// The same in another region.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn call_in(
        &mut self,
        region: &str,
        service: &str,
        operation: &str,
        parameters: Value,
    ) -> Result<Value> {
        let request = json!({
            "region": region, "service": service, "operation": operation, "parameters": parameters,
        });
        writeln!(self.stdin, "{request}").context("the AWS helper has ended")?;
        self.stdin.flush()?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        let mut answer: Value = serde_json::from_str(&line)
            .with_context(|| format!("the AWS helper ended in `{service}` `{operation}`"))?;
        if let Some(error) = answer.get("error").and_then(Value::as_str) {
            bail!("{error}");
        }
        Ok(answer.get_mut("ok").map(Value::take).unwrap_or_default())
    }
}
