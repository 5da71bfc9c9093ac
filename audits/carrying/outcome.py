"""What became of each rule of another tool."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from audits.loading import complete


class Untold(Exception):
    """Something of a rule cannot be said in our language; says what, and why."""


@dataclass(frozen=True)
class Carried:
    """A rule as ours, with what a reader must know of the difference."""

    name: str
    """What the other tool calls it."""
    key: str
    fields: dict[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Left:
    """A rule that is not carried over, and why."""

    name: str
    reason: str


Outcome = Carried | Left


def text(title: str, expression: str, technology: str, score: int, **prose: Any) -> dict[str, Any]:
    """Return a rule's whole text."""
    given = {"title": title[:200], "expression": expression, "score": score, **prose}
    return complete({**given, "technologies": [technology]})


def key_of(tool: str, name: str) -> str:
    """Return the key of a rule: the tool, and its name in small letters and dashes."""
    slug = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")
    return f"{tool}.{slug[:150].strip('-') or 'rule'}"


def apart(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Number the rules whose names would give one key."""
    seen: dict[str, int] = {}
    found: list[Outcome] = []
    for one in outcomes:
        if isinstance(one, Carried):
            seen[one.key] = seen.get(one.key, 0) + 1
            if seen[one.key] > 1:
                key = f"{one.key}-{seen[one.key]}"
                one = Carried(one.name, key, one.fields, one.notes)
        found.append(one)
    return found


class _Plain(HTMLParser):
    BREAKS = ("br", "p", "li", "ol", "ul", "div")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in self.BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain(html: Any) -> str:
    """Return what a piece of HTML says, as lines of text."""
    parser = _Plain()
    parser.feed(str(html or ""))
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).splitlines())
    return "\n".join(line for line in lines if line)


def links(given: Any) -> list[str]:
    """Return those of a list that are addresses."""
    values = given if isinstance(given, list) else [given]
    return [one for one in values if isinstance(one, str) and re.match(r"https?://\S+$", one)]
