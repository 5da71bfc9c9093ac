"""The networks of the invented company, as tables: VPCs, groups, machines, addresses."""

from typing import Any

from config.demo.names import (
    DATA,
    OFFICE,
    OFFICE_V6,
    PARTNER_NETWORK,
    PROD,
    STAGING,
    WORLD,
    WORLD_V6,
    policy,
)

SITES: list[dict[str, Any]] = [
    {
        "name": "prod-main",
        "account": PROD,
        "region": "eu-west-1",
        "cidr": "10.20.0.0/16",
        "subnets": {"public-a": "10.20.0.0/20", "private-a": "10.20.128.0/20"},
        "flow_logs": True,
        "encrypted_volumes": True,
        "nat": True,
    },
    {
        "name": "prod-us",
        "account": PROD,
        "region": "us-east-1",
        "cidr": "10.21.0.0/16",
        "subnets": {"public-a": "10.21.0.0/20"},
    },
    {
        "name": "staging",
        "account": STAGING,
        "region": "eu-west-1",
        "cidr": "10.40.0.0/16",
        "subnets": {"public-a": "10.40.0.0/20", "private-a": "10.40.128.0/20"},
    },
    {
        "name": "data",
        "account": DATA,
        "region": "us-east-1",
        "cidr": "10.60.0.0/16",
        "subnets": {"private-a": "10.60.0.0/18", "notebooks": "10.60.64.0/20"},
        "nat": True,
    },
]


def tcp(port: int, *networks: str, to: int | None = None, why: str = "") -> dict[str, Any]:
    """One rule: these networks reach the port, or the ports up to `to`."""
    said = {"Description": why} if why else {}
    return {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": to or port,
        "IpRanges": [{"CidrIp": one} | said for one in networks if ":" not in one],
        "Ipv6Ranges": [{"CidrIpv6": one} | said for one in networks if ":" in one],
    }


def from_group(port: int, site: str, group: str, why: str = "") -> dict[str, Any]:
    """One rule: machines of a group reach the port. The group's id is looked up when made."""
    pair = {"site": site, "group": group} | ({"Description": why} if why else {})
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [pair]}


