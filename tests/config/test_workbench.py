"""The workbench answers every edit: what is wrong with it, what it says of an item, and why."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import Grant, User
from audits.models import Preview, Rule
from config import previews
from config.console.workbench.pointing import Place, lined, underlined
from config.urls import urlpatterns
from items.models import Item
from tests.factories import AccountFactory, GroupFactory, ItemFactory, UserFactory, a_rule

pytestmark = pytest.mark.django_db

HOSTILE = """<script>alert(1)</script><div x-data x-init="alert(2)">"'>"""
WORLD = {"CidrIp": "0.0.0.0/0", "Description": "remove!"}
SSH = {"FromPort": 22, "ToPort": 22, "IpProtocol": "tcp", "IpRanges": [WORLD]}
ONE = {"GroupId": "sg-1", "IpPermissions": [SSH]}
NONE: dict[str, Any] = {"GroupId": "sg-2", "IpPermissions": []}
EXAMPLES = [
    {"name": "ssh", "fires": True, "config": ONE},
    {"name": "nothing", "fires": False, "config": NONE},
]


@pytest.fixture
def rule() -> Rule:
    return a_rule(
        title="SSH from anywhere",
        expression="IpPermissions[?FromPort == `22`]",
        identity="FromPort",
        notes="Port {FromPort} is open.",
        examples=EXAMPLES,
    )


@pytest.fixture
def open_group() -> Item:
    return ItemFactory(name="bastion", config=ONE)


def sent(rule: Rule | None = None, **fields: Any) -> dict[str, Any]:
    """Return what the page's form sends."""
    newest = rule.newest if rule else None
    text = newest.values() if newest else {"technologies": ["aws.ec2.security_group"], "score": 5}
    return {
        "rule": rule.pk if rule else "",
        "seen": newest.number if newest else 0,
        "title": text.get("title", "A rule"),
        "technologies": text["technologies"],
        "score": text["score"],
        "expression": text.get("expression", ""),
        "identity": text.get("identity", ""),
        "notes": text.get("notes", ""),
        "examples-TOTAL_FORMS": 0,
        "examples-INITIAL_FORMS": 0,
        **fields,
    }


def tried(client: Client, **given: Any) -> str:
    """Return what the page is answered, as a person reads it."""
    response = client.post(reverse("workbench_try"), sent(**given))
    assert response.status_code == 200
    return unescape(response.content.decode())


def part(answer: str, name: str) -> str:
    """Return one part of an answer, without its markup."""
    found = re.search(
        rf'id="{name}"[^>]*>(.*?)(?=<\w+ id="(?:bench|said|mark)-|\Z)', answer, re.DOTALL
    )
    assert found, name
    return " ".join(re.sub(r"<[^>]*>", " ", found[1]).split())


def test_a_rule_is_shown_with_an_item_on_which_it_fires(
    admin_client: Client, rule: Rule, open_group: Item
) -> None:
    ItemFactory(config=NONE)
    page = admin_client.get(reverse("workbench", args=[rule.pk])).content.decode()
    assert "fires: 1 finding" in page
    assert "bastion" in page
    assert "Port 22 is open." in page


def test_an_edit_is_held_against_the_item(
    admin_client: Client, rule: Rule, open_group: Item
) -> None:
    answer = tried(
        admin_client, rule=rule, item=open_group.pk, expression="IpPermissions[?FromPort == `23`]"
    )
    assert "does not fire" in part(answer, "bench-result")
    assert "0 of 1" in part(answer, "bench-explain")
    assert "should fire" in tried(
        admin_client,
        rule=rule,
        expression="nothing",
        **{
            "examples-TOTAL_FORMS": 1,
            "examples-0-name": "ssh",
            "examples-0-fires": "yes",
            "examples-0-config": "{}",
        },
    )


def test_a_fault_is_shown_at_its_character(admin_client: Client, open_group: Item) -> None:
    answer = tried(admin_client, item=open_group.pk, expression="IpPermissions[?")
    assert "Something is missing here" in part(answer, "said-expression")
    assert 'class="wave wrong"' in answer
    assert "Mend the text first" in part(answer, "bench-result")


