"""The whole line: an AWS-compatible server in, a mail at a real SMTP server out."""

import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account
from audits.models import Issue, IssueEvent, SavedView, What
from audits.reviewing import justify
from config import pipeline
from items.models import Item, Kind
from items.watchers import watchers
from notifications.models import Delivery, Line
from notifications.sending import send_due
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud
from tests.config.test_workers import ROOT, database_url
from tests.conftest import SECURITY_GROUPS, Scan
from tests.factories import AccountFactory, GroupFactory, SubscriptionFactory, UserFactory, a_rule
from tests.items.test_recording import make_group, open_port
from tests.notifications.smtp import Inbox, html_of, text_of

OPEN = {
    "title": "Open to the world",
    "expression": "net_rules(@)[?world && direction == 'ingress']",
    "identity": "[protocol, from_port, to_port, cidr]",
    "notes": "Anyone reaches {protocol} {ports} from {cidr}.",
    "rationale": "Whoever scans the internet finds it.",
    "remediation": "Name the networks that need it.",
    "score": 9,
}
HOSTILE = '<script>alert(1)</script>{{ 7*7 }}<div x-data x-init="alert(2)">\N{COLLISION SYMBOL}'


@pytest.fixture
def ec2(cloud: MotoCloud) -> Any:
    return cloud.client("ec2", "eu-west-1", "222222222222")


def test_a_cloud_in_a_mail_out(ec2: Any, scan: Scan, inbox: Inbox) -> None:
    a_rule("open", **OPEN)
    SubscriptionFactory(address="security@example.com")
    group = make_group(ec2, "web", 443)
    scan()
    assert send_due(now_too=True) == 1
    first = inbox.mails.pop()
    assert first["To"] == "security@example.com"
    assert "read for the first time" in text_of(first)
    assert "1 issue" in text_of(first)

    open_port(ec2, group, 22)
    ec2.create_security_group(GroupName="new", Description="new")
    scan()
    assert send_due() == 0, "what happens is gathered first"
    assert send_due(now_too=True) == 1
    mail = inbox.mails.pop()
    issue = next(i for i in Issue.objects.all() if i.evidence["from_port"] == 22)
    assert mail["Subject"] == "[critical] Open to the world: web"
    for body in (text_of(mail), html_of(mail)):
        assert "Anyone reaches tcp 22 from 0.0.0.0/0." in body
        assert "Whoever scans the internet finds it." in body
        assert "Name the networks that need it." in body
        assert f"/audits/issue/{issue.pk}/change/" in body
        assert f"/items/item/{issue.item_id}/change/" in body
        assert "tcp 22" in body
        assert "new" in body
    assert send_due(now_too=True) == 0
    scan()
    assert send_due(now_too=True) == 0
    assert {d.state for d in Delivery.objects.all()} == {Delivery.State.SENT}


def test_nothing_is_told_of_an_unchanged_account(
    ec2: Any,
    scan: Scan,
    inbox: Inbox,
) -> None:
    SubscriptionFactory()
    make_group(ec2, "web", 443)
    scan()
    send_due(now_too=True)
    inbox.mails.clear()
    scan()
    assert (send_due(now_too=True), inbox.mails) == (0, [])


def test_a_subscription_hears_only_of_what_it_asked_for(
    ec2: Any, scan: Scan, account: Account
) -> None:
    pci = GroupFactory(name="PCI")
    other = AccountFactory()
    account.groups.add(pci)
    a_rule("open", **OPEN)
    wanted = {
        "all": SubscriptionFactory(),
        "group": SubscriptionFactory(),
        "account": SubscriptionFactory(),
        "technology": SubscriptionFactory(technologies=[SECURITY_GROUPS]),
    }
    wanted["group"].groups.add(pci)
    wanted["account"].accounts.add(account)
    unwanted = {
        "other account": SubscriptionFactory(),
        "other technology": SubscriptionFactory(technologies=["aws.s3.bucket"]),
        "off": SubscriptionFactory(on=False),
    }
    unwanted["other account"].accounts.add(other)
    no_changes = SubscriptionFactory(changed=False)
    worse_only = SubscriptionFactory(least_score=10, changed=False)
    group = make_group(ec2, "web", 443)
    scan()
    Line.objects.all().delete()
    open_port(ec2, group, 22)
    scan()

    def told(subscription: Any) -> tuple[int, int]:
        lines = Line.objects.filter(subscription=subscription)
        return lines.exclude(revision=None).count(), lines.exclude(event=None).count()

    assert {name: told(one) for name, one in wanted.items()} == dict.fromkeys(wanted, (1, 1))
    assert {name: told(one) for name, one in unwanted.items()} == dict.fromkeys(unwanted, (0, 0))
    assert told(no_changes) == (0, 1)
    assert told(worse_only) == (0, 0)


