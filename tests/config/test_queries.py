"""The query page and the list of saved views: what each person may see and do there."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Grant
from audits.models import SavedView
from tests.factories import AccountFactory, GroupFactory, ItemFactory, UserFactory

pytestmark = pytest.mark.django_db


def somebody(role: str, group: Any = None) -> Client:
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name=role), group=group)
    client = Client()
    client.force_login(user)
    client.user = user  # type: ignore[attr-defined]
    return client


@pytest.fixture
def mine() -> Any:
    mine, theirs = GroupFactory(), GroupFactory()
    for group, name in ((mine, "seen"), (theirs, "haven")):
        account = AccountFactory(name=f"account-{name}")
        account.groups.add(group)
        ItemFactory(
            account=account, name=f"user-{name}", technology="aws.iam.user", config={"A": 1}
        )
    return mine


QUERY = {"technology": "aws.iam.user", "condition": "A", "columns": "It: A"}


def test_a_query_shows_only_what_the_person_may_see(mine: Any) -> None:
    client = somebody("viewer", mine)
    page = client.get("/find/query/", QUERY).content.decode()
    assert "user-seen" in page
    assert "1 of 1" in page
    assert "-haven" not in page
    for form in ("csv", "json"):
        file = client.get("/find/query/", QUERY | {"export": form}).getvalue().decode()
        assert "user-seen" in file
        assert "-haven" not in file


def test_a_query_of_two_technologies_asks_things_of_both_and_of_no_third(
    admin_client: Client, mine: Any
) -> None:
    for technology in ("aws.iam.role", "aws.s3.bucket"):
        ItemFactory(name=f"a-{technology}", technology=technology, config={"A": 1})
    asked = QUERY | {"technology": "aws.iam.user,aws.s3.bucket,no.such"}
    page = admin_client.get("/find/query/", asked)
    assert [row["item"].technology for row in page.context["rows"]] == [
        *("aws.s3.bucket", "aws.iam.user", "aws.iam.user"),
    ]
    assert page.context["asked"].technology == "aws.iam.user,aws.s3.bucket"
    assert '<option value="aws.iam.user,aws.s3.bucket" selected>' in page.content.decode()


def test_a_file_for_which_time_was_too_short_says_in_its_last_line_that_it_was_cut(
    mine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.asking.SECONDS", 0)
    client = somebody("viewer", mine)
    file = client.get("/find/query/", QUERY | {"export": "csv"}).getvalue().decode()
    assert file.splitlines()[-1].startswith("This file was cut: there may be more.")
    file = client.get("/find/query/", QUERY | {"export": "json"}).getvalue()
    assert json.loads(file)[-1]["cut"].startswith("This file was cut")


def test_a_fault_is_shown_with_its_place_and_nothing_runs(mine: Any) -> None:
    page = somebody("viewer").get("/find/query/", QUERY | {"condition": "A[?"}).content.decode()
    assert "The condition: " in page
    assert "user-seen" not in page


def test_a_query_leads_on_to_a_view_a_rule_and_a_subscription_where_one_may(mine: Any) -> None:
    editor = somebody("rule editor").get("/find/query/", QUERY).content.decode()
    assert "Make it a rule" in editor
    assert "Save as a view" in editor
    viewer = somebody("viewer").get("/find/query/", QUERY).content.decode()
    assert "Make it a rule" not in viewer
    assert "Save as a view" not in viewer
    view = SavedView.objects.create(name="All of A", page="query", condition="A")
    saved = somebody("operator").get("/find/query/", {"view": view.pk}).content.decode()
    assert f"/notifications/subscription/add/?view={view.pk}&amp;" in saved
    assert (
        "Subscribe"
        not in somebody("viewer").get("/find/query/", {"view": view.pk}).content.decode()
    )


def test_who_subscribes_chooses_among_queries_that_are_shared_with_them(mine: Any) -> None:
    client = somebody("operator")
    view = SavedView.objects.create(name="All of A", page="query", condition="A")
    SavedView.objects.create(name="Private", page="query", shared=False)
    SavedView.objects.create(name="Some search", page="search", address="q=a")
    start = {"view": view.pk, "name": "All of A", "weekly": ""}
    form = client.get("/notifications/subscription/add/", start)
    choices = form.context["adminform"].form.fields["view"].queryset
    assert list(choices) == [view]
    sent = {"name": "A", "address": "a@example.com", "on": "on", "view": view.pk, "created": "on"}
    sent |= {"least_score": "4"}
    refused = client.post("/notifications/subscription/add/", sent | {"weekly": "on"})
    assert "The weekly report knows no queries" in refused.content.decode()
    assert client.post("/notifications/subscription/add/", sent).status_code == 302
    assert "what “All of A” shows" in client.get("/notifications/subscription/").content.decode()


def test_a_rule_begins_with_the_query(mine: Any) -> None:
    client = somebody("rule editor")
    given = {"technology": "aws.iam.user", "expression": "A && `true`", "title": "All of A"}
    page = client.get("/audits/rule/workbench/", given).content.decode()
    assert "A &amp;&amp; `true`" in page
    assert "All of A" in page


def test_a_rule_begins_with_all_technologies_of_the_query(mine: Any) -> None:
    editor = somebody("rule editor")
    given = {"technology": "aws.iam.user,aws.s3.bucket", "expression": "A"}
    page = editor.get("/audits/rule/workbench/", given).content.decode()
    assert "aws.iam.user" in page
    assert "aws.s3.bucket" in page


def test_a_query_is_saved_under_a_name_and_opened_by_others(mine: Any) -> None:
    maker = somebody("reviewer")
    columns = json.dumps([{"title": "It", "path": "A"}])
    start = {"page": "query", "technology": "aws.iam.user", "condition": "A", "columns": columns}
    form = maker.get("/audits/savedview/add/", start).content.decode()
    assert "&quot;path&quot;: &quot;A&quot;" in form
    sent = start | {"name": "All of A", "notes": "", "address": "", "shared": "on"}
    assert maker.post("/audits/savedview/add/", sent).status_code == 302
    view = SavedView.objects.get(name="All of A")
    assert (view.by, view.columns) == (maker.user, [{"title": "It", "path": "A"}])  # type: ignore[attr-defined]
    page = somebody("viewer", mine).get("/find/query/", {"view": view.pk}).content.decode()
    assert "All of A" in page
    assert "user-seen" in page
    assert "user-haven" not in page
    wrong = maker.post("/audits/savedview/add/", sent | {"name": "Other", "condition": "A[?"})
    assert wrong.status_code == 200
    assert not SavedView.objects.filter(name="Other").exists()


def test_a_view_that_is_not_shared_is_its_makers_alone(mine: Any) -> None:
    maker, other = somebody("reviewer"), somebody("reviewer")
    view = SavedView.objects.create(name="Private", page="query", shared=False, by=maker.user)  # type: ignore[attr-defined]
    pages = ("/audits/savedview/", "/find/")
    for page in pages:
        assert "Private" in maker.get(page).content.decode()
        assert "Private" not in other.get(page).content.decode()
    assert other.get(f"/find/query/?view={view.pk}").status_code == 404
    assert "Private" not in other.get(f"/audits/savedview/{view.pk}/change/").content.decode()
    assert "Private" not in other.get(f"/audits/savedview/{view.pk}/history/").content.decode()


def test_a_view_is_changed_by_its_maker_or_a_rule_editor(mine: Any) -> None:
    maker = somebody("reviewer")
    view = SavedView.objects.create(name="Mine", page="search", address="q=a", by=maker.user)  # type: ignore[attr-defined]
    shipped = SavedView.objects.create(name="Shipped", page="search", address="q=a", key="k")
    sent = {
        "name": "Other",
        "notes": "",
        "page": "search",
        "address": "q=b",
        "technology": "",
        "condition": "",
        "columns": "[]",
        "shared": "on",
    }
    for client, row, may in (
        (somebody("reviewer"), view, False),
        (maker, shipped, False),
        (maker, view, True),
        (somebody("rule editor"), view, True),
        (somebody("rule editor"), shipped, True),
    ):
        name = f"Named {SavedView.objects.count()} {row.pk} {may}"
        client.post(f"/audits/savedview/{row.pk}/change/", sent | {"name": name})
        row.refresh_from_db()
        assert (row.name == name) is may
    somebody("rule editor").post(f"/audits/savedview/{shipped.pk}/delete/", {"post": "yes"})
    assert SavedView.objects.filter(pk=shipped.pk).exists()
    somebody("reviewer").post(f"/audits/savedview/{view.pk}/delete/", {"post": "yes"})
    assert SavedView.objects.filter(pk=view.pk).exists()
    maker.post(f"/audits/savedview/{view.pk}/delete/", {"post": "yes"})
    assert not SavedView.objects.filter(pk=view.pk).exists()


def test_a_saved_view_of_each_page_opens(admin_client: Client, mine: Any) -> None:
    for page in SavedView.Page:
        SavedView.objects.create(
            name=page.label, page=page, address="q=seen", technology="aws.iam.user"
        )
    listed = admin_client.get("/audits/savedview/").content.decode()
    for link in ("/items/item/?q=seen", "/audits/issue/?q=seen", "/find/?q=seen"):
        assert link in listed
        assert admin_client.get(link).status_code == 200


@pytest.mark.parametrize("given", [{"view": "x"}, {"view": "999"}])
def test_a_view_that_is_not_there_is_not_found(admin_client: Client, given: dict[str, str]) -> None:
    assert admin_client.get("/find/query/", given).status_code == 404


def test_the_quick_search_leads_on(admin_client: Client, mine: Any) -> None:
    page = admin_client.get("/search/", {"s": "10.4.0.0/16"}).content.decode()
    assert "/find/?q=10.4.0.0%2F16" in page
    assert "holds or lies inside 10.4.0.0/16" in page


def test_the_query_page_asks_the_database_a_fixed_number_of_times(
    admin_client: Client, mine: Any
) -> None:
    admin_client.get("/find/query/", QUERY)
    with CaptureQueriesContext(connection) as few:
        admin_client.get("/find/query/", QUERY)
    for number in range(5):
        ItemFactory(name=f"u{number}", technology="aws.iam.user", config={"A": 1})
    with CaptureQueriesContext(connection) as many:
        admin_client.get("/find/query/", QUERY)
    assert len(many) == len(few) <= 20, [one["sql"][:150] for one in many]


def test_it_is_said_where_a_search_is_saved_that_mails_go_out_for_queries_only(mine: Any) -> None:
    editor = somebody("rule editor")
    page = editor.get("/audits/savedview/add/", {"page": "search"}).content.decode()
    assert "Only to a query can one subscribe" in page
    page = somebody("operator").get("/notifications/subscription/add/").content.decode()
    assert "only queries are offered, no searches" in page
    assert "weekly report" in page
    assert "it knows no queries" in page
