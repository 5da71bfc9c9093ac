"""The change inbox: in some accounts every change waits until a reviewer has said something."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.ledger import enter_each
from accounts.models import Account, AccountGroup
from accounts.recalling import not_yet
from accounts.seeing import visible
from audits.coverages import event
from audits.loading import complete
from audits.models import (
    Cause,
    ChangeReview,
    Issue,
    IssueEvent,
    Rule,
    RuleSetting,
    RuleVersion,
    What,
)
from audits.scoping import in_force, ranked
from audits.versions import write_version
from items.canonical import digest
from items.diffing import Difference
from items.models import Item, Kind
from items.preceding import Changed, what_stood_before
from items.recording import BATCH, Changes
from items.revisions import what_changed

KEY = "vervet.questioned-change"
# What a reviewer's word fills, and what stood there before.
SAID: dict[str, Any] = {
    "state": ChangeReview.State.WAITING,
    "by_id": None,
    "at": None,
    "ticket": "",
    "text": "",
    "issue_id": None,
}
STAND_INS = {name: f"{name}_then" for name in SAID}
"""The column that stands in for a field of a change in the past."""
# What a questioned change keeps as evidence.
MOST_LINES = 40
QUESTIONED: dict[str, Any] = {
    "title": "Questioned change",
    "technologies": ["vervet.change"],  # Nothing watches it, so that no audit opens or closes it.
    "expression": "questioned",
    "score": 6,
    "rationale": "A reviewer of an account whose every change is looked at asked about this one.",
    "remediation": "Answer the question: undo the change, or say in the change inbox that it was "
    "expected after all.",
    "examples": [
        {"name": "questioned", "fires": True, "config": {"questioned": True}},
        {"name": "expected", "fires": False, "config": {"questioned": False}},
    ],
}


def expect_review(changes: Changes) -> int:
    """Let what is news wait for a reviewer, where a group of the account asks for it.

    Returns how many changes wait more. At most three queries, none where nothing is news;
    called again for the same changes it adds nothing.
    """
    news = {item.pk: kind for kind, item in changes.news()}
    if not news or not changes.run.account.groups.filter(changes_reviewed=True).exists():
        return 0
    rows = Item.history.filter(run=changes.run, id__in=news)
    waiting = [
        ChangeReview(item_id=item, revision=revision, kind=kind, since=at)
        for revision, item, kind, at in rows.values_list("history_id", "id", "kind", "history_date")
        if kind == news[item]
    ]
    ChangeReview.objects.bulk_create(waiting, batch_size=BATCH, ignore_conflicts=True)
    return len(waiting)


@transaction.atomic
def expected(
    reviews: Iterable[ChangeReview], by: Any, ticket: str = "", text: str = ""
) -> list[IssueEvent]:
    """Say that changes were expected, by which ticket or why; also of what was questioned.

    Returns what happened to issues: what a question had opened is closed. Raises
    PermissionDenied where ``by`` may not review one of the items, and ValidationError where
    there is neither ticket nor text.
    """
    if not (ticket.strip() or text.strip()):
        raise ValidationError({"ticket": "Name the ticket, or say why it was expected."})
    found = [one for one in _reviewable(reviews, by) if one.state != ChangeReview.State.EXPECTED]
    events = _close([one.issue_id for one in found if one.issue_id], by, ticket or text)
    _decide(found, ChangeReview.State.EXPECTED, by, ticket, text)
    return events


@transaction.atomic
def question(reviews: Iterable[ChangeReview], by: Any, text: str) -> list[IssueEvent]:
    """Open an issue for each change, with what is asked about it; return the events.

    The issue stands until the change is said to be expected after all. Raises as
    ``expected`` does, where there is no text.
    """
    if not text.strip():
        raise ValidationError({"text": "Say what is to be explained."})
    found = [one for one in _reviewable(reviews, by) if one.state != ChangeReview.State.QUESTIONED]
    events = _open(found, by, text.strip()) if found else []
    _decide(found, ChangeReview.State.QUESTIONED, by, "", text)
    return events


def changes_at(moment: datetime) -> QuerySet[ChangeReview]:
    """Return the changes that had been seen at a moment, with the columns that stand in for what
    was said of them later; ask for them by ``renamed(…, STAND_INS)``."""
    said = not_yet(ChangeReview, Q(at__gt=moment), SAID)
    return ChangeReview.objects.annotate(**said).filter(since__lte=moment)


def overdue(now: datetime) -> Q:
    """Return what holds for changes that wait for longer than a group of theirs allows.

    One query, for the groups.
    """
    groups: dict[int, list[int]] = defaultdict(list)
    reviewed = AccountGroup.objects.filter(changes_reviewed=True)
    for pk, days in reviewed.values_list("pk", "review_days"):
        groups[days].append(pk)
    late = Q(pk__in=[])
    for days, pks in groups.items():
        accounts = Account.objects.filter(groups__in=pks).values("pk")
        late |= Q(item__account__in=accounts, since__lt=now - timedelta(days=days))
    return Q(state=ChangeReview.State.WAITING) & late


def lines_of(technology: str, changed: Changed) -> list[Difference]:
    """Return how a change differs from what stood before; nothing for what is new."""
    if changed.before is None:
        return []
    return what_changed(technology, changed.before, changed.after)


def _reviewable(reviews: Iterable[ChangeReview], by: Any) -> list[ChangeReview]:
    """Return the reviews locked, in one order; raise PermissionDenied on one out of reach."""
    wanted = {one.pk for one in reviews}
    items = visible(Item.objects.all(), by, "review").values("pk")
    found = list(
        ChangeReview.objects.filter(pk__in=wanted, item__in=items)
        .select_for_update(of=("self",))
        .select_related("item__account")
        .order_by("pk")
    )
    if len(found) != len(wanted):
        raise PermissionDenied("You may not review every one of these changes.")
    return found


def _decide(found: Sequence[ChangeReview], state: str, by: Any, ticket: str, text: str) -> None:
    """Write what was said of changes, and enter it."""
    before = [_said(one) for one in found]
    now = timezone.now()
    for one in found:
        one.state, one.by, one.at = state, by, now
        one.ticket, one.text = ticket.strip()[:300], text.strip()
    fields = ["state", "by", "at", "ticket", "text", "issue"]
    ChangeReview.objects.bulk_update(found, fields, batch_size=BATCH)
    deeds = [(one, was, _said(one)) for one, was in zip(found, before, strict=True)]
    did = "questioned" if state == ChangeReview.State.QUESTIONED else "expected"
    enter_each(by, did, deeds)


def _said(review: ChangeReview) -> dict[str, Any]:
    return {"state": str(review.state), "ticket": review.ticket, "text": review.text}


# -- the issue of a question -------------------------------------------------------------------


def _open(found: Sequence[ChangeReview], by: Any, text: str) -> list[IssueEvent]:
    version = _version()
    settings = list(RuleSetting.objects.filter(rule=version.rule_id))
    groups = _groups({one.item.account_id for one in found})
    changed = what_stood_before(one.revision for one in found)
    kept = {
        issue.fingerprint: issue
        for issue in Issue.objects.filter(
            rule=version.rule_id, fingerprint__in=[_fingerprint(one) for one in found]
        ).select_for_update()
    }
    now = timezone.now()
    new, again, events = [], [], []
    for review in found:
        item = review.item
        issue = kept.get(_fingerprint(review))
        what, before = What.REOPENED, issue.score if issue else None
        if issue is None:
            what = What.OPENED
            issue = Issue(
                item=item,
                account_id=item.account_id,
                technology=item.technology,
                rule_id=version.rule_id,
                fingerprint=_fingerprint(review),
            )
            new.append(issue)
        else:
            again.append(issue)
        held = ranked(settings, item, groups[item.account_id])
        issue.version, issue.score = version, in_force(version, held).score
        issue.opened_at, issue.fixed_at, issue.unknown = now, None, False
        issue.notes = f"{Kind(review.kind).label.capitalize()}, and questioned: {text}"
        issue.evidence = _evidence(review, changed.get(review.revision))
        review.issue = issue
        events.append(
            IssueEvent(
                issue=issue,
                at=now,
                what=what,
                cause=Cause.PERSON,
                person=by,
                version=version,
                score_before=before,
                score=issue.score,
                text=text,
            )
        )
    Issue.objects.bulk_create(new, batch_size=BATCH)
    fields = ["version", "score", "opened_at", "fixed_at", "unknown", "notes", "evidence"]
    Issue.objects.bulk_update(again, fields, batch_size=BATCH)
    IssueEvent.objects.bulk_create(events, batch_size=BATCH)
    return events


def _close(issues: Sequence[int], by: Any, why: str) -> list[IssueEvent]:
    rows = Issue.objects.open().filter(pk__in=issues).select_related("version").order_by("pk")
    found = list(rows.select_for_update(of=("self",)))
    now = timezone.now()
    text = f"Expected after all: {why.strip()}"
    events = [
        event(issue, What.FIXED, Cause.PERSON, at=now, person=by, text=text) for issue in found
    ]
    Issue.objects.filter(pk__in=[issue.pk for issue in found]).update(fixed_at=now, unknown=False)
    IssueEvent.objects.bulk_create(events, batch_size=BATCH)
    return events


def _version() -> RuleVersion:
    """Return the version of the rule that questions stand under; made when it is first needed."""
    rule, new = Rule.objects.get_or_create(key=KEY)
    if new:
        made = write_version(rule, complete(QUESTIONED), "Made for the change inbox.")
        rule.active, rule.state = made, Rule.State.ACTIVE
        rule.save()
    return rule.active or rule.versions.latest("number")


def _groups(accounts: set[int]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {pk: set() for pk in accounts}
    rows = Account.groups.through._default_manager.filter(account__in=accounts)
    for account, group in rows.values_list("account_id", "accountgroup_id"):
        found[account].add(group)
    return {pk: frozenset(groups) for pk, groups in found.items()}


def _fingerprint(review: ChangeReview) -> str:
    """What makes two questions one: they are about the same revision."""
    return digest({"revision": review.revision})


def _evidence(review: ChangeReview, changed: Changed | None) -> dict[str, Any]:
    told: dict[str, Any] = {"Change": review.kind, "Seen": review.since.isoformat()}
    if changed:
        lines = lines_of(review.item.technology, changed)[:MOST_LINES]
        told["Differences"] = [f"{one.where}: {one.before} → {one.after}" for one in lines]
    return told
