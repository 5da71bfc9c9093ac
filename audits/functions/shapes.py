"""One form for what a provider writes in several; no rule calls these."""

import json
from typing import Any

# Where a configuration keeps its tags, by provider.
TAG_KEYS = ("Tags", "TagSet", "tags", "labels")


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


def tags_in(config: Any) -> dict[str, Any]:
    """Give the tags of a whole configuration as one object; empty where it has none."""
    if not isinstance(config, dict):
        return {}
    kept = (config[key] for key in TAG_KEYS if isinstance(config.get(key), (list, dict)))
    return _named(next(kept, None))


def tags_of(value: Any) -> dict[str, Any]:
    """Give tags themselves, or those of what holds them, as one object."""
    return tags_in(value) or _named(value)


def _named(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return dict(value) if all(isinstance(one, str) for one in value.values()) else {}
    pairs = [tag for tag in listed(value) if isinstance(tag, dict)]
    named = [(tag.get("Key", tag.get("key")), tag.get("Value", tag.get("value"))) for tag in pairs]
    return {name: value for name, value in named if isinstance(name, str)}


def same_key(value: Any) -> Any:
    """Give something that can be hashed, alike for what JMESPath holds to be equal."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return (json.dumps(value, sort_keys=True, default=str),)
