"""Measures what looking ahead and looking back take: `python -m benchmarks.impact N [--rounds R]`.

The first argument is how many items there are. A database with that many security groups, judged
by one rule, is made once and kept in `var/bench/`.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.phases import Result, measured, start
from benchmarks.seeding import TEAMS, permissions, tags

ROOT = Path(__file__).resolve().parents[1]
ACCOUNTS = 20
TECHNOLOGY = "aws.ec2.security_group"
AIM_ITEMS, AIM_SECONDS = 100_000, 20
TEXT = {
    "title": "Open to the world",
    "technologies": [TECHNOLOGY],
    "expression": "net_rules(@)[?world && direction == 'ingress']",
    "identity": "[protocol, from_port, to_port, cidr]",
    "extent": "[cidr]",
    "notes": "{protocol} {ports} from {cidr}",
    "score": 6,
}
EDITS: dict[str, dict[str, Any]] = {
    "another score": {"score": 9},
    "a path only": {"expression": "IpPermissions[].IpRanges[?CidrIp == '0.0.0.0/0'][]"},
    "wider, new identity": {
        "expression": "net_rules(@)[?direction == 'ingress']",
        "identity": "join(' ', [protocol, cidr, to_string(from_port)])",
    },
}


def prepare(size: int) -> Result:
    """Fill a database: groups with two revisions each, and the issues of one rule."""
    start()
    from django.core.management import call_command
    from django.utils import timezone

    from accounts.models import Account, User
    from audits.loading import EMPTY, activate, write_version
    from audits.models import Rule
    from config import pipeline
    from items.models import Slice
    from notifications.models import Subscription

    call_command("migrate", verbosity=0)
    call_command("flush", verbosity=0, interactive=False)
    User.objects.create_superuser("bench", password=None)
    rule = Rule.objects.create(key="bench")
    activate(write_version(rule, {**EMPTY, **TEXT}, reason="to be measured"))
    Subscription.objects.create(name="All", address="all@example.com")
    now = timezone.now()
    for number in range(ACCOUNTS):
        account = Account.objects.create(
            type="aws", identifier=f"{310000000000 + number}", name=f"account {number}"
        )
        Slice.objects.create(account=account, technology=TECHNOLOGY, read_at=now, looked_at=now)
        _fill(account, range(number, size, ACCOUNTS), now)
        pipeline.judge(account.pk, TECHNOLOGY)
    return {}


def _fill(account: Any, numbers: range, now: Any) -> None:
    """Write an account's groups; each was seen first a month ago and changed since."""
    from items.canonical import digest
    from items.models import Item, Kind

    for first in range(0, len(numbers), 1000):
        items = []
        for number in numbers[first : first + 1000]:
            config = group(number, account.identifier)
            whole = digest(config)
            items.append(
                Item(
                    account=account,
                    technology=TECHNOLOGY,
                    place="eu-west-1",
                    uid=config["GroupId"],
                    name=config["GroupName"],
                    full_name=f"arn:aws:ec2:::security-group/{config['GroupId']}",
                    config=config,
                    digest=whole,
                    whole_digest=whole,
                    first_seen=now,
                    last_seen=now,
                    changed_at=now,
                )
            )
        Item.objects.bulk_create(items, batch_size=500)
        whole_configs = [item.config for item in items]
        then, later = now - timedelta(days=30), now - timedelta(days=10)
        for kind, date, until in ((Kind.CREATED, then, later), (Kind.CHANGED, later, None)):
            for item, config in zip(items, whole_configs, strict=True):
                last = -1 if kind == Kind.CREATED else None
                item.config = {**config, "IpPermissions": config["IpPermissions"][:last]}
            Item.history.bulk_history_create(
                items,
                batch_size=500,
                default_date=date,
                custom_historical_attrs={"kind": kind, "until": until},
            )


def group(number: int, owner: str) -> dict[str, Any]:
    """Return a security group as AWS tells it: a handful of rules, one in ten open."""
    name = f"{TEAMS[number % len(TEAMS)]}-app-{number:06}"
    rules = list(permissions(number, f"sg-{number // 2:017x}"))
    Random(number).shuffle(rules)  # noqa: S311
    return {
        "GroupId": f"sg-{number:017x}",
        "GroupName": name,
        "Description": f"Traffic of {name}",
        "OwnerId": owner,
        "VpcId": f"vpc-{number // 200:017x}",
        "IpPermissions": rules,
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        "Tags": [*tags(number), {"Key": "Name", "Value": name}],
    }