def test_who_subscribed_to_a_query_hears_of_what_it_shows(ec2: Any, scan: Scan) -> None:
    a_rule("open", **OPEN)
    conditions = {
        "open": "IpPermissions[?FromPort == `22`]",
        "other": "IpPermissions[?FromPort == `23`]",
        "no answer": "lookup('aws.s3.bucket', 'Name', [GroupName])",
    }
    told = {}
    for name, condition in conditions.items():
        view = SavedView.objects.create(
            name=name, page="query", condition=condition, technology=SECURITY_GROUPS
        )
        told[name] = SubscriptionFactory(view=view)
    bucket = SavedView.objects.create(name="buckets", page="query", technology="aws.s3.bucket")
    told["buckets"] = SubscriptionFactory(view=bucket)
    group, quiet = make_group(ec2, "web", 443), make_group(ec2, "quiet", 443)
    scan()
    Line.objects.all().delete()
    open_port(ec2, group, 22)
    open_port(ec2, quiet, 8443)
    scan()

    def heard(name: str) -> tuple[set[str], int]:
        lines = Line.objects.filter(subscription=told[name])
        names = set(lines.exclude(revision=None).values_list("revision__name", flat=True))
        return names, lines.exclude(event=None).count()

    assert heard("open") == ({"web"}, 1)
    assert heard("other") == (set(), 0)
    assert heard("no answer") == ({"web", "quiet"}, 2), "what is unknown is not kept silent"
    assert heard("buckets") == (set(), 0)


def test_what_a_new_version_of_a_rule_opens_is_one_line(
    ec2: Any, scan: Scan, account: Account
) -> None:
    SubscriptionFactory()
    for number in range(5):
        make_group(ec2, f"web{number}", 443)
    scan()
    Line.objects.all().delete()
    a_rule("open", **OPEN)
    pipeline.judge(account.pk, SECURITY_GROUPS)
    assert Issue.objects.count() == 5
    line = Line.objects.get()
    assert (line.revision, line.event, line.run.kind) == (None, None, "judged")


def test_a_sum_tells_only_what_a_subscription_asked_for(
    ec2: Any, scan: Scan, account: Account, inbox: Inbox
) -> None:
    a_rule("open", **OPEN)
    a_rule("small", title="Small", expression="GroupName == 'web'", score=2)
    asked: dict[str, dict[str, Any]] = {
        "all": {"least_score": 0},
        "worse": {"least_score": 9},
        "worst": {"least_score": 10},
        "no issues": {"issues": False},
        "no items": {"created": False},
        "worst and no items": {"least_score": 10, "created": False},
        "neither": {"issues": False, "created": False},
    }
    for name, wanted in asked.items():
        SubscriptionFactory(address=f"{name.replace(' ', '-')}@example.com", **wanted)
    make_group(ec2, "web", 443)
    scan()
    assert send_due(now_too=True) == 5
    bodies = {mail["To"].partition("@")[0]: text_of(mail) for mail in inbox.mails}
    found = {name: re.findall(r"[0-9]+ (?:item|issue)s?\b", text) for name, text in bodies.items()}
    told = {name: {one.split()[1].rstrip("s"): one for one in all_} for name, all_ in found.items()}
    assert {name: one.get("issue") for name, one in told.items()} == {
        "all": "2 issues",
        "worse": "1 issue",
        "worst": "0 issues",
        "no-issues": None,
        "no-items": "1 issue",
    }
    assert {name for name, one in told.items() if "item" in one} == set(told) - {"no-items"}
    assert not any("Small" in text for name, text in bodies.items() if name != "all")

    inbox.mails.clear()
    a_rule("later", title="Later", expression="GroupName == 'web'", score=9)
    pipeline.judge(account.pk, SECURITY_GROUPS)
    assert send_due(now_too=True) == 3
    later = {mail["To"].partition("@")[0]: text_of(mail) for mail in inbox.mails}
    assert set(later) == {"all", "worse", "no-items"}
    assert all("1 issue" in text and " item" not in text for text in later.values())


