//! What can go wrong before a rule is asked.

use gabion_model::SettingsProblem;

/// Why a pack cannot be used. Each text is whole: it names the pack and says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The engine itself does not start.
    #[error("the guardrail engine does not start: {0}")]
    Start(String),
    /// The file cannot be read.
    #[error("cannot read the pack `{origin}`: {reason}")]
    Unreadable {
        /// Where the pack came from.
        origin: String,
        /// What the system said.
        reason: String,
    },
    /// It is larger than any pack.
    #[error("the pack `{origin}` has {size} bytes, more than the {most} that a pack may have")]
    TooLarge {
        /// Where the pack came from.
        origin: String,
        /// Its size.
        size: u64,
        /// The largest that is allowed.
        most: u64,
    },
    /// It takes too long to compile.
    #[error(
        "the pack `{origin}` is not compiled after {seconds} s, more than any pack needs: it may be made to keep a \
         machine busy; ask its publisher, or on a slow machine fill the cache elsewhere (`gabion cache warm`)"
    )]
    CompileTime {
        /// Where the pack came from.
        origin: String,
        /// How long was waited.
        seconds: u64,
    },
    /// More functions than any pack has.
    #[error(
        "the pack `{origin}` has more than {most} functions, which no pack needs: take out the dependencies that it does not use, or \
         ask its publisher"
    )]
    Functions {
        /// Where the pack came from.
        origin: String,
        /// How many are allowed.
        most: u32,
    },
    /// Other bytes than those that were asked for.
    #[error("the pack `{origin}` has the digest `{found}`, and `{wanted}` is wanted")]
    Digest {
        /// Where the pack came from.
        origin: String,
        /// The digest that was asked for.
        wanted: String,
        /// The digest that it has.
        found: String,
    },
    /// Not WebAssembly at all.
    #[error(
        "the pack `{origin}` is not WebAssembly: it does not begin as a component does; \
         name the file that `wasm-tools component new` wrote"
    )]
    NotWasm {
        /// Where the pack came from.
        origin: String,
    },
    /// A core module.
    #[error(
        "the pack `{origin}` is a core WebAssembly module, not a component: \
         turn it into one with `wasm-tools component new`"
    )]
    CoreModule {
        /// Where the pack came from.
        origin: String,
    },
    /// Cut off, or of an encoding that this engine does not know.
    #[error("the pack `{origin}` is no valid component: {reason}")]
    Malformed {
        /// Where the pack came from.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It wants something from outside of its sandbox.
    #[error(
        "the pack `{origin}` imports `{import}`: a guardrail may import \
         `gabion:guardrail/values`, `gabion:guardrail/plan` and `gabion:guardrail/log` only; \
         build it without access to files, clocks, network or randomness"
    )]
    Import {
        /// Where the pack came from.
        origin: String,
        /// What it imports.
        import: String,
    },
    /// It exports no rules.
    #[error(
        "the pack `{origin}` does not export `gabion:guardrail/rules`: it is a component, but no guardrail"
    )]
    NoRules {
        /// Where the pack came from.
        origin: String,
    },
    /// Another version of the contract.
    #[error(
        "the pack `{origin}` is made for `gabion:guardrail` {wanted}, and this gabion speaks {spoken}: {advice}"
    )]
    Version {
        /// Where the pack came from.
        origin: String,
        /// The version it is made for.
        wanted: String,
        /// The version that this engine speaks.
        spoken: String,
        /// Which of the two to update.
        advice: String,
    },
    /// It fails when it is asked what it offers.
    #[error("the pack `{origin}` does not say what it offers: {reason}")]
    Describe {
        /// Where the pack came from.
        origin: String,
        /// What it did instead.
        reason: String,
    },
    /// What it says of itself does not hold together.
    #[error("the pack `{origin}` describes itself wrongly: {}", .problems.join("; "))]
    Described {
        /// Where the pack came from.
        origin: String,
        /// All that is wrong.
        problems: Vec<String>,
    },
    /// It does not take these settings.
    #[error("the pack `{pack}` does not take these settings: {}", listed(.problems))]
    Settings {
        /// The pack's name.
        pack: String,
        /// All that is wrong.
        problems: Vec<SettingsProblem>,
    },
    /// It fails when it is given its settings.
    #[error("the pack `{pack}` fails when it is given its settings: {reason}")]
    Configure {
        /// The pack's name.
        pack: String,
        /// What it did.
        reason: String,
    },
}

fn listed(problems: &[SettingsProblem]) -> String {
    let texts: Vec<String> = problems
        .iter()
        .map(|problem| {
            if problem.path.is_empty() {
                problem.message.clone()
            } else {
                format!("`{}`: {}", problem.path, problem.message)
            }
        })
        .collect();
    texts.join("; ")
}
