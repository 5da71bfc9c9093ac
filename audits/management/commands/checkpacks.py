"""Check rules in YAML files as CI does."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audits.checking import remarks
from audits.unpacking import PackError, written_in


class Command(BaseCommand):
    help = (
        "Read rules in a folder or a file, run their examples, and look for traps; needs no "
        "database. Ends 1 where something must be mended."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a folder with YAML files, or one such file")
        parser.add_argument("--strict", action="store_true", help="end 1 on warnings, too")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rules = written_in(options["path"])
        except (PackError, OSError) as error:
            raise CommandError(str(error)) from error
        found = list(remarks(rules))
        for remark in found:
            (self.stderr if remark.must else self.stdout).write(str(remark))
        must = sum(one.must for one in found)
        self.stdout.write(f"{len(rules)} rules read: {must} faults, {len(found) - must} warnings.")
        if must or (options["strict"] and found):
            sys.exit(1)
