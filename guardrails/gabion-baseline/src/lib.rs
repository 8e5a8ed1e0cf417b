//! The baseline pack: the rules that ship with Gabion, one file a rule.
//!
//! A rule here judges the resource that carries a setting. That a companion is missing, such as a bucket without
//! its public access block, is for whole-plan rules.

#[cfg(any(test, feature = "native"))]
pub mod corpus;
mod data;
mod logging;
pub mod pages;
mod target;

#[cfg(any(test, feature = "native"))]
pub use corpus::corpus;

gabion_guardrail::pack! {
    name: "baseline",
    version: env!("CARGO_PKG_VERSION"),
    rules: [
        data::dt01::PublicBucket,
        data::dt02::PlainHttpBucket,
        data::dt03::BucketWithoutVersioning,
        data::dt08::KeyWithoutRotation,
        data::dt09::ShortKeyDeletionWindow,
        data::dt10::OpenKeyPolicy,
        data::dt12::KeyPolicyLockout,
        logging::lg01::SingleRegionTrail,
        logging::lg02::TrailWithoutValidation,
        logging::lg03::TrailWithoutKey,
        logging::lg11::UnlockedLogBucket,
        logging::lg12::LogsExpireEarly,
    ],
}
