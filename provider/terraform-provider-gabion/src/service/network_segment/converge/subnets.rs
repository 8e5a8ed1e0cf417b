//! Subnets, DNS of the VPC, the gateways out, their addresses and the exclusion.

use gabion_aws::ec2::{
    Address, CreateSubnet, InternetGateway, NatGateway, PublicAccessExclusion, Subnet,
};
use gabion_framework::prelude::*;

use super::super::design::Net;
use super::super::firewall::{FIREWALL, zone_part};
use super::super::live::{Live, SEGMENT, is_part, nat_part};
use super::{Converge, Step, all, at, merged};

impl Converge<'_> {
    /// All subnets, with or without public addresses at launch as planned.
    pub(super) async fn subnets(&self, live: &mut Vec<Subnet>) -> Step {
        let wanted = self
            .design
            .private
            .iter()
            .map(|net| ("private", net))
            .chain(self.design.public.iter().map(|net| ("public", net)))
            .chain(self.design.firewall.iter().map(|net| (FIREWALL, net)));
        let launch = self.plan.map_public_ip_on_launch.known() == Some(&true);
        let here = &*live;
        let steps = wanted.map(|(kind, net)| self.subnet(kind, net, launch, here));
        let results = futures::future::join_all(steps.map(Box::pin)).await;
        let mut steps = Vec::new();
        for result in results {
            match result {
                Ok(Some(made)) => live.push(made),
                Ok(None) => {}
                Err(errors) => steps.push(Err(errors)),
            }
        }
        merged(steps)
    }

    async fn subnet(
        &self,
        kind: &str,
        net: &Net,
        launch: bool,
        live: &[Subnet],
    ) -> Result<Option<Subnet>, Diagnostics> {
        let ec2 = self.clients.ec2();
        let found = live
            .iter()
            .find(|subnet| subnet.cidr_block == net.cidr && subnet.zone == net.zone);
        let (id, on, made) = match found {
            Some(found) => (found.id.clone(), found.public_ip_on_launch, None),
            None => {
                let part = match kind {
                    FIREWALL => zone_part(&net.zone),
                    kind => format!("{kind}-{}", net.zone),
                };
                let request = CreateSubnet {
                    vpc_id: self.vpc.clone(),
                    cidr_block: net.cidr.clone(),
                    zone: net.zone.clone(),
                    tags: self.part_tags(&part, Some(&part)),
                };
                let attribute = match kind {
                    "private" => "private_subnet_cidrs",
                    "public" => "public_subnet_cidrs",
                    _ => "firewall_subnet_cidrs",
                };
                let doing = format!("creating the subnet `{}` in {}", net.cidr, net.zone);
                let made = ec2
                    .create_subnet(&request)
                    .await
                    .map_err(at(attribute, doing))?;
                (made.id.clone(), made.public_ip_on_launch, Some(made))
            }
        };
        if on != launch {
            let doing = format!("setting public addresses at launch of the subnet `{id}`");
            ec2.set_public_ip_on_launch(&id, launch)
                .await
                .map_err(at("map_public_ip_on_launch", doing))?;
        }
        Ok(made)
    }

    /// Host names and resolver. The resolver goes on before host names, and off after them.
    pub(super) async fn dns(&self, hostnames: bool, support: bool) -> Step {
        let ec2 = self.clients.ec2();
        let wanted = |value: &Value<bool>| value.known() == Some(&true);
        let (names, answers) = (
            wanted(&self.plan.enable_dns_hostnames),
            wanted(&self.plan.enable_dns_support),
        );
        if answers && !support {
            ec2.set_dns_support(&self.vpc, true)
                .await
                .map_err(at("enable_dns_support", "turning the resolver on"))?;
        }
        if names != hostnames {
            ec2.set_dns_hostnames(&self.vpc, names)
                .await
                .map_err(at("enable_dns_hostnames", "setting host names"))?;
        }
        if !answers && support {
            ec2.set_dns_support(&self.vpc, false)
                .await
                .map_err(at("enable_dns_support", "turning the resolver off"))?;
        }
        Ok(())
    }

    /// The internet gateway, attached.
    pub(super) async fn gateway(&self, live: &mut Vec<InternetGateway>) -> Step {
        if !self.design.has_gateway() {
            return Ok(());
        }
        let ec2 = self.clients.ec2();
        let doing = || at("internet_gateway_id", "creating the internet gateway");
        if live.is_empty() {
            let tags = self.part_tags("internet", Some("internet"));
            let made = ec2
                .create_internet_gateway(&tags, (SEGMENT, &self.vpc))
                .await
                .map_err(doing())?;
            live.push(made);
        }
        for gateway in live.iter_mut().filter(|gateway| gateway.vpc_id.is_none()) {
            ec2.attach_internet_gateway(&gateway.id, &self.vpc)
                .await
                .map_err(doing())?;
            gateway.vpc_id = Some(self.vpc.clone());
        }
        Ok(())
    }

    /// An address for each NAT gateway.
    pub(super) async fn addresses(&self, live: &mut Vec<Address>) -> Step {
        let missing: Vec<String> = self
            .design
            .nat_zones
            .iter()
            .map(|zone| nat_part(zone))
            .filter(|part| !live.iter().any(|one| is_part(&one.tags, part)))
            .collect();
        let steps = missing.into_iter().map(|part| async move {
            let tags = self.part_tags(&part, Some(&part));
            let owner = (SEGMENT, self.vpc.as_str());
            let made = self
                .clients
                .ec2()
                .allocate_address(&tags, owner, (super::super::live::PART, &part))
                .await;
            made.map(|id| Address {
                id,
                tags,
                ..Address::default()
            })
            .map_err(at(
                "nat_public_ips",
                "allocating an address for a NAT gateway",
            ))
        });
        let mut steps_done = Vec::new();
        for result in futures::future::join_all(steps.map(Box::pin)).await {
            match result {
                Ok(made) => live.push(made),
                Err(errors) => steps_done.push(Err(errors)),
            }
        }
        merged(steps_done)
    }

    /// The exclusion, where the account blocks public access of its VPCs.
    pub(super) async fn exclusion(&self, live: &mut Option<PublicAccessExclusion>) -> Step {
        let Some(mode) = self.design.exclusion() else {
            return Ok(());
        };
        let doing = || {
            at(
                "public_access_exclusion_id",
                "excluding the VPC from the account's block of public access",
            )
        };
        let ec2 = self.clients.ec2();
        if let Some(found) = live {
            if found.mode != mode.as_str() {
                ec2.modify_public_access_exclusion(&found.id, mode)
                    .await
                    .map_err(doing())?;
            }
            return Ok(());
        }
        let block = ec2.public_access_block().await.map_err(doing())?;
        if block.is_none_or(|block| block == "off") {
            return Ok(());
        }
        let tags = self.part_tags("exclusion", None);
        let id = ec2
            .create_public_access_exclusion(&self.vpc, mode, &tags)
            .await
            .map_err(doing())?;
        *live = Some(PublicAccessExclusion {
            id,
            mode: mode.as_str().to_owned(),
            ..PublicAccessExclusion::default()
        });
        Ok(())
    }

    /// The NAT gateways, up and running.
    pub(super) async fn nats(&self, live: &Live, nats: &mut Vec<NatGateway>) -> Step {
        let here = &*nats;
        let steps = self
            .design
            .nat_zones
            .iter()
            .map(|zone| self.nat(zone, live, here));
        let results = futures::future::join_all(steps.map(Box::pin)).await;
        let mut done = Vec::new();
        for result in results {
            match result {
                Ok(made) => nats.extend(made),
                Err(errors) => done.push(Err(errors)),
            }
        }
        merged(done)?;
        let waits = nats
            .iter()
            .filter(|nat| nat.state == "pending")
            .map(|nat| async {
                let doing = format!("waiting for the NAT gateway `{}`", nat.id);
                self.clients
                    .ec2()
                    .wait_for_nat(&self.vpc, &nat.id)
                    .await
                    .map_err(at("nat_gateway_ids", doing))
            });
        all(waits).await
    }

    async fn nat(
        &self,
        zone: &str,
        live: &Live,
        nats: &[NatGateway],
    ) -> Result<Option<NatGateway>, Diagnostics> {
        let part = nat_part(zone);
        let stands = nats.iter().any(|nat| {
            is_part(&nat.tags, &part) && matches!(nat.state.as_str(), "pending" | "available")
        });
        let subnet = self
            .design
            .public
            .iter()
            .find(|net| net.zone == zone)
            .and_then(|net| live.subnet(net));
        let (false, Some(subnet), Some(address)) = (stands, subnet, live.address(zone)) else {
            return Ok(None);
        };
        // One that somebody deletes holds its address until it is gone.
        let going: Vec<String> = nats
            .iter()
            .filter(|nat| nat.state == "deleting" && nat.allocations.contains(&address.id))
            .map(|nat| nat.id.clone())
            .collect();
        if !going.is_empty() {
            self.clients
                .ec2()
                .wait_for_nats_gone(&self.vpc, &going)
                .await
                .map_err(at("nat_gateway_ids", "waiting for a NAT gateway to go"))?;
        }
        let tags = self.part_tags(&part, Some(&part));
        let at_second = jiff::Timestamp::now().as_second();
        let token = format!("{}-{}-{at_second}", subnet.id, address.id);
        let token: String = token.chars().take(64).collect();
        let doing = format!("creating the NAT gateway in {zone}");
        self.clients
            .ec2()
            .create_nat_gateway(
                (&self.vpc, &subnet.id),
                &address.id,
                &tags,
                (super::super::live::PART, &part),
                &token,
            )
            .await
            .map(Some)
            .map_err(at("nat_gateway_ids", doing))
    }
}