def test_what_was_found_is_marked_in_the_tree(admin_client: Client, open_group: Item) -> None:
    answer = tried(
        admin_client, item=open_group.pk, expression="IpPermissions[?FromPort == `22`].IpRanges[]"
    )
    assert "<mark>22</mark>" in answer
    assert 'class="critical hit"' in answer


@pytest.mark.parametrize(("which", "config"), [("fires", ONE), ("passes", NONE)])
def test_an_item_is_found_that_fires_or_does_not(
    admin_client: Client, rule: Rule, which: str, config: Any
) -> None:
    items = {str(one.config): one for one in (ItemFactory(config=NONE), ItemFactory(config=ONE))}
    answer = tried(admin_client, rule=rule, choose=which)
    assert f'value="{items[str(config)].pk}"' in answer.partition("bench-tree")[0]


def test_where_none_fires_that_is_said(admin_client: Client, rule: Rule) -> None:
    assert "There is no item to try." in tried(admin_client, rule=rule, choose="fires")
    ItemFactory(config=NONE)
    says = "The one item that was tried does not fire."
    assert says in tried(admin_client, rule=rule, choose="fires")
    ItemFactory(config=NONE)
    says = "None of the 2 items that were tried fires."
    assert says in tried(admin_client, rule=rule, choose="fires")


def test_the_shown_item_is_not_denied_where_no_other_fires(
    admin_client: Client, rule: Rule, open_group: Item
) -> None:
    """What is said of the others does not stand against the result beside it."""
    given: dict[str, Any] = {"rule": rule, "item": open_group.pk, "choose": "fires"}
    assert "There is no other item to try." in tried(admin_client, **given)
    ItemFactory(config=NONE)
    answer = tried(admin_client, **given)
    assert "fires: 1 finding" in part(answer, "bench-result")
    assert "The one other item that was tried does not fire." in answer
    ItemFactory(config=NONE)
    says = "No other of the 2 items that were tried fires."
    assert says in tried(admin_client, **given)


def test_nothing_hostile_becomes_markup(admin_client: Client) -> None:
    item = ItemFactory(name=HOSTILE, config={HOSTILE: HOSTILE, "L": [{"Id": HOSTILE}]})
    given = sent(
        item=item.pk, title=HOSTILE, notes="{it}", expression=f"@ | `[{{}}]` | '{HOSTILE}'"[:60]
    )
    for fields in (
        given,
        {**given, "expression": "L[?Id]"},
        {**given, "expression": f"L[{HOSTILE}"},
        {**given, "expression": f'"{HOSTILE}"'.replace("\"'", "'")},
    ):
        text = admin_client.post(reverse("workbench_try"), fields).content.decode()
        assert "<script>" not in text
        assert "<div x-data" not in text
    begun = {"item": item.pk, "path": '["L", 0, "Id"]'}
    text = admin_client.get(reverse("workbench_new"), begun).content.decode()
    assert "<script>alert" not in text
    assert "<div x-data x-init" not in text
    listed = admin_client.get(
        reverse("workbench_items"), {"q": "script", "technologies": item.technology}
    ).content.decode()
    assert "&lt;script&gt;" in listed
    suggestion = admin_client.post(
        reverse("workbench_suggest"), {"item": item.pk, "path": '["L", 0]'}
    ).content.decode()
    assert "alert" in suggestion
    assert "<script>" not in suggestion


# -- who may ----------------------------------------------------------------------------------


GETS = ("workbench", "workbench_new", "workbench_items", "workbench_preview")


def somebody(role: str, **scope: Any) -> Client:
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name=role), **scope)
    client = Client()
    client.force_login(user)
    return client


