//! Modelled error codes to kinds.

use super::Kind;

/// The kind of a modelled error code. Codes that nobody listed are `Other`.
pub(crate) fn kind_of_code(code: &str) -> Kind {
    match code {
        // EC2 has a code for each kind of thing: `InvalidVpcID.NotFound`, `VpcLimitExceeded`.
        _ if code.ends_with(".NotFound") => Kind::NotFound,
        "NatGatewayNotFound" => Kind::NotFound,
        _ if code.ends_with("LimitExceeded") && code != "RequestLimitExceeded" => Kind::Quota,
        "ResourceExistsException"
        | "RouteAlreadyExists"
        | "NetworkAclEntryAlreadyExists"
        | "FlowLogAlreadyExists"
        | "VpcPeeringConnectionAlreadyExists"
        | "InvalidPermission.Duplicate"
        | "InvalidGroup.Duplicate" => Kind::AlreadyExists,
        "NotFoundException"
        | "ResourceNotFoundException"
        | "TrailNotFoundException"
        | "NoSuchBucket"
        | "NoSuchKey"
        | "NoSuchVersion"
        | "NoSuchEntity"
        | "NoSuchTagSet"
        | "NoSuchBucketPolicy"
        | "NoSuchLifecycleConfiguration"
        | "NoSuchPublicAccessBlockConfiguration"
        | "NoSuchObjectLockConfiguration"
        | "ObjectLockConfigurationNotFoundError"
        | "OwnershipControlsNotFoundError"
        | "ServerSideEncryptionConfigurationNotFoundError"
        | "AWSOrganizationsNotInUseException"
        | "AccountNotFoundException"
        | "AccountNotRegisteredException"
        | "ChildNotFoundException"
        | "CreateAccountStatusNotFoundException"
        | "DestinationParentNotFoundException"
        | "OrganizationalUnitNotFoundException"
        | "ParentNotFoundException"
        | "PolicyNotAttachedException"
        | "PolicyNotFoundException"
        | "RootNotFoundException"
        | "SourceParentNotFoundException"
        | "TargetNotFoundException"
        | "InvalidInternetGatewayID.NotFound"
        | "InvalidSubnetID.NotFound"
        | "InvalidVpcID.NotFound" => Kind::NotFound,

        "AlreadyExistsException"
        | "ResourceAlreadyExistsException"
        | "TrailAlreadyExistsException"
        | "EntityAlreadyExists"
        | "BucketAlreadyExists"
        | "BucketAlreadyOwnedByYou"
        | "AccountAlreadyRegisteredException"
        | "AlreadyInOrganizationException"
        | "DuplicateAccountException"
        | "DuplicateOrganizationalUnitException"
        | "DuplicatePolicyAttachmentException"
        | "DuplicatePolicyException"
        | "PolicyTypeAlreadyEnabledException" => Kind::AlreadyExists,

        "AccessDenied"
        | "AccessDeniedException"
        | "AllAccessDisabled"
        | "UnauthorizedOperation"
        | "NotAuthorized"
        | "AuthorizationError"
        | "OptInRequired"
        | "InsufficientDependencyServiceAccessPermissionException"
        | "NotOrganizationMasterAccountException" => Kind::AccessDenied,

        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "BandwidthLimitExceeded" => Kind::Throttled,

        "ConflictException"
        | "ConcurrentModificationException"
        | "FinalizingOrganizationException"
        | "ConcurrentModification"
        | "EntityTemporarilyUnmodifiable"
        | "PolicyChangesInProgressException"
        | "InvalidTokenException"
        | "OperationAborted"
        | "OperationAbortedException"
        | "DependencyTimeoutException"
        | "InsufficientS3BucketPolicyException"
        | "InsufficientEncryptionPolicyException"
        | "InsufficientSnsTopicPolicyException" => Kind::Conflict,

        "KMSInvalidStateException"
        | "DisabledException"
        | "DeleteConflict"
        | "UnmodifiableEntity"
        | "KeyUnavailableException"
        | "BucketNotEmpty"
        | "InvalidBucketState"
        | "InvalidObjectState"
        | "PermanentRedirect"
        | "TemporaryRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException"
        | "CloudTrailAccessNotEnabledException"
        | "AccountAlreadyClosedException"
        | "DependencyViolation"
        | "InvalidOperationException"
        | "OrganizationNotEmptyException"
        | "OrganizationalUnitNotEmptyException"
        | "PolicyInUseException"
        | "PolicyTypeNotEnabledException"
        | "OrganizationsNotInUseException"
        | "OrganizationNotInAllFeaturesModeException"
        | "InvalidHomeRegionException" => Kind::InvalidState,

        "LimitExceededException"
        | "LimitExceeded"
        | "ServiceQuotaExceededException"
        | "TooManyBuckets"
        | "MaximumNumberOfTrailsExceededException"
        | "TagsLimitExceededException"
        | "TooManyTagsException" => Kind::Quota,

        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            Kind::ExpiredCredentials
        }

        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch" => Kind::NoCredentials,

        "RequestTimeout" | "RequestTimeoutException" => Kind::Timeout,

        "ValidationException"
        | "ValidationError"
        | "InvalidArgument"
        | "InvalidRequest"
        | "InvalidInput"
        | "PolicyNotAttachable"
        | "InvalidBucketName"
        | "InvalidTag"
        | "InvalidInputException"
        | "ConstraintViolationException"
        | "InvalidAliasNameException"
        | "InvalidArnException"
        | "InvalidGrantTokenException"
        | "InvalidMarkerException"
        | "InvalidParameterException"
        | "InvalidParameterCombinationException"
        | "InvalidKmsKeyIdException"
        | "InvalidS3BucketNameException"
        | "InvalidS3PrefixException"
        | "InvalidTrailNameException"
        | "InvalidEventSelectorsException"
        | "InvalidTagParameterException"
        | "InvalidCloudWatchLogsLogGroupArnException"
        | "InvalidCloudWatchLogsRoleArnException"
        | "KmsKeyNotFoundException"
        | "KmsException"
        | "KmsKeyDisabledException"
        | "LogDestinationPermissionException"
        | "S3BucketDoesNotExistException"
        | "CloudTrailARNInvalidException"
        | "ResourceTypeNotSupportedException"
        | "MalformedPolicy"
        | "MalformedPolicyDocument"
        | "MalformedPolicyDocumentException"
        | "MalformedXML"
        | "PackedPolicyTooLarge"
        | "RegionDisabledException"
        | "TagException"
        | "TagPolicyException"
        | "UnsupportedOperationException" => Kind::Invalid,

        _ => Kind::Other,
    }
}

/// Whether an error code says that a text of the answer may quote the signature or the key id.
pub(super) fn quotes_credentials(code: &str) -> bool {
    kind_of_code(code) == Kind::NoCredentials
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        assert_eq!(kind_of_code("NoSuchBucket"), Kind::NotFound);
        assert_eq!(kind_of_code("BucketAlreadyOwnedByYou"), Kind::AlreadyExists);
        assert_eq!(
            kind_of_code("ExpiredTokenException"),
            Kind::ExpiredCredentials
        );
        // Made up from the status of an answer without a body: says nothing.
        assert_eq!(kind_of_code("NotFound"), Kind::Other);
        assert_eq!(kind_of_code("404"), Kind::Other);
    }
}
