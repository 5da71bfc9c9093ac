"""Bring the shipped rules into the database."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audits.loading import PackError, load_packs


class Command(BaseCommand):
    help = "Load every rule pack; what an editor changed stays. Ends 1 where a rule has a fault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say it, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = load_packs(options["dry_run"])
        except PackError as error:
            raise CommandError(str(error)) from error
        counts: dict[str, int] = {}
        for one in done:
            counts[one.what] = counts.get(one.what, 0) + 1
            if one.problems or options["verbosity"] > 1:
                self.stdout.write(f"{one.what}: {one.key} {', '.join(one.fields)}")
            for problem in one.problems:
                self.stderr.write(f"  {problem}")
        said = ", ".join(f"{count} {what}" for what, count in counts.items())
        self.stdout.write(f"Rules: {said or 'nothing changed'}.")
        if any(one.problems for one in done):
            sys.exit(1)
