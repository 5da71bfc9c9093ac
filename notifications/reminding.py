"""Write to people about reviews: what ends soon, who was mentioned, what waits for their yes."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from audits.models import Justification, Mention, Reminder
from audits.permits import approvers, why_not_answer
from notifications.models import Delivery

# Reminders of a day go out together, from this hour of the server's time zone on.
HOUR = time(7)
# An answer that is older than this is no news.
NEWS = timedelta(days=7)
Kind, State = Delivery.Kind, Delivery.State


def remind(now: datetime) -> int:
    """Add the mails that were not written yet; return how many things are told in them.

    Mentions, questions and answers are told at once; what ends soon in one mail a person a day.
    Each row is claimed in the transaction that adds its mail, so it is told once. ``now`` is in
    the server's time zone.
    """
    news = [*_questions(now), *_answers(now)]
    asked = Delivery.objects.bulk_create(news, ignore_conflicts=True) if news else []
    return len(asked) + _mentions(now) + _endings(now)


def _mentions(now: datetime) -> int:
    count = 0
    for mention in Mention.objects.filter(told_at=None).select_related("user"):
        with transaction.atomic():
            claimed = Mention.objects.filter(pk=mention.pk, told_at=None).update(told_at=now)
            if claimed and mention.user.is_active and mention.user.email:
                mail = _mail(Kind.MENTION, mention.user, now)
                mail.mention = mention
                mail.save()
                count += 1
    return count


def _endings(now: datetime) -> int:
    if now.time() < HOUR:
        return 0
    due = Reminder.objects.filter(
        told_at=None, on__lte=now.date(), justification__state=Justification.State.IN_FORCE
    )
    rows = due.select_related(
        "justification__by", "justification__answered_by", "justification__account"
    )
    count = 0
    for reminder in rows:
        with transaction.atomic():
            if Reminder.objects.filter(pk=reminder.pk, told_at=None).update(told_at=now):
                for person, address in _concerned(reminder.justification):
                    _gathering(person, address, now).reminders.add(reminder)
                count += 1
    return count


def _concerned(one: Justification) -> list[tuple[User | None, str]]:
    """Return who justified it, who let it in, and the account's owner, each address once."""
    found: dict[str, tuple[User | None, str]] = {}
    for person in (one.by, one.answered_by):
        if person and person.is_active and person.email:
            found.setdefault(person.email.lower(), (person, ""))
    owner = one.account.owner_mail if one.account else ""
    if owner:
        found.setdefault(owner.lower(), (None, owner))
    return list(found.values())


def _gathering(person: User | None, address: str, now: datetime) -> Delivery:
    """Return the mail of today, or, where that has gone, of tomorrow; locked until the commit."""
    for day in (now.date(), now.date() + timedelta(days=1)):
        since = timezone.make_aware(datetime.combine(day, time.min))
        due = max(now, timezone.make_aware(datetime.combine(day, HOUR)))
        wanted = {"kind": Kind.REMINDER, "person": person, "to": address, "since": since}
        Delivery.objects.bulk_create([Delivery(**wanted, due_at=due)], ignore_conflicts=True)
        mail = Delivery.objects.select_for_update().get(**wanted)
        if mail.state == State.GATHERING and not mail.attempts:
            break
    return mail


def _questions(now: datetime) -> Iterator[Delivery]:
    """Ask who was chosen, or every approver."""
    told = Delivery.objects.filter(kind=Kind.WAITS).values("justification")
    waiting = Justification.objects.filter(state=Justification.State.ASKED).exclude(pk__in=told)
    for one in waiting.select_related("asked_of", "by", "account"):
        chosen = [one.asked_of] if one.asked_of else approvers(one.account, one.by)
        for person in chosen:
            if person.is_active and person.email and not why_not_answer(one, person):
                yield _mail(Kind.WAITS, person, now, one)


def _answers(now: datetime) -> Iterator[Delivery]:
    told = Delivery.objects.filter(kind=Kind.DECIDED).values("justification")
    answered = Justification.objects.filter(answered_at__gte=now - NEWS, by__is_active=True)
    news = answered.exclude(answered_by=F("by")).exclude(by__email="").exclude(pk__in=told)
    for one in news.select_related("by"):
        yield _mail(Kind.DECIDED, one.by, now, one)


def _mail(
    kind: Delivery.Kind, person: User, now: datetime, about: Justification | None = None
) -> Delivery:
    return Delivery(kind=kind, person=person, justification=about, since=now, due_at=now)
