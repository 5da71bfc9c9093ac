"""What a rule may ask about whom something names: accounts, ARNs, ids, networks, services."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Any

from audits.functions.base import Context
from audits.functions.members import member
from audits.functions.ranges import Range, network, ranged
from audits.functions.wildcards import VARIABLE

_NEAREST_FIRST = ("same account", "ours", "third party", "unknown")

_ARN = re.compile(r"arn:([^:]*):([^:]*):([^:]*):([^:]*):(.+)", re.DOTALL)
_ACCOUNT = re.compile(r"\d{12}")

# Accounts that stand in ARNs by a name: the owner of managed policies, and of CloudFront's origin
# access identities. What customer is behind the latter, nobody but AWS can tell.
_AWS_ACCOUNTS = ("aws", "cloudfront")

# Sign in for everybody in the world who has an account there.
_IDENTITY_PROVIDERS = (
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
)

_GROUPS = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "everyone",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "everyone",
    "http://acs.amazonaws.com/groups/s3/LogDelivery": "service",
}

# By what an id begins with: in which items it is looked for, and where in them.
_BY_PREFIX = {
    "vpc-": ("aws.ec2.vpc", "VpcId"),
    "vpce-": ("aws.ec2.vpc_endpoint", "VpcEndpointId"),
    "sg-": ("aws.ec2.security_group", "GroupId"),
    "AIDA": ("aws.iam.user", "UserId"),
    "AROA": ("aws.iam.role", "RoleId"),
}

# The sizes a VPC's blocks may have (AWS's quotas of VPCs): a lookup is of whole values, so that a
# network is looked for under the name of every block that could hold it.
_BLOCKS = {
    4: ("CidrBlockAssociationSet[].CidrBlock", range(16, 29)),
    6: ("Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock", range(44, 61, 4)),
}
_PUBLIC_ADDRESSES = (
    ("aws.ec2.address", "PublicIp"),
    ("aws.ec2.nat_gateway", "NatGatewayAddresses[].PublicIp"),
)


def whose(context: Context, x: Any) -> str | None:
    """Tell whose a thing is that a configuration names; null if nothing is named.

    Takes account ids, ARNs, S3's canonical ids and groups, user and role ids, ids of VPCs, VPC
    endpoints and security groups, addresses and CIDRs, organisations, services; members of Google's
    policies or their bare addresses (a person is whose his domain is, as a known account or as the
    name of an organisation that is watched); ids of projects, subscriptions, tenants and domains
    that are known accounts. Gives: same account, ours, third party, service, organisation,
    federated, everyone, private (a private range that nobody claims), unknown.

    Example: whose(OwnerId)
    On: {"OwnerId": "222222222222"}
    With: {"known_accounts": {"222222222222": "third party"}}
    Gives: "third party"
    """
    if not isinstance(x, str) or not x.strip():
        return None
    text = x.strip()
    found = ranged(text)
    if found is not None:
        return _of_network(context, text, found)
    for form, judge in _FORMS:
        if form.fullmatch(text):
            return judge(context, text)
    return _of_member(context, text)


def arn(context: Context, text: Any) -> dict[str, str] | None:
    """Give the parts of an ARN: partition, service, region, account, resource; else null.

    Example: arn(PolicyArn).account
    On: {"PolicyArn": "arn:aws-cn:iam::222222222222:policy/dev/Read"}
    Gives: "222222222222"
    """
    found = _ARN.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    partition, service, region, account, resource = found.groups()
    return {
        "partition": partition,
        "service": service,
        "region": region,
        "account": account,
        "resource": resource,
    }


def _of_member(context: Context, text: str) -> str:
    one = member(text)
    if one.kind in ("everyone", "service", "federated"):
        return one.kind
    known = _of_name(context, one.home or text)
    if known != "unknown" or not one.home:
        return known
    # A project that is written by its number; the domain that an organisation is called by.
    if one.home.isdigit():
        technology, path, value = "gcp.project", "name", f"projects/{one.home}"
    elif one.kind in ("user", "group", "domain"):
        technology, path, value = "gcp.organization", "displayName", one.home
    else:
        return known
    found = context.reader.lookup(technology, path, [value], any_of=True)
    return _of_name(context, found[0].account) if found else "unknown"


def _of_name(context: Context, name: str) -> str:
    """Whose what is known under a name of its own is: a project, a subscription, a domain."""
    if name and name == context.account.get("identifier"):
        return "same account"
    return context.known.accounts.get(name, "unknown")


def _of_account(context: Context, text: str) -> str:
    account = text[:12]
    if account == context.account.get("identifier"):
        return "same account"
    return context.known.accounts.get(account, "unknown")


def _nearest(context: Context, accounts: Iterable[str]) -> str:
    judged = {_of_account(context, account) for account in accounts}
    return next((whose for whose in _NEAREST_FIRST if whose in judged), "unknown")


def _looked_up(context: Context, technology: str, path: str, values: list[str]) -> str:
    found = context.reader.lookup(technology, path, values, any_of=True)
    return _nearest(context, [neighbour.account for neighbour in found])


def _of_id(context: Context, text: str) -> str:
    # A role's sessions are the role's id, a colon and a name of the caller's choice.
    ident = text.partition(":")[0]
    technology, path = next(at for prefix, at in _BY_PREFIX.items() if ident.startswith(prefix))
    return _looked_up(context, technology, path, [ident])


def _of_canonical_id(context: Context, text: str) -> str:
    account = context.known.canonical_ids.get(text.lower())
    return "unknown" if account is None else _of_account(context, account)


def _of_organisation(context: Context, text: str) -> str:
    return context.known.accounts.get(text.partition("/")[0], "organisation")


def _of_arn(context: Context, text: str) -> str:
    parts = arn(context, text)
    if parts is None:
        return "unknown"
    account, resource = parts["account"], parts["resource"]
    if resource.startswith(("oidc-provider/", "saml-provider/")):
        return "federated"
    name, slash, _ = resource.partition("/")
    if parts["service"] == "s3" and not (account and slash) and not _ACCOUNT.fullmatch(account):
        return _looked_up(context, "aws.s3.bucket", "Name", [name])
    if account in _AWS_ACCOUNTS:
        return "service"
    if "*" in account or "?" in account or VARIABLE in account:
        return "everyone"
    return _of_account(context, account)


def _of_network(context: Context, text: str, found: Range) -> str:
    if found.internet:
        return "everyone"
    net, private = found.net, found.private
    claims = context.known.claims(net)
    claimed = next((whose for whose in _NEAREST_FIRST if whose in claims), None)
    if claimed is not None:
        return claimed
    owner = "unknown"
    if private or net.version == 6:
        owner = _of_block(context, net.version, text)
    elif net.num_addresses == 1:
        owner = _of_address(context, str(net.network_address))
    return "private" if private and owner == "unknown" else owner


def _of_block(context: Context, version: int, text: str) -> str:
    path, _ = _BLOCKS[version]
    blocks = _around(text)
    return _looked_up(context, "aws.ec2.vpc", path, blocks) if blocks else "unknown"


@lru_cache(maxsize=8192)
def _around(text: str) -> list[str]:
    """The blocks that a VPC may have and that would hold a network."""
    net = network(text)
    if net is None:
        return []
    _, sizes = _BLOCKS[net.version]
    first, bits = int(net.network_address), net.max_prefixlen
    write: Callable[[int], object] = _dotted if net.version == 4 else IPv6Address
    starts = [
        (size, first >> bits - size << bits - size) for size in sizes if size <= net.prefixlen
    ]
    return [f"{write(start)}/{size}" for size, start in starts]


def _dotted(address: int) -> str:
    # Many times faster than an IPv4Address, and asked for each network of every rule.
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def _of_address(context: Context, address: str) -> str:
    for technology, path in _PUBLIC_ADDRESSES:
        owner = _looked_up(context, technology, path, [address])
        if owner != "unknown":
            return owner
    return "unknown"


def _always(whose: str) -> Callable[[Context, str], str]:
    return lambda *_: whose


_FORMS: tuple[tuple[re.Pattern[str], Callable[[Context, str], str]], ...] = (
    (re.compile(r"\*+"), _always("everyone")),
    # An account, a person federated from it (account:name), a security group of it (account/sg-1).
    (re.compile(r"\d{12}([:/].+)?"), _of_account),
    (re.compile(r"arn:.*", re.DOTALL), _of_arn),
    (re.compile(r"[0-9a-fA-F]{64}"), _of_canonical_id),
    (re.compile(r"(AIDA|AROA)[A-Z0-9]+(:.*)?"), _of_id),
    (re.compile(r"(vpc|vpce|sg)-[0-9a-z]+"), _of_id),
    (re.compile(r"(o-[a-z0-9]+|\$\{aws:ResourceOrgID\})(/.*)?"), _of_organisation),
    *((re.compile(re.escape(group)), _always(whose)) for group, whose in _GROUPS.items()),
    *((re.compile(re.escape(host)), _always("federated")) for host in _IDENTITY_PROVIDERS),
    (re.compile(r"[a-z0-9.-]+\.amazon(aws)?\.com(\.cn)?"), _always("service")),
)
