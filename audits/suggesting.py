"""Start from data: an expression that asks for a value in a configuration, or against a change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audits.drafts import Draft
from audits.engine import Outcome, evaluate
from audits.functions.base import Context
from audits.wording import PLAIN, identifier, literal
from items.diffing import Difference, calling, located

Path = tuple[str | int, ...]
Names = Mapping[str, Sequence[str]]

# What is offered at once; and how long an expression may be that is made of values.
OFFERED = 3
LONGEST = 3000
# Fields by which an element is asked for that nothing calls by a name.
FIELDS = 4


@dataclass(frozen=True)
class Suggestion:
    """An expression with what goes with it."""

    expression: str
    identity: str = ""
    notes: str = ""


def suggest(config: Any, path: Path, names: Names | None = None) -> list[Suggestion]:
    """Return expressions that ask for what lies at a path; each fires on ``config``.

    ``names`` tells which fields call an element of a list, by the list's name. At least one
    is returned where the path leads anywhere.
    """
    made = _asking(config, path, names or {})
    return _first(made, lambda one: fires(one, config))


def never_again(
    before: Any, after: Any, change: Difference, names: Names | None = None
) -> list[Suggestion]:
    """Return expressions that fire on what a change made, and not on what was there before."""
    known = names or {}
    was, now = located(before, after, change.path, known)
    made: list[Suggestion] = []
    if now:
        made = [*_asking(after, now, known), *_asking(after, now, known, narrow=True)]
    elif was:
        made = list(_missing(before, was, known))
    top = change.path[0] if change.path else ""
    made += _whole(after, top)
    return _first(made, lambda one: fires(one, after) and not fires(one, before))


def fires(one: Suggestion, config: Any) -> bool:
    """Say whether a suggestion would find something in a configuration."""
    draft = Draft(expression=one.expression, identity=one.identity, notes=one.notes)
    context = Context(now=datetime.now(UTC), config=config)
    return evaluate(draft, context).outcome == Outcome.FAIL


def _first(made: Any, holds: Any) -> list[Suggestion]:
    found: list[Suggestion] = []
    for one in made:
        if len(one.expression) <= LONGEST and one not in found and holds(one):
            found.append(one)
        if len(found) == OFFERED:
            break
    return found


# -- what is asked for ----------------------------------------------------------------------------


def _asking(config: Any, path: Path, names: Names, narrow: bool = False) -> Iterator[Suggestion]:
    """Yield ways to ask for what lies at a path, the one that is likely meant first."""
    value = reach(config, path)
    lists = [place for place, step in enumerate(path) if isinstance(step, int)]
    if lists:
        yield from _in_list(config, path, lists, names, narrow)
    else:
        yield from _plain(path, value)
    if path:
        yield from _whole(config, str(path[0]))
        # Whatever else fails: that the part is there at all.
        yield Suggestion(f"contains(keys(@), {literal(path[0])})")


def _plain(path: Path, value: Any) -> Iterator[Suggestion]:
    """Ask for a value, or a part, that lies in no list."""
    text = dotted(path)
    if value is True:
        yield Suggestion(text)
    elif isinstance(value, dict) and value:
        named = _naming(value, ())
        yield Suggestion(text, _identity(named) or literal(text), _sentence(named))
    elif isinstance(value, list) and value:
        element = value[0]
        if isinstance(element, dict):
            named = _naming(element, ())
            yield Suggestion(f"{text}[]", _identity(named), _sentence(named))
        yield Suggestion(f"count({text}) > `0`")
    elif isinstance(value, str) and len(value) > 200:
        yield Suggestion(f"starts_with({text}, {literal(value[:200])})")
    else:
        yield Suggestion(f"{text} == {literal(value)}")


def _in_list(
    config: Any, path: Path, lists: list[int], names: Names, narrow: bool
) -> Iterator[Suggestion]:
    """Ask for elements of a list that are like the one on the path."""
    last = lists[-1]
    around, rest = path[:last], path[last + 1 :]
    element = reach(config, path[: last + 1])
    calling = _naming(element, names.get(_list_name(around), ())) if _is_object(element) else []
    asked = _conditions(element, calling, rest, narrow)
    if len(lists) > 1 and lists[-2] == last - 2 and isinstance(path[last - 1], str):
        yield from _within_parent(config, path, lists, names, asked, calling)
    text = dotted(around)
    where = f"{text}[?{asked}]" if len(lists) == 1 else f"{text}[] | [?{asked}]"
    yield Suggestion(where, _identity(calling), _sentence(calling))
    if len(lists) == 1 and _is_object(element) and not narrow:
        every = _conditions(element, calling, rest, narrow=True)
        yield Suggestion(f"{text}[?{every}]", _identity(calling), _sentence(calling))


def _within_parent(
    config: Any,
    path: Path,
    lists: list[int],
    names: Names,
    asked: str,
    calling: list[str],
) -> Iterator[Suggestion]:
    """Ask for a child of a list together with its parent: tcp 22 from 0.0.0.0/0."""
    outer, key = path[: lists[-2]], str(path[lists[-1] - 1])
    parent, child = reach(config, path[: lists[-2] + 1]), reach(config, path[: lists[-1] + 1])
    if not _is_object(parent) or any(isinstance(step, int) for step in outer):
        return
    above = [
        name
        for name in _naming(parent, names.get(_list_name(outer), ()))
        if not (_is_object(child) and name in child)
    ]
    if not _is_object(child):
        asked, calling = f"{identifier(key)} == {literal(child)}", [key]
    every = " && ".join([*(_equal((name,), parent[name]) for name in above), asked])
    together = f"expand({dotted(outer)}, {literal(key)})[?{every}]"
    yield Suggestion(together, _identity([*above, *calling]), _sentence([*above, *calling]))


def _conditions(element: Any, calling: list[str], rest: Path, narrow: bool) -> str:
    """Return what is asked of an element: the value on the path, or what it is called by."""
    if not _is_object(element):
        return f"@ == {literal(element)}"
    asked: list[str] = []
    if rest and not any(isinstance(step, int) for step in rest):
        asked.append(_equal(rest, reach(element, rest)))
    if narrow or not asked:
        plain = [name for name, value in element.items() if _is_plain(value)]
        fields = dict.fromkeys([*calling, *plain] if narrow else calling or plain[:FIELDS])
        asked = [*(_equal((name,), element[name]) for name in fields if (name,) != rest), *asked]
    return " && ".join(asked) or "@"


def _equal(path: Path, value: Any) -> str:
    text = dotted(path)
    if value is True or (isinstance(value, (dict, list)) and value):
        return text
    return f"{text} == {literal(value)}"


def _missing(before: Any, path: Path, names: Names) -> Iterator[Suggestion]:
    """Ask whether that is gone which lay at a path."""
    lists = [place for place, step in enumerate(path) if isinstance(step, int)]
    if lists:
        for one in _in_list(before, path, lists, names, narrow=False):
            yield Suggestion(f"empty({one.expression})")
        return
    text = dotted(path)
    yield Suggestion(f"empty({text})")
    inside = f"keys({dotted(path[:-1]) or '@'})"
    yield Suggestion(f"!contains({inside}, {literal(path[-1])})")


def _whole(config: Any, top: str) -> list[Suggestion]:
    """Ask for a whole part exactly as it is; the last resort."""
    if not isinstance(config, dict):
        return []
    if top not in config:
        return [Suggestion(f"!contains(keys(@), {literal(top)})")]
    return [Suggestion(f"{identifier(top)} == {literal(config[top])}")]


# -- names ----------------------------------------------------------------------------------------


def reach(config: Any, path: Path) -> Any:
    """Return what lies at a path; nothing where it leads nowhere."""
    for step in path:
        if isinstance(config, dict) and isinstance(step, str):
            config = config.get(step)
        elif isinstance(config, list) and isinstance(step, int) and step < len(config):
            config = config[step]
        else:
            return None
    return config


def dotted(path: Path) -> str:
    """Return a path as an expression writes it, every element of a list for one of them."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += "[]"
        else:
            text += f".{identifier(step)}" if text else identifier(step)
    return text


def _list_name(path: Path) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _naming(element: dict[str, Any], given: Sequence[str]) -> list[str]:
    """Return the fields that call an element: those that its watcher names, or look like it."""
    named = [name for name in given if element.get(name) is not None]
    if named:
        return named
    for ending in calling():
        for name, value in element.items():
            if name.lower().endswith(ending) and isinstance(value, str) and value:
                return [name]
    return [name for name, value in element.items() if _is_plain(value)][:FIELDS]


def _identity(names: list[str]) -> str:
    if len(names) == 1:
        return identifier(names[0])
    pairs = (f"{identifier(name)}: {identifier(name)}" for name in dict.fromkeys(names))
    return "{" + ", ".join(pairs) + "}" if names else ""


def _sentence(names: list[str]) -> str:
    return " ".join(f"{{{name}}}" for name in dict.fromkeys(names) if PLAIN.match(name))


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_plain(value: Any) -> bool:
    """Say whether a value is short enough, and simple enough, to be asked for."""
    return value is not None and not isinstance(value, (dict, list)) and len(str(value)) <= 200
