"""Measures the console's pages on a large company: `python -m benchmarks.console N [--rounds R]`.

The first argument is how many items there are; each has ten revisions. The database is one of
PostgreSQL, made once and kept: `DATABASE_URL`, or `vervet_bench_N` of the server on this machine.
Each page is asked for by somebody who sees everything, and by somebody who sees a fifth of it.
"""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import psycopg
import structlog

ROOT = Path(__file__).resolve().parents[1]
SERVER = "postgres://postgres@127.0.0.1:5432"
AIM_SECONDS = 1.0
# The lists that are also asked for as of a day.
AS_OF = (
    *("item", "issue", "run", "gap", "blindspot", "justification", "ledgerentry"),
    *("account", "accountgroup", "subscription", "rule", "rulesetting"),
)


class Page(NamedTuple):
    """One page that is measured."""

    name: str
    address: str


class Took(NamedTuple):
    """What one page took for one person."""

    seconds: float
    cpu: float
    """Seconds at work, ours and the database's: what a busy machine changes little."""
    queries: int
    size: int
    status: int


def prepare(size: int) -> None:
    """Fill the database where it was not filled yet; bring it up to today's models."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    from accounts.models import LedgerEntry
    from items.models import Item

    there, name = Item.objects.count(), str(connection.settings_dict["NAME"])
    if there and "bench" not in name:
        sys.exit(f"{name} holds something already, and its name has no 'bench': it is left alone.")
    if there == size <= LedgerEntry.objects.count():  # The ledger comes last.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        return
    print(f"Making {size:,} items in {name}", file=sys.stderr)
    from benchmarks.company import fill

    fill(size)


def create(url: str) -> None:
    """Make the database that is named in an address, where it is not there."""
    asked = urlsplit(url)
    server = asked._replace(scheme="postgresql", path="/postgres").geturl()
    name = asked.path.strip("/")
    with psycopg.connect(server, autocommit=True) as server_connection:
        found = server_connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not found.fetchone():
            there = psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
            server_connection.execute(there)


def pages() -> Iterator[Page]:
    """Yield every page that is measured: lists, what they are narrowed by, and single things."""
    from django.contrib import admin
    from django.urls import reverse
    from django.utils import timezone

    then = f"{timezone.localdate() - timedelta(days=100)}"
    yield Page("dashboard", "/")
    yield Page("dashboard, as of", f"/?as_of={then}")
    for model in sorted(admin.site._registry, key=lambda model: model._meta.label):
        app, name = model._meta.app_label, model._meta.model_name
        address = reverse(f"admin:{app}_{name}_changelist")
        yield Page(f"list of {name}", address)
        if name in AS_OF:
            yield Page(f"list of {name}, as of", f"{address}?as_of={then}")
    yield from _narrowed(then)
    yield from _found(then)
    yield from _single(then)


def _narrowed(then: str) -> Iterator[Page]:
    items, issues, ledger = "/items/item/", "/audits/issue/", "/accounts/ledgerentry/"
    yield Page("items, searched", f"{items}?q=payments-app-0001")
    yield Page("items, all, sorted by worst", f"{items}?state=all&o=-2")
    yield Page("items, page 200", f"{items}?p=200")
    yield Page("items, technology", f"{items}?technology=aws.iam.role&changed=month")
    yield Page("items, searched as of", f"{items}?q=payments-app-0001&as_of={then}")
    yield Page("issues, searched", f"{issues}?q=payments-app-0001")
    yield Page("issues, all states", f"{issues}?state=all")
    yield Page("issues, technology", f"{issues}?technology=aws.iam.role")
    yield Page("issues, page 100", f"{issues}?p=100")
    yield Page("ledger, searched", f"{ledger}?q=person7")
    yield Page("ledger, page 500", f"{ledger}?p=500")
    yield Page("quick search", "/search/?s=payments-app-0001")
    yield Page("rule health", reverse_of("rule-health"))
    yield Page("frameworks", reverse_of("frameworks"))
    yield Page(
        "differences, a month",
        f"/items/differences/?technology=aws.ec2.security_group&as_of={then}",
    )


def reverse_of(name: str) -> str:
    from django.urls import reverse

    return reverse(name)


def _found(then: str) -> Iterator[Page]:
    from audits.admin.views import view_link
    from audits.models import SavedView

    yield Page("search, nothing asked", "/find/")
    asked = {
        "a name": "payments-app-000160",
        "an id": "sg-00000000000000080",
        "an ARN": "arn:aws:iam::310000000004:root",
        "a common text": "payments",
        "a text nobody has": "nowhere-to-be-found",
        "an address": "10.4.3.7",
        "a network": "10.4.0.0/16",
        "the internet": "0.0.0.0/0",
        "an IPv6 network": "2001:db8::/32",
        "a regular expression": "/AKIA0000000000[0-9]{2}1/",
        "a path": "IpPermissions[].FromPort = 21",
        "a tag": "tag:serial=v-00160",
        "a week of PCI": "changed:7d group:PCI",
    }
    for what, text in asked.items():
        yield Page(f"search, {what}", f"/find/?q={quote(text)}")
        if what in ("a name", "a network", "an address", "the internet", "a common text"):
            yield Page(f"search, {what}, as of", f"/find/?q={quote(text)}&as_of={then}")
    yield Page("search, a network, all", "/find/?q=10.4.0.0/16&also=gone,older")
    query = "technology=aws.iam.user&condition=" + quote("length(AccessKeys) > `1`")
    yield Page(
        "query, keys", f"/find/query/?{query}&columns={quote('Keys: AccessKeys[].AccessKeyId')}"
    )
    for view in SavedView.objects.exclude(key=None):
        yield Page(f"view, {view.name}", view_link(view))


def _single(then: str) -> Iterator[Page]:
    from django.urls import reverse

    from audits.models import Framework, Issue
    from items.models import Item
    from notifications.models import Subscription

    grouped = Item.objects.living().filter(account__groups__name="PCI")
    item = grouped.filter(technology="aws.ec2.security_group").order_by("pk").first()
    issue = Issue.objects.unjustified().filter(item__in=grouped).order_by("pk").first()
    if item and issue:
        page = reverse("admin:items_item_change", args=[item.pk])
        yield Page("item", page)
        yield Page("item, as of", f"{page}?as_of={then}")
        yield Page("issue", reverse("admin:audits_issue_change", args=[issue.pk]))
        yield Page("rule", reverse("admin:audits_rule_change", args=[issue.rule_id]))
    for framework in Framework.objects.order_by("pk")[:2]:
        page = reverse("framework", args=[framework.key])
        yield Page(f"framework {framework.key}", page)
        yield Page(f"framework {framework.key}, as of", f"{page}?as_of={then}")
    for told in Subscription.objects.filter(name__in=("mails 0", "PCI")).order_by("-pk"):
        page = reverse("admin:notifications_subscription_report", args=[told.pk])
        whom = "everything" if told.owner is None else "PCI"
        yield Page(f"weekly report of {whom}", page)
        yield Page(f"weekly report of {whom}, of a past week", f"{page}?week={then}")


def ask(client: Any, page: Page, rounds: int) -> Took:
    """Ask for a page several times: the first counts its queries, the best the time."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        answer, best, cpu = _timed(client, page, connection)
        count = len(queries)
    size = len(answer.getvalue() if answer.streaming else answer.content)
    for _ in range(rounds - 1):
        if best > 10 * AIM_SECONDS:
            break
        _, seconds, worked = _timed(client, page, connection)
        best, cpu = min(best, seconds), min(cpu, worked)
    return Took(best, cpu, count, size, answer.status_code)


