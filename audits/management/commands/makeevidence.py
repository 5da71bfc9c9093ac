"""Write the evidence for a framework, or one of its controls, as of the end of a day."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Account
from audits.evidence.packing import pack
from audits.evidence.question import Question, usual_since
from audits.models import Framework


class Command(BaseCommand):
    help = "Write the evidence for a framework as of the end of a day: one ZIP, about all accounts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("framework", help="its key: pci-dss-4.0.1")
        parser.add_argument("--control", help="only this one: 2.1.4")
        parser.add_argument("--day", required=True, help="2026-10-31; today: this moment")
        parser.add_argument("--since", help="from which day on changes are listed; else 90 days")
        parser.add_argument("--to", type=Path, required=True, help="the file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        framework = Framework.objects.filter(key=options["framework"]).first()
        if framework is None:
            keys = ", ".join(Framework.objects.values_list("key", flat=True))
            raise CommandError(f"There is no such framework. There are: {keys or 'none'}.")
        control = None
        if options["control"]:
            control = framework.controls.filter(number=options["control"]).first()
            if control is None:
                raise CommandError(f"{framework} has no control {options['control']}.")
        day = _day(options["day"])
        moment = timezone.now() if day == timezone.localdate() else _end(day)
        since = _end(_day(options["since"])) if options["since"] else usual_since(moment)
        accounts = list(Account.objects.order_by("pk").values_list("pk", flat=True))
        question = Question(framework, control, moment, since, accounts, "all accounts")
        try:
            with options["to"].open("w+b") as file:
                sha256, size = pack(question, file)
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{sha256}  {options['to']}  ({size} bytes)")


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"Write a day as 2026-10-31, not {text}.") from error
    if day > timezone.localdate():
        raise CommandError(f"{text} is still to come.")
    return day


def _end(day: date) -> datetime:
    midnight = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    return midnight - timedelta(microseconds=1)
