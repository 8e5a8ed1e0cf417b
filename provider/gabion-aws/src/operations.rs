//! Every API call this crate makes, in one table: for docs, least IAM policies, and the promise
//! that a plan only reads.

use std::collections::BTreeSet;

/// Whether a call changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Changes nothing; allowed in a plan.
    Read,
    /// Changes something; a read-only handle refuses it.
    Write,
}

/// What a second, equal call does after a reply was lost. No call of this table takes a client token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// The same result again.
    Safe,
    /// Answers "already exists": the caller compares, and takes it if it is the same thing.
    SameName,
    /// Would make another object: never repeated blindly, the object is looked for by its tags first.
    MakesAnother,
}

/// One API operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Service name as in `endpoints` (`kms`, `s3`, ...).
    pub service: &'static str,
    /// Operation name (`CreateKey`).
    pub name: &'static str,
    /// IAM actions it needs. The first is the call's own; the others go with arguments we send
    /// (tags, Object Lock).
    pub iam: &'static [&'static str],
    /// Read or write.
    pub access: Access,
    /// What repeating it does.
    pub repeat: Repeat,
}

macro_rules! operations {
    ($($module:ident = $service:literal { $($name:ident = $operation:literal, $access:ident, $repeat:ident, [$($iam:literal),+];)+ })+) => {
        $(
            /// Table entries of the service.
            #[allow(missing_docs, reason = "each constant is named as its operation")]
            pub mod $module {
                use super::{Access, Operation, Repeat};
                $(pub const $name: Operation = Operation {
                    service: $service,
                    name: $operation,
                    iam: &[$($iam),+],
                    access: Access::$access,
                    repeat: Repeat::$repeat,
                };)+
            }
        )+
        /// Every API call this crate makes, sorted by service and name.
        pub const OPERATIONS: &[Operation] = &[$($($module::$name,)+)+];
        #[cfg(test)]
        const NAMES: &[&str] = &[$($(concat!(stringify!($module), "::", stringify!($name)),)+)+];
    };
}

