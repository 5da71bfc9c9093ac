"""Importing rules: said first rule by rule, done as chosen, by those who may."""

from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Grant
from audits.importing import LARGEST, plan
from audits.loading import load_folder
from audits.models import Preview, Rule, RuleVersion
from audits.packing import stream, texts_of
from audits.unpacking import unpacked
from audits.versions import text_of, write_version
from config.previews import answer
from tests.factories import GroupFactory, ItemFactory, SubscriptionFactory, UserFactory, a_rule

pytestmark = pytest.mark.django_db

PAGE = "/audits/rule/import/"
GROUP = "aws.ec2.security_group"
EXAMPLES = [
    {"name": "it is", "fires": True, "config": {"GroupId": "sg-1"}},
    {"name": "it is not", "fires": False, "config": {"Name": "x"}},
]


def pack(*rules: dict[str, Any], **top: Any) -> str:
    whole = [
        {"title": one["key"], "expression": "GroupId", "examples": EXAMPLES, **one} for one in rules
    ]
    return yaml.safe_dump({"prefix": "ours", "technology": GROUP, **top, "rules": whole})


def show(client: Client, text: str) -> str:
    response = client.post(PAGE, {"text": text})
    assert response.status_code == 200
    return unescape(response.content.decode())


def bring_in(client: Client, text: str, rules: list[str], **form: Any) -> str:
    """Confirm an import as the page sends it; return the page that follows."""
    given = {"text": text, "rule": rules, "reason": "from a friend", "_import": "1", **form}
    return unescape(client.post(PAGE, given, follow=True).content.decode())


def test_nothing_is_imported_by_looking(admin_client: Client) -> None:
    text = show(admin_client, pack({"key": "one"}))
    assert "ours.one" in text
    assert not Rule.objects.exists()


def test_an_imported_rule_is_a_draft_unless_asked(admin_client: Client) -> None:
    bring_in(admin_client, pack({"key": "one"}), ["ours.one 0"])
    rule = Rule.objects.get()
    assert (rule.state, rule.active, rule.pack) == ("draft", None, "")
    assert (rule.newest.reason, rule.newest.author.username) == ("from a friend", "admin")  # type: ignore[union-attr]


def test_what_holds_is_put_into_force_where_asked(admin_client: Client) -> None:
    text = pack({"key": "one"}, {"key": "two", "examples": EXAMPLES[:1]})
    said = bring_in(admin_client, text, ["ours.one 0", "ours.two 0"], then="force")
    states = dict(Rule.objects.values_list("key", "state"))
    assert states == {"ours.one": "active", "ours.two": "draft"}
    assert "2 rules imported: 1 in force" in said
    assert "ours.two is imported, but not in force: There is no example that does not" in said


def test_a_second_person_is_waited_for(admin_client: Client, settings: Any) -> None:
    settings.SECOND_PERSON = True
    said = bring_in(admin_client, pack({"key": "one"}), ["ours.one 0"], then="force")
    assert Rule.objects.get().state == "draft"
    assert "0 in force, 1 waiting for a second person" in said


def test_only_what_was_chosen_is_imported(admin_client: Client) -> None:
    bring_in(admin_client, pack({"key": "one"}, {"key": "two"}), ["ours.two 0"])
    assert list(Rule.objects.values_list("key", flat=True)) == ["ours.two"]


def test_an_import_needs_a_reason(admin_client: Client) -> None:
    said = bring_in(admin_client, pack({"key": "one"}), ["ours.one 0"], reason=" ")
    assert "Say where the rules come from" in said
    assert "ours.one" in said, "the plan is shown again"
    assert not Rule.objects.exists()


def test_a_changed_rule_shows_both_texts_and_gets_its_next_version(admin_client: Client) -> None:
    rule = a_rule("ours.one", title="one", expression="GroupId", score=3, examples=EXAMPLES)
    text = pack({"key": "one", "score": 8, "notes": "new notes"})
    shown = show(admin_client, text)
    assert "new notes" in shown
    assert 'name="take" value="ours.one score" checked' in shown
    take = ["ours.one score"]
    bring_in(admin_client, text, ["ours.one 1"], take=take, then="force")
    rule.refresh_from_db()
    assert (rule.active.number, rule.active.score, rule.active.notes) == (2, 8, "")  # type: ignore[union-attr]


