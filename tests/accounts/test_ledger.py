"""Everything that a person does is in one chain, and what is done to the chain is noticed."""

import os
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.ledger import (
    COMMAND,
    broken,
    broken_lately,
    end_of_ledger,
    enter,
    enter_each,
    hash_of,
)
from accounts.models import AccountGroup, LedgerEntry, LedgerHead
from accounts.states import state
from tests.config.test_workers import ROOT, database_url
from tests.factories import AccountFactory, GroupFactory, UserFactory

pytestmark = pytest.mark.django_db


def entered(count: int) -> list[LedgerEntry]:
    person = UserFactory(username="ines")
    return [
        enter(person, "changed", GroupFactory(), {"notes": str(n)}, {"notes": "x"})
        for n in range(count)
    ]


def tamper(sql: str, *values: Any) -> None:
    """Do what somebody would who reaches the database, not ours."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_each_entry_is_chained_to_the_one_before() -> None:
    first, second, third = entered(3)
    assert [first.number, second.number, third.number] == [1, 2, 3]
    assert (first.previous, second.previous, third.previous) == ("", first.hash, second.hash)
    assert LedgerHead.objects.get().hash == third.hash
    assert broken() is None


def test_an_entry_says_who_did_what_to_what() -> None:
    account = AccountFactory(name="prod")
    entry = enter(UserFactory(username="ines"), "changed", account, {"active": True}, None)
    entry = LedgerEntry.objects.get(pk=entry.pk)
    assert (entry.who, entry.action, entry.thing) == ("ines", "changed", "accounts.account")
    assert (entry.key, entry.name, entry.account) == (str(account.pk), "prod", account)
    assert enter(None, "pack loaded", "pack").who == COMMAND


def test_nothing_is_entered_outside_the_transaction_of_the_deed(
    transactional_db: None,
) -> None:
    with pytest.raises(RuntimeError, match="within the transaction"):
        enter(None, "changed", "nothing")


def test_a_deed_that_is_rolled_back_leaves_no_entry_and_no_hole() -> None:
    entered(1)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enter(None, "changed", GroupFactory(name="never"))
        1 / 0  # noqa: B018
    assert not AccountGroup.objects.filter(name="never").exists()
    assert enter(None, "changed", "next").number == 2
    assert broken() is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("who", "somebody else"),
        ("action", "deleted"),
        ("name", "another"),
        ("person_id", None),
        ("account_id", 77),
        ("before", '{"notes": "what was never so"}'),
        ("after", "null"),
        ("at", "2026-01-01 00:00:00+00"),
        ("key", "9"),
        ("thing", "audits.issue"),
        ("previous", "0" * 64),
        ("hash", "0" * 64),
    ],
)
def test_a_changed_row_is_noticed(column: str, value: Any) -> None:
    entered(4)
    tamper(f"update accounts_ledgerentry set {column} = %s where number = 2", value)
    fault = broken()
    assert fault and fault.number == 2


def test_a_removed_row_is_noticed() -> None:
    entered(4)
    tamper("delete from accounts_ledgerentry where number = 2")
    fault = broken()
    assert fault and (fault.number, fault.says) == (2, "Entry 2 is missing.")


def test_a_cut_end_is_noticed_by_the_head() -> None:
    entered(4)
    tamper("delete from accounts_ledgerentry where number > 2")
    fault = broken()
    assert fault and (fault.number, fault.says) == (
        3,
        "The end is cut off: 2 of 4 entries are left.",
    )


def test_an_end_that_is_cut_with_its_head_is_noticed_by_what_was_written_down() -> None:
    second, fourth = entered(4)[1::2]
    tamper("delete from accounts_ledgerentry where number > 2")
    tamper("update accounts_ledgerhead set number = 2, hash = %s", second.hash)
    assert broken() is None
    fault = broken({4: fourth.hash})
    assert fault and fault.number == 3
    for _ in range(2):  # Another end is written in its place.
        enter(None, "changed", "something else")
    assert broken() is None
    fault = broken({2: second.hash, 4: fourth.hash})
    assert fault and fault.number == 4 and "written down" in fault.says


def test_a_row_rewritten_with_its_own_hash_breaks_the_next() -> None:
    entered(3)
    entry = LedgerEntry.objects.get(number=2)
    entry.who = "somebody else"
    from_then = entry.hash
    tamper(
        "update accounts_ledgerentry set who = 'somebody else', hash = %s where number = 2",
        hash_of(entry),
    )
    fault = broken()
    assert entry.hash == from_then and fault and fault.number == 3


def test_entries_are_neither_changed_nor_removed_by_ours() -> None:
    (entry,) = entered(1)
    for deed in (entry.save, entry.delete, LedgerEntry.objects.all().delete):
        with pytest.raises(TypeError):
            deed()
    with pytest.raises(TypeError):
        LedgerEntry.objects.update(who="somebody else")


def test_what_an_entry_names_may_be_deleted_and_the_chain_holds() -> None:
    person, account = UserFactory(username="ines"), AccountFactory(name="prod")
    entry = enter(person, "changed", account)
    person.delete()
    account.delete()
    entry = LedgerEntry.objects.get(pk=entry.pk)
    assert (entry.who, entry.name, broken()) == ("ines", "prod", None)


def test_a_secret_is_never_kept_yet_a_change_of_it_is_seen() -> None:
    person = UserFactory(username="ines")
    account = AccountFactory(parameters={"role_name": "Vervet", "external_id": "open sesame"})
    before, hashed = {**state(person), **state(account)}, person.password
    person.set_password("another long password")
    account.parameters["external_id"] = "open barley"
    after = {**state(person), **state(account)}
    entry = enter(person, "changed", account, before, {**after, "smtp_token": "abcdef"})
    kept = str(LedgerEntry.objects.values_list("before", "after").get(pk=entry.pk))
    for secret in (hashed, person.password, "sesame", "barley", "abcdef"):
        assert secret not in kept
    assert before["password"] != after["password"]
    assert before["parameters"]["external_id"] != after["parameters"]["external_id"]
    assert before["parameters"]["role_name"] == "Vervet"


def test_what_a_database_keeps_otherwise_does_not_break_the_chain() -> None:
    hostile = {
        "nul": "a\0b",
        "surrogate": "\ud800",
        "large": 10**30,
        "floats": [1.0, 1e16, 1e-7, 0.1, float("nan"), float("inf")],
        "set": {3, 1, 2},
        5: (None, True, b"bytes"),
        "ünïcode": "🐒",
    }
    entry = enter(None, "changed", "thing", hostile, [hostile], who="a\0\ud800" + "b" * 300)
    assert broken() is None
    assert len(LedgerEntry.objects.get(pk=entry.pk).who) == 200


def test_entering_takes_three_statements(django_assert_num_queries: Any) -> None:
    person, group = UserFactory(), GroupFactory()
    enter(person, "added", group)
    with django_assert_num_queries(3):
        enter(person, "changed", group, {"notes": ""}, {"notes": "x"})


def test_many_things_are_entered_with_as_few_statements_as_one(
    django_assert_num_queries: Any,
) -> None:
    person, groups = UserFactory(), [GroupFactory() for _ in range(20)]
    enter(person, "added", groups[0])
    with django_assert_num_queries(3):
        entries = enter_each(person, "changed", [(one, None, {"notes": "x"}) for one in groups])
    assert [entry.number for entry in entries] == list(range(2, 22))
    assert broken() is None
    assert enter_each(person, "changed", []) == []


# -- the command ------------------------------------------------------------------------------


def checked(*heads: str) -> str:
    out = StringIO()
    call_command("checkledger", *(f"--head={head}" for head in heads), stdout=out)
    return out.getvalue()


def test_the_command_says_that_a_ledger_is_whole_and_how_it_ends() -> None:
    assert "empty" in checked()
    *_, last = entered(3)
    assert f"3:{last.hash}" in checked() and f"3:{last.hash}" == end_of_ledger()


def test_the_command_names_the_first_broken_entry() -> None:
    third = entered(5)[2]
    assert "whole" in checked(f"3:{third.hash}")
    for heads, says in (([f"3:{'0' * 64}"], "entry 3"), ([f"9:{'0' * 64}"], "entry 6")):
        with pytest.raises(CommandError, match=says):
            checked(*heads)
    tamper("update accounts_ledgerentry set who = 'x' where number in (2, 4)")
    with pytest.raises(CommandError, match="entry 2"):
        checked()
    with pytest.raises(CommandError, match="NUMBER:HASH"):
        checked("nonsense")


def test_the_walk_goes_over_more_than_one_portion() -> None:
    person = UserFactory()
    enter_each(person, "changed", [(f"thing {n}", None, None) for n in range(2500)])
    assert broken() is None
    tamper("delete from accounts_ledgerentry where number = 2300")
    fault = broken()
    assert fault and fault.number == 2300
    fault = broken_lately()
    assert fault and fault.number == 2300
    tamper("update accounts_ledgerentry set who = 'x' where number = 7")
    fault = broken()
    assert fault and fault.number == 7


# -- many writers -----------------------------------------------------------------------------

WRITER = """
import django, sys
django.setup()
from django.db import transaction
from accounts.ledger import enter
for n in range(int(sys.argv[1])):
    with transaction.atomic():
        enter(None, "changed", "thing", {"n": n}, {"n": n + 1}, who=sys.argv[2])
"""


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_enter_at_once_make_one_chain() -> None:
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, "60", name], cwd=ROOT, env=environment)
        for name in ("ines", "otto")
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    assert LedgerEntry.objects.count() == 120 and broken() is None
    order = list(LedgerEntry.objects.order_by("number").values_list("who", flat=True))
    assert {order.count(name) for name in ("ines", "otto")} == {60}