def test_an_issue_told_by_itself_is_not_in_the_sum_of_the_same_run(
    ec2: Any, scan: Scan, account: Account, inbox: Inbox
) -> None:
    scan()
    make_group(ec2, "one", 443)
    make_group(ec2, "two", 443)
    scan()
    subscription = SubscriptionFactory()
    a_rule("open", **OPEN)
    pipeline.judge(account.pk, SECURITY_GROUPS)
    event = IssueEvent.objects.filter(what=What.OPENED).first()
    delivery = Delivery.objects.get()
    Line.objects.create(delivery=delivery, subscription=subscription, event=event)
    send_due(now_too=True)
    (mail,) = inbox.mails
    assert re.findall(r"[0-9]+ issues?\b", text_of(mail)) == ["1 issue"]


def test_what_is_justified_is_told_to_nobody(ec2: Any, scan: Scan) -> None:
    a_rule("open", **OPEN)
    group = make_group(ec2, "web", 443)
    scan()
    SubscriptionFactory(changed=False)
    justify(Issue.objects.all(), UserFactory(is_superuser=True), "The shop.", scope="item")
    open_port(ec2, group, 22)
    scan()
    assert Issue.objects.filter(justified=True).count() == 2
    assert not Line.objects.exists()


def test_hostile_names_are_stored_mailed_and_harmless(
    ec2: Any,
    scan: Scan,
    inbox: Inbox,
    faults: FaultProxy,
) -> None:
    a_rule("open", **OPEN)
    SubscriptionFactory()
    group = make_group(ec2, "web", 443)
    scan()
    send_due(now_too=True)
    inbox.mails.clear()
    long = "x" * 1_000_000
    ec2.create_tags(
        Resources=[group],
        Tags=[
            {"Key": "Name", "Value": HOSTILE},
            {"Key": "long", "Value": long},
            {"Key": HOSTILE, "Value": "a\r\nBcc: everyone@example.com"},
        ],
    )
    open_port(ec2, group, 22)
    run = scan()
    assert run.changed == 1
    item = Item.objects.get(uid=group)
    tags = {tag["Key"]: tag["Value"] for tag in item.config["Tags"]}
    assert (tags["Name"], len(tags["long"])) == (HOSTILE, len(long))
    assert send_due(now_too=True) == 1
    mail = inbox.mails.pop()
    html, text = html_of(mail), text_of(mail)
    assert "<script" not in html
    assert "<div x-data" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in html, "escaped once"
    assert "&amp;lt;" not in html
    assert HOSTILE in text, "plain text is not escaped"
    assert len(html) < 100_000
    assert mail["Bcc"] is None
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "\N{PILE OF POO}", HOSTILE, "'\"; DROP TABLE"])
def test_hostile_text_from_a_provider_is_kept_as_it_can_be(name: str, account: Account) -> None:
    from items.claiming import claim
    from items.portions import Portion
    from items.recording import record
    from items.watchers.base import Snapshot

    watcher = watchers[SECURITY_GROUPS]()
    config = watcher.tidy({"GroupId": "sg-1", "GroupName": name, name: [name], "n": float("nan")})
    snapshot = Snapshot("eu-west-1", "sg-1", config["GroupName"], "arn:x", "eu-west-1", config)
    with claim(account.pk, SECURITY_GROUPS) as run, run.transaction():
        record(run, watcher, Portion([snapshot], (), frozenset({"eu-west-1"}), last=True))
    item = Item.objects.get()
    assert "\0" not in item.name
    assert item.name == name.replace("\0", "\ufffd").replace("\ud800", "\ufffd")
    assert item.history.get().kind == Kind.CREATED


