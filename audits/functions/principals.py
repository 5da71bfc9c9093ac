"""Who a policy's Principal means, in one form; no rule calls these."""

import re
from dataclasses import dataclass
from typing import Any

from audits.functions.shapes import texts
from audits.functions.wildcards import VARIABLE

_ACCOUNT = re.compile(r"\d{12}")
_ROOT = re.compile(r"arn:[^:]*:iam::(\d{12}):root")
_ARN_ACCOUNT = re.compile(r"arn:[^:]*:[^:]*:[^:]*:([^:]*):.*", re.DOTALL)
_USER_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}(:.*)?")

_KINDS = {"service": "service", "federated": "federated", "canonicaluser": "canonical"}


@dataclass(frozen=True)
class Who:
    """One principal of a statement: what it names, and what kind of thing that is."""

    value: str
    kind: str
    """everyone, account, arn, user_id, canonical, service or federated."""
    root: bool = False
    """A whole account: whoever may act for it decides whom of its own it lets in."""


def written(principal: Any) -> list[dict[str, str]]:
    """Give a Principal, however it is written, as a list of {type, value}."""
    if isinstance(principal, dict):
        if {"type", "value"} == principal.keys():
            principal = {principal["type"]: principal["value"]}
        return [
            {"type": str(type_), "value": value}
            for type_, values in principal.items()
            for value in texts(values)
            if value.strip()
        ]
    if isinstance(principal, list):
        parts = [part for part in principal if not isinstance(part, list)]
        return [entry for part in parts for entry in written(part)]
    return [{"type": "AWS", "value": value} for value in texts(principal) if value.strip()]


def who(type_: str, value: str) -> Who:
    """Judge one {type, value} of a Principal.

    IAM takes a wildcard for a whole principal only, and refuses others; what stands in a policy all
    the same (older services, other clouds' copies) is read as wide as it could be meant.
    """
    value = value.strip()
    if set(value) <= {"*"}:
        return Who(value, "everyone")
    kind = _KINDS.get(type_.lower())
    if kind is not None:
        return Who(value, "everyone" if kind == "service" and "*" in value else kind)
    if _ACCOUNT.fullmatch(value) or _ROOT.fullmatch(value):
        return Who(value, "account", root=True)
    account = _ARN_ACCOUNT.fullmatch(value)
    if account is None:
        if _USER_ID.fullmatch(value):
            return Who(value, "user_id")
        return Who(value, "everyone" if "*" in value else "arn")
    if any(open_ in account[1] for open_ in ("*", "?", VARIABLE)):
        return Who(value, "everyone")
    # CloudFront's origin access identities: the service comes, for a customer that nobody can name.
    return Who(value, "service" if account[1] == "cloudfront" else "arn")


def account_of(value: str) -> str:
    """Give the account that an account id or an ARN names; else an empty text."""
    if _ACCOUNT.fullmatch(value):
        return value
    found = _ARN_ACCOUNT.fullmatch(value)
    return found[1] if found and _ACCOUNT.fullmatch(found[1]) else ""
