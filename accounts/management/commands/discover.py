"""Find the accounts below organisations, folders and tenants now."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.discovering import discover
from accounts.models import Account
from accounts.types import types
from accounts.types.base import Refused


class Command(BaseCommand):
    help = "Find the accounts below others, all or those named. Ends 3 where one was refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", nargs="*", help="name or identifier")

    def handle(self, *args: Any, **options: Any) -> None:
        refused = False
        for parent in _parents(options["account"]):
            try:
                discovery = discover(parent)
            except Refused as reason:
                refused = True
                self.stderr.write(f"{parent}: {reason}")
                continue
            self.stdout.write(f"{parent}: {discovery.found} found, {len(discovery.new)} new.")
            for account in discovery.new:
                self.stdout.write(f"  {account.name} ({account.type} {account.identifier})")
            for account in discovery.missing:
                self.stdout.write(f"  {account.name} is not listed any more.")
            for left_out in discovery.left_out:
                self.stdout.write(self.style.WARNING(f"  Left out: {left_out}"))
        if refused:
            sys.exit(3)


def _parents(wanted: list[str]) -> list[Account]:
    kinds = [key for key in types if key in types and types[key].finds]
    parents = list(Account.objects.watched().filter(type__in=kinds))
    known = {name: one for one in parents for name in (one.name, one.identifier)}
    for name in wanted:
        if name not in known:
            raise CommandError(f"There is no watched account {name!r} that others stand below.")
    return [known[name] for name in wanted] if wanted else parents