operations! {
    accessanalyzer = "accessanalyzer" {
        CREATE_ANALYZER = "CreateAnalyzer", Write, SameName, ["access-analyzer:CreateAnalyzer", "access-analyzer:TagResource", "iam:CreateServiceLinkedRole"];
        DELETE_ANALYZER = "DeleteAnalyzer", Write, Safe, ["access-analyzer:DeleteAnalyzer"];
        LIST_ANALYZERS = "ListAnalyzers", Read, Safe, ["access-analyzer:ListAnalyzers"];
        TAG_RESOURCE = "TagResource", Write, Safe, ["access-analyzer:TagResource"];
        UNTAG_RESOURCE = "UntagResource", Write, Safe, ["access-analyzer:UntagResource"];
    }
    account = "account" {
        GET_ALTERNATE_CONTACT = "GetAlternateContact", Read, Safe, ["account:GetAlternateContact"];
        PUT_ALTERNATE_CONTACT = "PutAlternateContact", Write, Safe, ["account:PutAlternateContact"];
    }
    cloudtrail = "cloudtrail" {
        ADD_TAGS = "AddTags", Write, Safe, ["cloudtrail:AddTags"];
        CREATE_TRAIL = "CreateTrail", Write, SameName, ["cloudtrail:CreateTrail", "cloudtrail:AddTags", "iam:CreateServiceLinkedRole", "organizations:ListAWSServiceAccessForOrganization"];
        DELETE_TRAIL = "DeleteTrail", Write, Safe, ["cloudtrail:DeleteTrail"];
        GET_EVENT_SELECTORS = "GetEventSelectors", Read, Safe, ["cloudtrail:GetEventSelectors"];
        GET_TRAIL = "GetTrail", Read, Safe, ["cloudtrail:GetTrail"];
        GET_TRAIL_STATUS = "GetTrailStatus", Read, Safe, ["cloudtrail:GetTrailStatus"];
        LIST_TAGS = "ListTags", Read, Safe, ["cloudtrail:ListTags"];
        LOOKUP_EVENTS = "LookupEvents", Read, Safe, ["cloudtrail:LookupEvents"];
        PUT_EVENT_SELECTORS = "PutEventSelectors", Write, Safe, ["cloudtrail:PutEventSelectors"];
        REMOVE_TAGS = "RemoveTags", Write, Safe, ["cloudtrail:RemoveTags"];
        START_LOGGING = "StartLogging", Write, Safe, ["cloudtrail:StartLogging"];
        STOP_LOGGING = "StopLogging", Write, Safe, ["cloudtrail:StopLogging"];
        UPDATE_TRAIL = "UpdateTrail", Write, Safe, ["cloudtrail:UpdateTrail"];
    }
    ec2 = "ec2" {
        ACCEPT_VPC_PEERING_CONNECTION = "AcceptVpcPeeringConnection", Write, Safe, ["ec2:AcceptVpcPeeringConnection"];
        ALLOCATE_ADDRESS = "AllocateAddress", Write, MakesAnother, ["ec2:AllocateAddress", "ec2:CreateTags"];
        ASSOCIATE_ROUTE_TABLE = "AssociateRouteTable", Write, Safe, ["ec2:AssociateRouteTable"];
        ATTACH_INTERNET_GATEWAY = "AttachInternetGateway", Write, SameName, ["ec2:AttachInternetGateway"];
        AUTHORIZE_SECURITY_GROUP_INGRESS = "AuthorizeSecurityGroupIngress", Write, SameName, ["ec2:AuthorizeSecurityGroupIngress"];
        CREATE_FLOW_LOGS = "CreateFlowLogs", Write, SameName, ["ec2:CreateFlowLogs", "ec2:CreateTags", "logs:CreateLogDelivery"];
        CREATE_INTERNET_GATEWAY = "CreateInternetGateway", Write, MakesAnother, ["ec2:CreateInternetGateway", "ec2:CreateTags"];
        CREATE_NAT_GATEWAY = "CreateNatGateway", Write, MakesAnother, ["ec2:CreateNatGateway", "ec2:CreateTags"];
        CREATE_NETWORK_ACL = "CreateNetworkAcl", Write, MakesAnother, ["ec2:CreateNetworkAcl", "ec2:CreateTags"];
        CREATE_NETWORK_ACL_ENTRY = "CreateNetworkAclEntry", Write, SameName, ["ec2:CreateNetworkAclEntry"];
        CREATE_ROUTE = "CreateRoute", Write, SameName, ["ec2:CreateRoute"];
        CREATE_ROUTE_TABLE = "CreateRouteTable", Write, MakesAnother, ["ec2:CreateRouteTable", "ec2:CreateTags"];
        CREATE_SECURITY_GROUP = "CreateSecurityGroup", Write, SameName, ["ec2:CreateSecurityGroup", "ec2:CreateTags"];
        CREATE_SUBNET = "CreateSubnet", Write, SameName, ["ec2:CreateSubnet", "ec2:CreateTags"];
        CREATE_TAGS = "CreateTags", Write, Safe, ["ec2:CreateTags"];
        CREATE_VPC = "CreateVpc", Write, MakesAnother, ["ec2:CreateVpc", "ec2:CreateTags"];
        CREATE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSION = "CreateVpcBlockPublicAccessExclusion", Write, SameName, ["ec2:CreateVpcBlockPublicAccessExclusion", "ec2:CreateTags"];
        CREATE_VPC_ENDPOINT = "CreateVpcEndpoint", Write, MakesAnother, ["ec2:CreateVpcEndpoint", "ec2:CreateTags", "route53:AssociateVPCWithHostedZone"];
        CREATE_VPC_PEERING_CONNECTION = "CreateVpcPeeringConnection", Write, SameName, ["ec2:CreateVpcPeeringConnection", "ec2:CreateTags"];
        DELETE_FLOW_LOGS = "DeleteFlowLogs", Write, Safe, ["ec2:DeleteFlowLogs", "logs:DeleteLogDelivery"];
        DELETE_INTERNET_GATEWAY = "DeleteInternetGateway", Write, Safe, ["ec2:DeleteInternetGateway"];
        DELETE_NAT_GATEWAY = "DeleteNatGateway", Write, Safe, ["ec2:DeleteNatGateway"];
        DELETE_NETWORK_ACL = "DeleteNetworkAcl", Write, Safe, ["ec2:DeleteNetworkAcl"];
        DELETE_NETWORK_ACL_ENTRY = "DeleteNetworkAclEntry", Write, Safe, ["ec2:DeleteNetworkAclEntry"];
        DELETE_ROUTE = "DeleteRoute", Write, Safe, ["ec2:DeleteRoute"];
        DELETE_ROUTE_TABLE = "DeleteRouteTable", Write, Safe, ["ec2:DeleteRouteTable"];
        DELETE_SECURITY_GROUP = "DeleteSecurityGroup", Write, Safe, ["ec2:DeleteSecurityGroup"];
        DELETE_SUBNET = "DeleteSubnet", Write, Safe, ["ec2:DeleteSubnet"];
        DELETE_TAGS = "DeleteTags", Write, Safe, ["ec2:DeleteTags"];
        DELETE_VPC = "DeleteVpc", Write, Safe, ["ec2:DeleteVpc"];
        DELETE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSION = "DeleteVpcBlockPublicAccessExclusion", Write, Safe, ["ec2:DeleteVpcBlockPublicAccessExclusion"];
        DELETE_VPC_ENDPOINTS = "DeleteVpcEndpoints", Write, Safe, ["ec2:DeleteVpcEndpoints"];
        DELETE_VPC_PEERING_CONNECTION = "DeleteVpcPeeringConnection", Write, Safe, ["ec2:DeleteVpcPeeringConnection"];
        DESCRIBE_ADDRESSES = "DescribeAddresses", Read, Safe, ["ec2:DescribeAddresses"];
        DESCRIBE_AVAILABILITY_ZONES = "DescribeAvailabilityZones", Read, Safe, ["ec2:DescribeAvailabilityZones"];
        DESCRIBE_EGRESS_ONLY_INTERNET_GATEWAYS = "DescribeEgressOnlyInternetGateways", Read, Safe, ["ec2:DescribeEgressOnlyInternetGateways"];
        DESCRIBE_FLOW_LOGS = "DescribeFlowLogs", Read, Safe, ["ec2:DescribeFlowLogs"];
        DESCRIBE_INTERNET_GATEWAYS = "DescribeInternetGateways", Read, Safe, ["ec2:DescribeInternetGateways"];
        DESCRIBE_NAT_GATEWAYS = "DescribeNatGateways", Read, Safe, ["ec2:DescribeNatGateways"];
        DESCRIBE_NETWORK_ACLS = "DescribeNetworkAcls", Read, Safe, ["ec2:DescribeNetworkAcls"];
        DESCRIBE_NETWORK_INTERFACES = "DescribeNetworkInterfaces", Read, Safe, ["ec2:DescribeNetworkInterfaces"];
        DESCRIBE_REGIONS = "DescribeRegions", Read, Safe, ["ec2:DescribeRegions"];
        DESCRIBE_ROUTE_TABLES = "DescribeRouteTables", Read, Safe, ["ec2:DescribeRouteTables"];
        DESCRIBE_SECURITY_GROUPS = "DescribeSecurityGroups", Read, Safe, ["ec2:DescribeSecurityGroups"];
        DESCRIBE_SUBNETS = "DescribeSubnets", Read, Safe, ["ec2:DescribeSubnets"];
        DESCRIBE_VPC_ATTRIBUTE = "DescribeVpcAttribute", Read, Safe, ["ec2:DescribeVpcAttribute"];
        DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSIONS = "DescribeVpcBlockPublicAccessExclusions", Read, Safe, ["ec2:DescribeVpcBlockPublicAccessExclusions"];
        DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS = "DescribeVpcBlockPublicAccessOptions", Read, Safe, ["ec2:DescribeVpcBlockPublicAccessOptions"];
        DESCRIBE_VPC_ENDPOINTS = "DescribeVpcEndpoints", Read, Safe, ["ec2:DescribeVpcEndpoints"];
        DESCRIBE_VPC_PEERING_CONNECTIONS = "DescribeVpcPeeringConnections", Read, Safe, ["ec2:DescribeVpcPeeringConnections"];
        DESCRIBE_VPCS = "DescribeVpcs", Read, Safe, ["ec2:DescribeVpcs"];
        DESCRIBE_VPN_GATEWAYS = "DescribeVpnGateways", Read, Safe, ["ec2:DescribeVpnGateways"];
        DETACH_INTERNET_GATEWAY = "DetachInternetGateway", Write, Safe, ["ec2:DetachInternetGateway"];
        DISABLE_EBS_ENCRYPTION_BY_DEFAULT = "DisableEbsEncryptionByDefault", Write, Safe, ["ec2:DisableEbsEncryptionByDefault"];
        DISASSOCIATE_ROUTE_TABLE = "DisassociateRouteTable", Write, Safe, ["ec2:DisassociateRouteTable"];
        ENABLE_EBS_ENCRYPTION_BY_DEFAULT = "EnableEbsEncryptionByDefault", Write, Safe, ["ec2:EnableEbsEncryptionByDefault"];
        GET_EBS_DEFAULT_KMS_KEY_ID = "GetEbsDefaultKmsKeyId", Read, Safe, ["ec2:GetEbsDefaultKmsKeyId"];
        GET_EBS_ENCRYPTION_BY_DEFAULT = "GetEbsEncryptionByDefault", Read, Safe, ["ec2:GetEbsEncryptionByDefault"];
        GET_INSTANCE_METADATA_DEFAULTS = "GetInstanceMetadataDefaults", Read, Safe, ["ec2:GetInstanceMetadataDefaults"];
        MODIFY_EBS_DEFAULT_KMS_KEY_ID = "ModifyEbsDefaultKmsKeyId", Write, Safe, ["ec2:ModifyEbsDefaultKmsKeyId"];
        MODIFY_INSTANCE_METADATA_DEFAULTS = "ModifyInstanceMetadataDefaults", Write, Safe, ["ec2:ModifyInstanceMetadataDefaults"];
        MODIFY_SUBNET_ATTRIBUTE = "ModifySubnetAttribute", Write, Safe, ["ec2:ModifySubnetAttribute"];
        MODIFY_VPC_ATTRIBUTE = "ModifyVpcAttribute", Write, Safe, ["ec2:ModifyVpcAttribute"];
        MODIFY_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSION = "ModifyVpcBlockPublicAccessExclusion", Write, Safe, ["ec2:ModifyVpcBlockPublicAccessExclusion"];
        MODIFY_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS = "ModifyVpcBlockPublicAccessOptions", Write, Safe, ["ec2:ModifyVpcBlockPublicAccessOptions"];
        MODIFY_VPC_ENDPOINT = "ModifyVpcEndpoint", Write, Safe, ["ec2:ModifyVpcEndpoint"];
        RELEASE_ADDRESS = "ReleaseAddress", Write, Safe, ["ec2:ReleaseAddress"];
        REPLACE_NETWORK_ACL_ASSOCIATION = "ReplaceNetworkAclAssociation", Write, Safe, ["ec2:ReplaceNetworkAclAssociation"];
        REPLACE_NETWORK_ACL_ENTRY = "ReplaceNetworkAclEntry", Write, Safe, ["ec2:ReplaceNetworkAclEntry"];
        RESET_EBS_DEFAULT_KMS_KEY_ID = "ResetEbsDefaultKmsKeyId", Write, Safe, ["ec2:ResetEbsDefaultKmsKeyId"];
        REVOKE_SECURITY_GROUP_EGRESS = "RevokeSecurityGroupEgress", Write, Safe, ["ec2:RevokeSecurityGroupEgress"];
        REVOKE_SECURITY_GROUP_INGRESS = "RevokeSecurityGroupIngress", Write, Safe, ["ec2:RevokeSecurityGroupIngress"];
    }
    iam = "iam" {
        ATTACH_ROLE_POLICY = "AttachRolePolicy", Write, Safe, ["iam:AttachRolePolicy"];
        CREATE_ROLE = "CreateRole", Write, SameName, ["iam:CreateRole", "iam:TagRole"];
        DELETE_ROLE = "DeleteRole", Write, Safe, ["iam:DeleteRole"];
        DELETE_ROLE_POLICY = "DeleteRolePolicy", Write, Safe, ["iam:DeleteRolePolicy"];
        DETACH_ROLE_POLICY = "DetachRolePolicy", Write, Safe, ["iam:DetachRolePolicy"];
        GET_ACCOUNT_PASSWORD_POLICY = "GetAccountPasswordPolicy", Read, Safe, ["iam:GetAccountPasswordPolicy"];
        GET_OPEN_ID_CONNECT_PROVIDER = "GetOpenIDConnectProvider", Read, Safe, ["iam:GetOpenIDConnectProvider"];
        GET_POLICY = "GetPolicy", Read, Safe, ["iam:GetPolicy"];
        GET_ROLE = "GetRole", Read, Safe, ["iam:GetRole"];
        GET_ROLE_POLICY = "GetRolePolicy", Read, Safe, ["iam:GetRolePolicy"];
        GET_SAML_PROVIDER = "GetSAMLProvider", Read, Safe, ["iam:GetSAMLProvider"];
        LIST_ATTACHED_ROLE_POLICIES = "ListAttachedRolePolicies", Read, Safe, ["iam:ListAttachedRolePolicies"];
        LIST_INSTANCE_PROFILES_FOR_ROLE = "ListInstanceProfilesForRole", Read, Safe, ["iam:ListInstanceProfilesForRole"];
        LIST_ROLE_POLICIES = "ListRolePolicies", Read, Safe, ["iam:ListRolePolicies"];
        PUT_ROLE_PERMISSIONS_BOUNDARY = "PutRolePermissionsBoundary", Write, Safe, ["iam:PutRolePermissionsBoundary"];
        PUT_ROLE_POLICY = "PutRolePolicy", Write, Safe, ["iam:PutRolePolicy"];
        TAG_ROLE = "TagRole", Write, Safe, ["iam:TagRole"];
        UNTAG_ROLE = "UntagRole", Write, Safe, ["iam:UntagRole"];
        UPDATE_ACCOUNT_PASSWORD_POLICY = "UpdateAccountPasswordPolicy", Write, Safe, ["iam:UpdateAccountPasswordPolicy"];
        UPDATE_ASSUME_ROLE_POLICY = "UpdateAssumeRolePolicy", Write, Safe, ["iam:UpdateAssumeRolePolicy"];
        UPDATE_ROLE = "UpdateRole", Write, Safe, ["iam:UpdateRole"];
    }
    kms = "kms" {
        CANCEL_KEY_DELETION = "CancelKeyDeletion", Write, Safe, ["kms:CancelKeyDeletion"];
        CREATE_ALIAS = "CreateAlias", Write, SameName, ["kms:CreateAlias"];
        CREATE_KEY = "CreateKey", Write, MakesAnother, ["kms:CreateKey", "kms:TagResource"];
        DELETE_ALIAS = "DeleteAlias", Write, Safe, ["kms:DeleteAlias"];
        DESCRIBE_KEY = "DescribeKey", Read, Safe, ["kms:DescribeKey"];
        DISABLE_KEY = "DisableKey", Write, Safe, ["kms:DisableKey"];
        DISABLE_KEY_ROTATION = "DisableKeyRotation", Write, Safe, ["kms:DisableKeyRotation"];
        ENABLE_KEY = "EnableKey", Write, Safe, ["kms:EnableKey"];
        ENABLE_KEY_ROTATION = "EnableKeyRotation", Write, Safe, ["kms:EnableKeyRotation"];
        GET_KEY_LAST_USAGE = "GetKeyLastUsage", Read, Safe, ["kms:GetKeyLastUsage"];
        GET_KEY_POLICY = "GetKeyPolicy", Read, Safe, ["kms:GetKeyPolicy"];
        GET_KEY_ROTATION_STATUS = "GetKeyRotationStatus", Read, Safe, ["kms:GetKeyRotationStatus"];
        LIST_ALIASES = "ListAliases", Read, Safe, ["kms:ListAliases"];
        LIST_KEYS = "ListKeys", Read, Safe, ["kms:ListKeys"];
        LIST_RESOURCE_TAGS = "ListResourceTags", Read, Safe, ["kms:ListResourceTags"];
        PUT_KEY_POLICY = "PutKeyPolicy", Write, Safe, ["kms:PutKeyPolicy"];
        SCHEDULE_KEY_DELETION = "ScheduleKeyDeletion", Write, Safe, ["kms:ScheduleKeyDeletion"];
        TAG_RESOURCE = "TagResource", Write, Safe, ["kms:TagResource"];
        UNTAG_RESOURCE = "UntagResource", Write, Safe, ["kms:UntagResource"];
        UPDATE_ALIAS = "UpdateAlias", Write, Safe, ["kms:UpdateAlias"];
        UPDATE_KEY_DESCRIPTION = "UpdateKeyDescription", Write, Safe, ["kms:UpdateKeyDescription"];
    }
    logs = "logs" {
        ASSOCIATE_KMS_KEY = "AssociateKmsKey", Write, Safe, ["logs:AssociateKmsKey"];
        CREATE_LOG_GROUP = "CreateLogGroup", Write, SameName, ["logs:CreateLogGroup", "logs:TagResource"];
        DELETE_LOG_GROUP = "DeleteLogGroup", Write, Safe, ["logs:DeleteLogGroup"];
        DELETE_RETENTION_POLICY = "DeleteRetentionPolicy", Write, Safe, ["logs:DeleteRetentionPolicy"];
        DESCRIBE_LOG_GROUPS = "DescribeLogGroups", Read, Safe, ["logs:DescribeLogGroups"];
        DISASSOCIATE_KMS_KEY = "DisassociateKmsKey", Write, Safe, ["logs:DisassociateKmsKey"];
        LIST_TAGS_FOR_RESOURCE = "ListTagsForResource", Read, Safe, ["logs:ListTagsForResource"];
        PUT_LOG_GROUP_DELETION_PROTECTION = "PutLogGroupDeletionProtection", Write, Safe, ["logs:PutLogGroupDeletionProtection"];
        PUT_RETENTION_POLICY = "PutRetentionPolicy", Write, Safe, ["logs:PutRetentionPolicy"];
        TAG_RESOURCE = "TagResource", Write, Safe, ["logs:TagResource"];
        UNTAG_RESOURCE = "UntagResource", Write, Safe, ["logs:UntagResource"];
    }
    networkfirewall = "network-firewall" {
        ASSOCIATE_FIREWALL_POLICY = "AssociateFirewallPolicy", Write, Safe, ["network-firewall:AssociateFirewallPolicy"];
        ASSOCIATE_SUBNETS = "AssociateSubnets", Write, Safe, ["network-firewall:AssociateSubnets", "ec2:CreateVpcEndpoint"];
        CREATE_FIREWALL = "CreateFirewall", Write, SameName, ["network-firewall:CreateFirewall", "network-firewall:TagResource", "ec2:CreateVpcEndpoint", "ec2:DescribeSubnets", "ec2:DescribeVpcs", "iam:CreateServiceLinkedRole"];
        CREATE_FIREWALL_POLICY = "CreateFirewallPolicy", Write, SameName, ["network-firewall:CreateFirewallPolicy", "network-firewall:TagResource"];
        CREATE_RULE_GROUP = "CreateRuleGroup", Write, SameName, ["network-firewall:CreateRuleGroup", "network-firewall:TagResource"];
        DELETE_FIREWALL = "DeleteFirewall", Write, Safe, ["network-firewall:DeleteFirewall", "ec2:DeleteVpcEndpoints"];
        DELETE_FIREWALL_POLICY = "DeleteFirewallPolicy", Write, Safe, ["network-firewall:DeleteFirewallPolicy"];
        DELETE_RULE_GROUP = "DeleteRuleGroup", Write, Safe, ["network-firewall:DeleteRuleGroup"];
        DESCRIBE_FIREWALL = "DescribeFirewall", Read, Safe, ["network-firewall:DescribeFirewall"];
        DESCRIBE_FIREWALL_POLICY = "DescribeFirewallPolicy", Read, Safe, ["network-firewall:DescribeFirewallPolicy"];
        DESCRIBE_LOGGING_CONFIGURATION = "DescribeLoggingConfiguration", Read, Safe, ["network-firewall:DescribeLoggingConfiguration", "logs:GetLogDelivery", "logs:ListLogDeliveries"];
        DESCRIBE_RULE_GROUP = "DescribeRuleGroup", Read, Safe, ["network-firewall:DescribeRuleGroup"];
        TAG_RESOURCE = "TagResource", Write, Safe, ["network-firewall:TagResource"];
        UNTAG_RESOURCE = "UntagResource", Write, Safe, ["network-firewall:UntagResource"];
        UPDATE_FIREWALL_DELETE_PROTECTION = "UpdateFirewallDeleteProtection", Write, Safe, ["network-firewall:UpdateFirewallDeleteProtection"];
        UPDATE_FIREWALL_ENCRYPTION_CONFIGURATION = "UpdateFirewallEncryptionConfiguration", Write, Safe, ["network-firewall:UpdateFirewallEncryptionConfiguration"];
        UPDATE_FIREWALL_POLICY = "UpdateFirewallPolicy", Write, Safe, ["network-firewall:UpdateFirewallPolicy"];
        UPDATE_FIREWALL_POLICY_CHANGE_PROTECTION = "UpdateFirewallPolicyChangeProtection", Write, Safe, ["network-firewall:UpdateFirewallPolicyChangeProtection"];
        UPDATE_LOGGING_CONFIGURATION = "UpdateLoggingConfiguration", Write, Safe, ["network-firewall:UpdateLoggingConfiguration", "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:UpdateLogDelivery"];
        UPDATE_RULE_GROUP = "UpdateRuleGroup", Write, Safe, ["network-firewall:UpdateRuleGroup"];
        UPDATE_SUBNET_CHANGE_PROTECTION = "UpdateSubnetChangeProtection", Write, Safe, ["network-firewall:UpdateSubnetChangeProtection"];
    }
    organizations = "organizations" {
        ATTACH_POLICY = "AttachPolicy", Write, SameName, ["organizations:AttachPolicy"];
        CLOSE_ACCOUNT = "CloseAccount", Write, Safe, ["organizations:CloseAccount"];
        CREATE_ACCOUNT = "CreateAccount", Write, MakesAnother, ["organizations:CreateAccount", "organizations:TagResource", "iam:CreateServiceLinkedRole"];
        CREATE_ORGANIZATION = "CreateOrganization", Write, SameName, ["organizations:CreateOrganization", "iam:CreateServiceLinkedRole"];
        CREATE_ORGANIZATIONAL_UNIT = "CreateOrganizationalUnit", Write, SameName, ["organizations:CreateOrganizationalUnit", "organizations:TagResource"];
        CREATE_POLICY = "CreatePolicy", Write, SameName, ["organizations:CreatePolicy", "organizations:TagResource"];
        DELETE_ORGANIZATION = "DeleteOrganization", Write, Safe, ["organizations:DeleteOrganization"];
        DELETE_ORGANIZATIONAL_UNIT = "DeleteOrganizationalUnit", Write, Safe, ["organizations:DeleteOrganizationalUnit"];
        DELETE_POLICY = "DeletePolicy", Write, Safe, ["organizations:DeletePolicy"];
        DEREGISTER_DELEGATED_ADMINISTRATOR = "DeregisterDelegatedAdministrator", Write, Safe, ["organizations:DeregisterDelegatedAdministrator"];
        DESCRIBE_ACCOUNT = "DescribeAccount", Read, Safe, ["organizations:DescribeAccount"];
        DESCRIBE_CREATE_ACCOUNT_STATUS = "DescribeCreateAccountStatus", Read, Safe, ["organizations:DescribeCreateAccountStatus"];
        DESCRIBE_ORGANIZATION = "DescribeOrganization", Read, Safe, ["organizations:DescribeOrganization"];
        DESCRIBE_ORGANIZATIONAL_UNIT = "DescribeOrganizationalUnit", Read, Safe, ["organizations:DescribeOrganizationalUnit"];
        DESCRIBE_POLICY = "DescribePolicy", Read, Safe, ["organizations:DescribePolicy"];
        DETACH_POLICY = "DetachPolicy", Write, Safe, ["organizations:DetachPolicy"];
        DISABLE_AWS_SERVICE_ACCESS = "DisableAWSServiceAccess", Write, Safe, ["organizations:DisableAWSServiceAccess"];
        DISABLE_POLICY_TYPE = "DisablePolicyType", Write, Safe, ["organizations:DisablePolicyType"];
        ENABLE_AWS_SERVICE_ACCESS = "EnableAWSServiceAccess", Write, Safe, ["organizations:EnableAWSServiceAccess", "iam:CreateServiceLinkedRole"];
        ENABLE_POLICY_TYPE = "EnablePolicyType", Write, Safe, ["organizations:EnablePolicyType"];
        LIST_AWS_SERVICE_ACCESS_FOR_ORGANIZATION = "ListAWSServiceAccessForOrganization", Read, Safe, ["organizations:ListAWSServiceAccessForOrganization"];
        LIST_ACCOUNTS = "ListAccounts", Read, Safe, ["organizations:ListAccounts"];
        LIST_ACCOUNTS_FOR_PARENT = "ListAccountsForParent", Read, Safe, ["organizations:ListAccountsForParent"];
        LIST_CREATE_ACCOUNT_STATUS = "ListCreateAccountStatus", Read, Safe, ["organizations:ListCreateAccountStatus"];
        LIST_DELEGATED_ADMINISTRATORS = "ListDelegatedAdministrators", Read, Safe, ["organizations:ListDelegatedAdministrators"];
        LIST_DELEGATED_SERVICES_FOR_ACCOUNT = "ListDelegatedServicesForAccount", Read, Safe, ["organizations:ListDelegatedServicesForAccount"];
        LIST_ORGANIZATIONAL_UNITS_FOR_PARENT = "ListOrganizationalUnitsForParent", Read, Safe, ["organizations:ListOrganizationalUnitsForParent"];
        LIST_PARENTS = "ListParents", Read, Safe, ["organizations:ListParents"];
        LIST_POLICIES = "ListPolicies", Read, Safe, ["organizations:ListPolicies"];
        LIST_POLICIES_FOR_TARGET = "ListPoliciesForTarget", Read, Safe, ["organizations:ListPoliciesForTarget"];
        LIST_ROOTS = "ListRoots", Read, Safe, ["organizations:ListRoots"];
        LIST_TAGS_FOR_RESOURCE = "ListTagsForResource", Read, Safe, ["organizations:ListTagsForResource"];
        LIST_TARGETS_FOR_POLICY = "ListTargetsForPolicy", Read, Safe, ["organizations:ListTargetsForPolicy"];
        MOVE_ACCOUNT = "MoveAccount", Write, SameName, ["organizations:MoveAccount"];
        REGISTER_DELEGATED_ADMINISTRATOR = "RegisterDelegatedAdministrator", Write, SameName, ["organizations:RegisterDelegatedAdministrator"];
        TAG_RESOURCE = "TagResource", Write, Safe, ["organizations:TagResource"];
        UNTAG_RESOURCE = "UntagResource", Write, Safe, ["organizations:UntagResource"];
        UPDATE_POLICY = "UpdatePolicy", Write, Safe, ["organizations:UpdatePolicy"];
    }
    route53resolver = "route53resolver" {
        ASSOCIATE_RESOLVER_QUERY_LOG_CONFIG = "AssociateResolverQueryLogConfig", Write, SameName, ["route53resolver:AssociateResolverQueryLogConfig", "ec2:DescribeVpcs"];
        CREATE_RESOLVER_QUERY_LOG_CONFIG = "CreateResolverQueryLogConfig", Write, SameName, ["route53resolver:CreateResolverQueryLogConfig", "route53resolver:TagResource", "iam:CreateServiceLinkedRole", "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:ListLogDeliveries"];
        DELETE_RESOLVER_QUERY_LOG_CONFIG = "DeleteResolverQueryLogConfig", Write, Safe, ["route53resolver:DeleteResolverQueryLogConfig", "logs:DeleteLogDelivery"];
        DISASSOCIATE_RESOLVER_QUERY_LOG_CONFIG = "DisassociateResolverQueryLogConfig", Write, Safe, ["route53resolver:DisassociateResolverQueryLogConfig"];
        GET_RESOLVER_QUERY_LOG_CONFIG = "GetResolverQueryLogConfig", Read, Safe, ["route53resolver:GetResolverQueryLogConfig"];
        LIST_RESOLVER_QUERY_LOG_CONFIG_ASSOCIATIONS = "ListResolverQueryLogConfigAssociations", Read, Safe, ["route53resolver:ListResolverQueryLogConfigAssociations"];
        LIST_RESOLVER_QUERY_LOG_CONFIGS = "ListResolverQueryLogConfigs", Read, Safe, ["route53resolver:ListResolverQueryLogConfigs"];
    }
    s3 = "s3" {
        CREATE_BUCKET = "CreateBucket", Write, SameName, ["s3:CreateBucket", "s3:TagResource", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning", "s3:PutBucketOwnershipControls"];
        DELETE_BUCKET = "DeleteBucket", Write, Safe, ["s3:DeleteBucket"];
        DELETE_BUCKET_LIFECYCLE = "DeleteBucketLifecycle", Write, Safe, ["s3:PutLifecycleConfiguration"];
        DELETE_BUCKET_POLICY = "DeleteBucketPolicy", Write, Safe, ["s3:DeleteBucketPolicy"];
        DELETE_BUCKET_TAGGING = "DeleteBucketTagging", Write, Safe, ["s3:PutBucketTagging"];
        DELETE_OBJECTS = "DeleteObjects", Write, Safe, ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"];
        GET_BUCKET_ENCRYPTION = "GetBucketEncryption", Read, Safe, ["s3:GetEncryptionConfiguration"];
        GET_BUCKET_LIFECYCLE_CONFIGURATION = "GetBucketLifecycleConfiguration", Read, Safe, ["s3:GetLifecycleConfiguration"];
        GET_BUCKET_LOCATION = "GetBucketLocation", Read, Safe, ["s3:GetBucketLocation"];
        GET_BUCKET_LOGGING = "GetBucketLogging", Read, Safe, ["s3:GetBucketLogging"];
        GET_BUCKET_OWNERSHIP_CONTROLS = "GetBucketOwnershipControls", Read, Safe, ["s3:GetBucketOwnershipControls"];
        GET_BUCKET_POLICY = "GetBucketPolicy", Read, Safe, ["s3:GetBucketPolicy"];
        GET_BUCKET_TAGGING = "GetBucketTagging", Read, Safe, ["s3:GetBucketTagging"];
        GET_BUCKET_VERSIONING = "GetBucketVersioning", Read, Safe, ["s3:GetBucketVersioning"];
        GET_OBJECT_LOCK_CONFIGURATION = "GetObjectLockConfiguration", Read, Safe, ["s3:GetBucketObjectLockConfiguration"];
        GET_PUBLIC_ACCESS_BLOCK = "GetPublicAccessBlock", Read, Safe, ["s3:GetBucketPublicAccessBlock"];
        LIST_BUCKETS = "ListBuckets", Read, Safe, ["s3:ListAllMyBuckets"];
        LIST_OBJECT_VERSIONS = "ListObjectVersions", Read, Safe, ["s3:ListBucketVersions"];
        PUT_BUCKET_ENCRYPTION = "PutBucketEncryption", Write, Safe, ["s3:PutEncryptionConfiguration"];
        PUT_BUCKET_LIFECYCLE_CONFIGURATION = "PutBucketLifecycleConfiguration", Write, Safe, ["s3:PutLifecycleConfiguration"];
        PUT_BUCKET_LOGGING = "PutBucketLogging", Write, Safe, ["s3:PutBucketLogging"];
        PUT_BUCKET_OWNERSHIP_CONTROLS = "PutBucketOwnershipControls", Write, Safe, ["s3:PutBucketOwnershipControls"];
        PUT_BUCKET_POLICY = "PutBucketPolicy", Write, Safe, ["s3:PutBucketPolicy"];
        PUT_BUCKET_TAGGING = "PutBucketTagging", Write, Safe, ["s3:PutBucketTagging"];
        PUT_BUCKET_VERSIONING = "PutBucketVersioning", Write, Safe, ["s3:PutBucketVersioning"];
        PUT_OBJECT_LOCK_CONFIGURATION = "PutObjectLockConfiguration", Write, Safe, ["s3:PutBucketObjectLockConfiguration"];
        PUT_PUBLIC_ACCESS_BLOCK = "PutPublicAccessBlock", Write, Safe, ["s3:PutBucketPublicAccessBlock"];
    }
    s3control = "s3control" {
        GET_PUBLIC_ACCESS_BLOCK = "GetPublicAccessBlock", Read, Safe, ["s3:GetAccountPublicAccessBlock"];
        PUT_PUBLIC_ACCESS_BLOCK = "PutPublicAccessBlock", Write, Safe, ["s3:PutAccountPublicAccessBlock"];
    }
    sts = "sts" {
        ASSUME_ROLE = "AssumeRole", Read, Safe, ["sts:AssumeRole"];
        GET_CALLER_IDENTITY = "GetCallerIdentity", Read, Safe, ["sts:GetCallerIdentity"];
    }
}

/// The table entry of an operation, if this crate makes that call.
pub fn find(service: &str, name: &str) -> Option<&'static Operation> {
    OPERATIONS
        .iter()
        .find(|op| op.service == service && op.name == name)
}

/// The IAM actions that the named operations of one service need. Unknown names are left out.
pub fn iam_actions(service: &str, names: &[&str]) -> BTreeSet<&'static str> {
    names
        .iter()
        .filter_map(|name| find(service, name))
        .flat_map(|op| op.iam.iter().copied())
        .collect()
}

#[cfg(test)]
mod tests;
