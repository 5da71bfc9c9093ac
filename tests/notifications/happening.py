"""Let things happen to issues and items, as the line would write them down."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from audits.models import Cause, Issue, IssueEvent, What
from items.models import Item, Kind
from notifications.following import follow
from notifications.models import Delivery, Subscription
from notifications.notifiers import notifiers
from notifications.sending import send_due
from notifications.telling import write
from tests.config.test_workers import ROOT, database_url
from tests.factories import IssueFactory, ItemFactory, a_rule

HOSTILE = "@acme/everyone `#1` [x](http://evil) {noformat} [~admin]\nnew"


def an_issue(**fields: Any) -> Issue:
    version = a_rule(
        "open",
        title="Open to the world",
        remediation="Shut it.",
        controls=["CIS AWS 5.2"],
        references=["https://example.com/why"],
    ).active
    return IssueFactory(version=version, item=ItemFactory(name=HOSTILE), notes=HOSTILE, **fields)


def happens(issue: Issue, what: What, told: Subscription | None = None) -> IssueEvent:
    """Let something happen to an issue; it is told by itself where a subscription is named."""
    issue.fixed_at = timezone.now() if what == What.FIXED else None
    issue.justified = what == What.JUSTIFIED
    issue.save()
    event = IssueEvent.objects.create(
        issue=issue,
        at=timezone.now(),
        what=what,
        cause=Cause.CLOUD,
        version=issue.version,
        score=issue.score,
    )
    if told:
        with transaction.atomic():
            write(told, [], [event], None)
    return event


def changes(
    item: Item,
    kind: Kind,
    told: Subscription | None = None,
    actor: Any = None,
    config: dict[str, Any] | None = None,
) -> Any:
    """Let an item change; return the revision."""
    item.config = item.config | (config or {})
    item.save()
    revision = item.history.latest("history_id")
    revision.kind, revision.actor, revision.history_date = kind, actor, timezone.now()
    revision.save()
    if told:
        with transaction.atomic():
            write(told, [revision.pk], [], None)
    return revision


def sent() -> list[str]:
    """Send what there is to tell; return what became of each message."""
    follow()
    send_due(now_too=True)
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


SEND = """
import django; django.setup()
from notifications.sending import send_due
send_due(True)
"""
# Nothing in the product is replaced: the process is watched, and ends itself at a moment.
SEND_AND_DIE = """
import os, pkgutil, signal, sys, django; django.setup()
from notifications.sending import send_due
moment = pkgutil.resolve_name(sys.argv[1]).__code__
def watch(frame, event, value):
    if event == "return" and frame.f_code is moment:
        os.kill(os.getpid(), signal.SIGKILL)
sys.setprofile(watch)
send_due(True)
"""


def sender(**environment: str) -> subprocess.Popen[bytes]:
    """Start a process of its own that sends what there is, as a worker does."""
    return _worker([SEND], environment)


def sender_that_dies(after: str, **environment: str) -> subprocess.Popen[bytes]:
    """Start one that is killed when a function, such as ``package.module:name``, has returned."""
    return _worker([SEND_AND_DIE, after], environment)


def delivering(key: str) -> str:
    """Name the function of a notifier that returns once all was taken; nothing is noted yet."""
    return f"{notifiers[key].__module__}:{notifiers[key].__qualname__}.deliver"


def _worker(code: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", *code],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database_url(),
            "VERVET_NOTIFY_INSIDE": "127.0.0.0/8",
        }
        | environment,
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a worker at once, while it waits for an answer."""
    os.kill(process.pid, signal.SIGKILL)


def was_killed(process: subprocess.Popen[bytes]) -> bool:
    """Wait for a worker's end; let the next one take over what it held."""
    ended = process.wait(timeout=60)
    held = Delivery.objects.filter(state=Delivery.State.SENDING)
    return ended == -signal.SIGKILL and bool(
        held.update(claimed_until=timezone.now() - timedelta(seconds=1))
    )
