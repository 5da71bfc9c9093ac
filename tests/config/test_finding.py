"""The search page: what it finds, how it says so, and what it never shows."""

import csv
import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Grant, KnownNetwork
from items.models import Gap, Item
from tests.factories import AccountFactory, GroupFactory, IssueFactory, UserFactory, a_rule
from tests.items.test_searching import BUCKETS, START, look, opened

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> dict[str, Any]:
    """Two accounts in two groups, with things around one network in both."""
    mine, theirs = GroupFactory(name="mine"), GroupFactory(name="theirs")
    seen, hidden = AccountFactory(name="seen-shore"), AccountFactory(name="hidden-haven")
    seen.groups.add(mine)
    hidden.groups.add(theirs)
    tags = [{"Key": "purpose", "Value": "training"}]
    note = {"CidrIp": "10.4.0.0/16", "Description": "office <VPN>"}
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [note]}
    look(seen, 0, web={"IpPermissions": [rule], "Tags": tags}, old=opened("10.4.1.0/24"))
    look(seen, 1, web={"IpPermissions": [rule], "Tags": tags})
    look(hidden, 0, haven=opened("10.0.0.0/8", Tags=tags, Description="secret-words"))
    policy = {"Statement": [{"Condition": {"IpAddress": {"aws:SourceIp": "10.4.0.0/22"}}}]}
    look(seen, 0, BUCKETS, files={"Name": "files", "Policy": policy})
    return {"seen": seen, "hidden": hidden, "mine": mine}


def somebody(role: str, group: Any) -> Client:
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name=role), group=group)
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, **query: str) -> str:
    response = client.get("/find/", query)
    assert response.status_code == 200
    return response.content.decode()


def test_an_address_is_answered_in_words_with_the_parts_marked(
    world: dict[str, Any], admin_client: Client
) -> None:
    KnownNetwork.objects.create(cidr="10.4.0.0/16", note="office VPN")
    KnownNetwork.objects.create(cidr="10.0.0.0/8", note="all of ours")
    KnownNetwork.objects.create(cidr="10.4.0.0/24", note="only a part")
    page = text(admin_client, q="10.4.0.0/16")
    assert "3 items</b> speak of this network: 65,536 addresses, 10.4.0.0 to 10.4.255.255." in page
    assert ">office VPN</a>, part of <a" in page
    assert "only a part" not in page
    assert "tcp 22 from <mark>10.4.0.0/16</mark> “office &lt;VPN&gt;”" in page
    assert "Policy.Statement[0] aws:SourceIp <mark>10.4.0.0/22</mark>" in page
    assert "tcp 22 from <mark>10.0.0.0/8</mark>" in page


def test_what_is_gone_is_counted_beside_and_shown_where_asked_for(
    world: dict[str, Any], admin_client: Client
) -> None:
    assert ">old<" not in text(admin_client, q="10.4.1.1")
    page = text(admin_client, q="10.4.1.1", also="gone")
    assert ">old<" in page
    assert "gone</span>" in page


def test_a_search_as_of_a_day_says_so_and_finds_what_was_there(
    world: dict[str, Any], admin_client: Client
) -> None:
    page = text(admin_client, q="10.4.1.1", as_of=START.date().isoformat())
    assert "As of 1 March 2026." in page
    assert ">old<" in page


def test_open_issues_are_told_with_what_is_found(
    world: dict[str, Any], admin_client: Client
) -> None:
    item = world["seen"].items.get(name="web")
    IssueFactory(item=item, version=a_rule().active, score=7)
    assert "open issue 7" in text(admin_client, q="web")


@pytest.mark.parametrize(
    "query", ["10.4.0.0/16", "secret", "tag:purpose", "/haven|secret/", "haven"]
)
@pytest.mark.parametrize("role", ["viewer", "operator", "auditor"])
def test_no_hit_count_or_choice_tells_of_another_group(
    world: dict[str, Any], query: str, role: str
) -> None:
    Gap.objects.create(
        account=world["hidden"],
        technology=BUCKETS,
        operation="x",
        code="Denied",
        reason="no",
        since=START,
        seen_at=START,
    )
    client = somebody(role, world["mine"])
    for more in ({}, {"also": "gone,older"}, {"account": str(world["hidden"].pk)}):
        page = text(client, q=query, **more)
        assert "hidden-haven" not in page
        assert "secret-words" not in page
        assert "10.0.0.0/8" not in page
        for form in ("csv", "json"):
            file = client.get("/find/", {"q": query, "export": form, **more})
            assert b"haven" not in file.getvalue()
    if query in ("secret", "haven"):
        assert "No thing" in text(client, q=query)
    if query == "10.4.0.0/16":
        assert "2 items</b> speak" in text(client, q=query)