def test_a_viewer_looks_but_changes_nothing(rule: Rule) -> None:
    group = GroupFactory()
    seen, hidden = AccountFactory(name="seen"), AccountFactory(name="hidden-haven")
    seen.groups.add(group)
    mine, other = ItemFactory(account=seen, config=NONE), ItemFactory(account=hidden, config=ONE)
    viewer = somebody("viewer", group=group)
    page = viewer.get(reverse("workbench", args=[rule.pk]), {"item": other.pk}).content.decode()
    assert mine.name in page
    assert other.name not in page
    assert "hidden-haven" not in page
    assert "Save draft" not in page
    # What is sent is not heeded: it is the kept text that is tried.
    answer = viewer.post(reverse("workbench_try"), sent(rule, item=mine.pk, expression="GroupId"))
    assert "does not fire" in answer.content.decode()
    answer = viewer.post(reverse("workbench_try"), sent(rule, item=other.pk, choose="fires"))
    assert "hidden-haven" not in answer.content.decode()
    found = viewer.get(
        reverse("workbench_items"), {"technologies": mine.technology, "q": ""}
    ).content.decode()
    assert mine.name in found
    assert other.name not in found
    for name in ("workbench_save", "workbench_suggest"):
        assert viewer.post(reverse(name), sent(rule)).status_code == 403
    assert viewer.get(reverse("workbench_new")).status_code == 403
    assert viewer.post(reverse("workbench_try"), sent()).status_code == 403
    assert rule.versions.count() == 1


def test_who_sees_a_part_learns_nothing_of_other_items(rule: Rule) -> None:
    group = GroupFactory()
    seen = AccountFactory()
    seen.groups.add(group)
    mine = ItemFactory(account=seen)
    ItemFactory(config={"Secret": "hidden-haven"}, technology="aws.iam.policy")
    looking = a_rule(expression="lookup('aws.iam.policy', 'Secret', 'hidden-haven') && GroupId")
    page = somebody("viewer", group=group).get(reverse("workbench", args=[looking.pk]))
    assert "you may not see all of them" in page.content.decode()
    assert mine.name in page.content.decode()


# What each address of the workbench answers to who may edit rules for some accounts only: a rule
# is for all of them, and may look up what is in any.
FOR_A_LIMITED_EDITOR = {
    "workbench": 200,
    "workbench_new": 403,
    "workbench_try": 200,
    "workbench_items": 200,
    "workbench_save": 403,
    "workbench_example": 403,
    "workbench_unnoticed": 403,
    "workbench_ask": 403,
    "workbench_preview": 404,
    "workbench_cancel": 404,
    "workbench_suggest": 403,
}
LEAKS = (
    "lookup('aws.iam.policy', 'Secret', 'hidden-haven')",
    "lookup('aws.iam.policy', 'Name', 'known')[].Secret",
    "names(lookup('aws.iam.policy', 'Name', 'known'))",
    "related('aws.iam.policy')[].Secret",
    "open_issues('aws.iam.policy', 'Name', 'known')[].name",
)


# The header's way to another moment repeats the address that was asked for, whatever it holds.
MOMENT = re.compile(r'<details class="relative moment.*?</details>', re.DOTALL)


@pytest.mark.parametrize("expression", LEAKS)
def test_an_editor_of_some_accounts_asks_nothing_of_the_others(
    rule: Rule, admin_user: User, expression: str
) -> None:
    names = {one.name for one in urlpatterns if str(getattr(one, "name", "")).startswith("workb")}
    assert names == set(FOR_A_LIMITED_EDITOR), "a new address needs an answer here"
    group = GroupFactory()
    seen = AccountFactory()
    seen.groups.add(group)
    mine = ItemFactory(account=seen)
    ItemFactory(
        config={"Secret": "hidden-haven", "Name": "known"},
        technology="aws.iam.policy",
        name="hidden-haven",
    )
    other = previews.ask(rule.newest.values(), rule, admin_user, Preview.Kind.IMPACT)
    editor = somebody("rule editor", group=group)
    given = sent(rule, item=mine.pk, expression=f"{expression} && `1`", kind="impact")
    kinds = ("impact", "backtest")
    for name, expected in FOR_A_LIMITED_EDITOR.items():
        arguments = {"workbench": [rule.pk]}.get(name, [])
        arguments = [other.pk] if name in ("workbench_preview", "workbench_cancel") else arguments
        asks = editor.get if name in GETS else editor.post
        for kind in kinds if name == "workbench_ask" else kinds[:1]:
            answer = asks(reverse(name, args=arguments), {**given, "kind": kind, "q": ""})
            assert answer.status_code == expected, name
            shown = unescape(MOMENT.sub("", answer.content.decode()))
            assert expression not in shown, "what was sent is not tried"
            assert "hidden-haven" not in shown
    assert editor.post(reverse("workbench_try"), sent(expression=expression)).status_code == 403
    assert Preview.objects.count() == 1


