"""Bring the shipped frameworks and rules into the database."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audits.loading import Loaded, PackError, load_packs
from audits.loading_frameworks import load_frameworks


class Command(BaseCommand):
    help = "Load every rule pack; what an editor changed stays. Ends 1 where a rule has a fault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say it, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            frameworks = load_frameworks(options["dry_run"])
            rules = load_packs(options["dry_run"])
        except PackError as error:
            raise CommandError(str(error)) from error
        self._tell("Frameworks and controls", frameworks, options["verbosity"])
        self._tell("Rules", rules, options["verbosity"])
        if any(one.problems for one in (*frameworks, *rules)):
            sys.exit(1)

    def _tell(self, what: str, done: list[Loaded], verbosity: int) -> None:
        counts: dict[str, int] = {}
        for one in done:
            counts[one.what] = counts.get(one.what, 0) + 1
            if one.problems or verbosity > 1:
                self.stdout.write(f"{one.what}: {one.key} {', '.join(one.fields)}")
            for problem in one.problems:
                self.stderr.write(f"  {problem}")
        said = ", ".join(f"{count} {what}" for what, count in counts.items())
        self.stdout.write(f"{what}: {said or 'nothing changed'}.")
