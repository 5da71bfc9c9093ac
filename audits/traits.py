"""What accepted findings have in common, as a condition that would leave them out."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audits.drafts import Draft
from audits.engine import Outcome, evaluate
from audits.facts import facts_of
from audits.functions.base import Context, Known
from audits.functions.shapes import tags_in
from audits.outline import quoted
from audits.wording import literal
from items.models import Item

# A trait is one where this share of what was accepted has it, and no more of the rest.
SHARED, ELSEWHERE = 0.8, 0.5
OFFERED = 5
LONGEST = 80
PREFIX = re.compile(r"^([A-Za-z0-9]{2,})[-_./]")


@dataclass(frozen=True)
class Trait:
    """Something that what was accepted shares, and most of the rest does not have."""

    words: str
    applies_when: str
    """A condition that leaves out what has it."""
    accepted: int
    """Accepted items that it would leave out, and of how many."""
    of: int
    failing: int
    """Items with an issue that nobody accepted, which it would leave out, too."""
    rest: int
    """Items without any issue that it would leave out, too, among those that were looked at."""


def traits(accepted: Sequence[Item], failing: Sequence[Item], rest: Sequence[Item]) -> list[Trait]:
    """Return what the accepted items share, what tells them best from the others first.

    Every condition is tried on all the items by the engine: the counts are what it would do.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for item in accepted:
        counts.update(set(_features(item)))
    least = max(2, SHARED * len(accepted))
    found = []
    for (words, condition), count in counts.most_common():
        if count < least:
            break
        trait = Trait(
            words,
            condition,
            _left_out(condition, accepted),
            len(accepted),
            _left_out(condition, failing),
            _left_out(condition, rest),
        )
        too_wide = rest and trait.rest > ELSEWHERE * len(rest)
        if trait.accepted >= least and not too_wide:
            found.append(trait)
    found.sort(key=lambda one: (one.failing - one.accepted, one.rest, one.words))
    return found[:OFFERED]


def joined(present: str, condition: str) -> str:
    """Return the condition beside the one that a rule has already."""
    return f"({present.strip()}) && {condition}" if present.strip() else condition


def _features(item: Item) -> Iterator[tuple[str, str]]:
    account = item.account
    yield f"account {account.name}", f"account().identifier != {literal(account.identifier)}"
    if item.region:
        yield f"region {item.region}", f"item().region != {literal(item.region)}"
    begins = PREFIX.match(item.name)
    if begins:
        start = begins[0]
        yield (
            f"name begins with {start}",
            f"!matches(item().name, {literal('^' + start.replace('.', '[.]'))})",
        )
    for name, value in tags_in(item.config).items():
        if isinstance(value, str) and _short(name) and _short(value):
            yield f"tag {name} is {value}", f"tags(@).{quoted(name)} != {literal(value)}"
    for name, value in item.config.items():
        if _short(name) and value is not None:
            yield from _value(name, value)


def _value(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool):
        yield f"{name} is {str(value).lower()}", f"{quoted(name)} != `{str(value).lower()}`"
    elif isinstance(value, str) and _short(value):
        yield f"{name} is {value}", f"{quoted(name)} != {literal(value)}"


def _short(text: str) -> bool:
    return 0 < len(text) <= LONGEST


def _left_out(condition: str, items: Iterable[Item]) -> int:
    draft = Draft(applies_when=condition, expression="`null`")
    verdicts = (evaluate(draft, _context(item)) for item in items)
    return sum(1 for verdict in verdicts if verdict.outcome == Outcome.NOT_APPLICABLE)


def _context(item: Item) -> Context:
    return Context(**facts_of(item, item.account, datetime.now(UTC), Known()))
