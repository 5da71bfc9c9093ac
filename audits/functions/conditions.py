"""Which conditions of a policy's statement narrow down who it lets in; no rule calls these.

A condition narrows if it can only be met by somebody whom its values fix: an account, an
organisation, a network, a VPC, one resource. Facts from AWS's pages on condition operators, global
condition keys, and "the meaning of public" of S3's Block Public Access.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from audits.functions.base import Context
from audits.functions.ranges import covers_internet, is_private, network
from audits.functions.shapes import listed, texts
from audits.functions.wildcards import is_fixed

# Whatever is not among these does not narrow: negative operators leave everybody else in, and
# dates, numbers, Bool and Null say nothing of who somebody is.
_POSITIVE = frozenset(
    {
        "stringequals",
        "stringequalsignorecase",
        "stringlike",
        "arnequals",
        "arnlike",
        "ipaddress",
    }
)

# What somebody must be who escapes a Deny with a negative operator.
_OPPOSITES = {
    "stringnotequals": "StringEquals",
    "stringnotequalsignorecase": "StringEqualsIgnoreCase",
    "stringnotlike": "StringLike",
    "arnnotequals": "ArnEquals",
    "arnnotlike": "ArnLike",
    "notipaddress": "IpAddress",
}

# S3 calls a policy public whose networks are wider than these.
_WIDEST_PREFIX = {4: 8, 6: 32}

# An audience narrows only if it is not everybody's: these are the usual ones ...
_SHARED_AUDIENCES = (
    "sts.amazonaws.com",
    "sts.amazonaws.com.cn",
    "https://signin.aws.amazon.com/saml",
    "https://signin.amazonaws.cn/saml",
    "https://signin.amazonaws-us-gov.com/saml",
)
# ... and with these providers every user may ask for a token with any audience he likes.
_AUDIENCE_OF_THE_CALLERS_CHOICE = (
    "agent.buildkite.com",
    "app.terraform.io",
    "gitlab.com",
    "token.actions.githubusercontent.com",
)

# How many whole parts (between : and /) must stand before the first wildcard of a claim, so that
# not everybody can have such a one: "repo:acme/*" has two, "repo:*" and "repo:acme*" have one.
_CLAIMS = {
    "actor": None,
    "actor_id": None,
    "app_id": None,
    "azp": None,
    "email": None,
    "enterprise_id": None,
    "job_workflow_ref": 1,
    "oaud": None,
    "repository": 1,
    "repository_id": None,
    "repository_owner": None,
    "repository_owner_id": None,
    "sub": 2,
    "user_id": None,
}
# Any namespace of any cluster begins so.
_NO_PARTS = re.compile(r"^system:serviceaccount:")


@dataclass(frozen=True)
class Condition:
    """One operator with one key: what it asks for, and whether that narrows who gets in."""

    operator: str
    key: str
    values: list[str]
    kind: str
    """What the values name (account, arn, cidr ...), or nothing for a key that cannot narrow."""
    narrows: bool


@dataclass(frozen=True)
class _Key:
    kind: str
    closed: Callable[[Sequence[str]], bool]
    always: bool = False
    """Whether every request has this key, so that IfExists makes no difference."""


def judged(context: Context, statement: dict[str, Any], federated: bool) -> list[Condition]:
    """Give the conditions of a statement in one form, each with whether it narrows.

    Those on the claims of a token count only for a federated principal.
    """
    pairs = _pairs(statement.get("Condition"))
    demanded = {
        key.lower()
        for operator, key, values in pairs
        if operator.lower() == "null" and [value.lower() for value in values] == ["false"]
    }
    found = []
    for operator, key, values in pairs:
        known = _key(key.lower(), federated)
        closed = known is not None and _closed(context, known, values)
        asked = known is not None and (known.always or key.lower() in demanded)
        found.append(
            Condition(
                operator,
                key,
                values,
                kind=known.kind if known else "",
                narrows=closed and _binds(operator.lower(), asked),
            )
        )
    return found


def escapes(context: Context, deny: dict[str, Any], federated: bool) -> list[Condition]:
    """Give the ways out of a Deny: of what one must hold so that it does not apply.

    Each as if an Allow asked for it, and with whether it is only open to somebody whom its values
    fix. A Deny without conditions has none.
    """
    return [
        _escape(context, operator, key, values, federated)
        for operator, key, values in _pairs(deny.get("Condition"))
    ]


def _escape(
    context: Context, operator: str, key: str, values: list[str], federated: bool
) -> Condition:
    quantifier, _, bare = operator.lower().rpartition(":")
    base = bare.removesuffix("ifexists")
    if key.lower() == "aws:principalisawsservice" and base == "bool":
        only_services = [value.lower() for value in values] == ["false"]
        return Condition("Bool", key, ["true"], kind="service", narrows=only_services)
    positive = _OPPOSITES.get(base)
    known = _key(key.lower(), federated)
    # A request without the key meets a negative operator, and is denied; under ForAnyValue not.
    bound = positive is not None and (
        quantifier in ("", "forallvalues") or (known is not None and known.always)
    )
    return Condition(
        positive or operator,
        key,
        values,
        kind=known.kind if known else "",
        narrows=bound and known is not None and _closed(context, known, values),
    )


def resolved(context: Context, value: str) -> str:
    """Put the item's own account for the variable that means it."""
    account = str(context.account.get("identifier") or "")
    return value.replace("${aws:ResourceAccount}", account) if account else value


