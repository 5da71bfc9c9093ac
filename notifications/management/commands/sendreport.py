"""Send the weekly report of a subscription now, or look at it first."""

from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.moments import Moment
from notifications.models import Delivery, Subscription
from notifications.pdf import pdf_of
from notifications.report.made import unsent, week_around, week_before
from notifications.report.mail import mail_of
from notifications.report.planning import plan
from notifications.sending import send_due


def _week(text: str) -> Moment:
    """Return the end of the week in which a day lies."""
    try:
        moment = week_around(date.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise ArgumentTypeError(f"{text!r} is no day. Write one like 2026-11-08.") from error
    if moment.now:
        raise ArgumentTypeError(f"The week of {text} is not over.")
    return moment


class Command(BaseCommand):
    help = (
        "Send the weekly report of a subscription now, once for each week. With --preview nothing "
        "is sent or kept: the mail is written into a file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("subscription", help="the name of a subscription")
        parser.add_argument(
            "--week",
            type=_week,
            metavar="DAY",
            help="a day of it; else the last that is over",
        )
        parser.add_argument(
            "--preview", metavar="FILE", help="write the mail as HTML or .pdf; its text beside it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        told = self._subscription(options["subscription"])
        moment = options["week"] or week_before(timezone.now())
        if options["preview"]:
            self._write(told, moment, Path(options["preview"]))
        else:
            self._send(told, moment)

    def _subscription(self, name: str) -> Subscription:
        found = list(Subscription.objects.filter(name=name)[:2])
        if len(found) == 1 and found[0].view:
            raise CommandError(f"“{name}” tells of a saved query; the weekly report knows none.")
        if len(found) == 1:
            return found[0]
        if found:
            raise CommandError(f"More than one subscription is called “{name}”. Rename one.")
        names = ", ".join(Subscription.objects.values_list("name", flat=True)[:20])
        raise CommandError(f"No subscription is called “{name}”. There are: {names or 'none'}.")

    def _write(self, told: Subscription, moment: Moment, file: Path) -> None:
        mail = mail_of(unsent(told, moment))
        try:
            if file.suffix == ".pdf":
                file.write_bytes(pdf_of(mail.html))
            else:
                file.write_text(mail.html, encoding="utf-8")
            file.with_suffix(".txt").write_text(mail.text, encoding="utf-8")
        except ValueError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{mail.subject}\n{file}, {file.with_suffix('.txt')}")

    def _send(self, told: Subscription, moment: Moment) -> None:
        delivery, new = plan(told, timezone.localdate(moment.at), timezone.now())
        if not new and delivery.state == Delivery.State.SENT:
            at = timezone.localtime(delivery.sent_at)
            raise CommandError(f"It was sent to {delivery.address} at {at:%Y-%m-%d %H:%M}.")
        send_due()
        delivery.refresh_from_db()
        if delivery.state in (Delivery.State.UNWANTED, Delivery.State.FAILED):
            raise CommandError(f"It was not sent: {delivery.last_error}")
        if delivery.state != Delivery.State.SENT:
            why = delivery.last_error or "a worker sends it"
            at = timezone.localtime(delivery.due_at)
            raise CommandError(f"It was not sent yet, and is tried again at {at:%H:%M}: {why}")
        self.stdout.write(f"{delivery.subject}\nSent to {delivery.address}.")
