//! The sentence of an error, with the next step.

use std::fmt;

use super::{AwsError, Kind};

impl AwsError {
    /// A short heading for a diagnostic: `KMS CreateKey failed`.
    pub fn summary(&self) -> String {
        let service = match self.service {
            "accessanalyzer" => "Access Analyzer",
            "account" => "Account Management",
            "cloudtrail" => "CloudTrail",
            "ec2" => "EC2",
            "iam" => "IAM",
            "kms" => "KMS",
            "logs" => "CloudWatch Logs",
            "network-firewall" => "Network Firewall",
            "organizations" => "Organizations",
            "route53resolver" => "Route 53 Resolver",
            "s3" => "S3",
            "s3control" => "S3 Control",
            "sts" => "STS",
            "" => return capitalised(&format!("{} failed", self.operation)),
            other => other,
        };
        match self.kind {
            Kind::Cancelled => format!("{service} {} was not started", self.operation),
            _ => format!("{service} {} failed", self.operation),
        }
    }

    fn what(&self) -> String {
        if self.service.is_empty() {
            self.operation.clone()
        } else {
            format!("{} {}", self.service, self.operation)
        }
    }

    /// What the reader can do, where there is something to do.
    fn next_step(&self) -> Option<String> {
        Some(match self.kind {
            Kind::AccessDenied => match self.iam_actions().first() {
                Some(action) => format!(
                    "allow `{action}` for the principal in use (its IAM policies, the resource policy, and service control policies of the organization)"
                ),
                None => return None,
            },
            Kind::ExpiredCredentials => {
                "refresh the credentials (for example `aws sso login`) and run again; what was created is in the state".to_owned()
            }
            Kind::NoCredentials => {
                "set `profile`, or the environment (`AWS_PROFILE`, or `AWS_ACCESS_KEY_ID` with `AWS_SECRET_ACCESS_KEY`), or log in with `aws sso login`".to_owned()
            }
            Kind::Timeout if !self.service.is_empty() => {
                "check the network path and any endpoint override, then run again".to_owned()
            }
            Kind::Timeout => "raise `timeouts`, or look at the object in the console".to_owned(),
            Kind::Dispatch => {
                "check the region, name resolution, proxy settings and any endpoint override".to_owned()
            }
            Kind::Throttled => {
                "run again, with a lower `-parallelism` or a higher `max_retries`".to_owned()
            }
            Kind::Quota => "ask for a higher quota or remove what is not used".to_owned(),
            Kind::Other if self.code.is_none() && !self.service.is_empty() => {
                "the answer held no AWS error code: check any endpoint override, and whether that endpoint has this operation".to_owned()
            }
            _ => return None,
        })
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what();
        let verb = match self.kind {
            Kind::AccessDenied => "was denied",
            Kind::Throttled => "was throttled through all retries",
            Kind::Timeout => "got no result in time",
            Kind::Dispatch => "could not reach its endpoint",
            Kind::Cancelled => "was not started: terraform asked to stop",
            Kind::ReadOnly => "was refused: a plan only reads",
            Kind::ExpiredCredentials => "failed: the credentials have expired",
            Kind::NoCredentials => "failed: no usable credentials",
            _ => "failed",
        };
        write!(f, "{what} {verb}")?;
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message.trim_end_matches('.'))?;
        }
        if let Some(step) = self.next_step() {
            write!(f, "; {step}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request {id}]")?;
        }
        Ok(())
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// Takes access key ids out of a text, and cuts it to a length that a diagnostic can show.
pub(crate) fn clean(text: &str) -> String {
    const LONGEST: usize = 800;
    let mut out = String::with_capacity(text.len().min(LONGEST));
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        let key_id = word.len() >= 16
            && ["AKIA", "ASIA"]
                .iter()
                .any(|prefix| word.starts_with(prefix))
            && word
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        out.push_str(if key_id { "(access key)" } else { word });
        word.clear();
    };
    for c in text.trim().chars() {
        if c.is_ascii_alphanumeric() {
            word.push(c);
        } else {
            flush(&mut word, &mut out);
            out.push(if c.is_control() { ' ' } else { c });
        }
        if out.len() + word.len() > LONGEST {
            flush(&mut word, &mut out);
            out.push_str(" (cut)");
            return out;
        }
    }
    flush(&mut word, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations;

    #[test]
    fn names_the_action() {
        let error = AwsError::of(&operations::kms::CREATE_KEY, Kind::AccessDenied, "no.")
            .with_code("AccessDeniedException");
        assert_eq!(
            error.to_string(),
            "kms CreateKey was denied (AccessDeniedException): no; allow `kms:CreateKey` for the principal in use (its IAM policies, the resource policy, and service control policies of the organization)"
        );
        assert_eq!(error.summary(), "KMS CreateKey failed");
    }

    #[test]
    fn key_ids_are_cut_out() {
        assert_eq!(
            clean("key AKIAIOSFODNN7EXAMPLE, token"),
            "key (access key), token"
        );
        assert!(clean(&"x ".repeat(5000)).len() < 900);
    }

    #[test]
    fn waiting_has_no_service() {
        let error =
            AwsError::without_call(Kind::Timeout, "waiting for key `k`", "still `Creating`");
        assert_eq!(
            error.to_string(),
            "waiting for key `k` got no result in time: still `Creating`; raise `timeouts`, or look at the object in the console"
        );
    }
}
