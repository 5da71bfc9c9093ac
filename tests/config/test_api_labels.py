"""Labels are told of items and given to them by HTTP, by those who may give them in the console."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import LedgerEntry, User
from config.roles import ROLES
from items.labelling import label, labels_of
from items.models import Item
from tests.config.test_api_doing import REVIEW
from tests.config.test_api_tokens import token_of
from tests.config.test_api_writing import ask
from tests.factories import GroupFactory, ItemFactory, granted

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Item:
    item: Item = ItemFactory(name="till")
    item.account.groups.add(GroupFactory(name="shop"))
    return item


def here(item: Item) -> str:
    return f"items/{item.pk}/"


def give(item: Item, header: dict[str, str], *labels: Any, **more: str) -> Any:
    return ask("put", f"{here(item)}labels/", header, {"labels": labels}, **more)


def test_items_tell_their_labels_of_now_and_none_of_the_past(item: Item, admin_user: User) -> None:
    ItemFactory(name="bare")
    label(item, ["SOX", "PCI"], admin_user)
    Item.history.update(history_date=item.first_seen)
    header = token_of(admin_user, "read")
    for when, told in (("", {"till": ["PCI", "SOX"], "bare": []}), ("as_of=2026-07-01", None)):
        rows = ask("get", f"items/?{when}", header).json()["results"]
        assert {one["name"]: one["labels"] for one in rows} == (
            told or {"till": None, "bare": None}
        )
        row = ask("get", f"{here(item)}?{when}", header).json()
        assert row["labels"] == (told["till"] if told else None)
    csv = b"".join(ask("get", "items/?format=csv&fields=name,labels", header).streaming_content)
    assert csv.decode().splitlines()[1:] == ['till,"PCI, SOX"', "bare,"]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_and_scope_gives_labels_where_it_may(item: Item, role: str) -> None:
    group = item.account.groups.get()
    for scopes in (["read"], ["review"], ["rules"], ["operate"], ["read", "operate"]):
        answer = give(item, token_of(granted(role, group), *scopes), "PCI")
        assert answer.status_code == 403, (scopes, answer.content)
    near = give(item, token_of(granted(role, group), "read", "review"), "PCI", " b  c ", "PCI")
    assert near.status_code == (200 if role in REVIEW else 403)
    assert labels_of(item) == (near.json()["labels"] if role in REVIEW else [])
    assert labels_of(item) in (["PCI", "b c"], [])
    away = give(item, token_of(granted(role, GroupFactory()), "read", "review"), "SOX")
    assert away.status_code == (404 if role in REVIEW else 403)
    assert "SOX" not in labels_of(item)


def test_labels_replace_those_that_were_read_and_no_others(item: Item, admin_user: User) -> None:
    header = token_of(admin_user, "read", "review")
    old = ask("get", here(item), header).headers["ETag"]
    first = give(item, header, "PCI", **{"If-Match": old})
    assert (first.status_code, first.json()["labels"]) == (200, ["PCI"])
    assert give(item, header, "SOX", **{"If-Match": old}).status_code == 412
    Item.objects.update(last_seen=item.first_seen)  # Read again: no edit.
    new = first.headers["ETag"]
    assert give(item, header, "SOX", **{"If-Match": new}).json()["labels"] == ["SOX"]
    assert give(item, header).json()["labels"] == []
    entries = LedgerEntry.objects.filter(action="labelled").order_by("number")
    assert [one.after["labels"] for one in entries] == [["PCI"], ["SOX"], []]


@pytest.mark.parametrize(
    "sent", [["a,b"], ["none"], ["x" * 51], [str(n) for n in range(21)], [""], [["a"]], "a", None]
)
def test_labels_that_are_none_are_refused_by_that_name(
    item: Item, admin_user: User, sent: Any
) -> None:
    header = token_of(admin_user, "read", "review")
    answer = ask("put", f"{here(item)}labels/", header, {"labels": sent})
    assert answer.status_code == 400
    assert {one["field"].partition(".")[0] for one in answer.json()["errors"]} == {"labels"}
    assert labels_of(item) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_the_second_replaces_what_the_first_gave(
    item: Item, admin_user: User
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            label(item, ["first"], admin_user)
            second = pool.submit(given, item, "second", admin_user)
            time.sleep(0.5)  # It waits meanwhile.
            assert not second.done()
        second.result()
    assert labels_of(item) == ["second"]
    last = LedgerEntry.objects.latest("number")
    assert (last.before, last.after) == ({"labels": ["first"]}, {"labels": ["second"]})


def given(item: Item, name: str, by: User) -> None:
    try:
        label(item, [name], by)
    finally:
        connection.close()


def test_nobody_labels_the_past(item: Item, admin_user: User) -> None:
    header = token_of(admin_user, "read", "review")
    address = f"{here(item)}labels/?as_of=2026-07-01"
    assert ask("put", address, header, {"labels": ["PCI"]}).status_code == 403
    assert labels_of(item) == []
