"""Which issues that were kept answer to what a rule finds now; the same for judging and for
looking ahead."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from audits.engine import Evaluable, Finding, identify
from audits.functions.base import Context


class Kept(Protocol):
    """The part of an issue that tells which finding it is."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def evidence(self) -> Any: ...


K = TypeVar("K", bound=Kept)


@dataclass(frozen=True)
class Matched(Generic[K]):
    """How the issues of one rule on one item stand to what the rule finds there."""

    same: list[tuple[K, Finding]]
    """Those that go on, with what they are from now on."""
    moved: list[K]
    """Those of them that a new identity gives another fingerprint."""
    new: list[Finding]
    over: list[K]
    """Those to which nothing answers any more."""
    stuck: list[tuple[K, str]]
    """Those of ``over`` that the new identity would move, but cannot; with the reason."""


def match(
    rule: Evaluable,
    context: Context,
    kept: Iterable[K],
    findings: Iterable[Finding],
    older: Callable[[K], bool],
) -> Matched[K]:
    """Tell for each issue that was kept, open or fixed, whether a finding answers to it.

    Where none has its fingerprint and an ``older`` text made it, the identity is applied to the
    evidence that was kept; the issue moves if that answers to one finding which no other issue
    answers to.
    """
    by_print = {one.fingerprint: one for one in kept}
    found = {finding.fingerprint: finding for finding in findings}
    moves: dict[str, list[K]] = defaultdict(list)
    for key, one in by_print.items():
        if key not in found and older(one):
            moves[identify(rule, context, one.evidence)].append(one)
    moved, stuck = [], []
    for key, ones in moves.items():
        reason = _why_stuck(key, ones, by_print, found)
        if not reason:
            moved += ones
            by_print[key] = by_print.pop(ones[0].fingerprint)
        else:
            stuck += [(one, reason) for one in ones if key != one.fingerprint]
    same = [(by_print.pop(key), found.pop(key)) for key in list(found) if key in by_print]
    return Matched(same, moved, list(found.values()), list(by_print.values()), stuck)


def _why_stuck(key: str, ones: list[K], kept: dict[str, K], found: dict[str, Finding]) -> str:
    if not key:
        return "The identity gives no answer on what was kept of it."
    if key not in found:
        return "Nothing that is found now answers to what was kept of it."
    if len(ones) > 1:
        return f"{len(ones)} issues would become one."
    return "Another issue has that identity already." if key in kept else ""