def _pairs(condition: Any) -> list[tuple[str, str, list[str]]]:
    if not isinstance(condition, dict):
        return []
    return [
        (operator, key, [_text(value) for value in listed(values)])
        for operator, keys in condition.items()
        if isinstance(keys, dict)
        for key, values in keys.items()
    ]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return next(iter(texts(value)), "")


def _binds(operator: str, key_is_there: bool) -> bool:
    """Whether a request that lacks the key is turned away, and one that has it is measured."""
    quantifier, _, bare = operator.rpartition(":")
    base = bare.removesuffix("ifexists")
    # ForAllValues is true of a request without the key, and so is IfExists (some hold that
    # ForAnyValue takes that back; the wider reading is the safe one). They narrow only where the
    # key is always there, or a Null condition demands it.
    may_be_missing = quantifier == "forallvalues" or base != bare
    if quantifier not in ("", "foranyvalue", "forallvalues"):
        return False
    return base in _POSITIVE and (key_is_there or not may_be_missing)


def _closed(context: Context, known: _Key, values: list[str]) -> bool:
    # The values of one condition are alternatives: one open one lets everybody in.
    return bool(values) and known.closed([resolved(context, value) for value in values])


def _each(one: Callable[[str], bool]) -> Callable[[Sequence[str]], bool]:
    return lambda values: all(one(value) for value in values)


def _matching(form: str) -> Callable[[Sequence[str]], bool]:
    pattern = re.compile(form, re.DOTALL)
    return lambda values: all(pattern.fullmatch(value) is not None for value in values)


def _arn_is_closed(value: str) -> bool:
    # A wildcard counts under StringEquals and ArnEquals as well: the latter reads it as ArnLike
    # does, and under the former it is a mistake of somebody who thought so.
    parts = value.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return False
    account, resource = parts[4], parts[5]
    if re.fullmatch(r"\d{12}", account):
        return True
    if parts[2] == "s3":  # A bucket's name is one in the world, and its ARN has no account.
        name, slash, _ = resource.partition("/")  # With a slash: an access point, a job ...
        return is_fixed(name) and not (slash and account)
    return is_fixed(value)


def _networks_are_closed(values: Sequence[str]) -> bool:
    networks = [net for net in map(network, values) if net is not None]
    return (
        len(networks) == len(values)
        and all(is_private(net) or net.prefixlen >= _WIDEST_PREFIX[net.version] for net in networks)
        and not covers_internet(networks)
    )


def _claim_is_closed(parts: int | None) -> Callable[[str], bool]:
    def closed(value: str) -> bool:
        if is_fixed(value):
            return True
        before = re.split(r"[*?]|\$\{", value, maxsplit=1)[0]
        if parts is None:
            return False
        whole = re.findall(r"[^:/]+[:/]", _NO_PARTS.sub("", before))
        return len(whole) >= (1 if _NO_PARTS.match(before) else parts)

    return closed


def _audience_is_closed(value: str) -> bool:
    return is_fixed(value) and value not in _SHARED_AUDIENCES


_ACCOUNTS = _matching(r"\d{12}")
_ARNS = _each(_arn_is_closed)
_ORGANISATIONS = _matching(r"o-[a-z0-9]+|\$\{aws:ResourceOrgID\}")
# A path begins with the organisation: o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*
_ORGANISATION_PATHS = _matching(r"(o-[a-z0-9]+|\$\{aws:ResourceOrgID\})(/.*)?")

_KEYS = {
    "aws:principalaccount": _Key("account", _ACCOUNTS),
    "aws:principalarn": _Key("arn", _ARNS),
    "aws:principalorgid": _Key("organisation", _ORGANISATIONS),
    "aws:principalorgpaths": _Key("organisation", _ORGANISATION_PATHS),
    "aws:principalservicename": _Key("service", _each(is_fixed)),
    "aws:sourceaccount": _Key("account", _ACCOUNTS),
    "aws:sourcearn": _Key("arn", _ARNS),
    "aws:sourceip": _Key("cidr", _networks_are_closed),
    "aws:sourceorgid": _Key("organisation", _ORGANISATIONS),
    "aws:sourceorgpaths": _Key("organisation", _ORGANISATION_PATHS),
    "aws:sourceowner": _Key("account", _ACCOUNTS),
    "aws:sourcevpc": _Key("vpc", _matching(r"vpc-[0-9a-z]+")),
    "aws:sourcevpcarn": _Key("arn", _ARNS),
    "aws:sourcevpce": _Key("vpce", _matching(r"vpce-[0-9a-z]+")),
    # The part before the colon is the user's, the role's or the account's; a session's name after
    # it is of the caller's choice. Requests that nobody signed have no such key.
    "aws:userid": _Key("user_id", _matching(r"(?!anonymous)[A-Za-z0-9]+(:.*)?")),
    "aws:vpceaccount": _Key("account", _ACCOUNTS),
    "aws:vpceorgid": _Key("organisation", _ORGANISATIONS),
    "aws:vpceorgpaths": _Key("organisation", _ORGANISATION_PATHS),
    "kms:calleraccount": _Key("account", _ACCOUNTS, always=True),
    "s3:dataaccesspointaccount": _Key("account", _ACCOUNTS),
    "s3:dataaccesspointarn": _Key("arn", _ARNS),
}


def _key(key: str, federated: bool) -> _Key | None:
    if key in _KEYS or not federated:
        return _KEYS.get(key)
    provider, _, claim = key.rpartition(":")
    if claim in _CLAIMS:
        return _Key("subject", _each(_claim_is_closed(_CLAIMS[claim])))
    if claim == "aud" and not provider.startswith(_AUDIENCE_OF_THE_CALLERS_CHOICE):
        return _Key("audience", _each(_audience_is_closed))
    return None
