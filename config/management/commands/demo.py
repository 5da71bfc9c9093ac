"""Show Vervet at work on an invented company in stand-ins of its clouds on this machine."""

import argparse
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Account
from audits.models import Issue
from config.demo.cloud import Cloud, CloudError
from config.demo.company import found
from config.demo.elsewhere import Elsewhere
from config.demo.entering import PEOPLE, enter
from config.demo.happenings import happen
from config.demo.stage import NoStage, environment, take
from config.demo.summary import summary
from config.scanning import scan
from config.scheduling import slices
from config.serving import Ended, listen, serve, stop_on_signals
from items.models import Item
from notifications.sending import send_due

FOLDER = settings.HOME / "var" / "demo"
PORT, PORTS = 8000, 100


class Command(BaseCommand):
    help = "Show Vervet at work: an invented company, two looks at it, and the console."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="end after the summary")
        parser.add_argument(
            "--folder", type=Path, default=FOLDER, help="emptied first; only one of a demo is taken"
        )
        parser.add_argument("--listener", type=int, help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        stop_on_signals()
        try:
            if options["listener"] is None:
                _begin_again(options["folder"].absolute(), options["once"])
            self._show(socket.socket(fileno=options["listener"]), options["once"])
        except (NoStage, CloudError, Ended, OSError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")
            sys.exit(130)

    def _show(self, listener: socket.socket, once: bool) -> None:
        with self._step("Making an SQLite database"):
            call_command("migrate", verbosity=0)
        with self._step("Loading the rules"):
            call_command("loadpacks", stdout=StringIO())
        with self._step("Starting stand-ins of AWS, Google Cloud and Azure"):
            cloud, elsewhere = Cloud(), Elsewhere(settings.VAR)
        with cloud, elsewhere:
            os.environ.update(elsewhere.environment() | cloud.environment(account_hosts=True))
            os.environ["no_proxy"] = ""  # Hosts named after an account go through the proxy, too.
            with self._step("Founding a careless company in five accounts"):
                found(cloud)
                passwords = enter()
            unread = self._scan("Looking at all of it")
            with self._step("Letting things happen to it"):
                happened = [*happen(cloud), *elsewhere.happen()]
            for sentence in happened:
                self.stdout.write(f"  - {sentence}")
            unread += self._scan("Looking again")
            self.stdout.write(f"\n{summary()}\n\nThe mails are in {settings.MAIL_FOLDER}")
            if unread:
                raise CommandError("\n".join(["Not all could be read:", *unread]))
            if not once:
                self._serve(listener, passwords)

    def _serve(self, listener: socket.socket, passwords: dict[str, str]) -> None:
        with self._step("Gathering the console's files"):
            call_command("collectstatic", interactive=False, verbosity=0)
        logs = settings.VAR / "logs"
        logs.mkdir()

        def tell() -> None:
            self.stdout.write(f"\nThe console is at {settings.SITE_URL}")
            for name, _, group in PEOPLE:
                sees = f"sees {group} only" if group else "may do everything"
                self.stdout.write(f"  log in as {name:<7} password {passwords[name]}  ({sees})")
            self.stdout.write(f"A worker looks again every few minutes; logs are in {logs}.")
            self.stdout.write("Ctrl-C ends everything.")

        serve(listener, logs, ready=tell)
        self.stdout.write("\nStopped.")

    def _scan(self, title: str) -> list[str]:
        """Look at every account and tell; return what could not be looked at, and why."""
        accounts = list(Account.objects.watched())
        names = {account.pk: account.name for account in accounts}
        due = slices(accounts)
        unread = []
        with self._step(f"{title} ({len(due)} slices)") as say:
            for number, ((account, technology), seen) in enumerate(scan(due), 1):
                say(f"{number}/{len(due)} {names[account]} {technology}")
                if isinstance(seen, str):
                    unread.append(f"{names[account]} {technology}: {seen}")
            say("mails")
            mails = send_due(now_too=True)
        items, issues = Item.objects.living().count(), Issue.objects.open().count()
        self.stdout.write(f"  {items} items, {issues} open issues, {mails} mails sent.")
        return unread

    @contextmanager
    def _step(self, title: str) -> Iterator[Any]:
        """Tell of a step as it begins, how far it is, and how long it took."""
        live = self.stdout.isatty()
        began = time.monotonic()

        def say(how_far: str) -> None:
            if live:
                line = f"{title}: {how_far}"[: shutil.get_terminal_size().columns - 1]
                self.stdout.write(f"\r\033[K{line}", ending="")
                self.stdout.flush()

        self.stdout.write(f"{title} ...", ending="" if live else "\n")
        self.stdout.flush()
        yield say
        took = f"{time.monotonic() - began:.1f} s"
        self.stdout.write(f"\r\033[K{title}: {took}" if live else f"  {took}")
        self.stdout.flush()


def _begin_again(folder: Path, once: bool) -> None:
    """Start this command anew, with a demo's folder and settings; never returns."""
    os.set_inheritable(take(folder), True)
    listener = listen("127.0.0.1", PORT, PORTS)
    listener.set_inheritable(True)
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo"]
    command += ["--once"] if once else []
    command += [f"--folder={folder}", f"--listener={listener.fileno()}"]
    sys.stdout.flush()
    os.execve(sys.executable, command, environment(folder, listener.getsockname()[1]))  # noqa: S606
