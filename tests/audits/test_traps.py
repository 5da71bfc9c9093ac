"""What a rule's writer is warned of, each with the mend; and that shipped rules are not."""

import time
from collections import defaultdict

import pytest
from django.contrib.auth.models import Group
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Grant
from audits import occurring, packs
from audits.cautions import Written
from audits.drafts import Draft
from audits.engine import Outcome, evaluate
from audits.examples import example_context
from audits.linting import EXPRESSIONS, every_fault, faults
from audits.loading import EMPTY, shipped
from audits.places import placed
from audits.traps import Case, in_text, on_cases, warnings
from tests.audits.test_linting import mutated
from tests.factories import AccountFactory, GroupFactory, ItemFactory, UserFactory

TECHNOLOGY = "aws.iam.user"
SHIPPED = dict(shipped(packs))


@pytest.fixture(autouse=True)
def nothing_kept():
    occurring._drawn.clear()


def text(expression, **fields):
    plain = {"title": "A rule", "technologies": [TECHNOLOGY], "expression": expression}
    return {**EMPTY, **plain, **fields}


def cases(fields, *configs):
    draft = Draft.of(fields)
    for config in configs:
        context = example_context(draft, config, {})
        yield Case(context, evaluate(draft, context))


def traps(expression, *configs, field="expression", **fields):
    """Return the traps of a text over items, without a database; those of one field."""
    fields = text(expression, **fields)
    written = [Written(name, placed(fields[name])) for name in EXPRESSIONS if fields[name]]
    found = [*in_text(written), *on_cases(fields, written, list(cases(fields, *configs)))]
    return [one for one in found if one.field == field]


def trap(*args, **fields):
    (found,) = [one for one in traps(*args, **fields) if not _of_all(one)]
    return found


def _of_all(one):
    return " all " in one.text or "none of " in one.text


def answers(expression, config):
    rule = Draft.of(text(expression))
    return evaluate(rule, example_context(rule, config, {})).outcome


# -- from the text ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "mend"),
    [
        ("!a.b", "empty(a.b)"),
        ("!a.b.c && d", "empty(a.b.c) && d"),
        ("x && ! a.b", "x && empty(a.b)"),
        ("!a[?b]", "empty(a[?b])"),
        ("!f(x)[?y].z", "empty(f(x)[?y].z)"),
        ("!a[0].b", "empty(a[0].b)"),
        ("!a[].b", "empty(a[].b)"),
        ("!a.*", "empty(a.*)"),
        ("!!a.b", "!empty(a.b)"),
        ("(!a).b", "empty(a.b)"),
        ("!(a || b).c", "empty((a || b).c)"),
        ("Rules[?!Source.Cidr].Id", "Rules[?empty(Source.Cidr)].Id"),
        ("!a == 'x'", "!(a == 'x')"),
        ("!a.b == 'x' && c", "!(a.b == 'x') && c"),
        ("!a.b != `5`", "!(a.b != `5`)"),
        ("x[?!a.b > c.d]", "x[?!(a.b > c.d)]"),
    ],
)
def test_a_sign_that_negates_less_than_is_meant_is_refused_with_the_mend(expression, mend):
    written = Written("expression", placed(expression))
    (found,) = in_text([written])
    assert found.blocks and found.mend == mend
    assert list(in_text([Written("expression", placed(mend))])) == []


@pytest.mark.parametrize(
    "expression", ["!a", "!a[0]", "!(a.b)", "!a && b", "!f(a.b)", "!a == `true`", "!a == b"]
)
def test_a_sign_that_negates_what_is_meant_is_let_be(expression):
    assert list(in_text([Written("expression", placed(expression))])) == []


def test_a_blocking_trap_is_a_fault_on_save_and_points_at_the_place():
    fields = text("Keys &&\n  !Profile.Arn")
    assert "always null" in faults(fields)["expression"]
    assert faults(fields)["expression"].endswith("\n  !Profile.Arn\n  ^")
    (found,) = every_fault(fields)
    assert fields["expression"][found.place : found.place + found.length] == "!Profile.Arn"


