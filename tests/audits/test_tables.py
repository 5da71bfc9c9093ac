"""Reference tables: shipped, merged row by row, read by rules, and changed by those who may."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account, Grant
from audits import packs
from audits.functions.actions import meant
from audits.loading_tables import load_tables, merged_rows, shipped_tables
from audits.models import BlindSpot, Issue, Judged, ReferenceTable
from audits.models.tables import row_name
from audits.reading import tables_read
from audits.traps import warnings
from config import pipeline
from config.scheduling import stale_slices
from items.models import Item, Slice
from tests.audits import test_loading
from tests.factories import AccountFactory, GroupFactory, ItemFactory, UserFactory, a_rule

SHIPPED = dict(shipped_tables(packs))
GROUPS = "aws.ec2.security_group"
pack = test_loading.pack


# -- what is shipped ------------------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted(SHIPPED))
def test_a_shipped_table_says_what_a_row_is_and_may_be_kept(key: str) -> None:
    table = ReferenceTable(key=key, **SHIPPED[key])
    table.full_clean(validate_unique=False)
    assert table.title and table.about.endswith(".")
    assert len({frozenset(row) for row in table.rows}) <= 1, "every row has the same fields"


def test_every_action_of_a_combination_exists() -> None:
    rows = SHIPPED["escalation-combinations"]["rows"]
    actions = {action for row in rows for action in row["actions"]}
    assert {action for action in actions if not meant(action)} == set()


def test_every_port_is_one() -> None:
    rows = SHIPPED["risky-ports"]["rows"]
    assert all(0 < port < 65536 for row in rows for port in row["ports"])


# -- merging --------------------------------------------------------------------------------------


def named(**rows: int) -> list[dict[str, Any]]:
    return [{"name": name, "port": port} for name, port in rows.items()]


def test_what_the_pack_corrects_adds_and_takes_out_arrives() -> None:
    assert merged_rows(named(a=1, b=2), named(a=9, c=3), named(a=1, b=2)) == named(a=9, c=3)


def test_what_an_editor_changed_added_and_took_out_stays() -> None:
    before, ours = named(a=1, b=2, c=3), named(a=5, d=4, c=3)
    after = named(a=9, b=8, c=7)
    assert merged_rows(before, after, ours) == named(a=5, d=4, c=7)


def test_a_row_that_both_added_is_ours() -> None:
    assert merged_rows([], named(a=1), named(a=2)) == named(a=2)


def test_rows_without_a_name_are_told_apart_by_all_of_them() -> None:
    assert merged_rows(["x", 1], ["x", 2], ["x", 1, "mine"]) == ["x", "mine", 2]


rows = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 3)).map(lambda one: named(**one))


@given(before=rows, after=rows, ours=rows)
def test_merging_twice_changes_nothing_and_keeps_names_apart(before, after, ours) -> None:
    once = merged_rows(before, after, ours)
    assert merged_rows(after, after, once) == once
    names = [row_name(row) for row in once]
    assert len(names) == len(set(names))
    if ours == before:
        assert sorted(names) == sorted(row_name(row) for row in after)


# -- loading --------------------------------------------------------------------------------------


@pytest.fixture
def tables(pack: test_loading.Pack) -> Path:
    pack.ship_nothing()
    folder = pack.folder / "tables"
    folder.mkdir()
    return folder


def ship(folder: Path, rows: str, title: str = "Ports") -> None:
    (folder / "acme-ports.yaml").write_text(f"title: {title}\nabout: Of boxes.\nrows: {rows}\n")


def of_acme() -> ReferenceTable:
    return ReferenceTable.objects.get(key="acme-ports")


@pytest.mark.django_db
def test_loading_tables_twice_writes_nothing(tables: Path) -> None:
    ship(tables, "[{name: a, least: 1.0}]")
    assert {one.key for one in load_tables()} == {"acme-ports", *SHIPPED}
    count = ReferenceTable.history.count()
    assert load_tables() == []
    assert ReferenceTable.history.count() == count


@pytest.mark.django_db
def test_a_date_in_a_table_stays_text(tables: Path) -> None:
    ship(tables, "[{name: web, until: 2026-01-01, at: 12:30}]")
    load_tables()
    assert of_acme().rows == [{"name": "web", "until": "2026-01-01", "at": "12:30"}]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("[{name: web, on: 1}]", "line 3: a key must be a text"),
        ("[{name: web, name: mail}]", "line 3: 'name' stands there twice"),
        ("[{name: .nan}]", "line 3: .nan is no number that JSON knows"),
        ("[{name: web}]\n---\ntitle: b", "too many values"),
    ],
)
def test_a_table_that_json_could_not_hold_is_refused_with_its_line(
    tables: Path, rows: str, said: str
) -> None:
    ship(tables, rows)
    (left_out,) = [one for one in load_tables() if one.what == "left out"]
    assert re.search(f"acme-ports.yaml.*{said}", left_out.problems[0])


@pytest.mark.django_db
def test_a_dry_run_writes_no_table() -> None:
    assert load_tables(dry_run=True)
    assert not ReferenceTable.objects.exists()


@pytest.mark.django_db
def test_an_editors_rows_stay_when_the_pack_moves_on(tables: Path) -> None:
    ship(tables, "[{name: a, port: 1}, {name: b, port: 2}]")
    load_tables()
    table = of_acme()
    table.rows = [{"name": "a", "port": 5}, {"name": "b", "port": 2}]
    table.save()
    ship(tables, "[{name: a, port: 1}, {name: b, port: 7}]", title="Ports of boxes")
    done = {one.key: one for one in load_tables()}
    assert done["acme-ports"].fields == ("title", "rows")
    assert of_acme().rows == [{"name": "a", "port": 5}, {"name": "b", "port": 7}]
    assert load_tables() == []


@pytest.mark.django_db
def test_a_table_that_left_its_pack_goes_unless_somebody_changed_it(tables: Path) -> None:
    ship(tables, "[1]")
    load_tables()
    (tables / "acme-ports.yaml").unlink()
    load_tables()
    assert not ReferenceTable.objects.filter(key="acme-ports").exists()
    ship(tables, "[1]")
    load_tables()
    ReferenceTable.objects.filter(key="acme-ports").update(rows=[1, 2])
    (tables / "acme-ports.yaml").unlink()
    load_tables()
    assert (of_acme().rows, of_acme().pack) == ([1, 2], "")


@pytest.mark.django_db
def test_a_table_of_ones_own_is_not_overwritten(tables: Path) -> None:
    ReferenceTable.objects.create(key="acme-ports", title="Mine", rows=[1])
    ship(tables, "[2]")
    (told,) = [one for one in load_tables() if one.key == "acme-ports"]
    assert "of your own" in told.problems[0]
    assert of_acme().rows == [1]


@pytest.mark.parametrize(
    "rows", [{"a": 1}, "x", ["a", "a"], [{"name": "x"}, {"name": "x", "b": 1}]]
)
def test_rows_that_cannot_be_told_apart_are_refused(rows: Any) -> None:
    with pytest.raises(ValidationError):
        ReferenceTable(key="x", title="x", rows=rows).clean()


# -- rules that read them -------------------------------------------------------------------------


def test_which_tables_a_rule_reads_is_told_from_its_text() -> None:
    assert tables_read("table('a')[?name == root().b] || has(table('c'), d)") == {"a", "c"}
    assert tables_read("table(Name)") == {"*"}
    assert tables_read("table") == set()


@pytest.fixture
def group(db: None) -> Item:
    account = AccountFactory()
    Slice.objects.create(account=account, technology=GROUPS, read_at=timezone.now())
    return ItemFactory(account=account, technology=GROUPS, config={"Ports": [22, 443]})


def judge(account: Account) -> None:
    pipeline.judge(account.pk, GROUPS)


def test_a_changed_row_changes_verdicts_and_says_why(group: Item) -> None:
    table = ReferenceTable.objects.create(key="risky", title="Risky", rows=[22])
    a_rule("reads", expression="intersection(Ports, table('risky'))")
    a_rule("other", expression="Ports[?@ == `443`]")
    judge(group.account)
    assert stale_slices(timezone.now()) == []
    stamps = dict(Judged.objects.values_list("rule__key", "stamp"))
    table.rows = [23]
    table.save()
    assert stale_slices(timezone.now()) == [(group.account_id, GROUPS)]
    judge(group.account)
    fixed = Issue.objects.get(rule__key="reads")
    assert list(fixed.events.values_list("what", "cause"))[-1] == ("fixed", "context")
    after = dict(Judged.objects.values_list("rule__key", "stamp"))
    assert after["other"] == stamps["other"], "a rule that reads no table is not run again"
    assert after["reads"] != stamps["reads"]


def test_a_table_that_is_missing_is_no_pass(group: Item) -> None:
    a_rule("reads", expression="intersection(Ports, table('risky'))")
    judge(group.account)
    assert "no reference table" in BlindSpot.objects.get(until=None).reason
    ReferenceTable.objects.create(key="risky", title="Risky", rows=[22])
    judge(group.account)
    assert not BlindSpot.objects.filter(until=None).exists()
    assert Issue.objects.open().count() == 1


# -- who may change them --------------------------------------------------------------------------


def client_of(role: str, group: Any = None) -> Client:
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name=role), group=group)
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "limited", "allowed"),
    [("rule editor", False, True), ("rule editor", True, False), ("viewer", False, False)],
)
def test_only_rule_editors_of_all_accounts_change_tables(role, limited, allowed) -> None:
    table = ReferenceTable.objects.create(key="risky", title="Risky", rows=[22])
    client = client_of(role, GroupFactory() if limited else None)
    fields = {"title": "Risky", "about": "", "rows": "[23]"}
    client.post(reverse("admin:audits_referencetable_change", args=[table.pk]), fields)
    table.refresh_from_db()
    assert (table.rows == [23]) is allowed
    assert table.key == "risky"


@pytest.mark.django_db
def test_a_table_that_a_rule_reads_or_a_pack_ships_is_not_deleted(admin_client: Client) -> None:
    read = ReferenceTable.objects.create(key="read", title="Read", rows=[22])
    shipped = ReferenceTable.objects.create(key="shipped", title="Shipped", pack="acme", rows=[1])
    free = ReferenceTable.objects.create(key="free", title="Free", rows=[1])
    a_rule(expression="table('read')", title="The reader")
    for table in (read, shipped, free):
        url = reverse("admin:audits_referencetable_delete", args=[table.pk])
        admin_client.post(url, {"post": "yes"})
    assert {*ReferenceTable.objects.values_list("key", flat=True)} == {"read", "shipped"}
    page = admin_client.get(reverse("admin:audits_referencetable_change", args=[read.pk]))
    assert "The reader" in page.content.decode()
    assert free.history.count() == 2


@pytest.mark.django_db
def test_rows_are_edited_a_line_each_and_what_is_no_json_is_said(admin_client: Client) -> None:
    rows = [{"name": "a<b>", "port": 1}, {"name": "ü", "port": 2}]
    table = ReferenceTable.objects.create(key="mine", title="Mine", rows=rows)
    url = reverse("admin:audits_referencetable_change", args=[table.pk])
    text = unescape(admin_client.get(url).content.decode())
    assert '[\n  {"name": "a<b>", "port": 1},\n  {"name": "ü", "port": 2}\n]' in text
    broken = admin_client.post(url, {"title": "Mine", "about": "", "rows": "[1,"})
    assert "[1," in broken.content.decode()
    assert "valid JSON" in broken.content.decode()
    twice = admin_client.post(url, {"title": "Mine", "about": "", "rows": "[1, 1]"})
    assert "There twice: 1" in twice.content.decode()
    assert admin_client.post(url, {"title": "Mine", "about": "", "rows": "[]"}).status_code == 302
    table.refresh_from_db()
    assert table.rows == []


@pytest.mark.django_db
def test_a_table_keeps_its_history(admin_client: Client) -> None:
    fields = {"key": "mine", "title": "Mine", "about": "", "rows": "[1]"}
    assert admin_client.post(reverse("admin:audits_referencetable_add"), fields).status_code == 302
    table = ReferenceTable.objects.get()
    page = admin_client.get(reverse("admin:audits_referencetable_history", args=[table.pk]))
    assert "Created" in page.content.decode()


@pytest.mark.django_db
def test_a_rule_that_names_no_table_there_is_is_warned_of_with_the_mend() -> None:
    ReferenceTable.objects.create(key="risky-ports", title="Risky")
    fields = {"title": "A rule", "technologies": [GROUPS], "score": 5}
    (trap,) = warnings({**fields, "expression": "has(table('risky-port')[].ports[], Port)"})
    assert trap.text == "There is no reference table risky-port. Did you mean risky-ports?"
    assert trap.mend == "has(table('risky-ports')[].ports[], Port)"
    assert warnings({**fields, "expression": trap.mend}) == []


@pytest.mark.django_db
def test_a_pack_does_not_take_the_table_of_another(tables: Path) -> None:
    load_tables()
    (tables / "risky-ports.yaml").write_text("title: Mine\nabout: Of boxes.\nrows: []\n")
    (said,) = load_tables()
    assert (said.key, said.what) == ("risky-ports", "left out")
    assert "The pack vervet has a table risky-ports already" in said.problems[0]
    assert ReferenceTable.objects.get(key="risky-ports").title != "Mine"
