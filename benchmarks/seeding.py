"""Fills an empty AWS-compatible account: N security groups, N/5 buckets, users and roles.

Everything is tagged `serial` = v-00000, v-00001 and so on, so that a hundredth of it can be
changed later: what has a serial of whole hundreds. Who is seeded what follows from N alone.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import boto3
from botocore.config import Config

from config.demo.cloud import ACCESS_KEY, SECRET_KEY

ACCOUNT = "210987654321"
ROLE = "Vervet"
# The regions that AWS enables in a new account; things are in the first five.
REGIONS = (
    *("us-east-1", "eu-west-1", "eu-central-1", "us-west-2", "ap-southeast-2"),
    *("us-east-2", "us-west-1", "ca-central-1", "sa-east-1", "eu-west-2", "eu-west-3"),
    *("eu-north-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
    *("ap-south-1", "ap-southeast-1"),
)
USED = REGIONS[:5]

TEAMS = ("payments", "identity", "search", "edge", "data", "platform", "mobile", "studio")
STAGES = ("prod", "test", "dev")
PORTS = (22, 80, 443, 3306, 3389, 5432, 6379, 7001, 8080, 8443, 9042, 9092, 9200, 27017)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
SERVICES = ("ec2", "lambda", "ecs-tasks")

Client = Callable[[str, str], Any]


def seed(endpoint: str, size: int) -> None:
    """Create everything; one thread a service, for the sake of moto."""
    client = clients(endpoint)
    kinds = (seed_networks, seed_buckets, seed_identities)
    with ThreadPoolExecutor(len(kinds)) as pool:
        for done in [pool.submit(kind, client, size) for kind in kinds]:
            done.result()


def clients(endpoint: str) -> Client:
    """Return what gives the client of a service in a region, as an administrator of the account."""
    config = Config(retries={"mode": "standard", "max_attempts": 5})
    keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
    sts = boto3.client("sts", REGIONS[0], endpoint_url=endpoint, **keys)
    role = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
    given = sts.assume_role(RoleArn=role, RoleSessionName="seeding")["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    made = {
        (service, region): session.client(service, region, endpoint_url=endpoint, config=config)
        for service, regions in {"ec2": USED, "s3": USED, "iam": USED[:1]}.items()
        for region in regions
    }
    return lambda service, region: made[service, region]


def tags(number: int) -> list[dict[str, str]]:
    """Return the tags of the thing of a number."""
    told = {
        "serial": f"v-{number:05}",
        "Owner": f"{TEAMS[number % len(TEAMS)]}@example.com",
        "Environment": STAGES[number % len(STAGES)],
    }
    return [{"Key": key, "Value": value} for key, value in told.items()]


# -- networks -----------------------------------------------------------------------------------


def seed_networks(client: Client, size: int) -> None:
    """Create security groups, some 200 in a VPC, each with a handful of rules."""
    for place, region in enumerate(USED):
        ec2 = client("ec2", region)
        numbers = range(place, size, len(USED))
        vpcs = [
            ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
            for number in range(1 + len(numbers) // 200)
        ]
        peers: list[str] = []
        for count, number in enumerate(numbers):
            peer = peers[count - len(vpcs)] if count >= len(vpcs) else None
            peers.append(seed_group(ec2, number, vpcs[count % len(vpcs)], peer))


def seed_group(ec2: Any, number: int, vpc: str, peer: str | None) -> str:
    """Create a security group and its rules; return its id."""
    name = f"{TEAMS[number % len(TEAMS)]}-app-{number:05}"
    tagged = [*tags(number), {"Key": "Name", "Value": name}]
    group = ec2.create_security_group(
        GroupName=name,
        Description=f"Traffic of {name}",
        VpcId=vpc,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tagged}],
    )["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=list(permissions(number, peer))
    )
    return str(group)


def permissions(number: int, peer: str | None) -> Iterator[dict[str, Any]]:
    """Yield a group's rules: mostly inner networks, one in ten groups open to the world."""
    chance = Random(number)  # noqa: S311
    for port in chance.sample(PORTS, chance.randint(2, 6)):
        networks = {f"10.{chance.randrange(200)}.{chance.randrange(255)}.0/24" for _ in range(3)}
        asked = [{"CidrIp": one, "Description": "a team's subnet"} for one in sorted(networks)]
        yield tcp(port, IpRanges=asked[: chance.randint(1, 3)])
    if number % 10 == 0:
        yield tcp(chance.choice((21, 23, 25, 445)), IpRanges=[{"CidrIp": "0.0.0.0/0"}])
    if number % 20 == 0:
        yield tcp(1433, Ipv6Ranges=[{"CidrIpv6": "::/0"}])
    if number % 50 == 7:
        yield {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "for now"}]}
    if peer and number % 3 == 0:
        yield tcp(8081, UserIdGroupPairs=[{"GroupId": peer, "Description": "a peer"}])


def tcp(port: int, **sources: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **sources}


# -- buckets ------------------------------------------------------------------------------------