@pytest.mark.parametrize(
    ("expression", "at", "mend"),
    [
        ('Status == "Active"', '"Active"', "Status == 'Active'"),
        ('has(Keys, "Active")', '"Active"', "has(Keys, 'Active')"),
        ("Encrypted == true", "true", "Encrypted == `true`"),
        ("a || false", "false", "a || `false`"),
        ("Keys[].Status == 'x'", "Keys[].Status == 'x'", "any(Keys[].Status, &@ == 'x')"),
        ("a[*].b != 'x' && c", "a[*].b != 'x'", "!any(a[*].b, &@ == 'x') && c"),
        ("a[?b].c > `5`", "a[?b].c > `5`", "any(a[?b].c, &@ > `5`)"),
        ("State == 'a' || 'b'", "'b'", "State == 'a' || State == 'b'"),
        ("Keys[?State == 'a' || 'b']", "'b'", "Keys[?State == 'a' || State == 'b']"),
        ("has(Keys 'x')", " ", "has(Keys, 'x')"),
    ],
)
def test_what_is_read_as_nobody_means_it_is_warned_of_with_the_mend(expression, at, mend):
    found = trap(expression)
    assert expression[found.place : found.place + found.length] == at
    assert found.mend == mend and not found.blocks


@pytest.mark.parametrize(
    "expression",
    ["Status == 'Active'", 'Labels."cost-centre" == \'x\'', "a == `true`", "State == 'a' && 'b'",
     "sid || 'none'", "a[].b == `null`", "true.b == c.true"],
)  # fmt: skip
def test_what_is_read_as_it_is_meant_is_no_trap(expression):
    found = list(in_text([Written("expression", placed(expression))]))
    assert [one for one in found if one.text[:4] != "true"] == []


@pytest.mark.parametrize(
    ("identity", "says"),
    [
        ("{id: Id, age: age_days(Created)}", "An age changes every day"),
        ("{id: Id, n: count(Keys)}", "A count changes"),
        ("{id: Id, why: Description}", "Description is prose"),
        ("{id: Id, n: UserCount}", "UserCount is a count"),
        ("{id: Id, at: PasswordLastUsed}", "PasswordLastUsed is a moment"),
    ],
)
def test_an_identity_that_does_not_last_is_warned_of(identity, says):
    (found,) = traps("Keys", identity=identity, field="identity")
    assert found.text.startswith(says) and not found.blocks


# -- from items ---------------------------------------------------------------------------------

KEY = {
    "Id": "k1",
    "Status": "Active",
    "Age": 9,
    "Old": "9",
    "On": True,
    "Networks": [{"Cidr": "x"}],
}
USER = {
    "Name": "ada",
    "Keys": [KEY, {**KEY, "Id": "k2", "Status": "Inactive"}],
    "Default": {"Id": "k1"},
    "Encryption": {"Rules": [{"Kind": "kms"}]},
    "Uses": 0,
    "Labels": {"owner": "a"},
}
USERS = [USER, {**USER, "Keys": []}, {**USER, "Uses": 3}]


