//! NW08.

use gabion_guardrail::prelude::*;

use crate::target::{aws, gabion};

const MESSAGE: &str = "what is launched gets an address on the internet";

/// ## What it does
///
/// Finds public IP addresses on launch: `map_public_ip_on_launch` of `aws_subnet` and `aws_default_subnet` (there it is
/// `true` when nothing is said), and `associate_public_ip_address` of `aws_instance`, `aws_launch_template` and
/// `aws_launch_configuration`, and `map_public_ip_on_launch` of a `gabion_network_segment`. An instance that says nothing passes: its subnet decides, and is judged.
///
/// Load balancers and NAT gateways do not need the setting: they bring addresses of their own.
///
/// Known misses: an Elastic IP that is attached later, and IPv6, whose addresses are all public.
///
/// ## Why it matters
///
/// A public address makes every mistake in a security group one that the internet sees.
///
/// ## Example
///
/// ```hcl
/// resource "aws_subnet" "public" {
///   vpc_id                  = "vpc-0123456789abcdef0"
///   cidr_block              = "10.0.0.0/24"
///   map_public_ip_on_launch = true
/// }
/// ```
///
/// ## Fix
///
/// ```hcl
/// resource "aws_subnet" "public" {
///   vpc_id                  = "vpc-0123456789abcdef0"
///   cidr_block              = "10.0.0.0/24"
///   map_public_ip_on_launch = false
/// }
/// ```
///
/// ## References
///
/// - [Modify the IP addressing attributes of your subnet](https://docs.aws.amazon.com/vpc/latest/userguide/subnet-public-ip.html)
/// - Security Hub EC2.15, EC2.25
#[rule(
    code = "NW08",
    title = "public IP on launch",
    level = mandatory,
    since = "1.0.0",
    targets(aws("aws_subnet"), aws("aws_default_subnet"), aws("aws_instance"), aws("aws_launch_template"), aws("aws_launch_configuration"), gabion("gabion_network_segment")),
    controls(security_hub("EC2.15"), security_hub("EC2.25"))
)]
pub(crate) fn public_ip_on_launch(change: &Change) -> Outcome {
    let Some(after) = change.planned() else {
        return NOT_APPLICABLE;
    };
    const ADDRESS: &str = "associate_public_ip_address";
    let mut review = Review::new();
    match change.resource_type().as_str() {
        "aws_launch_template" => {
            for interface in after.get("network_interfaces").elements()? {
                // A launch template writes booleans as text.
                let address = interface.get(ADDRESS);
                review.look(|| {
                    Ok((address.text()?.as_deref() == Some("true"))
                        .then(|| address.finding(MESSAGE).fix(false)))
                });
            }
        }
        kind => {
            let subnet = matches!(
                kind,
                "aws_subnet" | "aws_default_subnet" | "gabion_network_segment"
            );
            let public = after.get(if subnet {
                "map_public_ip_on_launch"
            } else {
                ADDRESS
            });
            review.look(|| {
                Ok((public.boolean()? == Some(true)).then(|| public.finding(MESSAGE).fix(false)))
            });
        }
    }
    review.outcome()
}