def test_who_may_see_nothing_finds_nothing(world: dict[str, Any]) -> None:
    client = Client()
    client.force_login(UserFactory())
    assert "No item" in text(client, q="10.4.0.0/16")


def test_the_answer_as_a_table_holds_every_line_and_no_formula(
    world: dict[str, Any], admin_client: Client
) -> None:
    look(world["seen"], 2, **{"=cmd()": opened("10.4.0.0/16")})
    body = admin_client.get("/find/", {"q": "10.4.0.0/16", "export": "csv"}).getvalue().decode()
    lines = list(csv.DictReader(body.splitlines()))
    assert {line["name"] for line in lines} == {"'=cmd()", "haven", "files"}
    assert "tcp 22 from 10.4.0.0/16" in {line["part"] for line in lines}
    body = admin_client.get("/find/", {"q": "10.4.0.0/16", "export": "json"}).getvalue()
    assert {one["matches"] for one in json.loads(body)} == {"is it", "holds it", "inside it"}


def test_a_file_for_which_time_was_too_short_says_in_its_last_line_that_it_was_cut(
    world: dict[str, Any], admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.console.find.page.FILE_SECONDS", 0)
    body = admin_client.get("/find/", {"q": "10.4.0.0/16", "export": "csv"}).getvalue().decode()
    assert body.splitlines()[-1].startswith("This file was cut: there may be more.")
    body = admin_client.get("/find/", {"q": "10.4.0.0/16", "export": "json"}).getvalue()
    assert json.loads(body)[-1]["cut"].startswith("This file was cut")


def test_what_cannot_be_meant_is_said_and_the_rest_is_found(
    world: dict[str, Any], admin_client: Client
) -> None:
    page = text(admin_client, q="/(/ web")
    assert "is not a regular expression" in page
    assert ">web<" in page


@pytest.mark.parametrize(
    "query",
    [
        {"how": "x,is", "account": "a,99999999999999999999,-1", "technology": "no"},
        {"page": "-1", "all": "1", "technology": "aws.ec2.security_group"},
        {"page": "99999", "all": "1", "technology": "aws.ec2.security_group"},
        {"also": "all", "as_of": "2026-02-31"},
        {"q": "\0 ' \" ] [ % _ \\"},
        {"q": "a" * 5000},
        {"q": "Policy.[] = 1 tag: x:"},
    ],
)
def test_no_address_breaks_the_page(
    world: dict[str, Any], admin_client: Client, query: dict[str, str]
) -> None:
    assert admin_client.get("/find/", {"q": "10.4.0.0/16", **query}).status_code == 200


@pytest.mark.parametrize("query", ["10.4.0.0/16", "web", "/10/"])
def test_the_page_asks_the_database_a_fixed_number_of_times(
    world: dict[str, Any], admin_client: Client, query: str
) -> None:
    text(admin_client, q=query)
    with CaptureQueriesContext(connection) as few:
        text(admin_client, q=query)
    for number in range(3):
        account = AccountFactory()
        look(
            account, 0, **{f"g{number}{n}": opened("10.4.0.0/16", Description="web") for n in "ab"}
        )
    with CaptureQueriesContext(connection) as many:
        text(admin_client, q=query)
    assert len(many) == len(few) <= 24, [one["sql"][:150] for one in many]


def test_what_is_gone_is_found_as_easily_as_what_is_there(
    world: dict[str, Any], admin_client: Client
) -> None:
    gone = Item.objects.get(account=world["seen"], gone_at__isnull=False)
    response = admin_client.get("/find/", {"q": gone.uid}, follow=True)
    assert [address for address, _ in response.redirect_chain] == [f"?q={gone.uid}&also=gone"]
    assert reverse("admin:items_item_change", args=[gone.pk]) in response.content.decode()
    nothing = admin_client.get("/find/", {"q": "never-there"})
    assert "Nothing answers this question" in nothing.content.decode()