@pytest.mark.parametrize(
    ("expression", "at", "mend"),
    [
        ("Keys[].Statis", "Statis", "Keys[].Status"),
        ("keys[].Id", "keys", "Keys[].Id"),
        ("Keys[?status == 'Active'].Id", "status", "Keys[?Status == 'Active'].Id"),
        ("Keys.Id", "Id", "Keys[].Id"),
        ("Keys | Id", "Id", "Keys | [].Id"),
        ("Keys[].Networks.Cidr", "Cidr", "Keys[].Networks[].Cidr"),
        ("Encryption[].Rules", "Encryption", "Encryption.Rules"),
        ("Encryption[*].Rules", "Encryption", "Encryption.Rules"),
        ("Labels[?owner == 'a']", "Labels", "[Labels][?owner == 'a']"),
        ("Keys[?Id == Default.Id].Id", "Default", "Keys[?Id == root().Default.Id].Id"),
        ("Keys[?Status == 'active'].Id", "'active'", "Keys[?Status == 'Active'].Id"),
        ("Keys[?Status == 'Actve'].Id", "'Actve'", "Keys[?Status == 'Active'].Id"),
        ("Keys[?Age > '5'].Id", "Age > '5'", "Keys[?Age > `5`].Id"),
        ("Keys[?Age == '9'].Id", "Age == '9'", "Keys[?Age == `9`].Id"),
        ("Keys[?Old > `5`].Id", "Old > `5`", "Keys[?to_number(Old) > `5`].Id"),
        ("Keys[?Old == `9`].Id", "Old == `9`", "Keys[?Old == '9'].Id"),
        ("Keys[?On == 'true'].Id", "On == 'true'", "Keys[?On == `true`].Id"),
        ("Keys[?Status == `true`].Id", "Status == `true`", "Keys[?Status == 'true'].Id"),
        ("Keys == 'k1'", "Keys == 'k1'", "has(Keys, 'k1')"),
        ("Uses && 'used'", "Uses", "Uses > `0` && 'used'"),
        ("!Uses", "Uses", "!(Uses > `0`)"),
        ("count(Keys) && Name", "count(Keys)", "count(Keys) > `0` && Name"),
        ("Keys[].Id[0]", "[0]", "Keys[].Id | [0]"),
        ("length(Keys) > `1`", "length(Keys)", "count(Keys) > `1`"),
        ("contains(Keys, 'x')", "contains(Keys, 'x')", "has(Keys, 'x')"),
        ("contains(Name, 'a.b')", "contains(Name, 'a.b')", "matches(Name, 'a\\.b')"),
        ("starts_with(Name, 'a')", "starts_with(Name, 'a')", "matches(Name, '^a')"),
        ("ends_with(Name, 'a')", "ends_with(Name, 'a')", "matches(Name, 'a$')"),
        ("sum(Groups)", "sum(Groups)", "sum(not_null(Groups, `[]`))"),
        ("join(',', Groups)", "join(',', Groups)", "joined(',', Groups)"),
    ],
)  # fmt: skip
def test_what_items_show_to_be_wrong_is_marked_with_the_mend(expression, at, mend):
    found = [one for one in traps(expression, *USERS) if not _of_all(one)]
    marked = {expression[one.place : one.place + one.length]: one.mend for one in found}
    assert marked[at] == mend
    again = [one for one in traps(mend, *USERS) if not _of_all(one)]
    assert [one.text for one in again if one.place == found[0].place] == []


def test_a_path_that_no_item_has_is_told_with_where_such_a_name_stands():
    fields = text("Encryption.Kind")
    written = [Written("expression", placed("Encryption.Kind"))]
    stored = list(cases(fields, *USERS))
    found = [*on_cases(fields, written, stored, ("Encryption.Rules[].Kind",))]
    assert (
        found[0].text
        == "Of 3 items looked at none has Kind here. There is Encryption.Rules[].Kind."
    )


def test_what_the_rules_own_example_has_may_be_missing_from_all_items():
    example = {"name": "x", "fires": True, "config": {"Suspended": {"By": "x"}}}
    assert [
        one for one in traps("Suspended.By", *USERS, examples=[example]) if not _of_all(one)
    ] == []
    assert trap("Suspended.By", *USERS).mend == ""


def test_a_name_that_the_rules_own_example_has_is_no_slip_of_another():
    example = {"name": "x", "fires": True, "config": {"Keys": [{"NotStatus": "x"}]}}
    assert trap("Keys[].NotStatus", *USERS).mend == "Keys[].Status"
    found = traps("Keys[].NotStatus", *USERS, examples=[example])
    assert [one for one in found if not _of_all(one)] == []
    typo = {"name": "x", "fires": True, "config": {"Keys": [{"status": "x"}]}}
    assert trap("Keys[].status", *USERS, examples=[typo]).mend == "Keys[].Status"


def test_a_rule_may_ask_for_what_should_be_absent_or_may_be_one_of_several():
    for expression in (
        "!Suspended && Name",
        "Suspended || Name",
        "not_null(Suspended, Name)",
        "Suspended.Count > `0` || Name",
    ):
        assert [one for one in traps(expression, *USERS) if not _of_all(one)] == []


def test_a_number_that_is_never_zero_may_say_that_it_is_there():
    assert trap("Uses && Name", *USERS)
    assert [one for one in traps("Uses && Name", USERS[2]) if not _of_all(one)] == []