def test_an_edit_stays_where_the_file_says_only_what_was_shipped(
    admin_client: Client, tmp_path: Path
) -> None:
    text = pack({"key": "one", "score": 5})
    (tmp_path / "ours.yaml").write_text(text)
    load_folder(tmp_path, "ours")
    rule = Rule.objects.get()
    write_version(rule, text_of(rule.newest) | {"score": 1}, "edit")  # type: ignore[arg-type]
    text = pack({"key": "one", "score": 5, "notes": "new"})
    shown = show(admin_client, text)
    assert "Your edits stay: score." in shown
    assert 'value="ours.one score" >' in shown
    assert 'value="ours.one notes" checked' in shown


def test_a_rule_that_somebody_saved_meanwhile_is_left(admin_client: Client) -> None:
    rule = a_rule("ours.one", title="one", examples=EXAMPLES)
    write_version(rule, text_of(rule.active) | {"score": 1}, "meanwhile")  # type: ignore[arg-type]
    text = pack({"key": "one", "score": 8})
    said = bring_in(admin_client, text, ["ours.one 1"], take=["ours.one score"])
    assert "ours.one was not imported: Version 2 was saved meanwhile" in said
    assert rule.versions.count() == 2


def test_what_is_as_it_was_is_not_written(admin_client: Client) -> None:
    a_rule("aws.box.one", title="One", examples=EXAMPLES)
    text = stream(texts_of(Rule.objects.all()))
    shown = show(admin_client, text)
    assert "Nothing in it differs" in shown
    bring_in(admin_client, text, ["aws.box.one 1"])
    assert RuleVersion.objects.count() == 1


def test_faults_and_failing_examples_are_shown_before(admin_client: Client) -> None:
    text = pack({"key": "one", "expression": "GroupId["}, {"key": "two", "expression": "Name"})
    shown = show(admin_client, text)
    assert "expression: Something is missing here." in shown
    assert "“it is” should fire." in shown
    assert 'value="ours.one 0" >' in shown, "what cannot be kept is not chosen"
    assert 'value="ours.two 0" checked' in shown
    said = bring_in(admin_client, text, ["ours.one 0"])
    assert "ours.one was not imported: Something is missing" in said
    assert not Rule.objects.exists()


def test_a_fault_in_the_file_is_told_with_its_line(admin_client: Client) -> None:
    shown = show(admin_client, "prefix: ours\nrules:\n  - key: one\n    titel: x\n")
    assert "line 4: ours.one: unknown fields: titel" in shown
    assert "titel: x" in shown, "the text stays to be mended"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules: []\n" + "#" * LARGEST, "has more than 2,000,000 bytes"),
        ("a: &a [" + "x," * 9 + "]\n" + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n"
            for n in range(9)
        ), "grows too large"),
        ("!!python/object/apply:os.system [id]", "is not read"),
        ("", "Choose a file, or paste rules."),
    ],
)  # fmt: skip
def test_a_hostile_text_is_refused(admin_client: Client, text: str, says: str) -> None:
    assert says in show(admin_client, text)
    assert not Rule.objects.exists()


def test_a_file_can_be_uploaded_and_its_name_counts(admin_client: Client) -> None:
    text = pack({"key": "one"}).replace("prefix: ours\n", "")
    file = SimpleUploadedFile("aws.box.yaml", b"\xef\xbb\xbf" + text.encode())
    shown = unescape(admin_client.post(PAGE, {"file": file}).content.decode())
    assert "aws.box.one" in shown
    assert 'name="name" value="aws.box.yaml"' in shown
    bring_in(admin_client, text, ["aws.box.one 0"], name="aws.box.yaml")
    assert Rule.objects.get().key == "aws.box.one"


def test_what_a_file_holds_is_shown_and_never_run(admin_client: Client) -> None:
    evil = "<script>alert(1)</script><div x-data x-init='alert(2)'>"
    shown = admin_client.post(PAGE, {"text": pack({"key": "one", "title": evil})}).content.decode()
    assert "<script>alert" not in shown
    assert "<div x-data x-init='alert" not in shown