def read() -> Result:
    """Only read the rows, as looking ahead does."""
    start()
    from audits.impacting import READ, _Seen
    from items.models import Item

    with measured() as took:
        pks = list(Item.objects.living().order_by("pk").values_list("pk", flat=True))
        for first in range(0, len(pks), READ):
            rows = Item.objects.filter(pk__in=pks[first : first + READ])
            list(rows.values_list(*_Seen._fields))
    return took | {"items": len(pks)}


def ahead(edit: str) -> Result:
    """Tell what an edit would change, and whom mails would tell."""
    start()
    from accounts.models import User
    from audits.impacting import impact
    from audits.models import Rule, RuleVersion
    from config.warming import warm
    from notifications.foretelling import foretell

    rule, user = Rule.objects.get(), User.objects.get()
    warm()
    with measured() as took:
        result = impact({**TEXT, **EDITS[edit]}, rule, user)
        foretell(result["news"], RuleVersion(rule=rule, controls=[]))
    counts = result["counts"]
    told = {name: counts.get(name, 0) for name in ("new", "closes", "stays", "moved")}
    return took | {"items": result["items"], "told": told}


def back() -> Result:
    """Tell when the text would have fired in ninety days."""
    start()
    from accounts.models import User
    from audits.backtesting import backtest
    from audits.models import Rule
    from config.warming import warm

    rule, user = Rule.objects.get(), User.objects.get()
    warm()
    with measured() as took:
        result = backtest(TEXT, rule, user)
    told = {name: result["counts"].get(name, 0) for name in ("episodes", "still", "caught")}
    return took | {"items": result["revisions"], "told": told}


def migrate() -> Result:
    """Bring a database that was kept up to today's models."""
    start()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return {}


PHASES: dict[str, Callable[..., Result]] = {
    "migrate": migrate,
    "prepare": lambda size: prepare(int(size)),
    "read": read,
    "ahead": ahead,
    "back": back,
}


def phase(size: int, *arguments: str) -> Result:
    """Run one phase in a fresh process."""
    folder = ROOT / "var" / "bench" / f"impact-{size}"
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        "DATABASE_URL": f"sqlite:///{folder / 'vervet.sqlite3'}",
        **os.environ,
        "VERVET_VAR": str(folder),
        "VERVET_ENV_FILE": os.devnull,
        "VERVET_LOG_LEVEL": "WARNING",
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "benchmarks.impact", "--phase", *arguments],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=environment,
        check=True,
    )
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result


def main(size: int, rounds: int) -> None:
    """Measure and print; the best of some rounds counts."""
    ready = ROOT / "var" / "bench" / f"impact-{size}" / "ready"
    if not ready.exists() or "DATABASE_URL" in os.environ:
        print(f"Making {size} items and judging them", file=sys.stderr, flush=True)
        phase(size, "prepare", str(size))
        ready.touch()
    else:
        phase(size, "migrate")
    asked = [["read"], *(["ahead", edit] for edit in EDITS), ["back"]]
    best: dict[str, Result] = {}
    for _ in range(rounds):
        for arguments in asked:
            took, name = phase(size, *arguments), arguments[-1]
            if name not in best or took["wall"] < best[name]["wall"]:
                best[name] = took
    database = os.environ.get("DATABASE_URL", "sqlite").partition(":")[0]
    print(f"N={size}, {database}, best of {rounds}")
    print(f"{'':22}{'wall s':>8}{'CPU s':>8}{'x read':>8}{'items/s':>10}{'MB':>6}")
    for name, took in best.items():
        ratio = took["wall"] / best["read"]["wall"]
        pace = took["items"] / took["wall"]
        line = f"{took['wall']:8.1f}{took['cpu']:8.1f}{ratio:8.1f}{pace:10.0f}{took['peak']:6.0f}"
        told = ", ".join(f"{count} {what}" for what, count in took.get("told", {}).items())
        print(f"{name:22}{line}  {told}")
    if size == AIM_ITEMS:
        worst = max(best[edit]["wall"] for edit in EDITS)
        met = "met " if worst <= AIM_SECONDS else "NOT MET "
        print(f"{met}{worst:.1f} s at most (aim: {AIM_SECONDS} s)")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--phase"]:
        print(json.dumps(PHASES[sys.argv[2]](*sys.argv[3:])))
    else:
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("size", type=int, help="items")
        parser.add_argument("--rounds", type=int, default=2, help="of which the best counts")
        given = parser.parse_args()
        main(given.size, given.rounds)
