"""Every list and page as of a moment in the past: what stood then, and nothing to decide."""

import re

import pytest
from django.test import Client

from accounts.models import Account
from items.models import Item
from tests.audits.replaying import dated, day, group, look, rule_at
from tests.factories import AccountFactory

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
