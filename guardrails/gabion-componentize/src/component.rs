//! From a core module to a component.

use crate::{Error, module};

/// Strips a core module and wraps it as a component; `name` is what messages call it.
///
/// # Errors
/// Where it does not fit the interface: the message names what it imports and may not, or what it lacks.
pub fn encode(name: &str, module: &[u8]) -> Result<Vec<u8>, Error> {
    let module = module::strip(module)?;
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| misfit(name, &module, &error))
}

/// The interface that a guest may import.
const OURS: &str = "gabion:guardrail/";

fn misfit(name: &str, module: &[u8], error: &dyn std::fmt::Display) -> Error {
    let foreign: Vec<String> = module::imported_functions(module)
        .into_iter()
        .filter(|(from, _)| !from.starts_with(OURS) && !from.starts_with("[export]"))
        .map(|(from, function)| format!("`{from}` `{function}`"))
        .collect();
    if foreign.is_empty() {
        return Error::new(format!(
            "`{name}` does not fit the guardrail interface: {error:#}"
        ));
    }
    Error::new(format!(
        "`{name}` imports {}: a guardrail may import `gabion:guardrail/values`, `gabion:guardrail/plan` and \
         `gabion:guardrail/log` only; build it without access to files, clocks, network or randomness",
        foreign.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_foreign_import_is_named() {
        // (module (type (func)) (import "env" "clock" (func (type 0))))
        let module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x0d\x01\x03env\x05clock\0\0";
        let error = super::encode("acme", module).unwrap_err().to_string();
        assert!(
            error.starts_with("`acme` imports `env` `clock`: a guardrail may import"),
            "{error}"
        );
    }
}
