"""Add an account that is to be watched."""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.ledger import enter
from accounts.models import Account, AccountGroup
from accounts.states import state
from accounts.types import types


class Command(BaseCommand):
    help = "Add an account: addaccount TYPE IDENTIFIER --name prod [--set PARAMETER=VALUE]"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("type", help=f"one of: {', '.join(types)}")
        parser.add_argument("identifier", help="what the provider calls the account")
        parser.add_argument("--name", required=True)
        parser.add_argument("--owner-mail", default="")
        parser.add_argument("--group", action="append", default=[], help="is made where missing")
        parser.add_argument("--third-party", action="store_true", help="known, but not read")
        parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        account = Account(
            type=options["type"],
            identifier=options["identifier"],
            name=options["name"],
            owner_mail=options["owner_mail"],
            third_party=options["third_party"],
            parameters=dict(_pair(text) for text in options["set"]),
        )
        try:
            account.full_clean()
        except ValidationError as error:
            faults = error.message_dict.items()
            raise CommandError(
                "\n".join(_told(field, one) for field, found in faults for one in found)
            ) from error
        account.save()
        for name in options["group"]:
            account.groups.add(AccountGroup.objects.get_or_create(name=name)[0])
        enter(None, "added", account, None, state(account))
        self.stdout.write(f"Added {account.name} ({account.type} {account.identifier}).")
        if not account.third_party:
            self.stdout.write(types[account.type].instructions(account))


def _told(field: str, fault: str) -> str:
    """Say what is wrong with which argument; a fault of a parameter names that itself."""
    return fault if field in (NON_FIELD_ERRORS, "parameters") else f"{field}: {fault}"


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise CommandError(f"--set wants NAME=VALUE, not {text!r}.")
    return name, value