def seed_buckets(client: Client, size: int) -> None:
    """Create buckets with every kind of setting somewhere."""
    for number in range(size // 5):
        region = USED[number % len(USED)]
        seed_bucket(client("s3", region), number, region)


def seed_bucket(s3: Any, number: int, region: str) -> None:
    """Create a bucket; which settings it has follows from its number."""
    name = f"{TEAMS[number % len(TEAMS)]}-files-{number:05}"
    here = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **(here if region != REGIONS[0] else {}))
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags(number)})
    if number % 10 == 0:
        s3.put_bucket_acl(Bucket=name, ACL="public-read")
    statements = bucket_statements(name, number)
    if statements:
        s3.put_bucket_policy(Bucket=name, Policy=policy(*statements))
    if number % 2 == 0:
        on = {"Status": "Enabled"}
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=on)
    else:
        default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(
            Bucket=name, ServerSideEncryptionConfiguration={"Rules": [default]}
        )
    if number % 4 == 0:
        expiry = {"ID": "old", "Filter": {"Prefix": "tmp/"}, "Status": "Enabled"}
        rules = [{**expiry, "Expiration": {"Days": 30}}]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    if number % 5 == 1:
        names = (
            "BlockPublicAcls",
            "IgnorePublicAcls",
            "BlockPublicPolicy",
            "RestrictPublicBuckets",
        )
        blocked = dict.fromkeys(names, True)
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocked)


def bucket_statements(name: str, number: int) -> list[dict[str, Any]]:
    """Return the statements of a bucket's policy; none: it has no policy."""
    files = f"arn:aws:s3:::{name}/*"
    if number % 10 == 3:
        return [allow("s3:GetObject", files, Sid="Everyone", Principal="*")]
    if number % 3:
        return []
    partner = f"arn:aws:iam::{310000000000 + number}:root"
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    return [
        {**allow("s3:*", files, Principal="*", Condition=insecure), "Effect": "Deny"},
        allow(["s3:GetObject", "s3:PutObject"], files, Principal={"AWS": partner}),
    ]


# -- identities ---------------------------------------------------------------------------------


def seed_identities(client: Client, size: int) -> None:
    """Create users and roles, and what they share: policies and ten groups."""
    iam = client("iam", REGIONS[0])
    policies = [seed_policy(iam, number) for number in range(max(1, size // 10))]
    for number in range(10):
        iam.create_group(GroupName=f"group-{number}")
        iam.attach_group_policy(
            GroupName=f"group-{number}", PolicyArn=policies[number % len(policies)]
        )
    for number in range(size // 5):
        seed_user(iam, number, policies)
        seed_role(iam, number, policies)
    while iam.generate_credential_report()["State"] != "COMPLETE":
        continue  # moto answers COMPLETE the second time.


def seed_policy(iam: Any, number: int) -> str:
    """Create a customer managed policy; return its ARN. One in twenty allows everything."""
    services = ("ec2", "s3", "dynamodb")[: 1 + number % 3]
    some = [f"{service}:{verb}*" for service in services for verb in ("Get", "List", "Describe")]
    document = policy(allow(some if number % 20 else "*", "*"))
    made = iam.create_policy(PolicyName=f"policy-{number:05}", PolicyDocument=document)
    return str(made["Policy"]["Arn"])


def seed_user(iam: Any, number: int, policies: list[str]) -> None:
    """Create a user; which credentials it has follows from its number."""
    name = f"user-{number:05}"
    iam.create_user(UserName=name, Tags=tags(number))
    iam.add_user_to_group(GroupName=f"group-{number % 10}", UserName=name)
    attached = policies[number % len(policies)] if number % 25 else ADMINISTRATOR
    iam.attach_user_policy(UserName=name, PolicyArn=attached)
    for _ in range(number % 3):
        iam.create_access_key(UserName=name)
    if number % 2 == 0:
        iam.create_login_profile(UserName=name, Password="not-A-secret-1")  # noqa: S106
    if number % 4 == 0:
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
        codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
        iam.enable_mfa_device(UserName=name, SerialNumber=device["SerialNumber"], **codes)
    if number % 5 == 0:
        own = policy(allow("s3:*", "*"))
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=own)


def seed_role(iam: Any, number: int, policies: list[str]) -> None:
    """Create a role; one in fifteen may be assumed by everyone."""
    name = f"role-{number:05}"
    who: dict[str, str] = {"Service": f"{SERVICES[number % len(SERVICES)]}.amazonaws.com"}
    if number % 15 == 0:
        who = {"AWS": "*"}
    elif number % 4 == 0:
        who = {"AWS": f"arn:aws:iam::{310000000000 + number}:root"}
    trust = {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust), Tags=tags(number))
    attached = policies[number % len(policies)] if number % 20 else ADMINISTRATOR
    iam.attach_role_policy(RoleName=name, PolicyArn=attached)
    if number % 2 == 0:
        risky, usual = ["iam:PassRole", "ec2:RunInstances"], ["sqs:*", "sns:Publish"]
        own = policy(allow(usual if number % 30 else risky, "*"))
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=own)
    if number % 5 == 0:
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)


def allow(actions: str | list[str], resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
