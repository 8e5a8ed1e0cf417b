//! Which lines are written.

use tracing::level_filters::LevelFilter;

/// The target prefixes of libraries that are held back, and the most that each may ever say: below these
/// levels they print headers and bodies, and with them credentials.
const CAPPED: [(&str, LevelFilter); 10] = [
    ("aws", LevelFilter::DEBUG),
    ("h2", LevelFilter::DEBUG),
    ("hyper", LevelFilter::DEBUG),
    ("reqwest", LevelFilter::DEBUG),
    ("rustls", LevelFilter::DEBUG),
    ("tokio", LevelFilter::DEBUG),
    ("tonic", LevelFilter::DEBUG),
    ("tower", LevelFilter::DEBUG),
    ("cranelift", LevelFilter::DEBUG),
    ("wasmtime", LevelFilter::DEBUG),
];

/// The levels in force.
#[derive(Clone, Debug)]
pub struct Filter {
    ours: LevelFilter,
    libraries: LevelFilter,
    raised: Vec<(String, LevelFilter)>,
}

impl Filter {
    /// Reads the levels by looking variables up.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let ours = ["TF_LOG_PROVIDER_GABION", "TF_LOG_PROVIDER", "TF_LOG"]
            .into_iter()
            .find_map(|name| lookup(name).filter(|text| !text.is_empty()))
            // Terraform takes a level that it does not know as `trace`.
            .map_or(LevelFilter::OFF, |text| {
                level(&text).unwrap_or(LevelFilter::TRACE)
            });
        let mut filter = Self {
            ours,
            libraries: LevelFilter::WARN.min(ours),
            raised: Vec::new(),
        };
        for part in lookup("GABION_LOG").unwrap_or_default().split(',') {
            match part.split_once('=') {
                Some((target, text)) => filter
                    .raised
                    .extend(level(text).map(|level| (target.trim().to_owned(), level))),
                None => {
                    if let Some(level) = level(part) {
                        filter.libraries = level;
                        filter.ours = filter.ours.max(level);
                    }
                }
            }
        }
        filter
    }

    /// The most that a target may say.
    pub fn level(&self, target: &str) -> LevelFilter {
        let cap = CAPPED
            .iter()
            .find(|(prefix, _)| target.starts_with(prefix))
            .map(|(_, cap)| *cap);
        let named = self
            .raised
            .iter()
            .rev()
            .find(|(prefix, _)| target.starts_with(prefix.as_str()));
        let level = match (named, cap) {
            (Some((_, level)), _) => *level,
            (None, None)
                if target.starts_with("gabion")
                    || target.starts_with("terraform_provider_gabion") =>
            {
                self.ours
            }
            (None, _) => self.libraries,
        };
        // A library that is in no list gets no benefit of the doubt.
        if target.starts_with("gabion") || target.starts_with("terraform_provider_gabion") {
            level
        } else {
            level.min(cap.unwrap_or(LevelFilter::DEBUG))
        }
    }

    /// The most that any target may say.
    pub fn max(&self) -> LevelFilter {
        let raised = self
            .raised
            .iter()
            .map(|(_, level)| *level)
            .max()
            .unwrap_or(LevelFilter::OFF);
        self.ours.max(self.libraries).max(raised)
    }
}

fn level(text: &str) -> Option<LevelFilter> {
    match text.trim().to_ascii_lowercase().as_str() {
        // Terraform's `json` is trace in another form.
        "trace" | "json" => Some(LevelFilter::TRACE),
        "debug" => Some(LevelFilter::DEBUG),
        "info" => Some(LevelFilter::INFO),
        "warn" => Some(LevelFilter::WARN),
        "error" => Some(LevelFilter::ERROR),
        "off" => Some(LevelFilter::OFF),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(pairs: &[(&str, &str)]) -> Filter {
        Filter::from_env(|name| {
            pairs
                .iter()
                .find(|pair| pair.0 == name)
                .map(|pair| pair.1.to_owned())
        })
    }

    #[test]
    fn the_most_specific_variable_wins() {
        assert_eq!(filter(&[]).max(), LevelFilter::OFF);
        let levels = [
            ("TF_LOG", "trace"),
            ("TF_LOG_PROVIDER", "info"),
            ("TF_LOG_PROVIDER_GABION", "ERROR"),
        ];
        assert_eq!(
            filter(&levels[..1]).level("gabion_plugin::serve"),
            LevelFilter::TRACE
        );
        assert_eq!(
            filter(&levels[..2]).level("gabion_plugin::serve"),
            LevelFilter::INFO
        );
        assert_eq!(
            filter(&levels).level("terraform_provider_gabion"),
            LevelFilter::ERROR
        );
        assert_eq!(filter(&levels).level("hyper"), LevelFilter::ERROR);
        assert_eq!(
            filter(&[("TF_LOG", "json")]).level("gabion"),
            LevelFilter::TRACE
        );
        assert_eq!(
            filter(&[("TF_LOG", "everything")]).level("gabion"),
            LevelFilter::TRACE
        );
    }

    #[test]
    fn libraries_never_reach_trace() {
        let trace = filter(&[("TF_LOG", "trace")]);
        assert_eq!(trace.level("aws_smithy_runtime::client"), LevelFilter::WARN);
        let raised = filter(&[
            ("TF_LOG", "trace"),
            ("GABION_LOG", "trace,aws=trace,some_crate=trace"),
        ]);
        for target in [
            "aws_sigv4::sign",
            "hyper_util::client",
            "h2::codec",
            "rustls",
            "some_crate",
            "log",
        ] {
            assert_eq!(raised.level(target), LevelFilter::DEBUG, "{target}");
        }
        assert_eq!(
            filter(&[("TF_LOG", "warn"), ("GABION_LOG", "h2=debug")]).level("h2"),
            LevelFilter::DEBUG
        );
    }
}
