"""Show what a cloud says, and write nothing."""

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Account
from items.watchers import watchers
from items.watchers.base import Refusal, Snapshot


class Command(BaseCommand):
    help = "Print what a cloud says of one technology of one account, as JSON lines."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", help="its name")
        parser.add_argument("technology", help=f"one of: {', '.join(watchers)}")

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(name=options["account"]).first()
        if account is None:
            raise CommandError(f"There is no account {options['account']!r}.")
        if options["technology"] not in watchers:
            raise CommandError(f"{options['technology']} is not known: {', '.join(watchers)}")
        for one in watchers[options["technology"]]().fetch(account):
            if isinstance(one, Snapshot):
                shown = {"uid": one.uid, "region": one.region, "config": one.config}
                self.stdout.write(orjson.dumps(shown).decode())
                for refusal in one.unread.values():
                    self.stderr.write(str(refusal))
            elif isinstance(one, Refusal):
                self.stderr.write(str(one))
