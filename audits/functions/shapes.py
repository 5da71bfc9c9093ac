"""One form for what a provider writes in several; no rule calls these."""

import json
from typing import Any

from items.tags import TAG_KEYS as TAG_KEYS
from items.tags import tags_in as tags_in
from items.tags import tags_of as tags_of


def listed(value: Any) -> list[Any]:
    """Give a list as it is, null as an empty list, anything else as a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def texts(value: Any) -> list[str]:
    """Give the texts of one or many values; whole numbers become texts, the rest is left out."""
    return [
        str(part)
        for part in listed(value)
        if isinstance(part, str) or (isinstance(part, int) and not isinstance(part, bool))
    ]


def parsed(value: Any) -> Any:
    """Give JSON text as what it says, null if it says nothing; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def same_key(value: Any) -> Any:
    """Give something that can be hashed, alike for what JMESPath holds to be equal."""
    kind = type(value)
    if kind is str:
        return value
    if kind is int or kind is bool:
        return kind, value
    if kind is float and value.is_integer():
        return int, int(value)
    return (json.dumps(value, sort_keys=True, default=str),)
