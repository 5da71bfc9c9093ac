"""Every list and page as of a moment in the past: what stood then, and nothing to decide."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Grant
from audits.models import Issue
from config.console.navigation import MENU
from items.models import Item
from notifications.models import Subscription
from tests.audits.replaying import dated, day, group, look, rule_at
from tests.factories import AccountFactory, GroupFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = "/items/item/"


@pytest.fixture
def account() -> Account:
    """An account in which one group changed, one came and one went."""
    with dated(day(1, 0)):
        account = AccountFactory(name="prod")
    rule_at(day(1, 1), "open", expression="Open", identity="@", title="It is open")
    look(account, day(1), group("sg-a", Open=[]), group("sg-b", Open=[]))
    look(account, day(3), group("sg-a", Open=["22"]), group("sg-b", Open=[]))
    look(account, day(5), group("sg-a", Open=["22", "23"]), group("sg-c", Open=[]))
    return account


def names(client: Client, query: str) -> list[str]:
    response = client.get(f"{LIST}{query}")
    assert response.status_code == 200, response
    return sorted(item.uid for item in response.context["cl"].result_list)


def tabs(client: Client, query: str) -> dict[str, int]:
    page = client.get(f"{LIST}{query}").content.decode()
    return {
        name.lower(): int(count)
        for name, count in re.findall(r">(\w+) <span class=\"number[^>]*>(\d+)</span></a>", page)
    }


def test_the_list_shows_what_was_there_then(account: Account, admin_client: Client) -> None:
    assert names(admin_client, "") == ["sg-a", "sg-c"]
    assert names(admin_client, "?as_of=2026-03-02") == ["sg-a", "sg-b"]
    assert names(admin_client, "?as_of=2026-03-05") == ["sg-a", "sg-c"]
    assert names(admin_client, "?as_of=2026-03-05&state=gone") == ["sg-b"]
    assert names(admin_client, "?as_of=2026-03-04&state=gone") == []
    assert tabs(admin_client, "?as_of=2026-03-04") == {"living": 2, "gone": 0, "all": 2}
    assert tabs(admin_client, "?as_of=2026-03-06") == {"living": 2, "gone": 1, "all": 3}
    assert tabs(admin_client, "") == {"living": 2, "gone": 1, "all": 3}


def test_the_page_of_an_item_shows_its_configuration_of_then(
    account: Account, admin_client: Client
) -> None:
    item = Item.objects.get(uid="sg-a")
    page = admin_client.get(f"/items/item/{item.pk}/change/?as_of=2026-03-03")
    assert page.context["item"].config["Open"] == ["22"]
    assert len(page.context["issues"]) == 1
    assert "Since then: 1 revision, 1 new issue." in page.content.decode()
    assert "You are looking at the past: 3 Mar 2026, 23:59" in page.content.decode()


@pytest.mark.parametrize("model", [entry.model for _, entries in MENU for entry in entries])
def test_every_list_opens_in_the_past_and_says_what_it_shows(
    account: Account, admin_client: Client, model: str
) -> None:
    response = admin_client.get(f"{reverse(f'admin:{model}_changelist')}?as_of=2026-03-04")
    assert response.status_code == 200
    page = response.content.decode()
    assert "You are looking at the past: 4 Mar 2026, 23:59" in page
    assert ("as it was then" in page) != ("is shown: this is how it is now" in page)


def issues(client: Client, query: str) -> list[str]:
    response = client.get(f"/audits/issue/{query}")
    assert response.status_code == 200
    return sorted(f"{one.item.uid} {one.state}" for one in response.context["cl"].result_list)


def test_issues_are_listed_in_their_state_of_then(account: Account, admin_client: Client) -> None:
    look(account, day(7), group("sg-a", Open=["23"]), group("sg-c", Open=[]))
    assert issues(admin_client, "?as_of=2026-03-02") == []
    assert issues(admin_client, "?as_of=2026-03-03") == ["sg-a open"]
    assert issues(admin_client, "?as_of=2026-03-06") == ["sg-a open", "sg-a open"]
    assert issues(admin_client, "?as_of=2026-03-06&state=fixed") == []
    assert issues(admin_client, "?as_of=2026-03-07&state=fixed") == ["sg-a fixed"]


def test_nothing_can_be_decided_in_the_past(account: Account, admin_client: Client) -> None:
    issue = Issue.objects.first()
    assert issue
    address = f"/audits/issue/{issue.pk}/change/?as_of=2026-03-04"
    sent = {"decision": "justify", "because": "It is meant."}
    assert admin_client.post(address, sent).status_code == 403
    issue.refresh_from_db()
    assert not issue.justified
    assert 'method="post" class="sticky-form"' not in admin_client.get(address).content.decode()


def test_links_and_searches_stay_in_the_past(account: Account, admin_client: Client) -> None:
    page = admin_client.get(f"{LIST}?as_of=2026-03-04").content.decode()
    links = {unescape(one) for one in re.findall(r'<a\b[^>]*href="([^"]*)"', page)}
    inner = {one for one in links if one.startswith(("/", "?"))}
    # The way back, what has two moments of its own, and what is of no moment.
    left = {LIST, "/items/differences/?from=2026-03-04", "/password_change/", "/logout/"}
    assert {one for one in inner if "as_of=" not in one} <= left
    assert 'name="as_of" value="2026-03-04"' in page


@pytest.mark.parametrize(
    ("text", "said"),
    [("tomorrow", "is no day"), ("2999-01-01", "lies ahead"), ("2026-02-31", "is no day")],
)
def test_what_is_no_past_moment_is_told_and_means_now(
    account: Account, admin_client: Client, text: str, said: str
) -> None:
    page = admin_client.get(LIST, {"as_of": text}).content.decode()
    assert said in page
    assert "You are looking at the past" not in page


def test_before_the_first_record_there_is_nothing_and_it_is_said(
    account: Account, admin_client: Client
) -> None:
    page = admin_client.get(f"{LIST}?as_of=2026-02-01").content.decode()
    assert "before Vervet recorded anything" in page
    assert names(admin_client, "?as_of=2026-02-01&state=all") == []


def differing(client: Client, query: str) -> dict[str, str]:
    response = client.get(f"/items/differences/{query}")
    assert response.status_code == 200
    return {one["item"].uid: one["label"] for one in response.context["shown"]}


def test_what_differs_between_two_moments_is_listed(account: Account, admin_client: Client) -> None:
    every = {"sg-a": "changed", "sg-b": "gone", "sg-c": "new"}
    assert differing(admin_client, "?from=2026-03-02") == every
    assert differing(admin_client, "?from=2026-03-02&to=2026-03-04") == {"sg-a": "changed"}
    assert differing(admin_client, "?from=2026-03-02&what=gone") == {"sg-b": "gone"}
    assert differing(admin_client, "?from=2026-03-06") == {}
    assert differing(admin_client, "?from=nonsense") == {}
    found = admin_client.get("/items/differences/?from=2026-03-02&export=json").json()["items"]
    assert [one["id"] for one in found] == ["sg-a", "sg-b", "sg-c"]
    file = admin_client.get("/items/differences/?from=2026-03-02&export=csv")
    assert b"sg-b" in b"".join(file.streaming_content)


def test_who_may_not_see_an_account_sees_none_of_its_past(account: Account, client: Client) -> None:
    other = GroupFactory()
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"), group=other)
    client.force_login(user)
    assert names(client, "?as_of=2026-03-04&state=all") == []
    assert differing(client, "?from=2026-03-02") == {}
    item = Item.objects.get(uid="sg-a")
    assert client.get(f"/items/item/{item.pk}/change/?as_of=2026-03-04").status_code == 404


def test_who_was_in_which_group_and_who_was_told_of_it_is_shown_as_it_was_then(
    account: Account, admin_client: Client, client: Client
) -> None:
    with dated(day(2, 0)):
        before = GroupFactory(name="before")
        account.groups.set([before])
        told = Subscription.objects.create(name="Told", address="a@example.com")
        told.accounts.set([account])
    with dated(day(4, 0)):
        account.groups.set([GroupFactory(name="after")])
        told.accounts.set([AccountFactory(name="other")])

    def rows(by: Client, address: str) -> list[str]:
        cl = by.get(f"{address}as_of=2026-03-03").context["cl"]
        return [str(one) for one in cl.result_list]

    accounts, groups = "/accounts/account/?", "/accounts/accountgroup/?"
    assert rows(admin_client, f"{accounts}group={before.pk}&") == ["prod"]
    [then] = admin_client.get(f"{groups}as_of=2026-03-03").context["cl"].result_list
    assert (str(then), then.seen) == ("before", 1)
    found = admin_client.get("/find/?q=group:before&as_of=2026-03-03").context["found"]
    assert found.items == 2
    assert admin_client.get("/find/?q=group:before").context["found"].items == 0
    # Who sees the account today sees that somebody was told of it; who does not, does not.
    mine, theirs = UserFactory(), UserFactory()
    role = Group.objects.get(name="operator")
    Grant.objects.create(user=mine, role=role, group=account.groups.get())
    Grant.objects.create(user=theirs, role=role, group=before)
    for user, seen in ((mine, ["Told <a@example.com>"]), (theirs, [])):
        client.force_login(user)
        assert rows(client, "/notifications/subscription/?") == seen
