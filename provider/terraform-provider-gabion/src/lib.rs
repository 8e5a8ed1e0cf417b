//! The Gabion Terraform provider.
