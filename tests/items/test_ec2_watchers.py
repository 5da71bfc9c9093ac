"""EC2: the shape of what is fetched, and what is asked for it."""

import base64
import json
from typing import Any

from config.demo.cloud import REGIONS
from items.canonical import SEAL
from tests.cloud.faults import FaultProxy
from tests.items.conftest import Aws, Fetch, tagged

OPEN_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
}


def run_instance(ec2: Any, name: str, **how: Any) -> str:
    """Start an instance of this name."""
    reply = ec2.run_instances(
        ImageId="ami-12345678",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=tagged("instance", name),
        **how,
    )
    return reply["Instances"][0]["InstanceId"]


def a_subnet(ec2: Any) -> str:
    return ec2.describe_subnets()["Subnets"][0]["SubnetId"]


# -- instances --------------------------------------------------------------------------------


def test_an_instance_is_named_by_its_tag_and_holds_what_the_provider_says(
    aws: Aws, fetch: Fetch
) -> None:
    uid = run_instance(aws("ec2", "eu-west-1"), "web")
    found = fetch("aws.ec2.instance").named("web")
    assert (found.uid, found.place, found.region) == (uid, "eu-west-1", "eu-west-1")
    assert found.full_name == f"arn:aws:ec2:eu-west-1:222222222222:instance/{uid}"
    assert found.config["State"]["Name"] == "running"
    assert found.config["MetadataOptions"]["HttpTokens"] == "optional"


def test_of_user_data_only_a_digest_is_kept(aws: Aws, fetch: Fetch) -> None:
    ec2 = aws("ec2")
    run_instance(ec2, "one", UserData="password=secret")
    run_instance(ec2, "same", UserData="password=secret")
    run_instance(ec2, "other", UserData="password=other")
    found = fetch("aws.ec2.instance")
    one, same, other = (found.config(name)["UserData"] for name in ("one", "same", "other"))
    assert SEAL.fullmatch(one)
    assert one == same != other
    everything = json.dumps([one.config for one in found.snapshots])
    for text in (b"password=secret", b"password=other"):
        assert text.decode() not in everything
        assert base64.b64encode(text).decode() not in everything


def test_an_instance_without_user_data_or_a_name_has_null_and_its_id(
    aws: Aws, fetch: Fetch
) -> None:
    reply = aws("ec2").run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)
    found = fetch("aws.ec2.instance").named(reply["Instances"][0]["InstanceId"])
    assert found.config["UserData"] is None
    assert found.unread == {}


