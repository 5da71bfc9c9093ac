"""Say whether the ledger is still what was entered."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.ledger import broken, end_of_ledger


class Command(BaseCommand):
    help = (
        "Walk the ledger from its beginning: a changed, a removed or a cut off entry is named. "
        "Ends 1 where it is broken."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head",
            action="append",
            default=[],
            metavar="NUMBER:HASH",
            help="an end that was written down, as it stands in a weekly report; may be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        known = dict(_head(text) for text in options["head"])
        fault = broken(known)
        if fault:
            raise CommandError(f"The ledger is broken at entry {fault.number}. {fault.says}")
        end = end_of_ledger()
        self.stdout.write(f"The ledger is whole. It ends with {end}" if end else "It is empty.")


def _head(text: str) -> tuple[int, str]:
    number, _, hashed = text.strip().partition(":")
    if not number.isdecimal() or len(hashed) != 64:
        raise CommandError(f"--head wants NUMBER:HASH as a weekly report has it, not {text!r}.")
    return int(number), hashed.lower()
