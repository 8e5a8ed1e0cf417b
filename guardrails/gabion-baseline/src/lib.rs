//! The baseline pack: the rules that ship with Gabion, one file a rule.
//!
//! A rule here judges the resource that carries a setting. That a companion is missing, such as a bucket without
//! its public access block, is for a rule on whole plans, whose code ends in `A`, for absent: `DT01A` beside `DT01`.

mod companion;
#[cfg(any(test, feature = "native"))]
pub mod corpus;
mod data;
mod logging;
pub mod pages;
pub mod settings;
mod target;

#[cfg(any(test, feature = "native"))]
pub use corpus::corpus;

gabion_guardrail::pack! {
    name: "baseline",
    version: env!("CARGO_PKG_VERSION"),
    settings: settings::Baseline,
    rules: [
        data::dt01::partial_public_access_block,
        data::dt01a::bucket_without_public_access_block,
        data::dt02::plain_http_bucket,
        data::dt02a::bucket_without_policy,
        data::dt03::bucket_without_versioning,
        data::dt03a::unversioned_bucket,
        data::dt08::key_without_rotation,
        data::dt09::short_key_deletion_window,
        data::dt10::open_key_policy,
        data::dt12::key_policy_lockout,
        logging::lg01::single_region_trail,
        logging::lg01a::no_multi_region_trail,
        logging::lg02::trail_without_validation,
        logging::lg03::trail_without_customer_key,
        logging::lg11::unlocked_log_bucket,
        logging::lg11a::trail_bucket_without_lock,
        logging::lg12::logs_expire_early,
    ],
}
