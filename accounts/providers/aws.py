"""How AWS writes: ids with a prefix, ARNs, account numbers; security groups and policies."""

import re
from typing import Any

from accounts.providers.base import Provider

_OF_BUCKET = re.compile(r"(arn:[a-z-]+:s3:::[^/*?\s]+)/")
_ROOT = re.compile(r"arn:[a-z-]+:(?:iam|sts)::(\d{12}):root")
_EVERY_PORT = (0, 65535)
_PROTOCOLS = {"-1": "all traffic", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_ACTIONS = (("Action", ""), ("NotAction", "all but "))


class Aws(Provider):
    key = "aws"

    references = (
        r"[a-z]{1,12}-(?:[0-9a-f]{8}|[0-9a-f]{17})",  # sg-0a1f47c29be03d518
        r"arn:[a-z-]+:[^\s*?]+",
        r"arn:[a-z-]+:s3:::[^\s*?/]+/\S*",  # what lies in a bucket, with wildcards or not
        r"arn:[a-z-]+:[^\s*?]*:log-group:[^\s*?]+:\*",  # so in policies, with what is in it
        r"\d{12}",  # an account
        r"A[A-Z]{3}[A-Z0-9]{12,17}",  # AIDA…, AROA…
    )
    ids = (r"\bA[A-Z]{3}[A-Z0-9]{12,}\b", r"\b[a-z]{1,10}-(?:[0-9a-f]{17}|[0-9a-f]{8})\b")
    secrets = (r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}",)  # a key's id
    harmless = (r"arn:[^:]*:[^:]*:[^:]*:[^:]*:.*",)

    called_by = ("arn",)
    same_by = ("Sid",)
    one_or_many = ("Statement", "Effect")
    clauses = ("Statement",)

    @classmethod
    def one_form(cls, text: str) -> str:
        """An object in a bucket stands for its bucket, the root of an account for the account."""
        if ":log-group:" in text:
            text = text.removesuffix(":*")
        if bucket := _OF_BUCKET.match(text):
            return bucket[1]
        root = _ROOT.fullmatch(text)
        return root[1] if root else text

    @classmethod
    def called(cls, value: dict[str, Any]) -> str:
        """A statement of a policy is called by what it does."""
        effect = value.get("Effect")
        if not isinstance(effect, str):
            return ""
        for name, word in _ACTIONS:
            actions = value.get(name)
            if actions:
                every = actions if isinstance(actions, list) else [actions]
                more = f" and {len(every) - 1} more" if len(every) > 1 else ""
                return f"{effect} {word}{every[0]}{more}"
        return effect

    @classmethod
    def traffic(cls, rule: dict[str, Any], path: tuple[str | int, ...]) -> str:
        """Of security groups and of network ACLs."""
        if "IpProtocol" in rule:
            way = "to" if "IpPermissionsEgress" in path or rule.get("IsEgress") else "from"
            said = _traffic(rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"))
            return f"{said} {way}"
        if "RuleAction" in rule:
            given = rule.get("PortRange")
            ports = given if isinstance(given, dict) else {}
            said = _traffic(rule.get("Protocol"), ports.get("From"), ports.get("To"))
            return f"{rule['RuleAction']} {said} {'to' if rule.get('Egress') else 'from'}"
        return ""

    @classmethod
    def is_policy(cls, value: dict[str, Any]) -> bool:
        given = value.get("Statement")
        every = given if isinstance(given, list) else [given]
        return any(name in one for one in every if isinstance(one, dict) for name, _ in _ACTIONS)


def _traffic(protocol: Any, first: Any, last: Any) -> str:
    name = _PROTOCOLS.get(str(protocol), str(protocol))
    if name == "all traffic" or first is None or (first, last) in (_EVERY_PORT, (-1, -1)):
        return name
    return f"{name} {first}" if first == last else f"{name} {first}-{last}"
