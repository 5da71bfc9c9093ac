"""What a framework's controls come to, by the checks of the rules that are about them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models

from audits.models import Control
from audits.standing import Standing, Tally


class State(models.TextChoices):
    """How a control stood. What speaks against it comes first."""

    FAIL = "fail", "fail"
    UNKNOWN = "unknown", "no answer"
    ACCEPTED = "accepted", "accepted"
    PASS = "pass", "pass"
    NOT_APPLICABLE = "not-applicable", "nothing there"
    NOT_WATCHED = "not-watched", "not watched"
    PEOPLE = "people", "people must look"


MEANING = {
    State.FAIL: "At least one check found something that nobody has justified.",
    State.UNKNOWN: "Nothing was found, but some check had no answer, or something was not read.",
    State.ACCEPTED: "All that was found is justified, and every check had an answer.",
    State.PASS: "Every rule about it was run on everything, had an answer, and found nothing.",
    State.NOT_APPLICABLE: "Its rules were run, but there was nothing that they apply to.",
    State.NOT_WATCHED: "A configuration could tell, but no rule in force was about it.",
    State.PEOPLE: "No configuration can tell: the rest is for people to show.",
}


@dataclass(frozen=True)
class Line:
    """One control at a moment."""

    control: Control
    rules: tuple[int, ...]
    """Those in force then."""
    tally: Tally
    state: State


def assess(
    controls: Iterable[Control], mapping: dict[str, list[int]], found: Standing
) -> list[Line]:
    """Return how each control stood; ``mapping`` gives the rules about each by its name."""
    by_rule = found.by_rule()
    lines = []
    for control in controls:
        rules = tuple(rule for rule in mapping.get(control.name, ()) if rule in found.rules)
        tally = sum((by_rule[rule] for rule in rules), start=Tally())
        lines.append(Line(control, rules, tally, state_of(control, rules, tally)))
    return lines


def state_of(control: Control, rules: tuple[int, ...], tally: Tally) -> State:
    """Return what a control's checks come to; one that people must look at never passes."""
    if tally.failed:
        return State.FAIL
    if not control.automated:
        return State.PEOPLE
    if not rules:
        return State.NOT_WATCHED
    if tally.silent:
        return State.UNKNOWN
    if tally.accepted:
        return State.ACCEPTED
    return State.PASS if tally.passed else State.NOT_APPLICABLE


# From worse to better. What was not watched, or is not there, is neither.
BETTER = {
    State.FAIL: 0,
    State.UNKNOWN: 1,
    State.ACCEPTED: 2,
    State.PASS: 3,
}


@dataclass(frozen=True)
class Move:
    """A control that stood differently on another day."""

    line: Line
    before: State
    better: bool | None
    """None: neither; it began or ceased to be told."""


def compare(lines: Iterable[Line], before: Iterable[Line]) -> list[Move]:
    """Return the controls that stood differently before, those that got worse first."""
    then = {line.control.pk: line.state for line in before}
    moves = []
    for line in lines:
        old = then.get(line.control.pk, line.state)
        if old != line.state:
            known = old in BETTER and line.state in BETTER
            step = BETTER[line.state] - BETTER[old] if known else 0
            moves.append(Move(line, old, step > 0 if step else None))
    return sorted(moves, key=lambda move: {False: 0, True: 1, None: 2}[move.better])
