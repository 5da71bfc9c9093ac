"""Write rules as YAML, so that a team can keep them in git."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audits.loading import complete
from audits.models import Rule
from audits.packing import packed, stream, texts_of
from audits.unpacking import ENDING, PackError, unpacked


class Command(BaseCommand):
    help = (
        "Write rules as the YAML that packs are written in: the same rules, the same bytes. "
        "Without --to to standard output. Retired rules are left out unless named in full."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("keys", nargs="*", help="rules by key; * and ? as in file names")
        parser.add_argument("--pack", help="only rules of this pack; “none”: of no pack")
        parser.add_argument("--to", type=Path, help="a folder; one file for each beginning of keys")
        parser.add_argument(
            "--in-force", action="store_true", help="the version in force, not the newest one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        rules = [one for one in _chosen(options["pack"]) if _named(one, options["keys"])]
        texts = texts_of(rules, in_force=options["in_force"])
        for key in options["keys"]:
            if not any(fnmatchcase(given, key) for given, _ in texts):
                raise CommandError(f"No rule with a text is called {key}.")
        if options["to"] is None:
            self.stdout.write(stream(texts), ending="")
            return
        try:
            self._write(options["to"], texts, whole=not options["keys"] and not options["pack"])
        except (OSError, PackError) as error:
            raise CommandError(str(error)) from error

    def _write(self, folder: Path, texts: list[Any], whole: bool) -> None:
        """Write the files; where only some rules were asked for, the others in them stay."""
        folder.mkdir(parents=True, exist_ok=True)
        files = packed(texts)
        for name, text in files.items():
            file = folder / name
            if not whole and file.exists():
                kept = {one.key: complete(one.fields) for one in unpacked(file.read_bytes(), name)}
                here = {
                    key: fields for key, fields in texts if packed([(key, fields)]).keys() == {name}
                }
                text = packed((kept | here).items())[name]
            if not file.exists() or file.read_bytes() != text.encode():
                file.write_bytes(text.encode())
        others = sorted(one.name for one in folder.glob(f"*{ENDING}") if one.name not in files)
        if whole and others:
            self.stderr.write(f"Not written, and still there: {', '.join(others)}.")
        self.stdout.write(f"{len(texts)} rules in {len(files)} files.")


def _chosen(pack: str | None) -> Any:
    rules = Rule.objects.prefetch_related("versions__examples").select_related("active")
    if pack is None:
        return rules
    return rules.filter(pack="" if pack == "none" else pack)


def _named(rule: Rule, keys: list[str]) -> bool:
    if not keys:
        return rule.state != Rule.State.RETIRED
    retired = rule.state == Rule.State.RETIRED
    return any(rule.key == key or (not retired and fnmatchcase(rule.key, key)) for key in keys)
