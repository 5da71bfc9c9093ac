"""What a mail tells by its sum is what a subscription hears of, neither more nor less."""

import itertools
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from accounts.models import Account
from audits.models import Framework, Issue, IssueEvent, SavedView
from config import pipeline
from items.labelling import label
from items.models import Item, Run
from notifications.alerts import alert
from notifications.each import each
from notifications.models import Delivery, Line, Subscription
from notifications.summing import Sum, summed
from notifications.telling import write
from tests.conftest import SECURITY_GROUPS
from tests.factories import (
    AccountFactory,
    GroupFactory,
    SubscriptionFactory,
    UserFactory,
    a_rule,
    granted,
)
from tests.notifications.test_digest import RULE, push

pytestmark = pytest.mark.django_db

TAGGED = {"Tags": [{"Key": "env", "Value": "prod"}]}
THINGS: tuple[dict[str, Any], ...] = ({"Bad": True, **TAGGED}, {"Bad": True}, {"A": 1}, TAGGED)


def read_first(*accounts: Account) -> None:
    """Let accounts be read for the first time, then let a rule be written."""
    for account in accounts:
        push(account, *THINGS)
    a_rule("late", title="Late", expression="GroupId == 'sg-0' || A", score=5)
    for account in accounts:
        pipeline.judge(account.pk, SECURITY_GROUPS)


def sums_of(told: Subscription) -> list[Sum]:
    return summed(Line.objects.filter(subscription=told), told)


def each_of(told: Subscription) -> list[dict[str, Any]]:
    """Return what a service is told by its sum, thing by thing."""
    sent = Delivery.objects.filter(subscription=told)
    return [one for delivery in sent for one in each(delivery) if one["summed"]]


def test_a_sum_counts_what_a_service_is_told_of_thing_by_thing(admin_user: Any) -> None:
    a_rule("bad", **RULE, controls=["PCI DSS 1.2.1"])
    account, other = AccountFactory(), AccountFactory()
    group = GroupFactory()
    other.groups.add(group)
    told = {
        "all": SubscriptionFactory(),
        "label": SubscriptionFactory(labels=["PCI", "SOX"]),
        "tag": SubscriptionFactory(tags=["env=prod"]),
        "items": SubscriptionFactory(),
        "owner of some": SubscriptionFactory(owner=granted("viewer", group)),
        "owner of none": SubscriptionFactory(owner=UserFactory()),
        "query": SubscriptionFactory(
            view=SavedView.objects.create(name="Bad", page="query", condition="Bad"), weekly=False
        ),
        "rule": SubscriptionFactory(),
        "framework": SubscriptionFactory(
            framework=Framework.objects.create(key="pci", name="PCI DSS", title="PCI")
        ),
        "no items": SubscriptionFactory(created=False),
        "bad and labelled": SubscriptionFactory(labels=["PCI"], least_score=9),
        "tag and label": SubscriptionFactory(tags=["env"], labels=["PCI"]),
    }
    told["rule"].rules.add(a_rule("bad"))
    read_first(account, other)
    first, second, *_ = Item.objects.filter(account=account).order_by("pk")
    label(first, ["PCI", "SOX"], admin_user)
    label(second, ["SOX"], admin_user)
    told["items"].items.add(second, Item.objects.filter(account=other).latest("pk"))
    for one in told.values():  # Who names things had to know them first.
        if not Line.objects.filter(subscription=one).exists():
            for run in Run.objects.all():
                write(one, [], [], run)
    counted = {}
    for name, one in told.items():
        sums, things = sums_of(one), each_of(one)
        created = {thing["revision"] for thing in things if "revision" in thing}
        opened = {thing["event"] for thing in things if "event" in thing}
        counted[name] = sum(one.created for one in sums), sum(one.issues for one in sums)
        assert counted[name] == (len(created), len(opened)), name
    assert counted == {
        "all": (8, 8),
        "label": (2, 3),
        "tag": (4, 4),
        "items": (2, 1),
        "owner of some": (4, 4),
        "owner of none": (0, 0),
        "query": (4, 6),
        "rule": (8, 4),
        "framework": (8, 4),
        "no items": (0, 8),
        "bad and labelled": (1, 1),
        "tag and label": (1, 2),
    }


