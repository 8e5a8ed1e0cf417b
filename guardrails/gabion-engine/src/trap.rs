//! Why a guest stopped, in words for a reader: no type of the engine below, no trace of its stack.

use wasmtime::Trap;

use crate::abi::state::{State, Stop};
use crate::budget::{grouped, mebibytes};

/// The reason of a failed call, a phrase that goes on "the rule ".
pub(crate) fn reason(error: &wasmtime::Error, state: &State) -> String {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return format!("was stopped: {stop}");
    }
    let budgets = &state.budgets;
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => format!(
            "was stopped: it used up its budget of {} instructions; does it loop for ever?",
            grouped(budgets.fuel)
        ),
        Some(Trap::Interrupt) => {
            format!("was stopped: it took longer than {}", seconds(budgets.wall))
        }
        Some(Trap::StackOverflow) => "was stopped: it called itself too deeply".to_owned(),
        Some(Trap::UnreachableCodeReached) => match state.log.last_words() {
            Some(words) if words.starts_with("panicked") => words.to_owned(),
            Some(words) => format!("panicked: {words}"),
            None => "panicked".to_owned(),
        },
        Some(Trap::MemoryOutOfBounds | Trap::TableOutOfBounds | Trap::HeapMisaligned) => {
            "crashed: it used memory that is not its own".to_owned()
        }
        Some(Trap::IntegerDivisionByZero) => "crashed: it divided by zero".to_owned(),
        Some(Trap::IntegerOverflow | Trap::BadConversionToInteger) => {
            "crashed: a number was too large".to_owned()
        }
        Some(_) => "crashed".to_owned(),
        None if copied_too_much(error) => {
            format!(
                "was stopped: it handed over more than {} at once",
                mebibytes(budgets.output)
            )
        }
        None => {
            tracing::debug!(target: "gabion::engine", "a guest broke the contract: {error:#}");
            "gave something that does not fit the contract".to_owned()
        }
    }
}

/// The engine below keeps this error's type to itself; a test tells when its text changes.
fn copied_too_much(error: &wasmtime::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.to_string().contains("fuel allocated for hostcalls"))
}

fn seconds(span: std::time::Duration) -> String {
    if span.as_millis().is_multiple_of(1000) {
        format!("{} s", span.as_secs())
    } else {
        format!("{} ms", span.as_millis())
    }
}
