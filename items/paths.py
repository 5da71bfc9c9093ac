"""Reading and leaving out parts of a configuration, by path."""

import functools
from collections.abc import Iterable
from typing import Any

import jmespath


@functools.lru_cache(maxsize=1024)
def compiled(path: str) -> Any:
    """Return the parsed JMESPath, kept."""
    return jmespath.compile(path)


def read(path: str, config: Any) -> Any:
    """Return what the JMESPath gives on ``config``."""
    if path.isidentifier():  # Most paths are one name; no interpreter is needed for that.
        return config.get(path) if isinstance(config, dict) else None
    return compiled(path).search(config)


def first_field(path: str) -> str | None:
    """Return the name that a path starts with, or None where it starts otherwise."""
    node = compiled(path).parsed
    while node["type"] != "field":
        if not node["children"]:
            return None
        node = node["children"][0]
    return node["value"]


def steps(path: str) -> tuple[str, ...]:
    """Split a plain path, ``Keys[].LastUsed``, into names and ``[]`` for each element."""
    return tuple(path.replace("[]", ".[]").strip(".").split("."))


def without(config: Any, paths: Iterable[tuple[str, ...]]) -> Any:
    """Return ``config`` less what the paths (as ``steps()`` gives them) point at.

    What is not touched is shared with ``config``, not copied.
    """
    for path in paths:
        config = replaced(config, path, None)
    return config


def replaced(config: Any, path: tuple[str, ...], by: Any) -> Any:
    """Return ``config`` with ``by(value)`` at the path, or without it where ``by`` is None."""
    step, rest = path[0], path[1:]
    if step == "[]":
        if not isinstance(config, list):
            return config
        if not rest:
            return [] if by is None else [by(one) for one in config]
        return [replaced(one, rest, by) for one in config]
    if not isinstance(config, dict) or step not in config:
        return config
    if rest:
        return {**config, step: replaced(config[step], rest, by)}
    if by is None:
        return {name: value for name, value in config.items() if name != step}
    return {**config, step: by(config[step])}
