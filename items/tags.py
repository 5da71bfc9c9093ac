"""The tags of a configuration in one form, however its provider writes them."""

from typing import Any

# Where a configuration keeps its tags, by provider.
TAG_KEYS = ("Tags", "TagSet", "tags", "labels")


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
    every = value if isinstance(value, list) else [value]
    pairs = [tag for tag in every if isinstance(tag, dict)]
    named = [(tag.get("Key", tag.get("key")), tag.get("Value", tag.get("value"))) for tag in pairs]
    return {name: value for name, value in named if isinstance(name, str)}
