"""Queries run by HTTP: they give what the query page gives the same person."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audits.models import SavedView
from config.roles import ROLES
from items.models import Item
from tests.config.test_api_tokens import token_of
from tests.factories import AccountFactory, GroupFactory, ItemFactory, granted

pytestmark = pytest.mark.django_db
QUERY = {"technology": "aws.iam.user", "condition": "A", "columns": [{"title": "It", "path": "A"}]}


@pytest.fixture
def group() -> Any:
    """A group with an account of its own, beside an account that is in none."""
    mine = GroupFactory(name="mine")
    for name in ("seen", "haven"):
        account = AccountFactory(name=f"account-{name}")
        if name == "seen":
            account.groups.add(mine)
        ItemFactory(
            account=account, name=f"user-{name}", technology="aws.iam.user", config={"A": name}
        )
    return mine


def run(header: dict[str, str], body: Any, query: str = "", **headers: str) -> Any:
    return Client().post(
        f"/api/queries/run/{query}",
        body,
        content_type="application/json",
        headers={**header, **headers},
    )


@pytest.mark.parametrize("role", ROLES)
def test_everybody_asks_what_they_may_see_and_nothing_else(group: Any, role: str) -> None:
    header = token_of(granted(role, group), "read")
    answer = run(header, QUERY)
    assert answer.status_code == 200, answer.content
    assert answer.json()["columns"] == ["It"]
    assert [(one["name"], one["cells"]) for one in answer.json()["results"]] == [
        ("user-seen", ["seen"])
    ]
    assert run(token_of(granted(role, group), "review", "operate"), QUERY).status_code == 403
    narrowed = token_of(granted(role), "read", groups=(group,))
    assert "haven" not in run(narrowed, QUERY).content.decode()
    assert len(run(token_of(granted(role), "read"), QUERY).json()["results"]) == 2


def test_a_saved_query_runs_as_sent_by_who_it_is_shared_with(group: Any) -> None:
    owner = granted("reviewer")
    view = SavedView.objects.create(name="q", page="query", by=owner, **QUERY)
    there = f"/api/queries/{view.pk}/rows/"
    stranger, own = token_of(granted("reviewer"), "read"), token_of(owner, "read")
    assert Client().get(there, headers=stranger).json() == run(stranger, QUERY).json()
    SavedView.objects.update(address="?group=mine")
    assert [one["name"] for one in Client().get(there, headers=own).json()["results"]] == [
        "user-seen"
    ]
    SavedView.objects.update(shared=False)
    assert Client().get(there, headers=stranger).status_code == 404
    assert Client().get(there, headers=own).status_code == 200
    SavedView.objects.update(page="items")
    assert Client().get(there, headers=own).status_code == 404
    assert Client().get(f"/api/queries/{10**30}/rows/", headers=own).status_code == 404


def test_pages_of_a_query_follow_each_other_and_a_file_has_them_all(group: Any) -> None:
    account = AccountFactory()
    for number in range(5):  # Three are called alike: pages must not lose one of them.
        name = "twin" if number < 3 else f"user{number}"
        ItemFactory(account=account, name=name, technology="aws.iam.user", config={"A": number + 1})
    header = token_of(granted("viewer"), "read")
    address, found = "?page_size=2", []
    while address:
        page = run(header, QUERY, address).json()
        found += [one["item"] for one in page["results"]]
        address = f"?{page['next'].partition('?')[2]}" if page["next"] else ""
    assert sorted(found) == sorted(Item.objects.values_list("pk", flat=True))
    table = run(header, QUERY, "?format=csv").getvalue().decode()
    lines = run(header, QUERY, "", Accept="application/jsonl").getvalue().splitlines()
    told = list(csv.DictReader(io.StringIO(table)))
    assert [int(one["item"]) for one in told] == found
    assert [json.loads(one)["item"] for one in lines] == found
    assert told[0]["It"] == str(json.loads(lines[0])["It"])


def test_a_query_is_answered_as_of_a_day(group: Any) -> None:
    now = timezone.now()
    item = Item.objects.get(name="user-seen")
    Item.history.filter(id=item.pk).update(history_date=now - timedelta(days=9), until=None)
    Item.history.exclude(id=item.pk).update(history_date=now)
    day = (now - timedelta(days=4)).date()
    header = token_of(granted("viewer"), "read")
    for address in (f"?as_of={day}", f"?as_of={day}&page_size=1"):
        answer = run(header, QUERY, address).json()
        assert [one["item"] for one in answer["results"]] == [item.pk]
    after = run(header, QUERY, f"?{answer['next'].partition('?')[2]}").json()
    assert after["results"] == []
    assert run(header, QUERY, "?as_of=yesterday").status_code == 400


@pytest.mark.parametrize(
    ("change", "address"),
    [
        ({"condition": "A[?"}, ""),
        ({"condition": "A" * 4001}, ""),
        ({"columns": [{"path": "("}]}, ""),
        ({"columns": [{"path": "A"}] * 21}, ""),
        ({"columns": "A"}, ""),
        ({"technology": "no.such"}, ""),
        ({"shared": True}, ""),
        ({}, "?cursor=nonsense"),
        ({}, "?page_size=0"),
        ({}, "?view=1"),
    ],
)
def test_what_cannot_be_asked_is_refused(group: Any, change: Any, address: str) -> None:
    answer = run(token_of(granted("viewer"), "read"), {**QUERY, **change}, address)
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"]


def test_a_page_for_which_time_was_too_short_goes_on_where_it_stopped(
    group: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = token_of(granted("viewer"), "read")
    clock = iter([0.0, 1.0, 99.0])
    monkeypatch.setattr("audits.querying.time.monotonic", lambda: next(clock, 0.0))
    first = run(header, QUERY).json()
    assert [one["name"] for one in first["results"]] == ["user-haven"]
    second = run(header, QUERY, f"?{first['next'].partition('?')[2]}").json()
    assert [one["name"] for one in second["results"]] == ["user-seen"]
    assert second["next"] is None


def test_a_file_for_which_time_was_too_short_says_so_in_its_last_line(
    group: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.asking.SECONDS", 0)
    header = token_of(granted("viewer"), "read")
    lines = run(header, QUERY, "?format=jsonl").getvalue().splitlines()
    assert json.loads(lines[-1])["cut"].startswith("This file was cut: there may be more.")
    table = run(header, QUERY, "?format=csv").getvalue().decode()
    assert "This file was cut" in table.splitlines()[-1]
