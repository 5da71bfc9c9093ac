"""What a row says, as the ledger keeps it: plain JSON, without a secret."""

import hashlib
import hmac
import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Field, Model

HIDDEN = ("password", "secret", "token")
"""Fields, and keys of what is told, whose value is never kept; also as the end of a name."""


def state(row: Model, *names: str) -> dict[str, Any]:
    """Return what the fields of a row say, or those named; many-to-many ones, too.

    Other rows stand by name and number: "PCI #3". Of a secret there is only a mark, by which
    a change of it is seen.
    """
    fields = [*row._meta.concrete_fields, *(row._meta.many_to_many if row.pk else ())]
    told = {
        field.name: _value(row, field)
        for field in fields
        if not field.primary_key and (not names or field.name in names)
    }
    if "parameters" in told and hasattr(row, "secret_parameters"):
        secret, given = row.secret_parameters, told["parameters"]
        told["parameters"] = {
            name: sealed(value) if name in secret else value for name, value in given.items()
        }
    return plain(told)


def differing(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parts of two states in which they differ."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in names if name in before},
        {name: after[name] for name in names if name in after},
    )


def plain(value: Any) -> Any:
    """Return ``value`` as JSON that both databases give back as it was, secrets marked."""
    if isinstance(value, Mapping):
        return {
            _text(str(key)): sealed(one) if _is_hidden(str(key)) else plain(one)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        members = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain(one) for one in members]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() else value
    if isinstance(value, date):
        return value.isoformat()
    return _text(named(value) if isinstance(value, Model) else str(value))


def named(row: Model) -> str:
    """Return what a row is called, with its number."""
    return f"{row} #{row.pk}"


def sealed(value: Any) -> str:
    """Return a mark of a secret that tells only whether it is still the same."""
    if value in (None, "") or str(value).startswith("(secret "):
        return str(value or "")
    key = settings.DIGEST_KEY.encode()
    return f"(secret {hmac.new(key, str(value).encode(), hashlib.sha256).hexdigest()[:12]})"


def _value(row: Model, field: Any) -> Any:
    if field.many_to_many:
        return sorted(named(one) for one in getattr(row, field.name).all())
    if isinstance(field, Field) and field.is_relation:
        other = getattr(row, field.name)
        return None if other is None else named(other)
    return getattr(row, field.attname)


def _is_hidden(name: str) -> bool:
    return name.lower().endswith(HIDDEN)


def _text(text: str) -> str:
    """Return a text without what PostgreSQL refuses: NUL and lone surrogates."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
