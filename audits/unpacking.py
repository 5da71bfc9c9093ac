"""Read a pack's text: rules as fields, each fault with its line."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

from audits.models import RuleVersion
from audits.plain_yaml import NotPlain, Path, Read, read_yaml

KEY = re.compile(r"[a-z0-9_]+([.-][a-z0-9_]+)*")
LONGEST_KEY = 200
ENDING = ".yaml"
TOP = ("technology", "prefix", "rules")
# A file that is wrong throughout is told of by its first faults.
MOST_FAULTS = 30


class PackError(Exception):
    """A pack cannot be read; says where and why, one fault a line."""


@dataclass(frozen=True)
class Written:
    """A rule as a pack writes it; fields that it leaves out are missing."""

    key: str
    fields: dict[str, Any]
    where: str
    """The file and line at which it begins."""
    lines: dict[str, int]
    """On which line each of its fields stands."""


def unpacked(text: str | bytes, name: str = "") -> list[Written]:
    """Return the rules of a pack's text; raise PackError that names every fault.

    A text is one or more YAML documents: ``technology`` (of all its rules, where they do not say
    otherwise), ``rules``, and ``prefix``, with which the rules' keys begin; where that is missing
    it is the file's name.
    """
    try:
        read = read_yaml(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
    except UnicodeDecodeError as error:
        raise PackError(f"{name or 'The file'} is not UTF-8: {error}") from error
    except NotPlain as error:
        raise PackError(f"{name}, {error}" if name else str(error)) from error
    return _Unpacker(read, name).rules()


def written_in(folder: Traversable) -> list[Written]:
    """Return every rule in a folder's files, or in one file; raise PackError for what is wrong."""
    files = [folder]
    if folder.is_dir():
        inside = sorted(folder.iterdir(), key=lambda file: file.name)
        files = [file for file in inside if file.name.endswith(ENDING)]
        if not files:
            raise PackError(f"There is no {ENDING} file in {folder}.")
    found: dict[str, Written] = {}
    for file in files:
        for rule in unpacked(file.read_bytes(), file.name):
            if rule.key in found:
                raise PackError(f"{rule.where}: {rule.key} is in {found[rule.key].where}, too")
            found[rule.key] = rule
    return list(found.values())


class _Unpacker:
    def __init__(self, read: Read, name: str) -> None:
        self.read, self.name = read, name
        self.faults: list[str] = []

    def rules(self) -> list[Written]:
        found = [
            rule for place in range(len(self.read.documents)) for rule in self._document(place)
        ]
        seen: dict[str, str] = {}
        for rule in found:
            if rule.key in seen:
                self.faults.append(
                    f"{rule.where}: {rule.key} stands there already ({seen[rule.key]})"
                )
            seen.setdefault(rule.key, rule.where)
        if self.faults:
            more = len(self.faults) - MOST_FAULTS
            end = [f"and {more} more"] if more > 0 else []
            raise PackError("\n".join([*self.faults[:MOST_FAULTS], *end]))
        return found

    def _where(self, path: Path) -> str:
        line = f"line {self.read.line(*path)}"
        return f"{self.name}, {line}" if self.name else line

    def _fault(self, path: Path, text: str) -> None:
        self.faults.append(f"{self._where(path)}: {text}")

    def _document(self, place: int) -> Iterator[Written]:
        document = self.read.documents[place]
        if not isinstance(document, dict) or not isinstance(document.get("rules"), list):
            self._fault((place,), "a pack has a list of rules under the word rules")
            return
        for word in document.keys() - set(TOP):
            self._fault((place, word), f"{word} is no word of a pack; {', '.join(TOP)} are")
        technology = document.get("technology")
        if technology is not None and not isinstance(technology, str):
            self._fault((place, "technology"), "technology is a text")
        prefix = document.get("prefix", self.name.removesuffix(ENDING))
        if not isinstance(prefix, str):
            self._fault((place, "prefix"), "prefix is a text")
            return
        given = {"technologies": [technology]} if isinstance(technology, str) else {}
        for number, rule in enumerate(document["rules"]):
            path = (place, "rules", number)
            if isinstance(rule, dict):
                yield from self._rule(path, prefix, {**given, **rule})
            else:
                self._fault(path, "a rule is an object that begins with its key")

    def _rule(self, path: Path, prefix: str, given: dict[str, Any]) -> Iterator[Written]:
        short = given.pop("key", None)
        key = f"{prefix}.{short}" if prefix else short
        if not isinstance(short, str) or not KEY.fullmatch(key) or len(key) > LONGEST_KEY:
            self._fault((*path, "key"), f"{key!r} is no key; small letters, digits, dots, dashes")
            return
        unknown = sorted(given.keys() - set(SHAPES))
        if unknown:
            self._fault((*path, unknown[0]), f"{key}: unknown fields: {', '.join(unknown)}")
        for name in ("title", "expression"):
            if name not in given:
                self._fault(path, f"{key} has no {name}")
        for name, value in given.items():
            for fault in SHAPES[name](value) if name in SHAPES else ():
                self._fault((*path, name), f"{key}: {name} {fault}")
        lines = {name: self.read.line(*path, name) for name in given}
        yield Written(key, given, self._where(path), lines)


def _text(longest: int = 0) -> Callable[[Any], list[str]]:
    def faults(value: Any) -> list[str]:
        if not isinstance(value, str):
            return [f"is a text: put {_shown(value)} in quotation marks"]
        too_long = longest and len(value.strip()) > longest
        return [f"is longer than {longest} characters"] if too_long else []

    return faults


def _texts(value: Any) -> list[str]:
    good = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return [] if good else ["is a list of texts"]


def _references(value: Any) -> list[str]:
    # They are shown as links.
    return _texts(value) or [
        f"has {_shown(one)}, which does not begin with https://"
        for one in value
        if not one.startswith(("https://", "http://"))
    ]


def _score(value: Any) -> list[str]:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10
    return [] if good else ["is a whole number from 0 to 10"]


def _parameters(value: Any) -> list[str]:
    good = isinstance(value, dict) and all(isinstance(one, dict) for one in value.values())
    return [] if good else ["is an object: the name of each parameter with its declaration"]


def _examples(value: Any) -> list[str]:
    if not isinstance(value, list):
        return ["is a list"]
    return [
        f"{number}: {fault}"
        for number, example in enumerate(value, start=1)
        for fault in _example(example)
    ]


def _example(example: Any) -> list[str]:
    if not isinstance(example, dict):
        return ["an example is an object"]
    unknown = sorted(example.keys() - {"name", "fires", "config", "context", "identities"})
    checks = {
        f"unknown: {', '.join(unknown)}": not unknown,
        "it has no config": example.get("config") is not None,
        "fires is true or false": isinstance(example.get("fires"), bool),
        "context is an object": isinstance(example.get("context", {}), dict),
        "identities is a list": isinstance(example.get("identities", []), list),
    }
    faults = [fault for fault, holds in checks.items() if not holds]
    return [*(f"name {fault}" for fault in _text(200)(example.get("name"))), *faults]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


# What each field of a rule must be.
SHAPES: dict[str, Callable[[Any], list[str]]] = {
    **{name: _text() for name in RuleVersion.FIELDS},
    "title": _text(200),
    "technologies": _texts,
    "score": _score,
    "parameters": _parameters,
    "references": _references,
    "controls": _texts,
    "examples": _examples,
}
