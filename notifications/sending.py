"""Send what is due, each by its notifier: it is claimed first, and told once."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from accounts.types.base import Refused
from config.plugins import Missing
from notifications.alerts import NO_NEWS, alert
from notifications.concerning import Mails
from notifications.each import each
from notifications.facts import facts
from notifications.leaving import leaving_link, told_by
from notifications.mails import Mail, for_reader, link
from notifications.models import Delivery
from notifications.notifiers import notifiers
from notifications.notifiers.base import Later, Never, Outgoing
from notifications.proposal_mails import answer, question
from notifications.report.mail import weekly
from notifications.returned_mails import returned
from notifications.review_mails import decided, mention, reminder, waits

logger = logging.getLogger(__name__)

# A claim outlives the sending of one message, however slowly the server answers each of a
# dialogue's lines; a worker that died leaves it to the next.
CLAIM = timedelta(seconds=settings.EMAIL_TIMEOUT * 20)
FIRST_WAIT = timedelta(minutes=1)
ATTEMPTS = 12
# No notifier may put off what is to be told for longer than this.
LONGEST_WAIT = timedelta(days=1)
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


class Lost(Exception):
    """Another worker has taken the message over: what becomes of it is not ours to say."""


def send_due(now_too: bool = False) -> int:
    """Send every message whose gathering time is over (``now_too``: all); return how many went.

    One that fails is tried again, later each time, and given up after a day, or at once where
    its notifier says that it will never arrive; its error is kept. A crash in the sending
    itself repeats the message with the same key.
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
    sending = models.Q(state=Delivery.State.SENDING)
    abandoned = sending & models.Q(claimed_until__lt=now)
    # One after the other to each subscriber: what happened first is told first.
    others = Delivery.objects.filter(sending, claimed_until__gte=now)
    waits = models.Exists(others.filter(subscription=models.OuterRef("subscription")))
    return Delivery.objects.filter(gathered | abandoned).exclude(waits).order_by("due_at", "pk")


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
    unwanted, mail = "", None
    try:
        unwanted = _unwanted(delivery)
        mail = None if unwanted else _mail(delivery)
        if mail:
            _deliver(delivery, mail)
    except Lost:
        return False
    except Never as never:
        _fail(delivery, str(never), again=False)
        return False
    except Later as later:
        _fail(delivery, str(later), after=later.after)
        return False
    except (OSError, ValueError, Missing, Refused) as error:  # SMTP errors are OSErrors.
        _fail(delivery, f"{type(error).__name__}: {error}")
        return False
    except Exception as error:  # A broken notifier must not keep the others' messages.
        logger.exception("Message %s by %s failed", delivery.pk, delivery.notifier)
        _fail(delivery, f"{type(error).__name__}: {error}")
        return False
    delivery.claimed_until, delivery.last_error = None, unwanted
    if unwanted:
        delivery.state = Delivery.State.UNWANTED
    else:
        delivery.state, delivery.sent_at = Delivery.State.SENT, timezone.now()
        delivery.subject = mail.subject if mail else "Nothing to tell"
    delivery.save()
    return mail is not None


def _unwanted(delivery: Delivery) -> str:
    """Say why a message is wanted no more; empty: it is wanted."""
    told = delivery.subscription
    if told is not None:
        return "" if told.on else "The subscription is off."
    return "" if Mails.of(delivery).on else f"{delivery.address} has stopped these mails."


def _mail(delivery: Delivery) -> Mail | None:
    """Return what is to be sent; None where there is nothing to tell."""
    keeps = notifiers[delivery.notifier].keeps
    return WRITERS[delivery.kind](delivery) or (NO_NEWS if keeps else None)


def _deliver(delivery: Delivery, mail: Mail) -> None:
    """Hand a message over for each reader who has not got it; raise, at the end, what failed.

    Who got it is noted at once: what is tried again is tried for the others.
    """
    notifier = notifiers[delivery.notifier]()
    failed: Exception | None = None
    for reader in delivery.readers:
        if reader in delivery.reached:
            continue
        _renew(delivery)
        try:
            notifier.deliver(outgoing(delivery, mail, reader))
        except Lost:
            raise
        except Exception as error:
            # One to whom it will never arrive is no reason to give the others up.
            failed = error if failed is None or isinstance(failed, Never) else failed
        else:
            delivery.reached = [*delivery.reached, reader]
            delivery.save(update_fields=["reached"])
    if failed:
        raise failed


def _fail(
    delivery: Delivery, reason: str, again: bool = True, after: timedelta = timedelta()
) -> None:
    logger.warning("Message %s to %s failed: %s", delivery.pk, delivery.address, reason)
    given_up = not again or delivery.attempts >= ATTEMPTS
    delivery.state = Delivery.State.FAILED if given_up else Delivery.State.GATHERING
    delivery.last_error, delivery.claimed_until = reason[:2000], None
    wait = min(FIRST_WAIT * 2 ** (delivery.attempts - 1), timedelta(hours=4))
    delivery.due_at = timezone.now() + max(wait, min(after, LONGEST_WAIT))
    with transaction.atomic():
        delivery.save()


def outgoing(delivery: Delivery, mail: Mail, reader: str) -> Outgoing:
    """Return what the notifier is handed for a reader; the same key each time."""
    told = delivery.subscription
    leave = leaving_link(told_by(delivery, reader)) if delivery.notifier == "email" else ""
    mail = for_reader(mail, leave)
    facts_told = facts(delivery.kind, mail.context)
    return Outgoing(
        key=delivery.message_id.strip("<>"),
        attempt=delivery.attempts,
        kind=delivery.kind,
        address=reader,
        parameters=told.parameters if told else {},
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        link=_link(facts_told),
        facts=facts_told,
        each=partial(_each, delivery),
        channel=told.pk if told else 0,
        files=mail.files,
        leave=leave,
        timeout=settings.EMAIL_TIMEOUT,
    )


def _each(delivery: Delivery) -> Iterator[dict[str, Any]]:
    """Yield each thing that is told; the claim is renewed while they are asked for."""
    renewed = time.monotonic()
    for thing in each(delivery):
        if time.monotonic() > renewed + CLAIM.total_seconds() / 4:
            _renew(delivery)
            renewed = time.monotonic()
        yield thing


def _renew(delivery: Delivery) -> None:
    mine = Delivery.objects.filter(
        pk=delivery.pk, state=Delivery.State.SENDING, attempts=delivery.attempts
    )
    if not mine.update(claimed_until=timezone.now() + CLAIM):
        raise Lost


def _link(told: Mapping[str, Any]) -> str:
    """Return where to look: at the one thing that is told, at the report, or at all issues."""
    if told.get("link"):
        return str(told["link"])
    things = [*told.get("issues", ()), *told.get("changes", ())]
    if len(things) == 1:
        return str(things[0]["link"])
    return link("admin:audits_issue_changelist")
