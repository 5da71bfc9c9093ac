"""Write the reference of the rule language."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audits.describing import reference, with_reference

PAGE = Path(settings.BASE_DIR) / "docs" / "rules.md"


class Command(BaseCommand):
    help = "Print the functions that rules may call, plugins' too; with --write into docs/rules.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="bring docs/rules.md up to date")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["write"]:
            self.stdout.write(reference())
            return
        try:
            PAGE.write_text(with_reference(PAGE.read_text("utf-8")), "utf-8")
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
