"""Write a package that extends Vervet, one small piece of each kind, with tests that pass."""

import re
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

TEMPLATES = Path(__file__).resolve().parents[2] / "new_plugin"
MARK = "-tpl"
"""The end of a template's name, so that nothing takes it for code of ours."""


class Command(BaseCommand):
    help = "Write a package that extends Vervet: startplugin hotel"
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="a word in small letters; keys begin with it")
        parser.add_argument("--to", type=Path, help="the folder; ./vervet-NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if not re.fullmatch(r"[a-z][a-z0-9]*", name):
            raise CommandError(f"{name!r} must be a word of small letters and digits.")
        folder = options["to"] or Path(f"vervet-{name}")
        if folder.exists():
            raise CommandError(f"{folder} is there already. Choose another name, or --to.")
        for template in sorted(path for path in TEMPLATES.rglob(f"*{MARK}")):
            target = folder / _named(template.relative_to(TEMPLATES), name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_filled(template.read_text(), name))
        self.stdout.write(
            f"{folder} is written. In it: pip install -e . and then python -m unittest."
        )


def _named(path: Path, name: str) -> Path:
    parts = [f"vervet_{name}" if part == "package" else part for part in path.parts]
    return Path(*parts[:-1], parts[-1].removesuffix(MARK).replace("NAME", name))


def _filled(text: str, name: str) -> str:
    return text.replace("NAME", name).replace("TITLE", name.capitalize())
