"""Show what a cloud says, and write nothing."""

import sys
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from accounts.models import Account
from items.watchers import watchers
from items.watchers.base import Refusal, Snapshot

REFUSED = 3


class Command(BaseCommand):
    help = (
        "Print what a cloud says of one technology of one account, as JSON lines. Ends 0 when "
        "everything was read, 3 when something was refused (it is told on standard error)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", help="its name or identifier")
        parser.add_argument("technology", help=f"one of: {', '.join(watchers)}")

    def handle(self, *args: Any, **options: Any) -> None:
        named = options["account"]
        account = Account.objects.filter(Q(name=named) | Q(identifier=named)).first()
        if account is None:
            raise CommandError(f"There is no account {named!r}.")
        if options["technology"] not in watchers:
            raise CommandError(f"{options['technology']} is not known: {', '.join(watchers)}")
        refusals: list[Refusal] = []
        for one in watchers[options["technology"]]().fetch(account):
            if isinstance(one, Snapshot):
                shown = {"uid": one.uid, "region": one.region, "config": one.config}
                self.stdout.write(orjson.dumps(shown).decode())
                refusals += one.unread.values()
            elif isinstance(one, Refusal):
                refusals.append(one)
        for refusal in refusals:
            self.stderr.write(_told(refusal))
        if refusals:
            sys.exit(REFUSED)


def _told(refusal: Refusal) -> str:
    where = refusal.place or "every place"
    what = f"{refusal.part} of {refusal.name}" if refusal.part else "the listing"
    mend = f" Allow {refusal.permission}." if refusal.permission else ""
    return f"{where}: {what}: {refusal.operation}: {refusal.code}: {refusal.reason}{mend}"
