"""Measures what the mail of a scan with many changes takes: `python -m benchmarks.digest N`.

The database is one in a folder that is removed, unless `DATABASE_URL` names one, which is emptied.
"""

import argparse
import os
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.phases import measured, start

TECHNOLOGY = "aws.ec2.security_group"
AIM_KB, AIM_SECONDS = 100, 5
OPEN = {
    "title": "Open to the world",
    "technologies": [TECHNOLOGY],
    "expression": "net_rules(@)[?world && direction == 'ingress']",
    "identity": "[protocol, from_port, to_port, cidr]",
    "notes": "{protocol} {ports} from {cidr}",
    "score": 9,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", type=int)
    size = parser.parse_args().size
    with TemporaryDirectory() as folder:
        os.environ["VERVET_VAR"] = folder
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/vervet.sqlite3")
        measure(size)


def measure(size: int) -> None:
    """Measure and print."""
    start()
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    delivery = changed(size)
    from notifications.alerts import alert

    with CaptureQueriesContext(connection) as queries, measured() as took:
        mail = alert(delivery)
    if mail is None:
        raise SystemExit("Nothing was to be told.")
    kilobytes = len(mail.html.encode()) / 1000
    print(f"{size} changes and as many issues: {mail.subject}")
    print(f"  {took['wall']:.2f} s (aim: {AIM_SECONDS}), {took['cpu']:.2f} s of CPU")
    print(f"  {len(queries)} queries, {kilobytes:.0f} KB of HTML (aim: {AIM_KB}), ", end="")
    print(f"{len(mail.text.encode()) / 1000:.0f} KB of text, peak {took['peak']:.0f} MB")


def changed(size: int) -> Any:
    """Let so many things be pushed, and each be opened to the world; return what is to be told."""
    from django.core.management import call_command

    from accounts.models import Account
    from audits.loading import EMPTY, activate, write_version
    from audits.models import Rule
    from config import pipeline
    from notifications.models import Delivery, Subscription

    call_command("migrate", verbosity=0)
    call_command("flush", verbosity=0, interactive=False)
    activate(write_version(Rule.objects.create(key="bench"), {**EMPTY, **OPEN}, reason="bench"))
    account = Account.objects.create(type="aws", identifier="310000000000", name="Bench")
    pipeline.push(account.pk, TECHNOLOGY, list(groups(size, [])))
    told = Subscription.objects.create(name="All", address="all@example.com")
    world = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    opened = [{**world, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    pipeline.push(account.pk, TECHNOLOGY, list(groups(size, opened)))
    return Delivery.objects.get(subscription=told)


def groups(size: int, rules: list[Any]) -> Iterator[Any]:
    from items.watchers import watchers
    from items.watchers.terms import Snapshot

    watcher = watchers[TECHNOLOGY]()
    for number in range(size):
        uid, name = f"sg-{number:017x}", f"app-{number:06}"
        config = watcher.tidy({"GroupId": uid, "GroupName": name, "IpPermissions": rules})
        yield Snapshot("eu-west-1", uid, name, f"arn:{uid}", "eu-west-1", config)


if __name__ == "__main__":
    main()
