"""EC2: instances, the networks that they are in, and what lets traffic through."""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import Any

from accounts.models import Account
from items.watchers.aws.base import NAME_TAG, AwsWatcher
from items.watchers.base import Row
from items.watchers.terms import Call


def paged(operation: str, answer: str) -> Call:
    """Return a listing; EC2 answers page by page only where a limit is asked for."""
    return Call(operation, answer, params={"MaxResults": 1000})


class SecurityGroup(AwsWatcher):
    technology = "aws.ec2.security_group"
    label = "EC2 security group"
    element_names = {
        "IpPermissions": ("IpProtocol", "FromPort", "ToPort"),
        "IpPermissionsEgress": ("IpProtocol", "FromPort", "ToPort"),
    }

    service = "ec2"
    listing = paged("describe_security_groups", "SecurityGroups")

    id = "GroupId"
    name = "GroupName"
    full_name = "arn:{partition}:ec2:{region}:{OwnerId}:security-group/{GroupId}"


class Instance(AwsWatcher):
    technology = "aws.ec2.instance"
    label = "EC2 instance"

    service = "ec2"
    listing = paged("describe_instances", "Reservations[].Instances[]")
    details = {
        "UserData": Call(
            "describe_instance_attribute",
            "UserData.Value",
            params={"Attribute": "userData"},
            keys={"InstanceId": "InstanceId"},
        )
    }

    id = "InstanceId"
    name = NAME_TAG
    full_name = "arn:{partition}:ec2:{region}:{account}:instance/{InstanceId}"

    # AWS lists what is terminated for another hour; its disks, addresses and roles are gone.
    left_out = "State.Name == 'terminated'"
    gone_codes = ("InvalidInstanceID.NotFound",)
    # Steps on the way from one state to another, and what AWS does by itself. The high byte of
    # the state's code is AWS's own.
    ephemeral = (
        "State.Code",
        "StateTransitionReason",
        "MetadataOptions.State",
        "CapacityReservationId",
        "BlockDeviceMappings[].Ebs.Status",
        "NetworkInterfaces[].Status",
        "NetworkInterfaces[].Attachment.Status",
    )
    secret = ("UserData",)


class NetworkInterface(AwsWatcher):
    technology = "aws.ec2.network_interface"
    label = "EC2 network interface"

    service = "ec2"
    listing = paged("describe_network_interfaces", "NetworkInterfaces")

    id = "NetworkInterfaceId"
    name = "TagSet[?Key=='Name'].Value | [0]"
    full_name = "arn:{partition}:ec2:{region}:{OwnerId}:network-interface/{NetworkInterfaceId}"

    # They follow from whether there is an attachment, with steps between.
    ephemeral = ("Status", "Attachment.Status")


class Address(AwsWatcher):
    technology = "aws.ec2.address"
    label = "Elastic IP address"

    service = "ec2"
    listing = Call("describe_addresses", "Addresses")

    id = "AllocationId || PublicIp"
    name = f"({NAME_TAG}) || PublicIp"
    full_name = "arn:{partition}:ec2:{region}:{account}:elastic-ip/{uid}"


FLOW_LOGS = paged("describe_flow_logs", "FlowLogs")


class Vpc(AwsWatcher):
    technology = "aws.ec2.vpc"
    label = "VPC"

    service = "ec2"
    listing = paged("describe_vpcs", "Vpcs")
    others = (FLOW_LOGS,)
    adds = ("FlowLogs",)

    id = "VpcId"
    name = NAME_TAG
    full_name = "arn:{partition}:ec2:{region}:{OwnerId}:vpc/{VpcId}"

    def spread(self, account: Account, place: str, rows: list[Row]) -> None:
        """One call a region tells of the flow logs of all its VPCs."""
        self.share(
            rows, "FlowLogs", partial(self.flow_logs, account, place), vpc_id, otherwise=list
        )

    def flow_logs(self, account: Account, place: str) -> Mapping[str, list[dict[str, Any]]]:
        """Return a region's flow logs by what they are of: VPCs, subnets, interfaces."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for flow_log in self.read(account, place, FLOW_LOGS, {}):
            found[flow_log["ResourceId"]].append(flow_log)
        return found


def vpc_id(config: dict[str, Any]) -> Any:
    return config.get("VpcId")


class VpcEndpoint(AwsWatcher):
    technology = "aws.ec2.vpc_endpoint"
    label = "VPC endpoint"

    service = "ec2"
    listing = paged("describe_vpc_endpoints", "VpcEndpoints")

    id = "VpcEndpointId"
    name = NAME_TAG
    full_name = "arn:{partition}:ec2:{region}:{OwnerId}:vpc-endpoint/{VpcEndpointId}"

    # Listed for a while after its end. The API writes states small, its description large.
    left_out = "State == 'deleted' || State == 'Deleted'"
    json_text = {"Policy": "PolicyDocument"}
    ephemeral = ("PolicyDocument",)  # `Policy` says the same, whatever the order and spaces.


class NatGateway(AwsWatcher):
    technology = "aws.ec2.nat_gateway"
    label = "NAT gateway"

    service = "ec2"
    listing = paged("describe_nat_gateways", "NatGateways")

    id = "NatGatewayId"
    name = NAME_TAG
    full_name = "arn:{partition}:ec2:{region}:{account}:natgateway/{NatGatewayId}"

    left_out = "State == 'deleted'"  # Listed for another hour.