def test_nobody_without_a_grant_gets_in(rule: Rule) -> None:
    client = Client()
    client.force_login(UserFactory())
    assert client.get(reverse("workbench", args=[rule.pk])).status_code in (403, 404)
    assert client.post(reverse("workbench_try"), sent(rule)).status_code in (403, 404)
    assert client.get(reverse("workbench_items")).status_code == 403


def test_a_form_from_elsewhere_is_refused(admin_user: User, rule: Rule) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    for name in ("workbench_try", "workbench_save", "workbench_suggest"):
        assert client.post(reverse(name), sent(rule)).status_code == 403


# -- bounds -----------------------------------------------------------------------------------


def test_a_text_without_end_is_refused_before_it_is_read(
    admin_client: Client, open_group: Item
) -> None:
    assert "are the most" in tried(admin_client, item=open_group.pk, expression="a" * 30_000)
    assert "are the most" in tried(
        admin_client, item=open_group.pk, expression="@" + "|[@,@]" * 900
    )


def test_a_bomb_ends_with_the_reason(admin_client: Client, open_group: Item) -> None:
    answer = tried(admin_client, item=open_group.pk, expression="@|" + "[@,@][]|" * 22 + "@")
    assert "stopped" in part(answer, "bench-result")


def test_an_item_is_sought_among_many_in_few_queries(
    admin_client: Client, rule: Rule, django_assert_max_num_queries: Any
) -> None:
    account = AccountFactory()
    for _ in range(60):
        ItemFactory(account=account, config=NONE)
    with django_assert_max_num_queries(40):
        tried(admin_client, rule=rule, choose="fires")


# -- saving -----------------------------------------------------------------------------------


def test_what_is_saved_is_the_next_version(admin_client: Client, rule: Rule) -> None:
    given = sent(rule, score=7, reason="less grave")
    response = admin_client.post(reverse("workbench_save"), {**given, "then": "draft"})
    assert response["HX-Redirect"] == reverse("workbench", args=[rule.pk])
    newest = rule.newest
    assert newest is not None
    assert (newest.number, newest.score, newest.reason) == (2, 7, "less grave")
    rule.refresh_from_db()
    assert rule.active_id != newest.pk


def test_a_new_rule_is_called_after_its_title(admin_client: Client) -> None:
    given = sent(title="Ports: wide open!", expression="GroupId", identity="@")
    admin_client.post(reverse("workbench_save"), {**given, "then": "draft"})
    admin_client.post(reverse("workbench_save"), {**given, "then": "draft"})
    keys = set(Rule.objects.values_list("key", flat=True))
    assert keys == {
        "aws.ec2.security_group.ports-wide-open",
        "aws.ec2.security_group.ports-wide-open-2",
    }


def test_what_cannot_be_saved_says_so_and_leaves_the_page(admin_client: Client, rule: Rule) -> None:
    for fields in ({"expression": "a["}, {"title": ""}, {"reason": ""}, {"seen": 0}):
        given = {**sent(rule, reason="because", then="draft"), "score": 3, **fields}
        response = admin_client.post(reverse("workbench_save"), given)
        assert "HX-Redirect" not in response, fields
        assert "Nothing was saved" in response.content.decode(), fields
    assert rule.versions.count() == 1


# -- starting from data -----------------------------------------------------------------------


def test_a_value_begins_a_rule(admin_client: Client, open_group: Item) -> None:
    path = '["IpPermissions", 0, "IpRanges", 0, "CidrIp"]'
    page = unescape(
        admin_client.get(
            reverse("workbench_new"), {"item": open_group.pk, "path": path}
        ).content.decode()
    )
    assert "expand(IpPermissions, 'IpRanges')[?" in page
    assert "fires: 1 finding" in page


