"""Say whether jobs are being done."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.health import worker_fault


class Command(BaseCommand):
    help = "End 0 where jobs are being done, 1 where not, with what is known of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seconds", type=int, default=300, help="how long nothing may have ended (300)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        fault = worker_fault(options["seconds"])
        if fault:
            raise CommandError(fault)
        self.stdout.write("Jobs are being done.")
