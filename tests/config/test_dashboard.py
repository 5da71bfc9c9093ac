"""The first page: every number is what its link shows, for all accounts, a group and one's own."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, AccountGroup, Grant, User
from audits.models import BlindSpot, Cause, Issue, IssueEvent, Rule, What
from audits.reviewing import justify
from items.models import Gap, Run, Slice
from tests.factories import (
    AccountFactory,
    GroupFactory,
    IssueFactory,
    ItemFactory,
    UserFactory,
    a_rule,
)

pytestmark = pytest.mark.django_db
COUNTED = re.compile(r"<a [^>]*\bdata-counts\b[^>]*>.*?</a>", re.DOTALL)


def happened(issue: Issue, what: What, cause: Cause, days_ago: int = 1, **fields: Any) -> None:
    IssueEvent.objects.create(
        issue=issue,
        at=timezone.now() - timedelta(days=days_ago),
        what=what,
        cause=cause,
        version=issue.version,
        score=issue.score,
        **fields,
    )


def furnish(account: Account, rules: list[Rule], by: User) -> None:
    """Put something behind every number of the page into an account."""
    now = timezone.now()
    item = ItemFactory(account=account, last_seen=now)
    ItemFactory(account=account, gone_at=now)
    for rule, cause in zip(rules, (Cause.CLOUD, Cause.RULE, Cause.COVERAGE), strict=True):
        for days_ago in (1, 40, 200):
            at = now - timedelta(days=days_ago)
            issue = IssueFactory(item=item, version=rule.active, score=rule.score, opened_at=at)
            happened(issue, What.OPENED, cause, days_ago)
    fixed = IssueFactory(item=item, version=rules[0].active, score=9, fixed_at=now)
    happened(fixed, What.OPENED, Cause.CLOUD, 30)
    happened(fixed, What.FIXED, Cause.CLOUD)
    accepted = IssueFactory(item=item, version=rules[1].active, score=5)
    happened(accepted, What.OPENED, Cause.CLOUD, 30)
    justify([accepted], by, "A lab.", until=timezone.localdate() + timedelta(days=6))
    place = {"account": account, "technology": item.technology}
    Slice.objects.create(read_at=now, **place)
    Slice.objects.create(account=account, technology="aws.s3.bucket", read_at=now)
    Run.objects.create(started_at=now, state="done", **place)
    Run.objects.create(started_at=now - timedelta(days=3), state="done", **place)
    gap = {"since": now, "seen_at": now, "operation": "ListBuckets", "code": "Denied"}
    Gap.objects.create(reason="no", **gap, **place)
    Gap.objects.create(reason="no", until=now, **gap, **place)
    BlindSpot.objects.create(rule=rules[0], item=item, reason="no", since=now, **place)


@pytest.fixture
def company(admin_user: User) -> dict[str, AccountGroup]:
    """Three accounts, one of them in a group of its own."""
    rules = [a_rule(f"rule-{n}", title=f"Rule {n}", score=n) for n in (9, 5, 2)]
    for rule in rules:
        rule.score = rule.active.score  # type: ignore[attr-defined, union-attr]
    groups = {name: GroupFactory(name=name) for name in ("PCI", "rest")}
    for name, group in (("vault", "PCI"), ("prod", "rest"), ("staging", "rest")):
        account = AccountFactory(name=name)
        account.groups.add(groups[group])
        furnish(account, rules, admin_user)
    return groups


def follow(client: Client, address: str) -> dict[str, int]:
    """Return each number of the page by its link; fail where the list counts another."""
    text = unescape(client.get(address).content.decode())
    found = {}
    for markup in COUNTED.findall(text):
        link = re.search(r'href="([^"]+)"', markup)
        number = re.search(r"\d+", re.sub(r"<[^>]+>", " ", markup))
        assert link, markup
        assert number, markup
        response = client.get(link[1])
        assert response.status_code == 200, (link[1], response)
        shown = response.context["cl"].result_count
        assert int(number[0]) == shown, link[1]
        found[link[1]] = shown
    return found


def test_every_number_is_what_its_list_counts(
    admin_client: Client, company: dict[str, AccountGroup]
) -> None:
    found = follow(admin_client, "/")
    assert found["/audits/issue/"] == 27
    assert found["/audits/issue/?severity=critical"] == 9
    assert found["/audits/issue/?state=all&moved=better"] == 3
    assert found["/audits/issue/?state=all&moved=justified"] == 3
    assert found["/items/run/?kind=looked&started=day"] == 3
    assert found["/audits/justification/?ends=month"] == 3
    assert found["/audits/issue/?due=late"] >= 3
    assert len(found) > 20


def test_a_group_and_mine_count_their_accounts_only(
    admin_client: Client, company: dict[str, AccountGroup]
) -> None:
    reviewer = UserFactory()
    role = Group.objects.get(name="reviewer")
    Grant.objects.create(user=reviewer, role=role, group=company["PCI"])
    Grant.objects.create(user=reviewer, role=Group.objects.get(name="viewer"))
    client = Client()
    client.force_login(reviewer)
    for one, address in ((admin_client, f"/?scope={company['PCI'].pk}"), (client, "/?scope=mine")):
        found = follow(one, address)
        assert {n for link, n in found.items() if "/issue/?account=" in link} >= {9}
        assert all("account=" in link for link in found)
        text = one.get(address).content.decode()
        assert "vault" in text
        assert "staging" not in text


def test_what_is_severed_in_bars_and_by_technology_is_counted_alike(
    admin_client: Client, company: dict[str, AccountGroup]
) -> None:
    text = unescape(admin_client.get("/").content.decode())
    links = re.findall(r'href="([^"]+)"[^>]*title="(\d+) \w+"', text)
    links += re.findall(r'href="([^"]+)" class="contents" data-technology="(\d+)"', text)
    assert len(links) > 12
    for link, number in links:
        assert admin_client.get(link).context["cl"].result_count == int(number), link


def test_the_sentence_the_sum_and_the_chart_say_the_same(
    admin_client: Client, company: dict[str, AccountGroup]
) -> None:
    response = admin_client.get("/")
    moves = response.context["moves"]
    # Three accounts, in each: 9 + 5 + 2 came, 9 was fixed, 5 accepted.
    assert (moves["start"], moves["end"]) == (138, 144)
    assert {one.name: one.by for one in moves["causes"]} == {
        "Cloud got better": "\N{MINUS SIGN}27",
        "Cloud got worse": "+27",
        "Rule changed": "+15",
        "Justified": "\N{MINUS SIGN}15",
        "Coverage changed": "+6",
    }
    chart = json.loads(moves["chart"])
    assert sum(one["data"][-1] for one in chart["datasets"]) == 6
    assert json.loads(moves["line"])["datasets"][0]["data"][-1] == response.context["score"] == 144
    text = " ".join(re.sub(r"<[^>]+>", "", unescape(response.content.decode())).split())
    assert "Worse than a week ago. The open score rose by 6 to 144, mostly because 3 issues" in text
    assert "Against that, 3 issues were fixed or went away, which took away 27." in text


def test_nothing_open_and_everything_read_is_said_so(admin_client: Client) -> None:
    account = AccountFactory()
    Slice.objects.create(account=account, technology="aws.s3.bucket", read_at=timezone.now())
    assert "Nothing is open." in admin_client.get("/").content.decode()


def test_the_page_asks_no_query_an_account(
    admin_client: Client, admin_user: User, company: dict[str, AccountGroup]
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            admin_client.get("/")
        return len(queries)

    asked()
    before = asked()
    for number in range(3):
        account = AccountFactory(name=f"more{number}")
        account.groups.add(company["rest"])
        rules = list(Rule.objects.select_related("active").order_by("-active__score"))
        for rule in rules:
            rule.score = rule.active.score  # type: ignore[attr-defined, union-attr]
        furnish(account, rules, admin_user)
    assert asked() <= before
