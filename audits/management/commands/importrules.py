"""Carry rules of ScoutSuite or Cloud Custodian over into a folder of packs."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audits.carrying.outcome import Carried, Left, Outcome
from audits.carrying.over import Unreadable, from_custodian, from_scoutsuite
from audits.packing import packed


class Command(BaseCommand):
    help = (
        "Turn rules of another tool into ours, as YAML to look at and to load. Says of each rule "
        "what became of it; what cannot be carried over is left out, with the reason."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tool", choices=["scoutsuite", "custodian"])
        parser.add_argument("files", nargs="+", type=Path, help="JSON rules, or YAML policies")
        parser.add_argument("--ruleset", type=Path, help="ScoutSuite's, for levels and arguments")
        parser.add_argument("--to", type=Path, help="a folder in which the rules are written")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcomes = self._outcomes(options)
        except Unreadable as error:
            raise CommandError(str(error)) from error
        for one in outcomes:
            self._tell(one)
        carried = [one for one in outcomes if isinstance(one, Carried)]
        whole = sum(len(one.fields["examples"]) == 2 for one in carried)
        self.stdout.write(
            f"{len(carried)} of {len(outcomes)} rules are carried over. {whole} have examples that "
            "were made of their own conditions, one that fires and one that does not: look at "
            "them before the rules decide. Any other is a draft until it has both."
        )
        if options["to"] and carried:
            self._write(options["to"], carried)

    def _outcomes(self, options: dict[str, Any]) -> list[Outcome]:
        if options["tool"] == "scoutsuite":
            return from_scoutsuite(options["files"], options["ruleset"])
        if options["ruleset"]:
            raise CommandError("--ruleset is ScoutSuite's.")
        return from_custodian(options["files"])

    def _tell(self, one: Outcome) -> None:
        if isinstance(one, Left):
            self.stdout.write(f"left out: {one.name}: {one.reason}")
            return
        self.stdout.write(f"carried over: {one.name}, as {one.key}")
        for note in one.notes:
            self.stdout.write(f"  {note}")

    def _write(self, folder: Path, carried: list[Carried]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in packed((one.key, one.fields) for one in carried).items():
            if (folder / name).exists():
                raise CommandError(f"{folder / name} is there already.")
            (folder / name).write_bytes(text.encode())
            self.stdout.write(f"Written: {folder / name}")
