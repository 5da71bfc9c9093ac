"""Replays looks at an account on given days, through the real recording and auditing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Account, AccountGroup, KnownNetwork
from audits.auditing import audit, audit_stale, finish_stale, slice_portions
from audits.models import (
    Coverage,
    Issue,
    IssueEvent,
    Justification,
    ReferenceTable,
    Rule,
    RuleSetting,
)
from audits.reviewing import justify, withdraw
from audits.rulebook import Rulebook
from items.claiming import claim
from items.models import Run
from items.portions import portions
from items.recording import record
from items.watchers import watchers
from items.watchers.base import Answered, Refusal, Snapshot
from notifications.models import Subscription
from tests.factories import a_rule

GROUPS = "aws.ec2.security_group"
PLACE = "eu-west-1"
DATED: tuple[Any, ...] = (
    Rule,
    Account,
    AccountGroup,
    KnownNetwork,
    RuleSetting,
    ReferenceTable,
    Justification,
    Subscription,
)


def day(number: int, hour: int = 12) -> datetime:
    return datetime(2026, 3, number, hour, tzinfo=UTC)


def group(uid: str, unread: tuple[str, ...] = (), **config: Any) -> Snapshot:
    """Return a security group as a look would find it."""
    refused = {part: Refusal("Describe", "Denied", "not allowed", part=part) for part in unread}
    full = {"GroupId": uid, **config}
    return Snapshot(PLACE, uid, f"name of {uid}", f"arn:{uid}", PLACE, full, refused)


def look(
    account: Account,
    at: datetime,
    *found: Any,
    answers: bool = True,
    technology: str = GROUPS,
) -> None:
    """Look at a slice at a moment, as ``pipeline.check`` does."""
    seen = [*found, Answered(PLACE)] if answers else list(found)
    with claim(account.pk, technology) as run:
        run.started_at = at
        for part in portions(seen):
            with run.transaction():
                audit(record(run, watchers[technology](), part))
    _end(run, at)


def judge(account: Account, at: datetime, technology: str = GROUPS) -> None:
    """Run what is stale at a moment, as ``pipeline.judge`` does."""
    with claim(account.pk, technology, Run.Kind.JUDGED) as run:
        run.started_at = at
        book = Rulebook.of(run.account, technology, at.date())
        stale = book.stale()
        for items in slice_portions(run, 1000):
            with run.transaction():
                audit_stale(run, book, items, stale)
        with run.transaction():
            finish_stale(run, book, stale)
    _end(run, at)


def _end(run: Run, at: datetime) -> None:
    Run.objects.filter(pk=run.pk).update(ended_at=at + timedelta(seconds=1))


@contextmanager
def dated(at: datetime) -> Iterator[None]:
    """Write the history of whatever is changed as of a moment."""
    last = [_last(model) for model in DATED]
    yield
    for model, before in zip(DATED, last, strict=True):
        model.history.filter(history_id__gt=before).update(history_date=at)


def _last(model: Any) -> int:
    return model.history.order_by("-history_id").values_list("history_id", flat=True).first() or 0


def rule_at(at: datetime, key: str, **fields: Any) -> Rule:
    """Put a rule, or its next version, into force at a moment."""
    with dated(at):
        return a_rule(key, **fields)


def justify_at(at: datetime, issue: Issue, by: Any) -> None:
    with dated(at):
        justify([issue], by, "It is meant.")
    Coverage.objects.filter(issue=issue, until=None).update(since=at)
    _move(issue, at)


def withdraw_at(at: datetime, issue: Issue, by: Any) -> None:
    with dated(at):
        withdraw([issue], by, "Not any more.")
    Coverage.objects.filter(issue=issue, until__gt=at + timedelta(days=60)).update(until=at)
    _move(issue, at)


def _move(issue: Issue, at: datetime) -> None:
    last = IssueEvent.objects.filter(issue=issue).order_by("-pk").first()
    IssueEvent.objects.filter(pk=last.pk).update(at=at)  # type: ignore[union-attr]
