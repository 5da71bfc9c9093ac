"""Write the mails about reviews: what ends soon, mentions, and justifications that wait."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.seeing import visible
from audits.models import Comment, Coverage, Justification
from audits.permits import why_not_answer
from notifications.mails import Mail, link, written
from notifications.models import Delivery
from notifications.notices import scope_of

State = Justification.State
# What one mail names; the rest is counted.
MOST = 50


def reminder(delivery: Delivery) -> Mail | None:
    """Return the mail of what ends soon; None where nothing of it still stands or is in sight."""
    standing = Justification.objects.filter(state=State.IN_FORCE)
    about = delivery.reminders.values("justification")
    found = _in_sight(delivery, standing.filter(pk__in=about))
    if not found:
        return None
    over = set(delivery.reminders.filter(days=0).values_list("justification_id", flat=True))
    rows = [_row(one, _soon(one, one.pk in over)) for one in found]
    what = rows[0]["title"] if len(rows) == 1 else f"{len(rows)} justifications"
    verb = "needs" if len(rows) == 1 else "need"
    return _mail(delivery, f"{what} {verb} a decision", rows, "you decided it, or own the account")


def waits(delivery: Delivery) -> Mail | None:
    """Return the mail that asks for an answer; None where this person's is not wanted (more)."""
    person = delivery.person
    (one,) = _in_sight(delivery, _about(delivery)) or (None,)
    if one is None or person is None or one.state != State.ASKED or why_not_answer(one, person):
        return None
    row = _row(one, f"{one.by} asks you to let this in")
    return _mail(delivery, f"Your answer is asked for: {row['title']}", [row], "you may answer")


def decided(delivery: Delivery) -> Mail | None:
    """Return the mail that tells who asked what was answered."""
    (one,) = _in_sight(delivery, _about(delivery)) or (None,)
    if one is None or one.answered_by is None:
        return None
    says = "Refused" if one.state == State.REFUSED else "Let in"
    row = _row(one, f"{says} by {one.answered_by}", one.answer)
    return _mail(delivery, f"{says}: {row['title']}", [row], "you asked")


def mention(delivery: Delivery) -> Mail | None:
    """Return the mail that tells somebody of a comment; None where they may not see it."""
    person = delivery.person
    if person is None or not person.is_active or delivery.mention is None:
        return None
    rows = visible(Comment.objects.filter(pk=delivery.mention.comment_id), person)
    said = rows.select_related("by", "item__account").first()
    if said is None:
        return None
    page = (
        ("admin:audits_issue_change", said.issue_id)
        if said.issue_id
        else ("admin:items_item_change", said.item_id)
    )
    row = {
        "title": str(said.item),
        "where": said.item.account.name,
        "says": f"{said.by} wrote",
        "text": said.text,
        "link": link(*page),
    }
    return _mail(delivery, f"{said.by} mentioned you: {said.item}", [row], "you were mentioned")


def _about(delivery: Delivery) -> QuerySet[Justification]:
    return Justification.objects.filter(pk=delivery.justification_id or 0)


def _in_sight(delivery: Delivery, rows: QuerySet[Justification]) -> list[Justification]:
    """Keep what the reader may see: a person by their grants, an owner their own accounts."""
    person = delivery.person
    if person is not None:
        rows = visible(rows, person) if person.is_active else rows.none()
    else:
        rows = rows.filter(account__owner_mail=delivery.to)
    rows = rows.select_related("rule__active", "account", "item", "by", "answered_by")
    return list(rows.order_by("until", "pk"))


def _soon(one: Justification, over: bool) -> str:
    parts = []
    if over and one.over_at:
        parts.append(f"More issues came than the {one.bound} accepted: it covers nothing new")
    if one.until:
        parts.append(f"Ends on {one.until:%-d %B %Y}, {_days(one.until)}")
    return ". ".join(parts)


def _days(until: date) -> str:
    left = (until - timezone.localdate()).days
    return {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")


def _row(one: Justification, says: str, text: str = "") -> dict[str, Any]:
    covers = Coverage.objects.filter(justification=one, until=None).count()
    return {
        "title": str(one.rule),
        "where": scope_of(one),
        "says": says,
        "reason": one.reason,
        "text": text,
        "covers": covers,
        "link": link("admin:audits_justification_change", one.pk),
    }


def _mail(delivery: Delivery, subject: str, rows: list[dict[str, Any]], why: str) -> Mail:
    context = {
        "delivery": delivery,
        "heading": subject,
        "rows": rows[:MOST],
        "more": max(0, len(rows) - MOST),
        "why": why,
    }
    return written("review", subject, context)