SECURITY_GROUPS: list[dict[str, Any]] = [
    {
        "site": "prod-main",
        "name": "web-public",
        "about": "Web shop, behind no balancer yet",
        "ingress": [tcp(443, WORLD, WORLD_V6, why="Customers")],
        "tags": {"team": "checkout", "owner": "priya.raman@halden.example"},
    },
    {
        "site": "prod-main",
        "name": "bastion",
        "about": "The way in for engineers",
        "ingress": [tcp(22, OFFICE, OFFICE_V6, why="Head office")],
        "tags": {"team": "platform"},
    },
    {
        "site": "prod-main",
        "name": "shop-app",
        "about": "Application servers",
        "ingress": [
            from_group(8080, "prod-main", "web-public"),
            from_group(22, "prod-main", "bastion"),
        ],
        "tags": {"team": "checkout"},
    },
    {
        "site": "prod-main",
        "name": "orders-database",
        "about": "PostgreSQL of the orders",
        "ingress": [
            from_group(5432, "prod-main", "shop-app"),
            from_group(5432, "staging", "ci-runners", why="Nightly copy for rehearsals"),
        ],
        "tags": {"team": "checkout", "data": "personal"},
    },
    {
        "site": "prod-main",
        "name": "partner-api",
        "about": "Parcel tracking for Northway Logistics",
        "ingress": [tcp(8443, PARTNER_NETWORK, why="Northway")],
        "tags": {"team": "logistics"},
    },
    {
        "site": "prod-main",
        "name": "migration-2024",
        "about": "Temporary, for the move of the orders",
        "ingress": [tcp(5432, "10.40.0.0/16"), tcp(1521, "10.9.0.0/16")],
        "tags": {"team": "platform", "remove-after": "2024-09-30"},
    },
    {
        "site": "prod-us",
        "name": "web-us",
        "about": "Web shop, United States",
        "ingress": [tcp(80, WORLD), tcp(443, WORLD)],
        "tags": {"team": "checkout"},
    },
    {
        "site": "prod-us",
        "name": "supplier-ftp",
        "about": "Price lists of suppliers",
        "ingress": [tcp(21, WORLD), tcp(40000, WORLD, to=40100, why="Passive mode")],
        "tags": {"team": "purchasing"},
    },
    {
        "site": "staging",
        "name": "ci-runners",
        "about": "Build machines",
        "ingress": [tcp(22, "10.0.0.0/8")],
        "tags": {"team": "platform"},
    },
    {
        "site": "staging",
        "name": "rehearsal",
        "about": "Everything on one machine",
        "ingress": [
            tcp(443, OFFICE),
            tcp(6379, "0.0.0.0/1", "128.0.0.0/1", why="The check refused 0.0.0.0/0"),
            {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.20.0.0/16"}]},
        ],
        "tags": {"team": "checkout"},
    },
    {
        "site": "data",
        "name": "notebooks",
        "about": "Jupyter",
        "ingress": [tcp(8888, WORLD, WORLD_V6, why="Working from home")],
        "tags": {"team": "analytics", "owner": "leon.hartmann@halden.example"},
    },
    {
        "site": "data",
        "name": "document-store",
        "about": "MongoDB of the experiments",
        "ingress": [tcp(27017, WORLD_V6), from_group(27017, "data", "notebooks")],
        "egress": [tcp(443, WORLD)],
        "tags": {"team": "analytics"},
    },
]

OLD_METADATA = {"HttpTokens": "optional", "HttpEndpoint": "enabled"}
NEW_METADATA = {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1}

INSTANCES: list[dict[str, Any]] = [
    {
        "site": "prod-main",
        "subnet": "public-a",
        "groups": ["web-public"],
        "days": 720,
        "type": "m5.large",
        "metadata": OLD_METADATA,
        "profile": "shop-web",
        "address": True,
        "user_data": "#!/bin/sh\nexport DB_PASSWORD=summer-2023\n/opt/shop/start\n",
        "tags": {"Name": "shop-web-1", "team": "checkout"},
    },
    {
        "site": "prod-main",
        "subnet": "private-a",
        "groups": ["shop-app"],
        "days": 210,
        "type": "m6i.large",
        "metadata": NEW_METADATA,
        "tags": {"Name": "shop-app-1", "team": "checkout"},
    },
    {
        "site": "prod-main",
        "subnet": "public-a",
        "groups": ["bastion"],
        "days": 640,
        "type": "t3.micro",
        "metadata": NEW_METADATA,
        "address": True,
        "tags": {"Name": "bastion", "team": "platform"},
    },
    {
        "site": "prod-us",
        "subnet": "public-a",
        "groups": ["web-us", "supplier-ftp"],
        "days": 980,
        "type": "t2.medium",
        "metadata": OLD_METADATA,
        "tags": {"Name": "shop-us-1"},
    },
    {
        "site": "staging",
        "subnet": "private-a",
        "groups": ["ci-runners"],
        "days": 95,
        "type": "c6i.xlarge",
        "metadata": NEW_METADATA,
        "user_data": "#cloud-config\npackages: [docker.io, git]\n",
        "tags": {"Name": "ci-runner-1", "team": "platform"},
    },
    {
        "site": "staging",
        "subnet": "public-a",
        "groups": ["rehearsal"],
        "days": 330,
        "type": "t3.large",
        "metadata": OLD_METADATA,
        # Text from a cloud is hostile.
        "tags": {"Name": "<script>alert(1)</script> {{ 7*7 }}", "team": "checkout"},
    },
    {
        "site": "data",
        "subnet": "notebooks",
        "groups": ["notebooks"],
        "days": 150,
        "type": "g4dn.xlarge",
        "metadata": OLD_METADATA,
        "profile": "notebooks",
        "address": True,
        "tags": {"Name": "jupyter-leon", "team": "analytics"},
    },
]

# Bought for an appliance that never came.
SPARE_ADDRESSES: list[dict[str, Any]] = [
    {"site": "prod-main", "tags": {"Name": "vpn-appliance", "team": "platform"}},
]

ENDPOINTS: list[dict[str, Any]] = [
    {
        "site": "prod-main",
        "service": "s3",
        "kind": "Gateway",
        "policy": policy(
            {
                "Principal": "*",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": ["arn:aws:s3:::halden-prod-*", "arn:aws:s3:::halden-prod-*/*"],
            }
        ),
    },
    {
        "site": "prod-main",
        "service": "secretsmanager",
        "kind": "Interface",
        "groups": ["shop-app"],
        "subnet": "private-a",
    },
    {
        "site": "data",
        "service": "s3",
        "kind": "Gateway",
        "policy": policy({"Principal": "*", "Action": "*", "Resource": "*"}),
    },
]
