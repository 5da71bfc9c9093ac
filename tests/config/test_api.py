"""Accounts, items and issues by HTTP: with a login, to be read, in pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.factories import NOW, AccountFactory, IssueFactory, ItemFactory, a_rule

pytestmark = pytest.mark.django_db
NAMES = ("accounts", "items", "issues")


@pytest.mark.parametrize("name", NAMES)
def test_nobody_reads_without_a_login(client: Client, name: str) -> None:
    ItemFactory()
    response = client.get(f"/api/{name}/")
    assert response.status_code == 403
    assert "results" not in response.json()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_can_be_changed(admin_client: Client, name: str, method: str) -> None:
    issue = IssueFactory()
    assert getattr(admin_client, method)(f"/api/{name}/").status_code == 405
    pk = {"accounts": issue.item.account_id, "items": issue.item_id, "issues": issue.pk}[name]
    assert getattr(admin_client, method)(f"/api/{name}/{pk}/").status_code == 405


def test_pages_follow_each_other_to_the_end(admin_client: Client) -> None:
    account = AccountFactory()
    made = {ItemFactory(account=account).pk for _ in range(7)}
    address, found, pages = "/api/items/?page_size=3", [], 0
    while address:
        page = admin_client.get(address).json()
        found += [one["id"] for one in page["results"]]
        address, pages = page["next"], pages + 1
    assert pages == 3
    assert sorted(found) == sorted(made)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("technology=aws.s3.bucket", {"bucket"}),
        ("region=us-east-1", {"bucket"}),
        ("state=gone", {"gone"}),
        ("search=uck", {"bucket"}),
        ("search=arn:sg-gone", {"gone"}),
        ("name=bucket", {"bucket"}),
        ("", {"bucket", "gone", "group"}),
    ],
)
def test_items_are_filtered(admin_client: Client, query: str, wanted: set[str]) -> None:
    ItemFactory(name="bucket", technology="aws.s3.bucket", region="us-east-1")
    ItemFactory(name="gone", uid="sg-gone", gone_at=NOW)
    ItemFactory(name="group", uid="sg-there")
    results = admin_client.get(f"/api/items/?{query}").json()["results"]
    assert {one["name"] for one in results} == wanted


def test_a_list_leaves_out_the_configuration_and_a_row_has_it(admin_client: Client) -> None:
    item = ItemFactory()
    (row,) = admin_client.get(f"/api/items/?account={item.account_id}").json()["results"]
    assert "config" not in row
    assert admin_client.get(f"/api/items/{item.pk}/").json()["config"] == item.config


@pytest.mark.parametrize(
    ("query", "scores"),
    [
        ("", [9, 7, 3]),
        ("state=open", [9, 3]),
        ("state=justified", [7]),
        ("state=fixed", []),
        ("score_min=7", [9, 7]),
        ("score_max=3", [3]),
        ("rule=other", [3]),
        ("technology=aws.s3.bucket", []),
    ],
)
def test_issues_come_worst_first_and_are_filtered(
    admin_client: Client, query: str, scores: list[int]
) -> None:
    item = ItemFactory()
    IssueFactory(item=item, score=7, justified=True)
    IssueFactory(item=item, score=9, opened_at=NOW + timedelta(days=1))
    IssueFactory(item=item, score=3, version=a_rule("other").active)
    results = admin_client.get(f"/api/issues/?{query}").json()["results"]
    assert [one["score"] for one in results] == scores


def test_an_issue_says_what_was_found(admin_client: Client) -> None:
    issue = IssueFactory(evidence={"Cidr": "0.0.0.0/0"}, extent=["0.0.0.0/0"])
    found = admin_client.get(f"/api/issues/{issue.pk}/").json()
    assert found["evidence"] == {"Cidr": "0.0.0.0/0"}
    assert found["severity"] == "critical"
    assert found["state"] == "open"


def test_a_list_costs_the_same_for_many_rows(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    version = a_rule().active
    for _ in range(40):
        IssueFactory(version=version)
    for name, most in (("accounts", 4), ("items", 3), ("issues", 3)):
        with django_assert_max_num_queries(most):
            assert len(admin_client.get(f"/api/{name}/").json()["results"]) == 40


@pytest.mark.parametrize(
    "address",
    [
        "items/?account=99999999999999999999999",
        "items/?account=1e30",
        "items/?account=-1",
        "issues/?item=99999999999999999999999",
        "issues/?score_min=99999999999999999999999",
        "items/?search=%00",
        "items/?cursor=nonsense",
        "items/?page_size=99999999999999999999999",
        "items/99999999999999999999999/",
        "items/x/",
        "accounts/?type=%00",
        "issues/?opened_after=x",
    ],
)
def test_nonsense_is_answered_not_fallen_over(admin_client: Client, address: str) -> None:
    ItemFactory()
    assert admin_client.get(f"/api/{address}").status_code in (200, 400, 404)


def test_a_wrong_filter_is_refused_with_the_reason(admin_client: Client) -> None:
    response = admin_client.get("/api/issues/?state=nonsense")
    assert response.status_code == 400
    assert "nonsense" in str(response.json()["state"])