def test_a_change_begins_a_rule_against_it(admin_client: Client) -> None:
    item = ItemFactory(config=NONE)
    item.config = {**NONE, "IpPermissions": [SSH]}
    item.save()
    revision = item.history.first()
    given = {"item": item.pk, "revision": revision.history_id, "line": 0}
    page = unescape(admin_client.get(reverse("workbench_new"), given).content.decode())
    assert "IpPermissions[?" in page
    assert "fires: 1 finding" in page


@pytest.mark.parametrize(
    "query",
    [
        "item=999999",
        "item=x",
        "item={item}&path=[[",
        "item={item}&revision=1&line=99",
        "item={item}&path=[1]",
    ],
)
def test_an_address_that_leads_nowhere_begins_an_empty_rule(
    admin_client: Client, open_group: Item, query: str
) -> None:
    address = f"{reverse('workbench_new')}?{query.format(item=open_group.pk)}"
    assert admin_client.get(address).status_code == 200


def test_the_items_page_leads_to_rules_for_who_may_write_them(admin_client: Client) -> None:
    item = ItemFactory(config=NONE)
    item.config = {**NONE, "IpPermissions": [SSH]}
    item.save()
    page = admin_client.get(reverse("admin:items_item_change", args=[item.pk])).content.decode()
    links = {
        unescape(one) for one in re.findall(rf'href="({reverse("workbench_new")}[^"]+)"', page)
    }
    assert any("line=0" in one for one in links)
    assert any("path=" in one for one in links)
    for link in links:
        begun = admin_client.get(link)
        assert begun.status_code == 200
        assert "fires: 1 finding" in begun.content.decode(), link
    viewer = somebody("viewer", group=None)
    page = viewer.get(reverse("admin:items_item_change", args=[item.pk])).content.decode()
    assert reverse("workbench_new") not in page


# -- examples and what lies ahead ---------------------------------------------------------------


def test_the_shown_item_becomes_an_example_and_nothing_typed_is_lost(
    admin_client: Client, rule: Rule, open_group: Item
) -> None:
    typed = {
        "examples-TOTAL_FORMS": 2,
        "examples-0-name": "half",
        "examples-0-fires": "yes",
        "examples-0-config": "{not yet",
        "examples-1-fires": "yes",
    }
    given = sent(rule, item=open_group.pk, **typed)
    answer = unescape(admin_client.post(reverse("workbench_example"), given).content.decode())
    assert "{not yet" in answer
    assert 'name="examples-TOTAL_FORMS" value="3"' in answer
    made = re.search(r'name="examples-1-config"[^>]*>(.*?)</textarea>', answer, re.DOTALL)
    assert made
    assert '"FromPort": 22' in made[1]
    assert "A stored EC2 security group that fires" in answer


def test_what_cannot_become_an_example_says_why(admin_client: Client, open_group: Item) -> None:
    given = sent(item=open_group.pk, expression="length(Nowhere) > `1`")
    answer = admin_client.post(reverse("workbench_example"), given).content.decode()
    assert "No example can be made of this item" in answer


def test_what_no_example_would_miss_is_named(admin_client: Client, rule: Rule) -> None:
    examples: dict[str, Any] = {"examples-TOTAL_FORMS": 2}
    for place, (fires, config) in enumerate((("yes", ONE), ("no", NONE))):
        prefix = f"examples-{place}-"
        examples |= {prefix + "name": "x", prefix + "fires": fires}
        examples[prefix + "config"] = json.dumps(config)
    wide = "IpPermissions[?FromPort == `22` && ToPort >= `22`]"
    given = sent(rule, expression=wide, **examples)
    answer = unescape(admin_client.post(reverse("workbench_unnoticed"), given).content.decode())
    assert "No example would notice" in answer
    assert "ToPort" in answer