def test_the_lists_behind_a_sum_show_what_it_counts(admin_client: Client, admin_user: Any) -> None:
    a_rule("bad", **RULE)
    account = AccountFactory()
    told = SubscriptionFactory(labels=["PCI", "a & b"], least_score=9)
    read_first(account, AccountFactory())
    first, second, *_ = Item.objects.filter(account=account).order_by("pk")
    label(first, ["PCI"], admin_user)
    label(second, ["a & b"], admin_user)
    write(told, [], [], Run.objects.filter(account=account).earliest("pk"))
    (found,) = sums_of(told)
    assert (found.created, found.issues) == (2, 2)
    for link, count in ((found.items_link, found.created), (found.issues_link, found.issues)):
        address = link.partition("://")[2].partition("/")[2]
        assert admin_client.get(f"/{address}").context["cl"].result_count == count
    assert parse_qs(urlsplit(found.issues_link).query) == {
        "account": [str(account.pk)],
        "label": ["PCI,a & b"],
        "technology": [SECURITY_GROUPS],
        "rule": [str(Issue.objects.filter(score=9)[:1].get().rule_id)],
        "severity": ["critical"],
    }
    assert found.link == found.issues_link


def test_what_too_many_values_would_say_is_left_out_of_an_address() -> None:
    for number in range(12):
        a_rule(f"bad{number}", **RULE)
    told = SubscriptionFactory()
    push(AccountFactory(), {"Bad": True})
    (found,) = sums_of(told)
    assert found.issues == 12
    assert "rule" not in parse_qs(urlsplit(found.issues_link).query)


def test_sums_of_many_runs_take_as_many_queries_as_of_few(admin_user: Any) -> None:
    a_rule("bad", **RULE)
    group = GroupFactory()
    told = SubscriptionFactory(labels=["PCI"], tags=["env"], owner=granted("viewer", group))
    costs, counts = [], []
    for number in (2, 6):
        accounts = [AccountFactory() for _ in range(number)]
        for account in accounts:
            account.groups.add(group)
        read_first(*accounts)
        for item in Item.objects.filter(labels=None):
            label(item, ["PCI"], admin_user)
        for run in Run.objects.all():
            write(told, [], [], run)
        told = Subscription.objects.get(pk=told.pk)
        with CaptureQueriesContext(connection) as queries:
            counts.append(sum(one.created for one in sums_of(told)))
        costs.append(len(queries))
    assert counts == [4, 16]
    assert costs[0] == costs[1] <= 14


def test_a_query_has_its_time_for_each_portion_of_what_a_sum_counts(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = SavedView.objects.create(name="Bad", page="query", condition="Bad")
    told = SubscriptionFactory(view=view, weekly=False)
    push(AccountFactory(), {"Bad": True}, *[{"A": number} for number in range(9)])
    monkeypatch.setattr(time, "monotonic", itertools.count().__next__)  # A second for each item.
    assert sum(one.created for one in sums_of(told)) > 1, "out of time, it counts what it must"
    settings.PORTION = 4
    assert sum(one.created for one in sums_of(told)) == 1


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"issues": False, "reopened": True, "created": False}, "2 issues from score 4: 2 crit"),
        ({"issues": False, "reopened": True}, "4 items of 1 kind, 2 issues from score 4: 2 crit"),
        ({"issues": False, "reopened": False}, "4 items of 1 kind"),
        ({"issues": True, "least_score": 10}, "4 items of 1 kind, 0 issues from score 10"),
    ],
)
def test_a_sum_says_how_many_issues_it_counts_new_or_reopened(
    wanted: dict[str, Any], says: str
) -> None:
    a_rule("bad", **RULE)
    told = SubscriptionFactory(**wanted)
    push(AccountFactory(), *THINGS)
    IssueEvent.objects.update(what="reopened")
    if not Line.objects.exists():
        write(told, [], [], Run.objects.latest("pk"))
    mail: Any = alert(Delivery.objects.get(subscription=told))
    line = next(one for one in mail.text.splitlines() if one.startswith("  "))
    assert line.strip().startswith(says), mail.text
    assert says.partition(":")[0] in " ".join(strip_tags(mail.html).split())