def test_user_data_that_is_refused_is_unread_and_names_the_permission(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    ec2 = aws("ec2")
    refused = run_instance(ec2, "refused")
    run_instance(ec2, "read")
    faults.add(operation="DescribeInstanceAttribute", resource=refused)
    found = fetch("aws.ec2.instance")
    assert found.unread() == {"UserData": {"refused"}}
    refusal = found.named("refused").unread["UserData"]
    assert refusal.permission == "ec2:DescribeInstanceAttribute"
    assert (refusal.place, refusal.part, refusal.name) == ("us-east-1", "UserData", "refused")
    assert "UserData" not in found.config("refused")
    assert found.answered == set(REGIONS)


def test_an_instance_that_is_terminated_is_gone_though_it_is_listed(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    ec2 = aws("ec2")
    uid = run_instance(ec2, "web")
    ec2.terminate_instances(InstanceIds=[uid])
    assert ec2.describe_instances()["Reservations"]
    found = fetch("aws.ec2.instance")
    assert (found.snapshots, found.refusals) == ([], [])
    assert found.answered == set(REGIONS)
    assert faults.calls["DescribeInstanceAttribute"] == 0


def test_an_instance_that_ends_between_two_calls_is_gone_and_no_refusal(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    run_instance(aws("ec2"), "web")
    faults.add(operation="DescribeInstanceAttribute", code="InvalidInstanceID.NotFound")
    found = fetch("aws.ec2.instance")
    assert (found.snapshots, found.refusals) == ([], [])
    assert found.answered == set(REGIONS)


# -- networks ---------------------------------------------------------------------------------


def test_a_network_interface_is_found_with_its_groups(aws: Aws, fetch: Fetch) -> None:
    ec2 = aws("ec2")
    made = ec2.create_network_interface(
        SubnetId=a_subnet(ec2), TagSpecifications=tagged("network-interface", "proxy")
    )["NetworkInterface"]
    found = fetch("aws.ec2.network_interface").named("proxy")
    assert found.uid == made["NetworkInterfaceId"]
    assert found.full_name.endswith(f":222222222222:network-interface/{found.uid}")
    assert found.config["Groups"] == made["Groups"]


def test_an_address_is_named_by_its_tag_or_by_itself(aws: Aws, fetch: Fetch) -> None:
    ec2 = aws("ec2")
    named = ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip", "door"))
    plain = ec2.allocate_address(Domain="vpc")
    found = fetch("aws.ec2.address")
    assert found.named("door").uid == named["AllocationId"]
    assert found.named(plain["PublicIp"]).uid == plain["AllocationId"]
    assert found.named("door").full_name.endswith(f":elastic-ip/{named['AllocationId']}")


def log_flows(ec2: Any, kind: str, uid: str) -> str:
    """Let the flows of a VPC or subnet be logged."""
    return ec2.create_flow_logs(
        ResourceIds=[uid],
        ResourceType=kind,
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flow-logs",
    )["FlowLogIds"][0]


def test_flow_logs_are_spread_over_the_vpcs_by_one_call_a_region(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    aws("s3").create_bucket(Bucket="flow-logs")
    ec2 = aws("ec2", "eu-west-1")
    for name in ("logged", "silent"):
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc", name))
    logged, silent = (
        ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])["Vpcs"][0]["VpcId"]
        for name in ("logged", "silent")
    )
    flow_log = log_flows(ec2, "VPC", logged)
    log_flows(
        ec2,
        "Subnet",
        ec2.create_subnet(VpcId=silent, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"],
    )
    found = fetch("aws.ec2.vpc")
    assert [one["FlowLogId"] for one in found.config("logged")["FlowLogs"]] == [flow_log]
    assert found.config("silent")["FlowLogs"] == []
    assert found.named("logged").full_name == f"arn:aws:ec2:eu-west-1:222222222222:vpc/{logged}"
    assert faults.calls["DescribeFlowLogs"] == len(REGIONS)


def test_refused_flow_logs_are_unread_on_every_vpc_of_their_region_only(
    aws: Aws, fetch: Fetch, faults: FaultProxy
) -> None:
    aws("ec2", "eu-west-1").create_vpc(CidrBlock="10.0.0.0/16")
    faults.add(operation="DescribeFlowLogs", region="eu-west-1")
    found = fetch("aws.ec2.vpc")
    unread = [one for one in found.snapshots if "FlowLogs" in one.unread]
    assert {one.place for one in unread} == {"eu-west-1"}
    assert len(unread) == 2
    assert unread[0].unread["FlowLogs"].permission == "ec2:DescribeFlowLogs"
    assert all("FlowLogs" not in one.config for one in unread)
    assert found.answered == set(REGIONS)


def test_the_policy_of_an_endpoint_is_parsed_and_its_text_stays(aws: Aws, fetch: Fetch) -> None:
    ec2 = aws("ec2")
    made = ec2.create_vpc_endpoint(
        VpcId=ec2.describe_vpcs()["Vpcs"][0]["VpcId"],
        ServiceName="com.amazonaws.us-east-1.s3",
        PolicyDocument=json.dumps(OPEN_POLICY),
        TagSpecifications=tagged("vpc-endpoint", "to s3"),
    )["VpcEndpoint"]
    found = fetch("aws.ec2.vpc_endpoint").named("to s3")
    assert found.uid == made["VpcEndpointId"]
    assert found.config["Policy"] == OPEN_POLICY
    assert json.loads(found.config["PolicyDocument"]) == OPEN_POLICY


def test_a_nat_gateway_that_is_deleted_is_gone_though_it_is_listed(aws: Aws, fetch: Fetch) -> None:
    ec2 = aws("ec2")
    uids = {}
    for name in ("stays", "goes"):
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        uids[name] = ec2.create_nat_gateway(
            SubnetId=a_subnet(ec2),
            AllocationId=address,
            TagSpecifications=tagged("natgateway", name),
        )["NatGateway"]["NatGatewayId"]
    ec2.delete_nat_gateway(NatGatewayId=uids["goes"])
    found = fetch("aws.ec2.nat_gateway")
    assert [one.uid for one in found.snapshots] == [uids["stays"]]
    assert found.snapshots[0].full_name.endswith(f":natgateway/{uids['stays']}")
    assert found.answered == set(REGIONS)
