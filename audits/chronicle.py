"""What happened to a rule: who wrote, tried, asked, let in, moved and retired, when and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audits.models import Proposal, Rule


@dataclass(frozen=True)
class Happening:
    """One line of a rule's history."""

    at: datetime
    what: str
    by: Any = None
    """None: Vervet itself, as when a pack is loaded."""
    number: int | None = None
    """The version that it is about."""
    reason: str = ""
    icon: str = "edit"
    tone: str = "information"


def happened(rule: Rule) -> list[Happening]:
    """Return everything that happened to a rule, newest first; a few queries whatever it was."""
    numbers: dict[int | None, int] = dict(rule.versions.values_list("pk", "number"))
    found = [*_written(rule), *_asked(rule), *_moved(rule, numbers)]
    # Of one moment the later step stands first: it was written, then asked for, then moved.
    return sorted(found, key=lambda one: one.at)[::-1]


def _written(rule: Rule) -> Iterator[Happening]:
    for version in rule.versions.select_related("author").order_by("number"):
        yield Happening(
            version.created_at,
            f"wrote version {version.number}",
            version.author,
            version.number,
            version.reason,
        )


def _asked(rule: Rule) -> Iterator[Happening]:
    rows = rule.proposals.select_related("version", "by", "answered_by").order_by("pk")
    for row in rows:
        number = row.version.number if row.version else None
        what = f"to put version {number} into force" if number else "to retire the rule"
        yield Happening(row.at, f"proposed {what}", row.by, number, row.reason, "help", "medium")
        if row.answer and row.answered_at:
            words, icon, tone = ANSWERS[Proposal.Answer(row.answer)]
            yield Happening(
                row.answered_at,
                f"{words} the proposal {what}",
                row.answered_by,
                number,
                row.because,
                icon,
                tone,
            )


ANSWERS = {
    Proposal.Answer.APPROVED: ("approved", "verified", "good"),
    Proposal.Answer.REFUSED: ("refused", "block", "high"),
    Proposal.Answer.WITHDRAWN: ("withdrew", "undo", "information"),
    Proposal.Answer.REPLACED: ("replaced", "undo", "information"),
}


def _moved(rule: Rule, numbers: dict[int | None, int]) -> Iterator[Happening]:
    """Yield what the pointers did, told from each row of the history and the one before."""
    state: str = Rule.State.DRAFT
    active: int | None = None
    shadow: int | None = None
    rows = rule.history.select_related("history_user").order_by("history_date", "history_id")
    for row in rows:
        about = (row.history_date, row.history_user, row.history_change_reason or "")
        was_active = active if state == Rule.State.ACTIVE else None
        is_active = row.active_id if row.state == Rule.State.ACTIVE else None
        if row.shadow_id and row.shadow_id != shadow:
            number = numbers.get(row.shadow_id)
            yield _move(about, f"put version {number} in shadow", number, "visibility", "low")
        if shadow and not row.shadow_id and row.active_id != shadow:
            number = numbers.get(shadow)
            yield _move(about, f"took version {number} out of shadow", number, "visibility_off")
        if is_active and is_active != was_active:
            number = numbers.get(is_active)
            yield _move(about, f"put version {number} into force", number, "bolt", "good")
        if row.state == Rule.State.RETIRED and state != Rule.State.RETIRED:
            yield _move(about, "retired the rule", None, "archive")
        state, active, shadow = row.state, row.active_id, row.shadow_id


def _move(
    about: tuple[datetime, Any, str],
    what: str,
    number: int | None,
    icon: str,
    tone: str = "information",
) -> Happening:
    at, by, reason = about
    return Happening(at, what, by, number, reason, icon, tone)
