"""Lays the networks of the invented company, and puts machines into them."""

from dataclasses import dataclass, field
from typing import Any

from config.demo.access import Access
from config.demo.names import WORLD, tag_list
from config.demo.sites import ENDPOINTS, INSTANCES, SECURITY_GROUPS, SITES, SPARE_ADDRESSES

Row = dict[str, Any]


@dataclass
class Site:
    """A VPC while it is furnished: its client, and the ids of what is there by name."""

    ec2: Any
    account: str
    region: str
    name: str
    vpc: str
    subnets: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)


Sites = dict[str, Site]


def lay(access: Access) -> None:
    """Make the networks and what is in them."""
    sites = {row["name"]: make_site(access, row) for row in SITES}
    for group in SECURITY_GROUPS:
        make_group(sites[group["site"]], group)
    for group in SECURITY_GROUPS:  # Now that all have ids, they can name each other.
        open_group(sites, group)
    for row in SITES:
        connect(sites[row["name"]], row)
    for endpoint in ENDPOINTS:
        make_endpoint(sites[endpoint["site"]], endpoint)
    for instance in INSTANCES:
        with access.cloud.clock(instance["days"]):
            make_instance(sites[instance["site"]], instance)
    for address in SPARE_ADDRESSES:
        make_address(sites[address["site"]].ec2, address["tags"])


def tagged(kind: str, tags: dict[str, str]) -> list[Row]:
    """Tags as a creating call takes them."""
    return [{"ResourceType": kind, "Tags": tag_list(tags)}]


def make_site(access: Access, row: Row) -> Site:
    """Make a VPC with its subnets and its gateway."""
    account, region, name = row["account"], row["region"], row["name"]
    ec2 = access.client(account, "ec2", region)
    vpc = ec2.create_vpc(CidrBlock=row["cidr"], TagSpecifications=tagged("vpc", {"Name": name}))
    site = Site(ec2, account, region, name, vpc["Vpc"]["VpcId"])
    for subnet, cidr in row["subnets"].items():
        made = ec2.create_subnet(
            VpcId=site.vpc,
            CidrBlock=cidr,
            AvailabilityZone=region + "a",
            TagSpecifications=tagged("subnet", {"Name": f"{name}-{subnet}"}),
        )
        site.subnets[subnet] = made["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=site.vpc)
    return site


def connect(site: Site, row: Row) -> None:
    """Give a site its NAT gateway, flow logs and encryption by default, where it has them."""
    if row.get("encrypted_volumes"):
        site.ec2.enable_ebs_encryption_by_default()
    if row.get("nat"):
        subnet = next(iter(site.subnets.values()))
        site.ec2.create_nat_gateway(
            SubnetId=subnet,
            AllocationId=make_address(site.ec2, {"Name": f"{site.name}-nat"}),
            TagSpecifications=tagged("natgateway", {"Name": f"{site.name}-nat"}),
        )
    if row.get("flow_logs"):
        site.ec2.create_flow_logs(
            ResourceIds=[site.vpc],
            ResourceType="VPC",
            TrafficType="REJECT",
            LogDestinationType="s3",
            LogDestination="arn:aws:s3:::halden-prod-access-logs/vpc/",
        )


def make_address(ec2: Any, tags: dict[str, str]) -> str:
    """Allocate an address; give its allocation id."""
    made = ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip", tags))
    return str(made["AllocationId"])


def make_group(site: Site, row: Row) -> None:
    """Make a security group that lets nothing in yet."""
    made = site.ec2.create_security_group(
        GroupName=row["name"],
        Description=row["about"],
        VpcId=site.vpc,
        TagSpecifications=tagged("security-group", row["tags"]),
    )
    site.groups[row["name"]] = made["GroupId"]


def open_group(sites: Sites, row: Row) -> None:
    """Give a security group its rules."""
    site = sites[row["site"]]
    group = site.groups[row["name"]]
    rules = [with_ids(sites, rule) for rule in row["ingress"]]
    site.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
    if "egress" in row:
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": WORLD}]}]
        site.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
        site.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=row["egress"])


def with_ids(sites: Sites, rule: Row) -> Row:
    """A rule with the ids and accounts of the groups that it names."""
    pairs = []
    for pair in rule.get("UserIdGroupPairs", []):
        site = sites[pair["site"]]
        said = {key: pair[key] for key in ("Description",) if key in pair}
        pairs.append({"GroupId": site.groups[pair["group"]], "UserId": site.account} | said)
    return rule | ({"UserIdGroupPairs": pairs} if pairs else {})


def make_endpoint(site: Site, row: Row) -> None:
    """Make a VPC endpoint; without a policy it gets AWS's, which allows everything."""
    how: Row = {"PolicyDocument": row["policy"]} if "policy" in row else {}
    if row["kind"] == "Interface":
        how["SubnetIds"] = [site.subnets[row["subnet"]]]
        how["SecurityGroupIds"] = [site.groups[name] for name in row["groups"]]
    site.ec2.create_vpc_endpoint(
        VpcId=site.vpc,
        ServiceName=f"com.amazonaws.{site.region}.{row['service']}",
        VpcEndpointType=row["kind"],
        **how,
    )


def make_instance(site: Site, row: Row) -> None:
    """Start a machine, with an address of its own where it has one."""
    how: Row = {"UserData": row["user_data"]} if "user_data" in row else {}
    if "profile" in row:
        how["IamInstanceProfile"] = {"Name": row["profile"]}
    made = site.ec2.run_instances(
        ImageId="ami-0f1e2d3c4b5a69788",
        InstanceType=row["type"],
        MinCount=1,
        MaxCount=1,
        SubnetId=site.subnets[row["subnet"]],
        SecurityGroupIds=[site.groups[name] for name in row["groups"]],
        MetadataOptions=row["metadata"],
        TagSpecifications=tagged("instance", row["tags"]),
        **how,
    )
    if row.get("address"):
        allocation = make_address(site.ec2, {"Name": row["tags"]["Name"]})
        instance = made["Instances"][0]["InstanceId"]
        site.ec2.associate_address(AllocationId=allocation, InstanceId=instance)
