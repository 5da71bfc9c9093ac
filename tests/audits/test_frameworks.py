"""Frameworks come with the packs; what an editor did to them stays."""

import re

import pytest

from audits import packs
from audits.frameworks import rules_by_control, unknown_controls
from audits.loading_frameworks import load_frameworks, shipped_frameworks
from audits.models import Control, Framework
from audits.traps import warnings
from tests.factories import a_rule

SHIPPED = {one.fields["name"]: one for one in shipped_frameworks(packs)}
# How many controls each framework has in the edition that its file names.
SIZES = {
    "CIS AWS": 62,
    "CIS Azure": 151,
    "CIS GCP": 83,
    "HIPAA": 61,
    "ISO 27001": 93,
    "NIST CSF": 106,
    "PCI DSS": 63,
    "SOC 2": 61,
    "SOX ITGC": 18,
}


def test_every_framework_is_whole():
    assert {name: len(one.controls) for name, one in SHIPPED.items()} == SIZES


@pytest.mark.parametrize("name", SHIPPED)
def test_a_control_is_worded_shortly_and_once(name):
    controls = SHIPPED[name].controls
    titles = [fields["title"] for fields in controls.values()]
    assert all(0 < len(title) <= 90 and not title.endswith(".") for title in titles)
    assert all(re.fullmatch(r"[\w.()-]{3,30}", number) for number in controls)
    assert SHIPPED[name].fields["notes"].endswith(".")


@pytest.mark.django_db
def test_loading_twice_changes_nothing(django_assert_num_queries):
    assert {one.what for one in load_frameworks()} == {"new"}
    assert Control.objects.count() == sum(SIZES.values())
    with django_assert_num_queries(2 + 2 + 2 * len(SIZES)):  # Two transactions, one in the other.
        assert load_frameworks() == []


@pytest.mark.django_db
def test_a_dry_run_writes_nothing():
    assert load_frameworks(dry_run=True)
    assert not Framework.objects.exists()


@pytest.mark.django_db
def test_what_an_editor_did_stays_and_the_rest_follows_the_pack():
    load_frameworks()
    framework = Framework.objects.get(name="SOX ITGC")
    own = Control.objects.create(framework=framework, number="X-1", title="Ours", order=99)
    reworded = framework.controls.get(number="AC-1")
    reworded.title = "Only accountants reach the ledger"
    reworded.shipped["section"] = "Another section"  # As an older pack had it.
    reworded.section = "Another section"
    reworded.save()
    changed = {one.key: one for one in load_frameworks()}
    reworded.refresh_from_db()
    assert set(changed) == {"SOX ITGC AC-1"}
    assert changed["SOX ITGC AC-1"].fields == ("section",)
    assert reworded.title == "Only accountants reach the ledger"
    assert reworded.section == "Access to programs and data"
    assert framework.controls.filter(pk=own.pk).exists()


@pytest.mark.django_db
def test_a_control_that_left_its_pack_goes_unless_an_editor_changed_it():
    load_frameworks()
    framework = Framework.objects.get(name="SOX ITGC")
    fields = {"title": "Old", "section": "Old", "order": 50, "automated": True}
    for number in ("OLD-1", "OLD-2"):
        Control.objects.create(framework=framework, number=number, shipped=fields, **fields)
    framework.controls.filter(number="OLD-2").update(title="Old, but ours")
    assert {(one.key, one.what) for one in load_frameworks()} == {
        ("SOX ITGC OLD-1", "retired"),
        ("SOX ITGC OLD-2", "retired"),
    }
    assert list(framework.controls.filter(number__startswith="OLD")) == [
        framework.controls.get(number="OLD-2")
    ]
    assert load_frameworks() == []


@pytest.mark.django_db
def test_a_framework_of_ours_keeps_its_name_from_a_shipped_one():
    Framework.objects.create(key="mine", name="SOX ITGC", title="Our matrix")
    left_out = [one for one in load_frameworks() if one.problems]
    assert [one.key for one in left_out] == ["sox-itgc"]
    assert Framework.objects.get(name="SOX ITGC").title == "Our matrix"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("named", "nearest"),
    [
        ("cis aws 5.2", "CIS AWS 5.2"),
        ("ISO 27001 8.20", "ISO 27001 A.8.20"),
        ("HIPAA 164.312(b)(1)", "HIPAA 164.316(b)(1)"),
        ("lunch", ""),
    ],
)
def test_an_unknown_control_is_told_with_the_nearest(named, nearest):
    load_frameworks()
    (unknown,) = unknown_controls(["PCI DSS 1.3", named])
    assert unknown.name == named
    assert unknown.nearest == nearest
    assert nearest in str(unknown)


@pytest.mark.django_db
def test_an_editor_is_warned_of_a_control_that_does_not_exist(admin_client):
    rule = a_rule("one", controls=["CIS AWS 5.2", "CIS AWS 5.2."])
    page = f"/audits/rule/{rule.pk}/change/"
    assert "There is no control" not in admin_client.get(page).content.decode()
    load_frameworks()
    said = "There is no control CIS AWS 5.2. in any framework. Is it CIS AWS 5.2?"
    assert said in admin_client.get(page).content.decode()
    assert [trap.text for trap in warnings(rule.active.values())] == [said]


@pytest.mark.django_db
def test_a_rule_is_about_the_controls_that_its_version_in_force_names():
    rule = a_rule("one", controls=["CIS AWS 5.2", "CIS AWS 5.2"])
    a_rule("two", controls=["CIS AWS 5.3"])
    two = a_rule("two", controls=["CIS AWS 5.2"])
    assert rules_by_control() == {"CIS AWS 5.2": [rule.pk, two.pk]}
