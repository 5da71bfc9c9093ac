"""Every list as a file: the rows that its filters leave, harmless to a spreadsheet."""

import csv
import json
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audits.models import Issue
from tests.config.test_seeing import HIDDEN, SEEN, furnished, somebody, world
from tests.factories import AccountFactory, GroupFactory, IssueFactory, ItemFactory

__all__ = ["world"]

pytestmark = pytest.mark.django_db
LISTS = [f"{one._meta.app_label}_{one._meta.model_name}" for one in admin.site._registry]
EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")


def exported(client: Client, model: str, form: str, **asked: Any) -> Any:
    link = reverse(f"admin:{model}_changelist")
    response = client.get(link, {"export": form, **asked})
    assert response.status_code == 200, response
    text = response.getvalue().decode()
    return json.loads(text) if form == "json" else list(csv.DictReader(StringIO(text, newline="")))


def test_every_list_exports_the_rows_that_it_shows(
    world: dict[str, Any], admin_client: Client
) -> None:
    for model in LISTS:
        shown = admin_client.get(reverse(f"admin:{model}_changelist")).context["cl"]
        for form in ("csv", "json"):
            rows = exported(admin_client, model, form)
            ids = [str(row.pk) for row in shown.result_list]
            assert [str(row["id"]) for row in rows] == ids, model
            # A head for each column, and no two alike.
            assert all(len(row) >= len(shown.list_display) for row in rows), model


def test_no_export_names_anything_of_a_foreign_account(world: dict[str, Any]) -> None:
    client = somebody("operator", world["mine"])
    texts = []
    for model in LISTS:
        link = reverse(f"admin:{model}_changelist")
        refused = client.get(link).status_code == 403
        for asked in ({"export": "csv"}, {"export": "json", "state": "all"}):
            response = client.get(link, asked)
            assert (response.status_code == 403) == refused, model
            if response.status_code == 200:
                texts.append(response.getvalue().decode())
    assert any(SEEN in text for text in texts)
    assert not [text for text in texts if HIDDEN in text]


def test_no_export_costs_a_query_a_row(
    world: dict[str, Any], admin_client: Client, admin_user: User
) -> None:
    def asked(model: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            exported(admin_client, model, "csv")
        return len(queries)

    asked(LISTS[0])
    before = {model: asked(model) for model in LISTS}
    furnished("more", world["mine"], admin_user)
    after = {model: asked(model) for model in LISTS}
    assert {m: (n, after[m]) for m, n in before.items() if after[m] > n} == {}


def test_an_export_heeds_filters_and_search(admin_client: Client) -> None:
    item = ItemFactory(name="wanted")
    wanted = IssueFactory(item=item, score=9)
    IssueFactory(item=item, score=5)
    IssueFactory(score=9)
    rows = exported(admin_client, "audits_issue", "json", severity="critical", q="wanted")
    assert [row["id"] for row in rows] == [wanted.pk]
    assert rows[0]["item uid"] == item.uid
    assert rows[0]["account name"] == item.account.name


def test_an_export_is_not_cut_where_a_page_ends(admin_client: Client) -> None:
    item = ItemFactory()
    version = IssueFactory(item=item).version
    for _ in range(59):
        IssueFactory(item=item, version=version)
    assert len(exported(admin_client, "audits_issue", "csv")) == Issue.objects.count() == 60


@pytest.mark.parametrize("evil", EVIL)
def test_no_cell_is_a_formula(admin_client: Client, evil: str) -> None:
    ItemFactory(name=evil, uid=f"{evil}!", full_name=evil)
    IssueFactory(notes=evil, item__name=evil)
    for model in ("items_item", "audits_issue"):
        for row in exported(admin_client, model, "csv"):
            assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
            assert not [cell for cell in row.values() if cell.startswith(("\t", "\r"))]
    assert evil in [row["notes"] for row in exported(admin_client, "audits_issue", "json")]


def test_what_a_cloud_calls_markup_stays_its_text(admin_client: Client) -> None:
    ItemFactory(name="<b>x</b> & y", uid="sg-1")
    (row,) = exported(admin_client, "items_item", "json")
    assert row["name"] == "<b>x</b> & y sg-1"


def test_another_form_is_not_there(admin_client: Client) -> None:
    assert admin_client.get("/audits/issue/?export=exe").status_code == 404


def test_a_list_offers_its_exports_with_its_filters(admin_client: Client) -> None:
    IssueFactory(item__account=AccountFactory(name=SEEN), score=9)
    GroupFactory()
    text = admin_client.get("/audits/issue/?severity=critical&p=1").content.decode()
    assert 'href="?export=csv&amp;severity=critical"' in text
    assert 'href="?export=json&amp;severity=critical"' in text
