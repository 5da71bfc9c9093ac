"""Answer who asked for a justification: let it in, or say why not."""

import json
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.ledger import enter
from accounts.seeing import visible
from audits.coverages import cover
from audits.models import Issue, Justification
from audits.patterns import Pattern
from audits.permits import APPROVE, why_not_answer
from audits.policies import terms_of
from audits.reaching import together
from audits.reminders import plan_reminders
from audits.reviewing import lock
from items.canonical import digest

State, Scope = Justification.State, Justification.Scope


@transaction.atomic
def approve(justification: Justification, by: Any, words: str = "", seen: str = "") -> int:
    """Let in what was asked for; return how many issues it covers.

    ``seen`` is the ``look`` of what the approver was shown: where anything is different by now,
    they are asked to look again. Raises PermissionDenied for who may not answer, ValidationError
    where it waits no more, would cover nothing, or more or for longer than allowed.
    """
    found = _answered(justification, by, words)
    issues = would_cover(found, lock=True)
    if not issues:
        raise ValidationError("There is nothing left that it would cover. Refuse it, saying so.")
    if seen and seen != look(issues):
        raise ValidationError("What it covers has changed since. Look at it again.")
    if found.bound is not None and len(issues) > found.bound:
        raise ValidationError(
            f"It would cover {len(issues)} issues now, more than the {found.bound} asked for. "
            "Refuse it, so that it is asked for anew."
        )
    found.until = terms_of((issue.score for issue in issues), timezone.localdate()).until(
        found.until
    )
    found.state = State.IN_FORCE
    found.score = max(issue.score for issue in issues)
    found.extent = together(issue.extent for issue in issues)
    found.save()
    cover([(found, issues)], by, timezone.now())
    plan_reminders([found])
    after = {"state": str(found.state), "answer": found.answer, "issues": len(issues)}
    enter(by, "approved", found, {"state": str(State.ASKED)}, after)
    return len(issues)


@transaction.atomic
def refuse(justification: Justification, by: Any, words: str) -> None:
    """Say no, and why. Raises as ``approve`` does."""
    if not words.strip():
        raise ValidationError({"words": "Say why not: who asked reads it."})
    found = _answered(justification, by, words)
    found.state = State.REFUSED
    found.save()
    after = {"state": str(found.state), "answer": found.answer}
    enter(by, "refused", found, {"state": str(State.ASKED)}, after)


def waiting_for(user: Any) -> QuerySet[Justification]:
    """Return what waits and what this person may answer."""
    waiting = Justification.objects.filter(state=State.ASKED).exclude(by=user.pk)
    return visible(waiting, user, to=APPROVE.partition(".")[2].partition("_")[0])


def would_cover(justification: Justification, lock: bool = False) -> list[Issue]:
    """Return the open issues that a justification asked for would cover now, worst first."""
    if justification.scope == Scope.PATTERN:
        rows = Issue.objects.all()
    elif justification.scope == Scope.ITEM:
        rows = Issue.objects.filter(item=justification.item_id, rule=justification.rule_id)
    else:
        rows = Issue.objects.filter(pk__in=justification.issues.values("pk"))
    if lock:
        rows = rows.select_for_update(of=("self",))
    if justification.scope == Scope.PATTERN:
        return Pattern.of(justification).open_issues(justification.rule_id, rows)
    rows = rows.filter(fixed_at=None).select_related("version", "item__account")
    return list(rows.defer("item__config").order_by("-score", "pk"))


def look(issues: Iterable[Issue]) -> str:
    """Return what tells whether issues are the same, and reach as far, as when they were seen."""
    parts = sorted((issue.pk, issue.score, issue.extent) for issue in issues)
    return digest(json.loads(json.dumps(parts)))


def _answered(justification: Justification, by: Any, words: str) -> Justification:
    """Return it locked, with the answer noted but not saved."""
    found = lock(Justification.objects.filter(pk=justification.pk))[0]
    refused = why_not_answer(found, by)
    if refused:
        raise PermissionDenied(refused)
    if found.state != State.ASKED:
        who = f" by {found.answered_by}" if found.answered_by else ""
        raise ValidationError(f"It waits no more: it is {found.get_state_display()}{who}.")
    found.answered_by, found.answered_at = by, timezone.now()
    found.answer = words.strip()
    return found