@pytest.mark.parametrize("role", ["viewer", "reviewer", "approver", "operator", "auditor"])
def test_importing_is_for_those_who_may_write_rules(role: str) -> None:
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"text": pack({"key": "one"})}).status_code == 403
    listed = client.get(reverse("admin:audits_rule_changelist")).content.decode()
    assert PAGE not in listed


def test_a_rule_editor_may_import() -> None:
    user = UserFactory()
    role = Group.objects.get(name="rule editor")
    Grant.objects.create(user=user, role=role, group=GroupFactory())
    client = Client()
    client.force_login(user)
    limited = client.get(PAGE).status_code
    change = client.get(reverse("admin:audits_rule_add")).status_code
    assert limited == change, "importing is allowed where adding is"
    Grant.objects.create(user=user, role=role)
    assert client.get(PAGE).status_code == 200


def test_looking_costs_the_same_for_one_rule_as_for_many(
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(5):
        a_rule(f"ours.r{number}", title="x", examples=EXAMPLES)
    text = pack(*[{"key": f"r{number}", "score": 9} for number in range(5)])
    with django_assert_max_num_queries(3):
        assert len(plan(text)) == 5


def test_so_many_rules_that_nobody_would_wait_are_looked_at_less_closely(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.console.importing.PATIENCE", 0)
    shown = show(admin_client, pack({"key": "one"}, {"key": "two", "expression": "Name"}))
    assert "only the first were held against stored items" in shown
    assert "“it is” should fire." in shown, "examples are run all the same"


# -- what it would change ----------------------------------------------------------------------


def test_the_impact_is_told_before_anything_is_imported(admin_client: Client) -> None:
    ItemFactory(config={"GroupId": "sg-1"})
    ItemFactory(config={"Name": "x"})
    text = pack({"key": "one"})
    asked = admin_client.post(f"{PAGE}impact/", {"text": text, "impact": "ours.one"})
    preview = Preview.objects.get()
    assert f"{PAGE}impact/{preview.pk}/" in asked.content.decode(), "it asks again by itself"
    answer(preview.pk)
    told = unescape(admin_client.get(f"{PAGE}impact/{preview.pk}/").content.decode())
    assert "over 2 items" in told
    assert 'Issues: <b class="number text-important">1</b> new' in told
    assert not Rule.objects.exists()


def test_the_impact_is_of_the_chosen_fields(admin_client: Client) -> None:
    a_rule("ours.one", title="one", expression="Name", score=3, examples=EXAMPLES)
    form = {
        "text": pack({"key": "one", "score": 9}),
        "impact": "ours.one",
        "rule": "ours.one 1",
        "take": "ours.one score",
    }
    admin_client.post(f"{PAGE}impact/", form)
    asked = Preview.objects.get()
    assert (asked.fields["score"], asked.fields["expression"]) == (9, "Name")


def test_new_rules_are_asked_about_beside_each_other(admin_client: Client) -> None:
    text = pack({"key": "one"}, {"key": "two", "expression": "Name"})
    for key in ("ours.one", "ours.two"):
        admin_client.post(f"{PAGE}impact/", {"text": text, "impact": key})
    assert [one.state for one in Preview.objects.all()] == ["waiting", "waiting"]


def ask_sum(client: Client, text: str, *rules: str, **form: Any) -> str:
    given = {"text": text, "rule": [f"{key} 0" for key in rules], **form}
    return unescape(client.post(f"{PAGE}sum/", given).content.decode())


def test_the_impact_of_all_chosen_rules_is_added_up(admin_client: Client) -> None:
    SubscriptionFactory(least_score=0)
    SubscriptionFactory(least_score=9)
    SubscriptionFactory(issues=False)
    for number in range(3):
        ItemFactory(config={"GroupId": f"sg-{number}"})
    ItemFactory(config={"Name": "x"})
    text = pack(
        {"key": "one"}, {"key": "two", "expression": "Name"}, {"key": "three", "expression": "Name"}
    )
    assert "What would all chosen ones change now?" in show(admin_client, text)
    asked = ask_sum(admin_client, text, "ours.one", "ours.two")
    assert "0 of 2 rules answered" in asked
    previews = list(Preview.objects.order_by("pk"))
    address = f"{PAGE}sum/answer/?of={'-'.join(str(one.pk) for one in previews)}"
    assert address in asked, "it asks again by itself"
    answer(previews[0].pk)
    assert "1 of 2 rules answered" in admin_client.get(address).content.decode()
    answer(previews[1].pk)
    told = unescape(admin_client.get(address).content.decode())
    assert "All 2 rules together" in told
    assert 'Issues: <b class="number text-important">4</b> new' in told
    assert '<b class="number text-important">1</b> subscription would be told' in told
    assert not Rule.objects.exists()


def test_only_what_differs_and_is_chosen_is_in_the_sum(admin_client: Client) -> None:
    a_rule("aws.box.one", title="One", examples=EXAMPLES)
    same = stream(texts_of(Rule.objects.all()))
    assert "Choose at least one rule that can be imported." in ask_sum(
        admin_client, same, "aws.box.one"
    )
    nothing = "Choose at least one rule that can be imported."
    assert nothing in ask_sum(admin_client, pack({"key": "one"}))
    broken = pack({"key": "one", "expression": "GroupId["})
    assert nothing in ask_sum(admin_client, broken, "ours.one")
    assert not Preview.objects.exists()


def test_what_could_not_be_answered_is_said_beside_the_sum(admin_client: Client) -> None:
    ItemFactory(config={"GroupId": "sg-1"})
    ask_sum(admin_client, pack({"key": "one"}, {"key": "two"}), "ours.one", "ours.two")
    first, second = Preview.objects.order_by("pk")
    answer(first.pk)
    cancelled = admin_client.post(f"{PAGE}sum/cancel/", {"of": f"{first.pk}-{second.pk}"})
    told = unescape(cancelled.content.decode())
    assert "All 1 rule together" in told
    assert "2 rules were asked about. Those without an answer are not in the sum." in told
    assert "cancelled" in told


def test_the_sum_is_of_ones_own_questions(admin_client: Client, client: Client) -> None:
    ask_sum(admin_client, pack({"key": "one"}), "ours.one")
    asked = Preview.objects.get()
    client.force_login(UserFactory(is_superuser=True))
    for of in (str(asked.pk), "", "x", "99999"):
        assert client.get(f"{PAGE}sum/answer/", {"of": of}).status_code == 404
    assert client.post(f"{PAGE}sum/cancel/", {"of": asked.pk}).status_code == 404
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"))
    client.force_login(user)
    given = {"text": pack({"key": "one"}), "rule": "ours.one 0"}
    assert client.post(f"{PAGE}sum/", given).status_code == 403


def test_another_persons_question_is_not_there(admin_client: Client, client: Client) -> None:
    admin_client.post(f"{PAGE}impact/", {"text": pack({"key": "one"}), "impact": "ours.one"})
    other = UserFactory(is_superuser=True)
    client.force_login(other)
    assert client.get(f"{PAGE}impact/{Preview.objects.get().pk}/").status_code == 404


def test_an_impact_needs_who_may_import() -> None:
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"))
    client = Client()
    client.force_login(user)
    form = {"text": pack({"key": "one"}), "impact": "ours.one"}
    assert client.post(f"{PAGE}impact/", form).status_code == 403


def test_a_trap_is_warned_of_before_it_is_imported(admin_client: Client) -> None:
    for _ in range(3):
        ItemFactory(config={"GroupId": "sg-1"})
    shown = show(admin_client, pack({"key": "one", "expression": "GroupIdd || GroupId"}))
    assert "GroupIdd" in shown.partition("holds mt-3")[2]


# -- the way out -------------------------------------------------------------------------------


def test_rules_are_exported_as_yaml_that_can_be_imported(admin_client: Client) -> None:
    one = a_rule("aws.box.one", title="One", examples=EXAMPLES)
    a_rule("aws.box.two", title="Two", examples=EXAMPLES)
    page = reverse("admin:audits_rule_export")
    response = admin_client.get(page)
    assert "attachment" in response["Content-Disposition"]
    keys = [rule.key for rule in unpacked(response.content)]
    assert keys == ["aws.box.one", "aws.box.two"]
    (only,) = unpacked(admin_client.get(page, {"rule": one.pk}).content)
    assert only.key == "aws.box.one"
    assert admin_client.get(page, {"rule": "x"}).status_code == 404
