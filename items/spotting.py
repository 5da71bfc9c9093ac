"""Where in a thing a question is answered: the part that matched, in a few words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from accounts.providers import every, first
from items.addresses import Path, as_text, places
from items.asking import Pathed, Patterned, Question, Tagged, Worded
from items.searching import Hit
from items.tags import tags_in
from items.terms import leaves, values

# Parts of one thing that are shown.
MOST = 2
# Characters of a text that are shown on each side of what matched.
AROUND = 40
LONGEST = 120
NOTES = ("Description", "description", "Comment", "comment")


@dataclass(frozen=True)
class Spot:
    """A part that matched: what stands before it, itself, and what stands after it."""

    before: str
    mark: str
    after: str = ""


def spots(question: Question, hit: Hit) -> list[Spot]:
    """Return the first parts of a thing that answer the question; a thing may have none."""
    if hit.path:
        return _addresses(hit)[:MOST]
    found: list[Spot] = []
    for term in question.terms:
        if isinstance(term, Worded):
            found += _first(_texts(term, hit))
        elif isinstance(term, Patterned):
            found += _first(_patterns(term, hit.config))
        elif isinstance(term, Pathed):
            found += _first(
                Spot(f"{term.path} = ", _short(one)) for one in values(term, hit.config)
            )
        elif isinstance(term, Tagged):
            found += _first(_tags(term, hit.config))
    return found[:MOST]


def _first(found: Iterator[Spot]) -> list[Spot]:
    one = next(found, None)
    return [one] if one else []


# -- texts --------------------------------------------------------------------------------------


def _texts(term: Worded, hit: Hit) -> Iterator[Spot]:
    pattern = re.compile(re.escape(term.text), re.IGNORECASE)
    for name, text in (("id ", hit.item.uid), ("", hit.item.full_name)):
        match = pattern.search(text)
        if match and text != hit.item.name:
            yield _cut(name, text, match.start(), match.end())
    for path, text in leaves(hit.config):
        match = pattern.search(text)
        if match:
            yield _cut(f"{shown(path)} ", text, match.start(), match.end())
    for path, _ in leaves(hit.config):
        match = pattern.search(shown(path))
        if match:
            yield _cut("", shown(path), match.start(), match.end())


def _patterns(term: Patterned, config: Any) -> Iterator[Spot]:
    for path, text in leaves(config):
        match = term.found.search(text)
        if match:
            yield _cut(f"{shown(path)} ", text, match.start(), match.end())


def _tags(term: Tagged, config: Any) -> Iterator[Spot]:
    for name, value in tags_in(config).items():
        if name.lower() == term.name.lower():
            yield Spot("tag ", f"{name} = {_short(value)}")


def _cut(before: str, text: str, start: int, end: int) -> Spot:
    """Show a part of a text with what is around it."""
    left, right = max(0, start - AROUND), min(len(text), end + AROUND)
    lead = ("…" if left else "") + text[left:start]
    tail = text[end:right] + ("…" if right < len(text) else "")
    return Spot(before + lead, text[start:end][:LONGEST], tail)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def shown(path: Path) -> str:
    """Return a path with the places in lists, as a person copies it into a rule."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if step.isidentifier() else f'"{step}"')
    return text


# -- addresses ----------------------------------------------------------------------------------


def _addresses(hit: Hit) -> list[Spot]:
    return [
        _address(hit.config, place.path, place.text)
        for place in places(hit.config)
        if place.text[:100] == hit.text and as_text(place.path)[:500] == hit.path
    ] or [Spot(f"{hit.path} ", hit.text)]


def _address(config: Any, path: Path, text: str) -> Spot:
    """Say what a configuration has to do with an address: which traffic, or which key."""
    around = [config]
    for step in path[:-1]:
        around.append(around[-1][step])
    note = next((_note(one) for one in reversed(around[1:]) if _note(one)), "")
    for one in reversed(around):
        said = first("traffic", one, path) if isinstance(one, dict) else ""
        if said:
            return Spot(f"{said} ", _short(text), note)
    return Spot(f"{_named(path)} ", _short(text), note)


def _note(one: Any) -> str:
    if not isinstance(one, dict):
        return ""
    found = next((one[name] for name in NOTES if isinstance(one.get(name), str) and one[name]), "")
    return f" “{found[:60]}”" if found else ""


def _named(path: Path) -> str:
    """Return the part of a path that tells most: where a policy says it, or the last key."""
    names = [step for step in path if isinstance(step, str)]
    for clauses in every("clauses"):
        if clauses in path:
            return f"{shown(path[: path.index(clauses) + 2])} {names[-1]}"
    return ".".join(names[-2:]) if len(names) > 1 and len(names[-1]) < 8 else names[-1]
