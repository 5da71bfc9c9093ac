"""What the queue's workers run. Each job may run more than once; each claims its row first."""

import logging

from django.utils import timezone

from accounts.discovering import discover as discover_below
from accounts.forgetting import forget
from accounts.models import Account
from accounts.types.base import Refused
from audits.evidence.making import make, prune_packs
from audits.previewing import prune
from audits.reviewing import end_passed
from config import evidence as packs
from config import pipeline, previews, scheduling
from items.claiming import Busy
from items.models import LeaseLost
from notifications.following import follow
from notifications.noticing import notice
from notifications.relaying import relay
from notifications.reminding import remind
from notifications.report.planning import plan_weekly
from notifications.sending import send_due

logger = logging.getLogger(__name__)


def tick() -> None:
    """Queue what is due, end what has passed, and send what was gathered; once a minute."""
    scheduling.enqueue_due()
    previews.enqueue_unanswered()
    packs.enqueue_unmade()
    end_passed(timezone.localdate())
    plan_weekly(timezone.localtime())
    relay(timezone.now())
    follow()
    remind(timezone.localtime())
    notice(timezone.now())
    send_due()
    prune(timezone.now())
    prune_packs(timezone.now())
    forget(timezone.now())


def check(account_id: int, technology: str) -> None:
    """Look at a slice; done as well where another worker does it."""
    try:
        pipeline.check(account_id, technology)
    except (Busy, LeaseLost) as reason:
        logger.info("%s", reason)


def judge(account_id: int, technology: str) -> None:
    """Judge a slice again; where another worker has it, it stays due."""
    try:
        pipeline.judge(account_id, technology)
    except (Busy, LeaseLost) as reason:
        logger.info("%s", reason)


def discover(account_id: int) -> None:
    """Find the accounts below one; where that is refused, its page tells why."""
    try:
        discover_below(Account.objects.get(pk=account_id))
    except (Account.DoesNotExist, Refused) as reason:
        logger.info("%s", reason)


def preview(pk: int) -> None:
    """Answer a question about a text; done as well where another worker does it."""
    previews.answer(pk)


def evidence(pk: int) -> None:
    """Make a pack of evidence; done as well where another worker does it."""
    make(pk)
