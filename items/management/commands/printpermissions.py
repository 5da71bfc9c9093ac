"""Print the least that a kind of account must allow for everything to be read."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.types import types
from items.watchers import watchers


class Command(BaseCommand):
    help = "Print the least read-only permissions for one kind of account, ready to paste."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("type", help=f"one of: {', '.join(types)}")

    def handle(self, *args: Any, **options: Any) -> None:
        kind = options["type"]
        if kind not in types:
            raise CommandError(f"{kind} is not known. Known: {', '.join(types)}")
        its = [watcher for watcher in watchers.values() if watcher.account_type == kind]
        if not its:
            raise CommandError(f"Nothing watches {kind} accounts: install a package that does.")
        needed = set().union(*(watcher.permissions() for watcher in its))
        self.stdout.write(json.dumps(its[0].policy(needed), indent=2))