def test_a_call_that_is_only_made_where_its_argument_is_there_is_let_be():
    for expression in ("Keys && length(Keys) > `1`", "Name && Keys && contains(Keys, 'x')"):
        assert [one for one in traps(expression, *USERS) if not _of_all(one)] == []


LOGGING = {"Rules": [{"Log": "Off"}, {"Log": "On"}]}


@pytest.mark.parametrize("applies", ["Rules", "Name && Rules"])
def test_a_list_that_the_rule_applies_where_it_is_needs_no_other_guard(applies):
    asked = "contains(Rules[*].Log, 'Off')"
    given_ = [{**LOGGING, "Name": "a"}, {"Name": "b", "Rules": None}]
    alarms = traps(asked, *given_, applies_when=applies)
    assert [one for one in alarms if not _of_all(one)] == []
    assert trap(asked, LOGGING, applies_when="Name || Rules").mend == "has(Rules[*].Log, 'Off')"


def test_a_name_in_an_element_is_not_guarded_by_the_same_name_outside():
    given_ = {"Keys": ["a"], "Users": [{"Keys": ["x", "y"]}]}
    for asked in ("Users[?length(Keys) > `1`]", "Keys && Users[?length(Keys) > `1`]"):
        assert trap(asked, given_, applies_when="Keys", identity="Name").mend


def test_one_object_or_a_list_of_them_is_told_with_the_form_that_takes_both():
    one, many = {"Policy": {"Sid": "a"}}, {"Policy": [{"Sid": "a"}]}
    assert trap("Policy.Sid", one, many).mend == "[Policy][].Sid"
    assert answers("[Policy][].Sid", one) == answers("[Policy][].Sid", many) == Outcome.FAIL
    assert trap("Policy[].Sid", one, many).mend == "[Policy][].Sid"


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("Name", "It fires on all 3 stored items"),
        ("Name == 'bob'", "It fires on none of 3 stored items"),
        ("sum(Name)", "It gives no answer on all 3 items"),
    ],
)
def test_an_answer_that_is_the_same_for_all_items_is_told(expression, says):
    assert any(one.text.startswith(says) for one in traps(expression, *USERS))
    assert not any(one.text.startswith(says) for one in traps(expression, *USERS[:2]))


def test_an_identity_that_gives_nothing_is_told():
    found = traps("Keys", *USERS, identity="{id: id}", field="identity")
    assert [one.mend for one in found] == ["{id: Id}", ""]
    assert "all that is found in an item is one" in found[1].text


@pytest.mark.parametrize("key", SHIPPED)
def test_no_shipped_rule_raises_an_alarm_over_the_items_of_its_examples(key, by_technology):
    fields = SHIPPED[key]
    draft, stored = Draft.of(fields), []
    for technology in fields["technologies"]:
        for config, given_ in by_technology[technology]:
            context = example_context(draft, config, given_)
            stored.append(Case(context, evaluate(draft, context)))
    written = [Written(name, placed(fields[name])) for name in EXPRESSIONS if fields[name]]
    assert [*in_text(written), *on_cases(fields, written, stored)] == []


@pytest.fixture(scope="module")
def by_technology():
    found = defaultdict(list)
    for fields in SHIPPED.values():
        for technology in fields["technologies"]:
            found[technology] += [
                (one["config"], one.get("context", {})) for one in fields["examples"]
            ]
    return found


# -- over what is stored ------------------------------------------------------------------------


@pytest.mark.django_db
def test_stored_items_are_asked_and_the_order_is_that_of_the_fields():
    for user in USERS:
        ItemFactory(technology=TECHNOLOGY, config=user)
    found = warnings(
        text(
            "Keys[?Statis == 'Active'].{id: Id}",
            applies_when="name",
            identity="id",
            notes="{id} is { old }",
            parameters={"days": {"type": "integer", "default": 5}},
        )
    )
    assert [(one.field, one.mend) for one in found] == [
        ("applies_when", "Name"),
        ("expression", "Keys[?Status == 'Active'].{id: Id}"),
        ("notes", ""),
        ("parameters", ""),
    ]


