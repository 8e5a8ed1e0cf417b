//! The gabion command.
