"""Look at accounts now, in this process."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.ledger import enter_each
from accounts.models import Account
from config.scanning import scan
from config.scheduling import slices
from config.warming import warm
from items.models import Gap, Run
from items.watchers import watchers
from notifications.sending import send_due

GAPS = 3


class Command(BaseCommand):
    help = (
        "Read accounts, record, judge and tell. Ends 0 when everything was read, 3 when there "
        "were gaps (they are printed), 1 when it could not start."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", action="append", default=[], help="name or identifier")
        parser.add_argument("--technology", action="append", default=[])
        parser.add_argument("--workers", type=int, default=2)
        parser.add_argument("--no-mail", action="store_true", help="leave mails to the worker")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = _accounts(options["account"])
        for technology in options["technology"]:
            if technology not in watchers:
                raise CommandError(f"{technology} is not known. Known: {', '.join(watchers)}")
        due = [one for one in slices(accounts) if one[1] in (options["technology"] or [*watchers])]
        if not due:
            raise CommandError("There is nothing to read: add an account with addaccount first.")
        with transaction.atomic():
            enter_each(None, "scanned", [(account, None, _asked(options)) for account in accounts])
        names = {account.pk: account.name for account in accounts}
        warm()
        failed = False
        for number, ((account, technology), seen) in enumerate(scan(due, options["workers"]), 1):
            failed = failed or isinstance(seen, str)
            told = seen if isinstance(seen, str) else _counted(seen)
            self.stdout.write(f"[{number}/{len(due)}] {names[account]} {technology}: {told}")
        if not options["no_mail"]:
            sent = send_due(now_too=True)
            self.stdout.write(f"{sent} mail{'s' if sent != 1 else ''} sent.")
        open_gaps = Gap.objects.filter(account__in=names, until=None).select_related("account")
        gaps = [gap for gap in open_gaps if (gap.account_id, gap.technology) in due]
        for gap in gaps:
            self.stdout.write(self.style.WARNING(_told(gap)))
        if failed or gaps:
            sys.exit(GAPS)


def _accounts(wanted: list[str]) -> list[Account]:
    watched = list(Account.objects.watched())
    if not wanted:
        return watched
    known = {name: account for account in watched for name in (account.name, account.identifier)}
    for name in wanted:
        if name not in known:
            raise CommandError(f"There is no watched account {name!r}.")
    return list({known[name].pk: known[name] for name in wanted}.values())


def _asked(options: dict[str, Any]) -> dict[str, Any]:
    return {"technologies": options["technology"] or "all"}


def _counted(run: Run) -> str:
    parts = [f"{run.found} found"]
    parts += [f"{getattr(run, n)} {n}" for n in ("created", "changed", "gone") if getattr(run, n)]
    parts += [f"{run.gaps} gap{'s' if run.gaps != 1 else ''}"] if run.gaps else []
    return ", ".join(parts)


def _told(gap: Gap) -> str:
    where = f"{gap.account.name} {gap.technology} in {gap.place or 'every place'}"
    what = f"{gap.part} of {gap.count} items" if gap.part else "the listing"
    mend = f" Allow {gap.permission}." if gap.permission else ""
    return f"Gap: {where}: {what}: {gap.operation}: {gap.code}: {gap.reason}{mend}"