@pytest.mark.django_db
def test_what_cannot_be_read_has_no_traps_beside_its_faults():
    ItemFactory(technology=TECHNOLOGY, config=USER)
    assert warnings(text("Keys[", applies_when="!a.b"))[0].blocks
    assert [one.field for one in warnings(text("Keys[", applies_when="!a.b"))] == ["applies_when"]


@pytest.mark.django_db
def test_a_technology_that_nothing_watches_is_told():
    rule = "count(lookup('aws.iam.rols', 'Arn', Arns)) > `1`"
    found = warnings(text(rule, technologies=["acme.box"]))
    assert {one.text for one in found} == {
        "There is no technology aws.iam.rols. Did you mean aws.iam.role?",
        "Nothing watches acme.box, and nothing of it is stored.",
    }
    assert found[0].mend == "count(lookup('aws.iam.role', 'Arn', Arns)) > `1`"


@pytest.mark.django_db
def test_a_value_is_offered_only_to_those_who_may_see_an_item_that_has_it():
    ours, mine = GroupFactory(), AccountFactory()
    mine.groups.add(ours)
    ItemFactory(technology=TECHNOLOGY, config={"State": "other"}, account=mine)
    ItemFactory(technology=TECHNOLOGY, config={"State": "Active"}, account=AccountFactory())
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"), group=ours)
    rule = text("State == 'active'")
    assert [one.mend for one in warnings(rule)] == ["State == 'Active'"]
    assert warnings(rule, user) == []


@pytest.mark.django_db
def test_many_items_are_not_all_read(django_assert_max_num_queries):
    account = AccountFactory()
    ItemFactory._meta.model.objects.bulk_create(
        ItemFactory.build(account=account, technology=TECHNOLOGY, uid=str(n), config=USER)
        for n in range(600)
    )
    with django_assert_max_num_queries(25):
        found = warnings(text("Keys[].Statis"))
    assert any("Of 150 items" in one.text for one in found)


BOMBS = (
    "|".join(["@"] + ["[@,@]"] * 40),
    "|".join(["@"] + ["[@,@][]"] * 40),
    "|".join(["Name"] + ["join('', [@,@])"] * 40),
    "Name | " + "[" * 30 + "@" + "]" * 30,
    "*.*.*.*[].*[].*",
)


@pytest.mark.parametrize("expression", BOMBS)
def test_what_grows_without_end_is_watched_for_a_bounded_time(expression):
    began = time.process_time()
    traps(expression, *USERS * 40)
    assert time.process_time() - began < 15


@given(mutated() | st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_traps_never_raise_on_any_text_and_take_bounded_time(expression):
    fields = text(expression, identity="Id")
    if any(fault.field == "expression" for fault in every_fault(fields)):
        return
    began = time.process_time()
    found = traps(expression, *USERS, identity="Id")
    assert time.process_time() - began < 5
    for one in found:
        assert 0 <= one.place <= one.place + one.length <= len(expression)
        if one.mend and one.field == "expression":
            placed(one.mend)  # What is offered can be read.


@pytest.mark.parametrize(
    ("expression", "mended"),
    [
        ("a[?b].c[?d == 'x']", "a[?b].c[] | [?d == 'x']"),
        ("a[?b].c[?d == 'x'] | [0]", "a[?b].c[] | [?d == 'x'] | [0]"),
        ("length(a[?b].c[?d == 'x']) > `0`", "length(a[?b].c[] | [?d == 'x']) > `0`"),
        ("b || a[?b].c[?d == 'x']", "b || (a[?b].c[] | [?d == 'x'])"),
    ],
)
def test_a_filter_over_lists_of_lists_is_mended_into_one_that_fires(
    expression: str, mended: str
) -> None:
    config = {"a": [{"b": True, "c": [{"d": "x"}, {"d": "y"}]}, {"b": True, "c": [{"d": "z"}]}]}
    found = next(one for one in traps(expression, config) if "asked of a list" in one.text)
    assert found.mend == mended
    draft = Draft.of(text(mended))
    assert evaluate(draft, example_context(draft, config, {})).outcome == Outcome.FAIL
