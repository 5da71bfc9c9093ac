"""Which of Cloud Custodian's resources are technologies of ours, and what they hold alike.

Both keep the words of AWS's API; what is named here was compared with its reference. A key that
is not named is refused, with this table as the reason.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shape:
    """How a resource is held here."""

    technology: str
    same: tuple[str, ...]
    """Keys that hold the same here and there."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Beginnings of paths that are called otherwise here."""
    unlike: dict[str, str] = field(default_factory=dict)
    """Keys that hold something else here, and what."""
    tags: str = "Tags"


INSTANCE = (
    "AmiLaunchIndex", "Architecture", "BlockDeviceMappings", "BootMode", "CapacityReservationId",
    "CapacityReservationSpecification", "ClientToken", "CpuOptions", "CurrentInstanceBootMode",
    "EbsOptimized", "EnaSupport", "EnclaveOptions", "HibernationOptions", "Hypervisor",
    "IamInstanceProfile", "ImageId", "InstanceId", "InstanceLifecycle", "InstanceType",
    "Ipv6Address",
    "KernelId",
    "KeyName", "LaunchTime", "MaintenanceOptions", "MetadataOptions", "Monitoring",
    "NetworkInterfaces", "OutpostArn", "Placement", "Platform", "PlatformDetails",
    "PrivateDnsName", "PrivateDnsNameOptions", "PrivateIpAddress", "ProductCodes", "PublicDnsName",
    "PublicIpAddress", "RamdiskId", "RootDeviceName", "RootDeviceType", "SecurityGroups",
    "SourceDestCheck", "SpotInstanceRequestId", "SriovNetSupport", "State", "StateReason",
    "StateTransitionReason", "SubnetId", "Tags", "TpmSupport", "UsageOperation",
    "UsageOperationUpdateTime", "VirtualizationType", "VpcId",
)  # fmt: skip

SHAPES: dict[str, Shape] = {
    "ec2": Shape(
        "aws.ec2.instance", INSTANCE, unlike={"UserData": "user data is kept as a digest only"}
    ),
    "security-group": Shape(
        "aws.ec2.security_group",
        (
            "Description",
            "GroupId",
            "GroupName",
            "IpPermissions",
            "IpPermissionsEgress",
            "OwnerId",
            "SecurityGroupArn",
            "Tags",
            "VpcId",
        ),
    ),
    "eni": Shape(
        "aws.ec2.network_interface",
        (
            "Association",
            "Attachment",
            "AvailabilityZone",
            "Description",
            "Groups",
            "InterfaceType",
            "Ipv6Addresses",
            "MacAddress",
            "NetworkInterfaceId",
            "OwnerId",
            "PrivateDnsName",
            "PrivateIpAddress",
            "PrivateIpAddresses",
            "RequesterId",
            "RequesterManaged",
            "SourceDestCheck",
            "Status",
            "SubnetId",
            "TagSet",
            "VpcId",
        ),
        unlike={"Tags": "the API calls an interface's tags TagSet"},
        tags="TagSet",
    ),
    "vpc": Shape(
        "aws.ec2.vpc",
        (
            "CidrBlock",
            "CidrBlockAssociationSet",
            "DhcpOptionsId",
            "InstanceTenancy",
            "Ipv6CidrBlockAssociationSet",
            "IsDefault",
            "OwnerId",
            "State",
            "Tags",
            "VpcId",
        ),
    ),
    "network-addr": Shape(
        "aws.ec2.address",
        (
            "AllocationId",
            "AssociationId",
            "Domain",
            "InstanceId",
            "NetworkBorderGroup",
            "NetworkInterfaceId",
            "NetworkInterfaceOwnerId",
            "PrivateIpAddress",
            "PublicIp",
            "PublicIpv4Pool",
            "Tags",
        ),
    ),
    "nat-gateway": Shape(
        "aws.ec2.nat_gateway",
        (
            "ConnectivityType",
            "CreateTime",
            "DeleteTime",
            "FailureCode",
            "FailureMessage",
            "NatGatewayAddresses",
            "NatGatewayId",
            "State",
            "SubnetId",
            "Tags",
            "VpcId",
        ),
    ),
    "vpc-endpoint": Shape(
        "aws.ec2.vpc_endpoint",
        (
            "CreationTimestamp",
            "DnsEntries",
            "DnsOptions",
            "Groups",
            "IpAddressType",
            "NetworkInterfaceIds",
            "OwnerId",
            "PolicyDocument",
            "PrivateDnsEnabled",
            "RequesterManaged",
            "RouteTableIds",
            "ServiceName",
            "State",
            "SubnetIds",
            "Tags",
            "VpcEndpointId",
            "VpcEndpointType",
            "VpcId",
        ),
    ),
    "iam-user": Shape(
        "aws.iam.user",
        ("Arn", "CreateDate", "Path", "PermissionsBoundary", "Tags", "UserId", "UserName"),
        unlike={
            "PasswordLastUsed": "the last use of a password is in CredentialReport here",
            "c7n:AccessKeys": "Custodian's own annotation",
        },
    ),
    "iam-role": Shape(
        "aws.iam.role",
        (
            "Arn",
            "AssumeRolePolicyDocument",
            "CreateDate",
            "Path",
            "PermissionsBoundary",
            "RoleId",
            "RoleLastUsed",
            "RoleName",
            "Tags",
        ),
        unlike={
            "Description": "the call that describes all roles leaves it out",
            "MaxSessionDuration": "the call that describes all roles leaves it out",
        },
    ),
    "iam-group": Shape("aws.iam.group", ("Arn", "CreateDate", "GroupId", "GroupName", "Path")),
    "iam-policy": Shape(
        "aws.iam.policy",
        (
            "Arn",
            "AttachmentCount",
            "CreateDate",
            "DefaultVersionId",
            "Description",
            "IsAttachable",
            "Path",
            "PermissionsBoundaryUsageCount",
            "PolicyId",
            "PolicyName",
            "UpdateDate",
        ),
    ),
    "s3": Shape(
        "aws.s3.bucket",
        ("Acl", "Logging", "Name", "Notification", "Tags", "Versioning", "Website"),
        renamed={"Replication.ReplicationConfiguration": "Replication"},
        unlike={
            "CreationDate": "S3 moves it whenever a bucket's settings change; kept, but no change",
            "Lifecycle": "Custodian keeps the whole answer, headers included",
            "Location": "here it is BucketRegion, with a name for us-east-1, too",
            "Policy": "it is text there; here it is read",
        },
    ),
}
