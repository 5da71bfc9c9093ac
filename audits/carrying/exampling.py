"""Make examples of a rule that was carried over: a configuration that fires, one that does not.

Values are taken from the rule's own conditions and tried by the engine, so that each example
holds. They show what the rule does, not what was meant: somebody has to look at them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any
from zlib import crc32

from audits.carrying.places import Place, clauses, put
from audits.drafts import Draft
from audits.engine import Outcome, evaluate, parsed
from audits.examples import NOW, example_context

MARK = "made by the importer, to be checked"
TRIES = 1500
LONGEST = 40
# Whatever a condition asks, one of these is likely to be the other case.
ANYTHING: tuple[Any, ...] = (None, "x", "", 1, 0, True, False, ["x"], [], {"x": "x"}, {})
TYPES = {"array", "boolean", "null", "number", "object", "string"}
TODAY = datetime.fromisoformat(NOW)


def examples(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an example that fires and one that does not, as far as they were found.

    They differ in one value where that can be. The same text gives the same examples.
    """
    choices = _choices(fields["expression"])
    says = partial(_says, Draft.of(fields))
    if not choices:
        return []
    fires = next((one for one in _tries(choices) if says(one) is Outcome.FAIL), None)
    if fires is None:
        quiet = next((one for one in _tries(choices) if says(one) is Outcome.PASS), None)
    else:
        for place in choices:
            without = {**fires, place: None}
            fires = without if says(without) is Outcome.FAIL else fires
        others = chain(_one_apart(choices, fires), _tries(choices))
        quiet = next((one for one in others if says(one) is Outcome.PASS), None)
    return [
        {"name": f"{word}; {MARK}", "fires": found is fires, "config": _config(found)}
        for word, found in (("fires", fires), ("does not fire", quiet))
        if found is not None
    ]


Tried = dict[Place, Any]
Choices = dict[Place, list[Any]]


def _says(draft: Draft, tried: Tried) -> Outcome:
    return evaluate(draft, example_context(draft, _config(tried), {})).outcome


def _config(tried: Tried) -> dict[str, Any]:
    """Write what was chosen; what is null brings nothing above it into being."""
    config: dict[str, Any] = {str(place[0]): None for place in tried}
    # What lies deeper comes later, so that it is not written over by the whole.
    for place in sorted(tried, key=len):
        if tried[place] is not None:
            put(config, place, tried[place])
    return config


def _tries(choices: Choices) -> Iterator[Tried]:
    """Yield what may be worth trying: all first choices, one other at a time, then any."""
    first = {place: values[0] for place, values in choices.items()}
    yield first
    yield from _one_apart(choices, first)
    for number in range(TRIES):
        yield {
            # By chance, but the same each time.
            place: values[crc32(f"{number} {place}".encode()) % len(values)]
            for place, values in choices.items()
        }


def _one_apart(choices: Choices, base: Tried) -> Iterator[Tried]:
    for place, values in choices.items():
        alike = type(base[place])
        # What is of the same kind reads best beside it.
        for value in sorted(values, key=lambda one: type(one) is not alike):
            yield {**base, place: value}


def _choices(expression: str) -> Choices:
    """Return the places that an expression reads, each with values that may matter there."""
    found: Choices = {}
    for clause in clauses(parsed(expression)):
        values = list(_values(clause.literals, clause.functions))
        for place in clause.places:
            known = found.setdefault(place, [])
            known += [one for one in values if not _is_in(one, known)]
    return {
        place: known + [one for one in ANYTHING if not _is_in(one, known)]
        for place, known in found.items()
    }


def _is_in(value: Any, values: Iterable[Any]) -> bool:
    """Say whether a list has a value, where True is not 1."""
    return any(type(one) is type(value) and one == value for one in values)


def _values(literals: Iterable[Any], functions: frozenset[str]) -> Iterator[Any]:
    for literal in literals:
        if isinstance(literal, list):
            yield from literal
            yield literal
            yield from ([one] for one in literal)
        elif isinstance(literal, bool) or literal is None:
            yield literal
        elif isinstance(literal, (int, float)):
            yield from _around(literal, functions)
        elif isinstance(literal, str):
            yield from _like(literal, functions)


def _around(number: float, functions: frozenset[str]) -> Iterator[Any]:
    for near in (number, number + 1, number - 1):
        if functions & {"age_days", "days_until"}:
            ahead = -1 if "age_days" in functions else 1
            yield (TODAY + ahead * timedelta(days=min(near, 36500))).isoformat()
            continue
        if "prefix_length" in functions and 0 <= near <= 32:
            yield f"10.0.0.0/{int(near)}"
            continue
        if "count" in functions and 0 <= near <= LONGEST:
            yield [{} for _ in range(int(near))]
        yield near
        yield str(near)


def _like(text: str, functions: frozenset[str]) -> Iterator[Any]:
    if "type" in functions and text in TYPES:
        return
    if "matches" in functions and text.startswith(("^", "(?")):
        yield _fitting(text)
        return
    if "epoch" in functions:
        for days in (-1, 1):
            try:
                yield (datetime.fromisoformat(text) + timedelta(days=days)).isoformat()
            except (ValueError, OverflowError):
                continue
    yield text
    yield [text]
    yield {text: "x"}


# What stands in a regular expression, and a text that fits; in this order.
FITTING = (
    (r"\(\?[a-z]+\)|\\z|\\b|\^|\$|\(\?:\\n\?\)", ""),
    (r"\[\\s\\pZ\]\*", ""),
    (r"\((?:\?:)?([^()|]*)(?:\|[^()]*)?\)", r"\1"),
    (r"\((?:\?:)?([^()|]*)(?:\|[^()]*)?\)", r"\1"),
    (r"\[\^[^\]]*\]|\\w|\\S", "x"),
    (r"\[0-9\]|\\d", "1"),
    (r"\\s", " "),
    (r"\[([^\]\\])[^\]]*\]", r"\1"),
    (r"(?<!\\)\.", "x"),
    (r"(?<!\\)(?:[*+?]|\{[0-9,]*\})", ""),
    (r"\\(.)", r"\1"),
)


def _fitting(pattern: str) -> str:
    """Guess a text that a regular expression fits; the engine tells whether it does."""
    for what, fits in FITTING:
        pattern = re.sub(what, fits, pattern)
    return pattern.partition("|")[0]
