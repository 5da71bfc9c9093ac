"""Measures evaluation beside stock JMESPath: `python -m benchmarks.rules`.

Evaluations a second of typical rules, each by `jmespath.search` with the expression compiled each
time, by stock JMESPath compiled once, and by ours; as ratios to the second.
"""

import math
import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import django
import jmespath

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from audits.bounds import Evaluation  # noqa: E402  (plugins of rules are read from settings)
from audits.compiling import compiled  # noqa: E402
from audits.functions.base import Context  # noqa: E402

AIM = 10
SECONDS = 0.2
ROUNDS = 3
NOW = datetime(2026, 6, 1, tzinfo=UTC)

GROUP = {
    "GroupId": "sg-0a1b2c3d4e5f60718",
    "GroupName": "web",
    "OwnerId": "111111111111",
    "VpcId": "vpc-0a1b2c3d",
    "Tags": [{"Key": "Name", "Value": "web"}, {"Key": "team", "Value": "shop"}],
    "IpPermissions": [
        {
            "IpProtocol": "tcp",
            "FromPort": port,
            "ToPort": port,
            "IpRanges": [{"CidrIp": cidr} for cidr in ("10.0.0.0/8", "0.0.0.0/0", "192.0.2.0/24")],
            "Ipv6Ranges": [],
            "PrefixListIds": [],
            "UserIdGroupPairs": [],
        }
        for port in (22, 80, 443, 3389, 5432)
    ],
}
USER = {
    "UserName": "deploy",
    "LoginProfile": {"UserName": "deploy"},
    "MFADevices": [],
    "AccessKeys": [
        {"AccessKeyId": "AKIA1", "Status": "Active", "CreateDate": "2026-01-01T00:00:00Z"},
        {"AccessKeyId": "AKIA2", "Status": "Inactive", "CreateDate": "2020-01-01T00:00:00Z"},
    ],
    "AttachedPolicies": [
        {"PolicyName": "Admin", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        {"PolicyName": "Read", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
    ],
}
BUCKET = {
    "Name": "site",
    "Versioning": {"Status": "Suspended"},
    "PublicAccessBlock": {"BlockPublicAcls": True, "BlockPublicPolicy": False},
    "Acl": {
        "Grants": [
            {"Grantee": {"Type": "CanonicalUser", "ID": "0f"}, "Permission": "FULL_CONTROL"},
            {
                "Grantee": {
                    "Type": "Group",
                    "URI": "http://acs.amazonaws.com/groups/global/AllUsers",
                },
                "Permission": "READ",
            },
        ]
    },
    "Policy": {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"]}]},
}
RULES: tuple[tuple[Any, str], ...] = (
    (GROUP, "IpPermissions[?IpRanges[?CidrIp == '0.0.0.0/0']].FromPort"),
    (
        GROUP,
        "IpPermissions[?FromPort <= `22` && ToPort >= `22` && IpRanges[?CidrIp == '0.0.0.0/0']]",
    ),
    (GROUP, "IpPermissions[].IpRanges[].CidrIp"),
    (GROUP, "IpPermissions[*].{port: FromPort, networks: IpRanges[*].CidrIp}"),
    (USER, "AccessKeys[?Status == 'Active'].AccessKeyId"),
    (USER, "LoginProfile && !MFADevices"),
    (USER, "AttachedPolicies[?ends_with(PolicyArn, '/AdministratorAccess')].PolicyName"),
    (
        BUCKET,
        "PublicAccessBlock.BlockPublicAcls != `true` || "
        "PublicAccessBlock.BlockPublicPolicy != `true`",
    ),
    (BUCKET, "Acl.Grants[?contains(Grantee.URI || '', 'AllUsers')].Permission"),
    (BUCKET, "contains(Policy.Statement[*].Effect, 'Deny') || Versioning.Status != 'Enabled'"),
)


class Rates(NamedTuple):
    """Evaluations a second."""

    each_time: float
    once: float
    ours: float


def main() -> None:
    print(f"{'compiled each time':>20}{'once':>12}{'ours':>12}{'times once':>12}  expression")
    ratios = []
    for config, expression in RULES:
        rates = measured(expression, config)
        ratios.append(rates.ours / rates.once)
        numbers = f"{rates.each_time:>20,.0f}{rates.once:>12,.0f}{rates.ours:>12,.0f}"
        print(f"{numbers}{ratios[-1]:>12.1f}  {expression}")
    mean = math.exp(statistics.mean(map(math.log, ratios)))
    met = "met" if mean >= AIM else "NOT MET"
    print(f"\n{met}  geometric mean: {mean:.1f} times stock compiled once (aim: at least {AIM})")


def measured(expression: str, config: Any) -> Rates:
    """Return the best of some rounds; all three must give the same answer."""
    stock = jmespath.compile(expression)
    part = compiled(stock.parsed)
    context = Context(now=NOW, config=config)

    def each_time() -> Any:
        jmespath.parser.Parser.purge()  # Else it keeps what it parsed.
        return jmespath.search(expression, config)

    ways: tuple[Callable[[], Any], ...] = (
        each_time,
        lambda: stock.search(config),
        lambda: part(Evaluation(context), config),
    )
    if not ways[1]() == ways[2]():
        raise SystemExit(f"Another answer than stock JMESPath's: {expression}")
    return Rates(*map(max, zip(*rounds(ways), strict=True)))


def rounds(ways: tuple[Callable[[], Any], ...]) -> Iterator[tuple[float, ...]]:
    for _ in range(ROUNDS):
        yield tuple(rate(way) for way in ways)


def rate(way: Callable[[], Any]) -> float:
    """Return how often a second a way can be gone."""
    times = 1
    while True:
        began = time.perf_counter()
        for _ in range(times):
            way()
        took = time.perf_counter() - began
        if took > SECONDS:
            return times / took
        times = max(2 * times, int(times * SECONDS / max(took, 1e-9)) + 1)


if __name__ == "__main__":
    main()
