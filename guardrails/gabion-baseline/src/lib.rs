//! The baseline pack: the rules that ship with Gabion, one file a rule.
//!
//! A rule here judges the resource that carries a setting. That a companion is missing, such as a bucket without
//! its public access block, is for a rule on whole plans, whose code ends in `A`, for absent: `DT01A` beside `DT01`. So
//! does that of a rule which needs other resources to tell how bad a setting is: `ID19A` beside `ID19`.

mod companion;
mod compute;
#[cfg(any(test, feature = "native"))]
pub mod corpus;
mod data;
mod identity;
mod logging;
mod network;
pub mod pages;
pub mod settings;
mod target;
mod unset;
mod who;
mod world;

#[cfg(any(test, feature = "native"))]
pub use corpus::corpus;

gabion_guardrail::pack! {
    name: "baseline",
    version: env!("CARGO_PKG_VERSION"),
    settings: settings::Baseline,
    rules: [
        compute::ck01::metadata_without_token,
        data::dt01::partial_public_access_block,
        data::dt01a::bucket_without_public_access_block,
        data::dt02::plain_http_bucket,
        data::dt02a::bucket_without_policy,
        data::dt03::bucket_without_versioning,
        data::dt03a::unversioned_bucket,
        data::dt05::bucket_acls,
        data::dt08::key_without_rotation,
        data::dt09::short_key_deletion_window,
        data::dt10::open_key_policy,
        data::dt11::decrypt_on_all_keys,
        data::dt12::key_policy_lockout,
        data::dt13::unencrypted_volume,
        data::dt14::unencrypted_database,
        data::dt15::public_database,
        data::dt16::database_without_backups,
        data::dt17::unprotected_table,
        data::dt18::unencrypted_file_system,
        data::dt18a::file_system_without_backup,
        identity::id01::administrator_policy,
        identity::id02::service_wildcard_policy,
        identity::id05::weak_password_policy,
        identity::id15::public_resource_policy,
        identity::id16::loose_oidc_trust,
        identity::id17::service_trust_without_source,
        identity::id18::role_without_boundary,
        identity::id19::long_privileged_session,
        identity::id19a::long_session_with_privileged_policy,
        logging::lg01::single_region_trail,
        logging::lg01a::no_multi_region_trail,
        logging::lg02::trail_without_validation,
        logging::lg03::trail_without_customer_key,
        logging::lg10::short_log_group,
        logging::lg11::unlocked_log_bucket,
        logging::lg11a::trail_bucket_without_lock,
        logging::lg12::logs_expire_early,
        network::nw01::default_security_group_with_rules,
        network::nw01a::default_security_group_left_open,
        network::nw02::open_admin_port,
        network::nw03::open_admin_port_over_ipv_six,
        network::nw04::open_network_acl,
        network::nw05::open_cifs,
        network::nw06::open_high_risk_port,
        network::nw07::partial_flow_log,
        network::nw07a::vpc_without_flow_log,
        network::nw08::public_ip_on_launch,
        network::nw09::vpc_public_access,
        network::nw15::undeclared_egress,
        network::nw15a::confidential_route_to_internet,
        network::nw16::route_between_environments,
    ],
}
