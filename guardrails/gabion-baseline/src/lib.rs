//! The baseline pack: the rules that ship with Gabion, one file a rule.
