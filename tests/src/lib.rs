//! End-to-end tests, fixtures and the xtask binary of Gabion. Never published.