def test_a_question_is_asked_answered_and_cancelled(
    admin_client: Client, admin_user: User, rule: Rule, open_group: Item
) -> None:
    panel = admin_client.post(reverse("workbench_ask"), sent(rule, kind="impact")).content.decode()
    preview = Preview.objects.get()
    assert reverse("workbench_preview", args=[preview.pk]) in panel
    assert "Cancel" in panel
    previews.answer(preview.pk)
    done = admin_client.get(reverse("workbench_preview", args=[preview.pk])).content.decode()
    assert "Ask again" in done
    assert "bastion" in done
    # Opened anew, the page shows the answer to the very text that it holds.
    page = admin_client.get(reverse("workbench", args=[rule.pk])).content.decode()
    assert "Ask again" in page
    asked = sent(rule, kind="backtest", since="2026-01-01")
    admin_client.post(reverse("workbench_ask"), asked)
    second = Preview.objects.get(kind="backtest")
    answer = admin_client.post(reverse("workbench_cancel", args=[second.pk])).content.decode()
    assert "It was cancelled." in answer
    second.refresh_from_db()
    assert second.state == Preview.State.CANCELLED


def test_a_question_about_a_broken_text_says_what_is_wrong(
    admin_client: Client, rule: Rule
) -> None:
    broken = sent(rule, kind="impact", expression="a[")
    answer = admin_client.post(reverse("workbench_ask"), broken).content.decode()
    assert "Something is missing here" in answer
    late = sent(rule, kind="backtest", since="9999-99-99")
    assert "Write a day" in admin_client.post(reverse("workbench_ask"), late).content.decode()
    nothing = sent(rule, kind="everything")
    assert admin_client.post(reverse("workbench_ask"), nothing).status_code == 404


def test_nobody_sees_what_another_asked(admin_client: Client, rule: Rule) -> None:
    admin_client.post(reverse("workbench_ask"), sent(rule, kind="impact"))
    preview = Preview.objects.get()
    other = somebody("rule editor", group=None)
    for name, ask in (("workbench_preview", other.get), ("workbench_cancel", other.post)):
        assert ask(reverse(name, args=[preview.pk])).status_code == 404
    viewer = somebody("viewer", group=None)
    for name in ("workbench_ask", "workbench_example", "workbench_unnoticed"):
        assert viewer.post(reverse(name), sent(rule, kind="impact")).status_code == 403


# -- help at the cursor, and traps --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "inserts"),
    [
        ("IpP", "IpPermissions"),
        ("IpPermissions[?Fro", "FromPort"),
        ("IpPermissions[?FromPort == `22`].IpRanges[?Cid", None),
        ("IpPermissions[?IpRanges[?Cid", "CidrIp"),
        ("length(IpPermissions[*].FromP", "IpPermissions[].FromPort"),
    ],
)
def test_the_paths_that_are_offered_are_those_that_fit_at_the_cursor(
    admin_client: Client, open_group: Item, text: str, inserts: str | None
) -> None:
    answer = tried(admin_client, expression=text, at=str(len(text)))
    offered = re.findall(r'data-insert="([^"]*)" data-begun', answer)
    assert inserts is None or offered[0] == inserts


def test_a_trap_is_told_with_its_mend_and_not_kept(admin_client: Client, open_group: Item) -> None:
    given = {"expression": "IpPermissions[?!Owner.Name]", "identity": "FromPort"}
    said = part(tried(admin_client, item=open_group.pk, **given), "said-expression")
    assert "always null" in said
    assert "empty(Owner.Name)" in said
    save = sent(title="Trapped", then="draft", **given)
    response = admin_client.post(reverse("workbench_save"), save)
    assert "Nothing was saved" in response.content.decode()
    assert not Rule.objects.exists()


def test_what_is_wrong_is_underlined_and_nothing_else() -> None:
    places = [Place(0, 9, "odd"), Place(2, 3, "odd"), Place(3, 1, "wrong")]
    assert underlined("abcdefghi", places) == [
        ("ab", ""),
        ("c", "odd"),
        ("d", "wrong"),
        ("e", "odd"),
        ("fghi", ""),
    ]
    assert underlined("abc", [Place(3, 1, "wrong")]) == [("ab", ""), ("c", "wrong")]
    assert underlined("", [Place(0, 1, "wrong")]) == []


def test_each_line_of_an_expression_has_a_number_and_what_is_underlined_on_it() -> None:
    assert lined(underlined("ab\n\ncd", [Place(1, 3, "trap")])) == [
        [("a", ""), ("b", "trap")],
        [("", "trap")],
        [("", "trap"), ("cd", "")],
    ]
    assert lined([]) == [[]]
