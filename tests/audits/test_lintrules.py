"""The command that holds stored rules against what is stored."""

from io import StringIO

import pytest
from django.core.management import call_command

from audits.loading import load_packs
from audits.loading_tables import load_tables
from audits.models import Rule
from tests.factories import ItemFactory, a_rule

pytestmark = pytest.mark.django_db


def run(*args):
    out = StringIO()
    try:
        call_command("lintrules", *args, stdout=out)
    except SystemExit as ended:
        return ended.code, out.getvalue()
    return 0, out.getvalue()


def test_rules_without_faults_end_well_and_are_counted():
    ItemFactory(config={"GroupId": "sg-1"})
    a_rule("good", expression="GroupId")
    assert run() == (0, "1 rules read: 0 faults, 0 warnings.\n")


def test_where_nothing_is_stored_shipped_rules_end_well_and_it_is_said_what_was_not_seen():
    load_tables()
    load_packs()
    code, said = run("--strict")
    count = Rule.objects.count()
    assert (code, said.splitlines()) == (
        0,
        [
            f"{count} rules read: 0 faults, 0 warnings.",
            f"Of {count} of them no item is stored here: traps were looked for in their "
            "examples alone.",
        ],
    )


def test_a_rule_that_could_not_be_kept_today_ends_the_command_badly():
    a_rule("old", expression="!Vpc.Id")
    a_rule("good", expression="GroupId")
    code, said = run()
    assert code == 1
    assert said.startswith("old 1, expression: This is read as (!Vpc).Id: always null.")
    assert run("good")[0] == 0


def test_warnings_are_told_and_end_badly_where_that_is_asked():
    ItemFactory(config={"GroupId": "sg-1"})
    a_rule("typo", expression="Groupid")
    code, said = run()
    assert code == 0 and "typo 1, expression: Of the one item looked at none has Groupid" in said
    assert run("--strict")[0] == 1


def test_what_no_example_would_miss_is_told_where_that_is_asked():
    holds = [
        {"name": "a", "fires": True, "config": {"A": 1, "B": 1}},
        {"name": "b", "fires": False, "config": {"B": 1}},
    ]
    a_rule("loose", expression="B && A", examples=holds)
    assert "`B` were left out" in run("--examples")[1]
    assert "left out" not in run()[1]