def test_a_dead_server_loses_nothing_and_its_error_is_kept(
    ec2: Any,
    scan: Scan,
    inbox: Inbox,
    settings: Any,
) -> None:
    SubscriptionFactory()
    make_group(ec2, "web", 443)
    scan()
    inbox.refuse = "451 try later"
    assert send_due(now_too=True) == 0
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (Delivery.State.GATHERING, 1)
    assert "try later" in delivery.last_error
    assert send_due() == 0, "it waits before it is tried again"
    inbox.refuse = ""
    assert send_due(now_too=True) == 1
    assert len(inbox.mails) == 1


def test_a_mail_that_failed_takes_no_new_lines(
    ec2: Any,
    scan: Scan,
    inbox: Inbox,
) -> None:
    SubscriptionFactory()
    group = make_group(ec2, "web", 443)
    scan()
    inbox.refuse = "451 try later"
    send_due(now_too=True)
    open_port(ec2, group, 22)
    scan()
    assert Delivery.objects.count() == 2
    inbox.refuse = ""
    assert send_due(now_too=True) == 2


SEND = "import django; django.setup(); from notifications.sending import send_due; send_due(True)"


@pytest.mark.django_db(transaction=True)
def test_a_crash_inside_the_sending_repeats_the_same_message_id(
    ec2: Any,
    cloud_env: None,
    inbox: Inbox,
    settings: Any,
) -> None:
    account = AccountFactory(identifier="222222222222", name="prod")
    SubscriptionFactory()
    make_group(ec2, "web", 443)
    pipeline.check(account.pk, SECURITY_GROUPS)
    process = subprocess.Popen(
        [sys.executable, "-c", SEND],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database_url(),
            "VERVET_SMTP_URL": f"smtp://127.0.0.1:{settings.EMAIL_PORT}",
        },
    )
    inbox.before_answer = lambda: os.kill(process.pid, signal.SIGKILL)
    assert process.wait(timeout=60) == -signal.SIGKILL
    inbox.before_answer = lambda: None
    assert Delivery.objects.get().state == Delivery.State.SENDING
    assert send_due(now_too=True) == 0, "the claim holds"
    Delivery.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert send_due(now_too=True) == 1
    assert len({mail["Message-ID"] for mail in inbox.mails}) == 1
    assert len(inbox.mails) == 2


def test_two_senders_send_a_mail_once(ec2: Any, scan: Scan, inbox: Inbox) -> None:
    SubscriptionFactory()
    make_group(ec2, "web", 443)
    scan()
    inbox.before_answer = lambda: None
    due = list(Delivery.objects.values_list("pk", flat=True))
    from notifications.sending import _claim

    assert _claim(due[0], True)
    assert _claim(due[0], True) is None


def test_the_weekly_report_counts_what_the_lists_show(
    ec2: Any,
    scan: Scan,
    inbox: Inbox,
) -> None:
    a_rule("open", **OPEN)
    subscription = SubscriptionFactory()
    make_group(ec2, "web", 443, 22)
    scan()
    send_due(now_too=True)
    inbox.mails.clear()
    Delivery.objects.create(
        subscription=subscription,
        kind=Delivery.Kind.WEEKLY,
        since=timezone.now() - timedelta(days=6),
        due_at=timezone.now(),
    )
    assert send_due() == 1
    mail = inbox.mails.pop()
    assert mail["Subject"] == (
        "Vervet: More is known: the open score rose by 18 to 18, because 2 issues came to light as "
        "more could be read."
    )
    opened = Issue.objects.filter(events__what=What.OPENED).count()
    assert opened == 2
    assert "2 critical" in text_of(mail)