def _timed(client: Any, page: Page, connection: Any) -> tuple[Any, float, float]:
    start, worked = time.perf_counter(), _worked(connection)
    answer = client.get(page.address)
    return answer, time.perf_counter() - start, _worked(connection) - worked


def _worked(connection: Any) -> float:
    """Return the CPU seconds of this process, and of the one that serves it in the database."""
    connection.ensure_connection()
    try:
        told = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text()
    except OSError:  # On another machine.
        return time.process_time()
    user, system = told.rpartition(")")[2].split()[11:13]
    return time.process_time() + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _unsaid(*_: Any) -> str:
    return ""


def main(size: int, rounds: int, only: str) -> None:
    """Measure and print; name what takes too long."""
    from django.conf import settings
    from django.test import Client

    from accounts.models import User
    from benchmarks.company import ALL_SEEING, LIMITED

    settings.ALLOWED_HOSTS = ["*"]
    logging.disable(logging.CRITICAL)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[_unsaid])
    prepare(size)
    slow, width = [], 44
    print(f"N={size}, best of {rounds}")
    heads = f"{'s':>7}{'CPU':>6}{'queries':>9}{'KB':>6}"
    print(f"{'all | a part':{width}}{heads}  |{heads}")
    people = {name: Client(raise_request_exception=False) for name in (ALL_SEEING, LIMITED)}
    for name, client in people.items():
        client.force_login(User.objects.get(username=name))
        client.get("/")  # What is read once a process.
    for page in pages():
        if only not in page.name:
            continue
        line = f"{page.name[: width - 1]:{width}}"
        for name, client in people.items():
            took = ask(client, page, rounds)
            if took.status == 200:
                line += f"{took.seconds:7.2f}{took.cpu:6.2f}{took.queries:9}{took.size // 1024:6}"
            else:
                line += f"{took.status:>28}"
            line += "  |" if name == ALL_SEEING else ""
            if took.seconds > AIM_SECONDS or took.status >= 500:
                slow.append(f"{took.seconds:6.2f} s {took.cpu:6.2f} CPU  {page.name} ({name})")
        print(line, flush=True)
    print(f"\nAbove {AIM_SECONDS:g} s: {len(slow) or 'none'}", *slow, sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", type=int, help="items")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best counts")
    parser.add_argument("--only", default="", help="pages whose name has this")
    given = parser.parse_args()
    url = os.environ.setdefault("DATABASE_URL", f"{SERVER}/vervet_bench_{given.size}")
    folder = ROOT / "var" / "bench" / "console"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {"VERVET_VAR": str(folder), "VERVET_ENV_FILE": os.devnull}
    create(url)
    from benchmarks.phases import start

    start()
    main(given.size, given.rounds, given.only)
