"""Answer what an editor asked for: another person lets it in, or says why not."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.ledger import enter
from audits.models import Proposal, Rule, RuleVersion
from audits.moving import Moved, activate, end, locked
from audits.versions import check_version

PERMISSION = "audits.approve_rule"


def approve(proposal: Proposal, by: Any) -> Moved:
    """Let in what was asked for; where its examples do not hold any more it goes on waiting.

    Raises PermissionDenied for who may not answer, ValidationError where it waits no more.
    """
    problems = check_version(proposal.version) if proposal.version else []
    if problems:
        return Moved(False, tuple(problems))
    with transaction.atomic():
        rule = _answer(proposal, Proposal.Answer.APPROVED, by, "")
        if proposal.version:
            RuleVersion.objects.filter(pk=proposal.version.pk).update(approved_by=by)
            activate(proposal.version, by, proposal.reason)
        else:
            end(rule, by, proposal.reason)
    return Moved(True)


@transaction.atomic
def refuse(proposal: Proposal, by: Any, reason: str) -> None:
    """Say no, and why; the version stays as it is. Raises as ``approve`` does."""
    if not reason.strip():
        raise ValidationError({"because": "Say why not: who asked reads it."})
    _answer(proposal, Proposal.Answer.REFUSED, by, reason)


@transaction.atomic
def withdraw(proposal: Proposal, by: Any, reason: str = "") -> None:
    """Ask no more. Raises ValidationError where it waits no more."""
    locked(proposal.rule_id)
    _close(proposal, Proposal.Answer.WITHDRAWN, by, reason)


def waiting_for(user: Any) -> QuerySet[Proposal]:
    """Return what waits and what this person may answer, as far as a query can tell."""
    if not user.has_perm(PERMISSION):
        return Proposal.objects.none()
    own = Q(by=user) | Q(version__author=user)
    return Proposal.objects.filter(answer="").exclude(own)


def why_not(proposal: Proposal, user: Any) -> str:
    """Say why a person may not answer, or return nothing."""
    if not user.has_perm(PERMISSION):
        return "Approvers of all accounts answer this."
    if user == proposal.by:
        return "You asked for it: another approver answers."
    version = proposal.version
    if version and user == version.author:
        return "You wrote it: another approver answers."
    if version and user.pk in _movers(version):
        return "You tried it or asked for it: another approver answers."
    return ""


def _movers(version: RuleVersion) -> set[int]:
    """Return who put a version in shadow, or asked for it."""
    asked = version.proposals.values_list("by_id", flat=True)
    movers = {by for by in asked if by}
    before = None
    for shadow, user in version.rule.history.order_by("history_date", "history_id").values_list(
        "shadow_id", "history_user_id"
    ):
        if user and shadow != before and shadow == version.pk:
            movers.add(user)
        before = shadow
    return movers


def _answer(proposal: Proposal, answer: Proposal.Answer, by: Any, because: str) -> Rule:
    rule = locked(proposal.rule_id)
    refused = why_not(proposal, by)
    if refused:
        raise PermissionDenied(refused)
    _close(proposal, answer, by, because)
    return rule


def _close(proposal: Proposal, answer: Proposal.Answer, by: Any, because: str) -> None:
    """Write the answer; the rule is locked, so the first one to answer is the only one."""
    proposal.refresh_from_db()
    if proposal.answer:
        who = f" by {proposal.answered_by}" if proposal.answered_by else ""
        raise ValidationError(f"It waits no more: it was {proposal.answer}{who}.")
    proposal.answer, proposal.answered_by = answer, by
    proposal.answered_at, proposal.because = timezone.now(), because.strip()
    proposal.save()
    said = {"answer": answer, "because": because.strip()}
    enter(by, str(answer), proposal, {"answer": ""}, said)
