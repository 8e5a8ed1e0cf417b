//! Typed Terraform resources: schema, values, plan modifiers, validators, diagnostics.
