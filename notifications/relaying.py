"""Write to who may let a proposal in, and to who asked once it is answered."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import F

from accounts.models import Grant, User
from audits.approving import PERMISSION, why_not
from audits.models import Proposal
from notifications.models import Delivery

# An answer that is older than this is no news: it was given before answers were mailed.
NEWS = timedelta(days=7)


def relay(now: datetime) -> int:
    """Add the mails about proposals that were not written yet; return how many.

    Each approver who may answer is asked once, by the first call after the question; who asked
    is told the answer once, unless it was their own.
    """
    mails = [*_questions(now), *_answers(now)]
    return len(Delivery.objects.bulk_create(mails, ignore_conflicts=True)) if mails else 0


def _questions(now: datetime) -> Iterator[Delivery]:
    asked = Delivery.objects.filter(kind=Delivery.Kind.ASKED).values("proposal")
    waiting = Proposal.objects.filter(answer="").exclude(pk__in=asked)
    approvers: list[User] | None = None
    for proposal in waiting.select_related("rule", "version__author", "by"):
        approvers = _approvers() if approvers is None else approvers
        for person in approvers:
            if not why_not(proposal, person):
                yield _mail(Delivery.Kind.ASKED, proposal, person, now)


def _answers(now: datetime) -> Iterator[Delivery]:
    told = Delivery.objects.filter(kind=Delivery.Kind.ANSWERED).values("proposal")
    answered = Proposal.objects.filter(answered_at__gte=now - NEWS, by__is_active=True)
    news = answered.exclude(answered_by=F("by")).exclude(by__email="").exclude(pk__in=told)
    for proposal in news.select_related("by"):
        yield _mail(Delivery.Kind.ANSWERED, proposal, proposal.by, now)


def _mail(kind: Delivery.Kind, proposal: Proposal, person: User | None, now: datetime) -> Delivery:
    return Delivery(kind=kind, proposal=proposal, person=person, since=now, due_at=now)


def _approvers() -> list[User]:
    """Return who may answer proposals and has an address."""
    app, _, codename = PERMISSION.partition(".")
    named = Grant.objects.filter(
        group=None,
        role__permissions__codename=codename,
        role__permissions__content_type__app_label=app,
    ).values("user")
    with_address = User.objects.filter(is_active=True).exclude(email="")
    chosen = with_address.filter(pk__in=named) | with_address.filter(is_superuser=True)
    return list(chosen.order_by("pk"))
