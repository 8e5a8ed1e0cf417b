//! GetFunctions and CallFunction.

use gabion_plugin::dynamic::Dynamic;
use gabion_plugin::proto::tfplugin6 as pb;

use super::{FunctionEntry, Inner};
use crate::erased;
use crate::function::FunctionError;
use crate::object::Conform;
use crate::path::Path;
use crate::provider::Provider;
use crate::wire;

impl<P: Provider> Inner<P> {
    pub(super) fn function_list(&self) -> pb::get_functions::Response {
        pb::get_functions::Response {
            functions: self
                .functions
                .iter()
                .map(|(name, entry)| (name.clone(), wire::function(&entry.definition)))
                .collect(),
            diagnostics: Vec::new(),
        }
    }

    pub(super) fn call(&self, request: pb::call_function::Request) -> pb::call_function::Response {
        let result = match self.functions.get(&request.name) {
            Some(entry) => called(entry, &request),
            None => Err(FunctionError::new(format!(
                "this provider has no function `{}`",
                request.name
            ))),
        };
        match result {
            Ok(value) => pb::call_function::Response {
                result: wire::encode(&value),
                error: None,
            },
            Err(error) => pb::call_function::Response {
                result: None,
                error: Some(pb::FunctionError {
                    function_argument: error.argument.and_then(|index| i64::try_from(index).ok()),
                    text: error.text,
                }),
            },
        }
    }
}

fn called(
    entry: &FunctionEntry,
    request: &pb::call_function::Request,
) -> Result<Dynamic, FunctionError> {
    let definition = &entry.definition;
    let fixed = definition.parameters.len();
    let given = request.arguments.len();
    if given < fixed || (given > fixed && definition.variadic.is_none()) {
        return Err(FunctionError::new(format!(
            "expected {fixed} arguments, got {given}"
        )));
    }
    let mut args = Vec::with_capacity(given);
    for (index, raw) in request.arguments.iter().enumerate() {
        let parameter = definition.parameters.get(index);
        let Some(parameter) = parameter.or(definition.variadic.as_ref()) else {
            break;
        };
        let value = wire::decode(Some(raw), "an argument")
            .map_err(|_| FunctionError::argument(index, "the argument cannot be read"))?;
        if value.is_null() && !parameter.allow_null {
            return Err(FunctionError::argument(
                index,
                format!("`{}` must not be null", parameter.name),
            ));
        }
        if !parameter.allow_unknown && !value.is_wholly_known() {
            // Core answers such calls itself; the answer is the same here.
            return Ok(Dynamic::Unknown);
        }
        let value = crate::numbers::in_plain(&parameter.kind, value);
        let mut conform = Conform::input();
        let path = Path::root(parameter.name.clone());
        let value = conform.plain(&parameter.kind, value, &path);
        if let Some(fault) = conform.faults.first() {
            return Err(FunctionError::argument(index, fault.to_string()));
        }
        args.push(value);
    }
    let name = entry.served.name();
    let value =
        erased::guarded_sync(name, "call", || entry.served.call(args)).map_err(|_| {
            FunctionError::new(format!(
                "`{name}` broke off; this is a fault of the provider: please report it"
            ))
        })??;
    let mut conform = Conform::output();
    let value = conform.plain(&definition.returns, value, &Path::empty());
    match conform.faults.first() {
        None => Ok(value),
        Some(fault) => Err(FunctionError::new(format!(
            "`{name}` gave an answer of another type than it says ({fault}); this is a fault of the \
             provider: please report it"
        ))),
    }
}
