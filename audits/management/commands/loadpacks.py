"""Bring packs into the database: those that are installed, or a folder of one's own."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audits.loading import Loaded, load_folder, load_packs
from audits.loading_frameworks import load_frameworks
from audits.loading_tables import load_tables
from audits.loading_views import load_views
from audits.unpacking import PackError


class Command(BaseCommand):
    help = "Load every rule pack; what an editor changed stays. Ends 1 where a rule has a fault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say it, and write nothing")
        parser.add_argument(
            "--from", type=Path, dest="folder", help="load this folder's YAML files instead"
        )
        parser.add_argument("--pack", help="what the folder's pack is called, always the same")
        parser.add_argument(
            "--take-over",
            action="store_true",
            help="let the folder's pack hold rules that another pack holds now",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = self._of_folder(options) if options["folder"] else self._installed(options)
        except (PackError, OSError) as error:
            raise CommandError(str(error)) from error
        for what, loaded in done.items():
            self._tell(what, loaded, options["verbosity"] > 1 or options["dry_run"])
        if any(one.problems for loaded in done.values() for one in loaded):
            sys.exit(1)

    def _installed(self, options: dict[str, Any]) -> dict[str, list[Loaded]]:
        if options["pack"] or options["take_over"]:
            raise CommandError("--pack and --take-over are for a folder: add --from FOLDER.")
        return {
            "Frameworks and controls": load_frameworks(options["dry_run"]),
            "Reference tables": load_tables(options["dry_run"]),
            "Rules": load_packs(options["dry_run"]),
            "Views": load_views(options["dry_run"]),
        }

    def _of_folder(self, options: dict[str, Any]) -> dict[str, list[Loaded]]:
        if not options["pack"]:
            raise CommandError("Say with --pack what the folder's pack is called.")
        folder, pack = options["folder"], options["pack"]
        return {"Rules": load_folder(folder, pack, options["dry_run"], options["take_over"])}

    def _tell(self, what: str, done: list[Loaded], each: bool) -> None:
        counts: dict[str, int] = {}
        for one in done:
            counts[one.what] = counts.get(one.what, 0) + 1
            if one.problems or each:
                self.stdout.write(f"{one.what}: {one.key} {', '.join(one.fields)}".rstrip())
            for problem in one.problems:
                self.stderr.write(f"  {problem}")
        said = ", ".join(f"{count} {what}" for what, count in counts.items())
        self.stdout.write(f"{what}: {said or 'nothing changed'}.")
