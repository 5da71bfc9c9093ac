"""Send the mails that are due: each is claimed first, and told once."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import models, transaction
from django.utils import timezone

from notifications.mails import Mail, alert, weekly
from notifications.models import Delivery
from notifications.proposal_mails import answer, question
from notifications.returned_mails import returned
from notifications.review_mails import decided, mention, reminder, waits

logger = logging.getLogger(__name__)

# A claim outlives the sending of one mail; a worker that died leaves it to the next.
CLAIM = timedelta(seconds=settings.EMAIL_TIMEOUT * 4)
FIRST_WAIT = timedelta(minutes=1)
ATTEMPTS = 12
WRITERS: dict[str, Callable[[Delivery], Mail | None]] = {
    Delivery.Kind.ALERT: alert,
    Delivery.Kind.WEEKLY: weekly,
    Delivery.Kind.ASKED: question,
    Delivery.Kind.ANSWERED: answer,
    Delivery.Kind.WAITS: waits,
    Delivery.Kind.DECIDED: decided,
    Delivery.Kind.REMINDER: reminder,
    Delivery.Kind.MENTION: mention,
    Delivery.Kind.RETURNED: returned,
}


def send_due(now_too: bool = False) -> int:
    """Send every mail whose gathering time is over (``now_too``: all); return how many went.

    A mail that fails is tried again, later each time, and given up after a day; its error is
    kept. A crash in the sending itself repeats the mail with the same Message-ID.
    """
    sent = 0
    for delivery in list(_due(now_too).values_list("pk", flat=True)):
        claimed = _claim(delivery, now_too)
        if claimed and _send(claimed):
            sent += 1
    return sent


def _due(now_too: bool) -> models.QuerySet[Delivery]:
    now = timezone.now()
    gathered = models.Q(state=Delivery.State.GATHERING)
    if not now_too:
        gathered &= models.Q(due_at__lte=now)
    abandoned = models.Q(state=Delivery.State.SENDING, claimed_until__lt=now)
    return Delivery.objects.filter(gathered | abandoned).order_by("due_at")


def _claim(pk: int, now_too: bool) -> Delivery | None:
    """Take a mail for sending, if nobody else has."""
    taken = (
        _due(now_too)
        .filter(pk=pk)
        .order_by()
        .update(
            state=Delivery.State.SENDING,
            claimed_until=timezone.now() + CLAIM,
            attempts=models.F("attempts") + 1,
        )
    )
    if not taken:
        return None
    return Delivery.objects.select_related("subscription", "person").get(pk=pk)


def _send(delivery: Delivery) -> bool:
    try:
        mail = WRITERS[delivery.kind](delivery)
        if mail:
            message(delivery, mail).send()
    except (OSError, ValueError) as error:  # SMTP errors are OSErrors.
        _fail(delivery, f"{type(error).__name__}: {error}")
        return False
    delivery.state, delivery.sent_at, delivery.claimed_until = (
        Delivery.State.SENT,
        timezone.now(),
        None,
    )
    delivery.subject, delivery.last_error = (mail.subject if mail else "Nothing to tell"), ""
    delivery.save()
    return mail is not None


def _fail(delivery: Delivery, reason: str) -> None:
    logger.warning("Mail %s to %s failed: %s", delivery.pk, delivery.address, reason)
    given_up = delivery.attempts >= ATTEMPTS
    delivery.state = Delivery.State.FAILED if given_up else Delivery.State.GATHERING
    delivery.last_error, delivery.claimed_until = reason[:2000], None
    wait = min(FIRST_WAIT * 2 ** (delivery.attempts - 1), timedelta(hours=4))
    delivery.due_at = timezone.now() + wait
    with transaction.atomic():
        delivery.save()


def message(delivery: Delivery, mail: Mail) -> EmailMultiAlternatives:
    """Return the mail as it goes out; the same Message-ID each time."""
    out = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        to=[delivery.address],
        headers={
            "Message-ID": delivery.message_id,
            "Auto-Submitted": "auto-generated",
        },
    )
    out.attach_alternative(mail.html, "text/html")
    return out
