"""Accounts, items and issues by HTTP: with a login, to be read, in pages."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audits.models import Issue
from config.api.docs import groups
from config.api.routes import router
from items.indexing import index_addresses
from items.models import Item
from tests.config.test_every_address import world
from tests.config.test_workers import ROOT
from tests.factories import NOW, AccountFactory, IssueFactory, ItemFactory, a_rule

__all__ = ["world"]
pytestmark = pytest.mark.django_db
NAMES = ("accounts", "items", "issues")


@pytest.mark.parametrize("name", NAMES)
def test_nobody_reads_without_a_login(client: Client, name: str) -> None:
    ItemFactory()
    response = client.get(f"/api/{name}/")
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "results" not in response.json()


# What only Vervet writes. Configurations may be sent to items.
KEPT = ("audit-log", "controls", "examples", "frameworks", "gaps", "revisions", "runs", "versions")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("name", [*KEPT, "items"])
def test_what_only_vervet_writes_cannot_be_changed(
    admin_client: Client, name: str, method: str
) -> None:
    if (name, method) != ("items", "post"):
        assert getattr(admin_client, method)(f"/api/{name}/").status_code == 405
    assert getattr(admin_client, method)(f"/api/{name}/1/").status_code == 405


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
        ("rule_key=other", [3]),
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
    # The login takes two, and counting the request one.
    for name, most in (("accounts", 5), ("items", 5), ("issues", 5)):
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
        "issues/?opened_after=0179-09-06T14:29:57-18:14",
        "issues/?opened_after=0001-01-01T00:00:00%2B14:00",
    ],
)
def test_nonsense_is_answered_not_fallen_over(admin_client: Client, address: str) -> None:
    ItemFactory()
    assert admin_client.get(f"/api/{address}").status_code in (200, 400, 404)


def test_a_wrong_filter_is_refused_with_the_reason(admin_client: Client) -> None:
    response = admin_client.get("/api/issues/?state=nonsense")
    assert response.status_code == 400
    said = response.json()
    assert said["errors"][0]["field"] == "state"
    assert "“nonsense” is not known. Choose from: open, waiting, justified" in said["detail"]
    assert said["do"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("issues/?account=me", "“me” is not known. Write the key of a row, a number, or none."),
        (
            "issues/?assignee=x",
            "“x” is not known. Write the key of a row, a number, or me or none.",
        ),
        ("issues/?state=open,justified", "Only one at a time. Choose from: open, "),
        ("issues/?moved=x", "“x” is not known. Choose from: "),
        ("rules/?health=", "A value is missing. Choose from: "),
        ("items/?region=", "A value is missing. Write any value that rows have, or none."),
        ("items/?state=x", "“x” is not known. Choose from: there, gone, all."),
        ("items/?label=a&label=b", "Say it once, with commas between the values. Write any value"),
        ("deliveries/?kind=x", "“x” is not known. Choose from: alert, weekly, asked, "),
        ("audit-log/?from=x", "“x” is not known. Write a day such as 2026-11-08."),
    ],
)
def test_a_refused_filter_says_what_it_takes(admin_client: Client, asked: str, said: str) -> None:
    answer = admin_client.get(f"/api/{asked}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith(said)


@pytest.mark.parametrize(
    "query",
    ["stat=open", "state=open,fixed", "page_size=0", "cursor=WzFd", "fields=secret", "as_of=x"],
)
def test_what_would_be_left_out_silently_is_refused(admin_client: Client, query: str) -> None:
    response = admin_client.get(f"/api/issues/?{query}")
    assert response.status_code == 400, response.content
    assert response.json()["errors"][0]["field"] == query.partition("=")[0]


def test_pages_go_on_where_more_rows_are_alike_than_a_page_holds(admin_client: Client) -> None:
    item, version = ItemFactory(), a_rule().active
    Issue.objects.bulk_create(
        Issue(
            item=item,
            account=item.account,
            technology=item.technology,
            rule=version.rule,
            version=version,
            fingerprint=str(n),
            score=5,
            opened_at=NOW,
        )
        for n in range(1300)
    )
    address, found = "/api/issues/?page_size=500&fields=id", []
    while address:
        page = admin_client.get(address).json()
        found += [one["id"] for one in page["results"]]
        address = page["next"]
    assert len(found) == len(set(found)) == 1300


LISTS = [prefix for prefix, _, _ in router.registry]


@pytest.mark.parametrize("name", LISTS)
def test_every_list_has_its_rows_as_csv_and_as_lines(
    admin_client: Client, world: dict[str, Any], name: str
) -> None:
    rows = admin_client.get(f"/api/{name}/").json()["results"]
    assert rows, name
    lines = admin_client.get(f"/api/{name}/?format=jsonl")
    assert [json.loads(one) for one in lines.getvalue().splitlines()] == rows
    table = admin_client.get(f"/api/{name}/", headers={"Accept": "text/csv"})
    told = list(csv.DictReader(io.StringIO(table.getvalue().decode())))
    assert [one["id"] for one in told] == [str(row["id"]) for row in rows]
    assert list(told[0]) == list(rows[0])


ALSO = {"differences": "from=2020-01-01", "search": "q=haven", "technologies": "page_size=500"}
"""What is a list, too, and of no table."""


@pytest.mark.parametrize("name", ALSO)
def test_what_is_of_no_table_is_a_list_like_any_other(
    admin_client: Client, world: dict[str, Any], name: str
) -> None:
    here = f"/api/{name}/?{ALSO[name]}"
    rows = admin_client.get(here).json()["results"]
    assert rows
    lines = admin_client.get(f"{here}&format=jsonl").getvalue().splitlines()
    assert [json.loads(one) for one in lines] == rows
    table = admin_client.get(f"{here}&format=csv").getvalue().decode()
    told = list(csv.DictReader(io.StringIO(table)))
    assert (len(told), list(told[0])) == (len(rows), list(rows[0]))
    first, second, *_ = rows[0]
    few = admin_client.get(f"{here}&fields={first},{second}").json()["results"]
    assert few == [{first: one[first], second: one[second]} for one in rows]
    assert admin_client.get(f"{here}&fields=secret").status_code == 400


@pytest.mark.parametrize(
    "address", ["differences/?from=2020-01-01&page_size=1", "technologies/?page_size=50"]
)
def test_its_pages_follow_each_other_to_the_end(admin_client: Client, address: str) -> None:
    for name in "bab":
        ItemFactory(name=name)
    whole = f"/api/{address.partition('page_size')[0]}page_size=500"
    following, found, pages = f"/api/{address}", [], 0
    while following:
        page = admin_client.get(following).json()
        found += page["results"]
        following, pages = page["next"], pages + 1
    assert found == admin_client.get(whole).json()["results"]
    assert pages > 1


def test_every_hit_of_a_technology_is_on_one_of_its_pages(admin_client: Client) -> None:
    items = {ItemFactory(name="haven").pk for _ in range(60)}
    following, found = "/api/search/?q=haven&technology=aws.ec2.security_group&all=1", []
    while following:
        page = admin_client.get(following).json()
        found += [one["item"] for one in page["results"]]
        following = page["next"]
    assert set(found) == items
    assert len(found) == page["places"]


def test_fields_are_chosen_of_the_row_not_within_it(admin_client: Client) -> None:
    rule = a_rule()
    text = admin_client.get(f"/api/rules/{rule.pk}/?fields=text").json()
    assert text["text"]["title"]


def test_a_cell_is_no_formula(admin_client: Client) -> None:
    ItemFactory(name="=cmd()")
    table = admin_client.get("/api/items/?format=csv&fields=name").getvalue().decode()
    assert table.splitlines() == ["name", "'=cmd()"]


@pytest.mark.parametrize("name", LISTS)
def test_every_row_has_an_address_and_a_tag(
    admin_client: Client, world: dict[str, Any], name: str
) -> None:
    row = admin_client.get(f"/api/{name}/").json()["results"][0]
    address = f"/api/{name}/{row['id']}/"
    whole = admin_client.get(address)
    assert {**whole.json(), **row} == whole.json()
    tag = whole.headers["ETag"]
    assert admin_client.get(address, headers={"If-None-Match": tag}).status_code == 304
    (first, *_) = row
    assert admin_client.get(f"{address}?fields={first}").json() == {first: row[first]}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_the_past_hold_nothing_that_came_later(
    admin_client: Client, world: dict[str, Any], name: str
) -> None:
    state = admin_client.get(f"/api/{name}/?as_of=2026-01-01")
    if state.status_code == 400:
        assert state.json()["errors"][0]["field"] == "as_of", state.json()
    else:
        assert state.json()["results"] == []


def test_an_item_is_shown_as_it_was(admin_client: Client) -> None:
    now = timezone.now()
    item = ItemFactory(name="old", first_seen=now - timedelta(days=9))
    Item.history.filter(id=item.pk).update(
        history_date=now - timedelta(days=9), until=now - timedelta(days=2), kind="created"
    )
    item.name = "new"
    item.config, item.digest = {"GroupId": "other"}, "other"
    item.save()
    Item.history.filter(id=item.pk, name="new").update(kind="changed")
    day = (now - timedelta(days=4)).date()
    then = admin_client.get(f"/api/items/{item.pk}/?as_of={day}").json()
    assert (then["name"], then["config"]) == ("old", {"GroupId": item.uid})
    assert [
        one["name"] for one in admin_client.get(f"/api/items/?as_of={day}").json()["results"]
    ] == ["old"]
    revisions = admin_client.get(f"/api/revisions/?item={item.pk}").json()["results"]
    assert [one["name"] for one in revisions] == ["old", "new"]
    last = admin_client.get(f"/api/revisions/{revisions[-1]['id']}/").json()
    assert last["differences"] == [
        {"where": "GroupId", "what": "changed", "before": item.uid, "after": "other"}
    ]
    differs = admin_client.get(f"/api/differences/?from={day}").json()
    assert [(one["name"], one["what"]) for one in differs["results"]] == [("new", "changed")]


def test_the_search_answers_what_the_console_answers(admin_client: Client) -> None:
    item = ItemFactory(name="haven", config={"Cidr": "192.0.2.7/32"})
    index_addresses([item], NOW, (), new=True)
    found = admin_client.get("/api/search/?q=192.0.2.7").json()
    assert [(one["item"], one["path"]) for one in found["results"]] == [(item.pk, "Cidr")]
    assert admin_client.get("/api/search/?q=").status_code == 400


def test_an_address_at_which_nothing_is_says_so(admin_client: Client) -> None:
    response = admin_client.get("/api/nonsense/")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"


def test_the_technologies_are_listed(admin_client: Client) -> None:
    keys = {
        one["key"] for one in admin_client.get("/api/technologies/?page_size=500").json()["results"]
    }
    assert {"aws.s3.bucket", "gcp.compute.firewall"} <= keys


def test_the_page_of_the_api_tells_what_is_sent() -> None:
    told = {
        (one["method"], one["path"]): {field["name"]: field for field in one["sent"]}
        for group in groups()
        for one in group["operations"]
    }
    moved = told["POST", "/api/rules/{id}/move/"]
    assert moved["to"]["required"]
    assert moved["to"]["values"] == "shadow, out of shadow, force, retired"
    assert not moved["reason"]["required"]
    assert "parameters" in told["PATCH", "/api/accounts/{id}/"]
    for (method, path), sent in told.items():
        writes = method in ("POST", "PUT", "PATCH")
        assert bool(sent) == (writes and not path.endswith("/resend/")), path


def test_the_docs_name_every_list() -> None:
    text = (ROOT / "docs/api.md").read_text()
    named = text.partition("\nLists: ")[2].partition("\n\n")[0]
    assert [name for name in LISTS if f"`{name}`" not in named] == []


def test_the_page_of_the_api_names_values_and_shows_no_marks(admin_client: Client) -> None:
    page = admin_client.get("/api/docs/").content.decode()
    assert "0 (Monday), 1 (Tuesday)" in page
    assert "Items that are gone" in page, (
        "where nothing is explained, a field is called as in a form"
    )
    assert "`" not in page
