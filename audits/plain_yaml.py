"""Read YAML that people write as plain values with their lines; nothing in it can explode."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

Path = tuple[str | int, ...]

# libyaml's parser where there is one: it is twenty times as fast, and reads the same.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Deeper than any configuration; what a file may nest, aliases followed.
DEEPEST = 80
# Characters that a file may come to once its aliases are followed; a value counts as so many more.
LARGEST = 16_000_000
VALUE = 64
# Lines are kept down to a rule's fields: document, "rules", place, field, place of an example.
LINES_KEPT = 5
MOST_LINES = 50_000
TAG = "tag:yaml.org,2002:"
MERGE = f"{TAG}merge"
# Dates stay text, as JSON has none; so does 12:30, which YAML 1.1 takes for 750.
AS_TEXT = (f"{TAG}timestamp", f"{TAG}value", f"{TAG}str")


class NotPlain(ValueError):
    """A text is no YAML, or says what a configuration cannot hold; begins with the line."""


@dataclass(frozen=True)
class Read:
    """The documents of a text, and on which line what stands."""

    documents: list[Any]
    lines: dict[Path, int]

    def line(self, *path: str | int) -> int:
        """Return the line of what stands at a path, or of what holds it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


@dataclass(frozen=True)
class _Part:
    """A value with what it comes to when its aliases are followed."""

    value: Any
    weight: int
    height: int = 0


def read_yaml(text: str) -> Read:
    """Return what a text says, as JSON could hold it; raise NotPlain with the line.

    Anchors, aliases and merge keys are followed up to a bound; tags, repeated keys, keys that are
    no text, NaN, infinity and NUL are refused.
    """
    try:
        return _Reader(text).read()
    except yaml.YAMLError as error:
        raise NotPlain(_said(error)) from error


def _said(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


@dataclass
class _Reader:
    text: str
    lines: dict[Path, int] = field(default_factory=dict)
    anchors: dict[str, _Part] = field(default_factory=dict)
    weight: int = 0
    """What was read so far; an alias weighs what it stands for."""

    def __post_init__(self) -> None:
        self.events: Iterator[Any] = yaml.parse(self.text, Loader=LOADER)
        self.constructor = SafeConstructor()

    def read(self) -> Read:
        documents: list[Any] = []
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors = {}
                part = self._part(next(self.events), (len(documents),), 0)
                documents.append(part.value)
        return Read(documents, self.lines)

    def _part(self, event: Any, path: Path, depth: int) -> _Part:
        if len(path) <= LINES_KEPT and len(self.lines) < MOST_LINES:
            self.lines[path] = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            part = self.anchors.get(event.anchor or "")
            if part is None:
                raise _fault(event, f"*{event.anchor} stands for nothing above it")
            self._bound(event, part.weight, depth + part.height)
            return part
        self._bound(event, VALUE, depth)
        before = self.weight - VALUE
        value, height = self._value(event, path, depth)
        part = _Part(value, self.weight - before, height)
        if event.anchor:
            self.anchors[event.anchor] = part
        return part

    def _bound(self, event: Any, weight: int, depth: int) -> None:
        self.weight += weight
        if depth > DEEPEST:
            raise _fault(event, f"it is nested more than {DEEPEST} deep")
        if self.weight > LARGEST:
            raise _fault(event, "with its aliases followed, it grows too large")

    def _value(self, event: Any, path: Path, depth: int) -> tuple[Any, int]:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event), 0
        if event.tag not in (None, "!", f"{TAG}map", f"{TAG}seq"):
            raise _fault(event, f"the tag {event.tag} is not read")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(path, depth)
        return self._object(path, depth)

    def _list(self, path: Path, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        height = 0
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            part = self._part(event, (*path, len(found)), depth + 1)
            found.append(part.value)
            height = max(height, part.height + 1)
        return found, height

    def _object(self, path: Path, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        height = 1
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            merging, key = self._key(event)
            if not merging and key in found:
                raise _fault(event, f"{key!r} stands there twice")
            part = self._part(next(self.events), (*path, key), depth + 1)
            height = max(height, part.height + 1)
            if merging:
                merged = {**self._merged(event, part.value), **merged}
            else:
                found[key] = part.value
        return {**merged, **found}, height

    def _merged(self, event: Any, value: Any) -> dict[str, Any]:
        """Return what ``<<`` brings in: one object, or several of which the first wins."""
        given = value if isinstance(value, list) else [value]
        if not all(isinstance(one, dict) for one in given):
            raise _fault(event, "<< takes in objects only")
        return {name: worth for one in reversed(given) for name, worth in one.items()}

    def _key(self, event: Any) -> tuple[bool, str]:
        if not isinstance(event, yaml.ScalarEvent):
            raise _fault(event, "a key must be a text")
        self._bound(event, len(event.value), 0)
        if self._tag(event) == MERGE:
            return True, event.value
        key = self._scalar(event)
        if not isinstance(key, str):
            raise _fault(event, f'a key must be a text: write "{event.value}"')
        return False, key

    def _tag(self, event: Any) -> str:
        if event.tag is None:
            return _resolved(event.value) if event.implicit[0] else f"{TAG}str"
        return f"{TAG}str" if event.tag == "!" else str(event.tag)

    def _scalar(self, event: Any) -> Any:
        self._bound(event, len(event.value), 0)
        if "\0" in event.value or any("\ud800" <= one <= "\udfff" for one in event.value):
            raise _fault(event, "a text holds a character that cannot be kept (NUL or a surrogate)")
        tag = self._tag(event)
        number = tag in (f"{TAG}int", f"{TAG}float")
        if tag in AS_TEXT or (number and ":" in event.value and event.tag is None):
            return event.value
        value = self._made(event, tag)
        if isinstance(value, float) and not math.isfinite(value):
            raise _fault(event, f"{event.value} is no number that JSON knows")
        return value

    def _made(self, event: Any, tag: str) -> Any:
        node = ScalarNode(tag, event.value, event.start_mark)
        try:
            match tag.removeprefix(TAG):
                case "null":
                    return self.constructor.construct_yaml_null(node)
                case "bool":
                    return self.constructor.construct_yaml_bool(node)
                case "int":
                    return self.constructor.construct_yaml_int(node)
                case "float":
                    return self.constructor.construct_yaml_float(node)
        except (ValueError, KeyError, IndexError) as error:
            raise _fault(event, f"{event.value[:40]!r} is no {tag.removeprefix(TAG)}") from error
        raise _fault(event, f"the tag {tag} is not read")


@lru_cache(maxsize=4096)
def _resolved(value: str) -> str:
    """Return what YAML takes a text without quotation marks for."""
    return str(Resolver().resolve(ScalarNode, value, (True, False)))


def _fault(event: Any, problem: str) -> ConstructorError:
    return ConstructorError(None, None, problem, event.start_mark)
