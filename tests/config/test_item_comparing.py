"""Items and revisions beside each other, and policies in other words."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import Grant, User
from config.console.item.comparing import address
from items.models import Item
from tests.config.test_item_page import HOSTILE, revised, shown
from tests.factories import AccountFactory, GroupFactory, ItemFactory, UserFactory

pytestmark = pytest.mark.django_db

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Queue",
            "Effect": "Allow",
            "Action": ["sqs:SendMessage", "sqs:Send*", "odd:Thing"],
            "Resource": "*",
        },
        {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"},
    ],
}


def cells(text: str) -> list[tuple[str, ...]]:
    """Return the lines of a comparison: the part, and what each says."""
    rows = re.findall(r'<div role="row"(?: class="opens")?>(.*?)</div>', text, re.S)
    return [tuple(re.findall(r"<span role=\"[^>]*>(.*?)</span>", row, re.S)) for row in rows]


def wide(client: Client, *keys: Any, every: bool = False) -> str:
    response = client.get(address([str(key) for key in keys], every))
    assert response.status_code == 200
    return response.content.decode()


# -- comparing --------------------------------------------------------------------------------


def test_items_stand_beside_each_other_with_what_differs(admin_client: Client) -> None:
    one, two = ItemFactory(config={"A": 1, "B": 2}), ItemFactory(config={"A": 1, "B": 3, "C": 4})
    three = ItemFactory(config={"A": 1, "B": 2})
    assert cells(wide(admin_client, one.pk, two.pk, three.pk)) == [
        ("B", "2", "3", "2"),
        ("C", "not there", "4", "not there"),
    ]
    assert cells(wide(admin_client, one.pk, two.pk, every=True))[0] == ("A", "1", "1")
    assert "Nothing differs." in wide(admin_client, one.pk, three.pk)


def test_a_revision_stands_beside_how_it_is_now(admin_client: Client) -> None:
    item = ItemFactory(config={"A": 1})
    first, _ = revised(item, {"A": 2})
    text = wide(admin_client, f"{item.pk}@{first}", item.pk)
    assert cells(text) == [("A", "1", "2")]
    assert f"?a={item.pk}@{first}&amp;b={item.pk}" in shown(admin_client, item)


def test_one_alone_is_offered_its_revisions_and_a_search(admin_client: Client) -> None:
    item = ItemFactory(config={"A": 1}, name="bastion")
    first, _ = revised(item, {"A": 2})
    other = ItemFactory(name="bastion-2", uid="sg-2")
    ItemFactory(name="bastion-3")
    text = wide(admin_client, item.pk)
    assert f"a={item.pk}%40{first}" in text
    found = admin_client.get(address([str(item.pk)]), {"a": item.pk, "add": "sg-2"})
    assert found.status_code == 302
    assert found["Location"] == address([str(item.pk), str(other.pk)])
    several = admin_client.get(address([]), {"a": item.pk, "add": "bastion-"}).content.decode()
    assert "bastion-2" in several
    assert "bastion-3" in several
    none = admin_client.get(address([]), {"add": "nowhere"}).content.decode()
    assert "Nothing that you may see is called that." in none


def test_what_is_not_there_is_not_compared(admin_client: Client) -> None:
    item, other = ItemFactory(), ItemFactory()
    foreign = other.history.get().history_id
    for key in ("x", "999999", f"{item.pk}@{foreign}", f"{item.pk}@x", "9" * 30, "1@" + "9" * 30):
        assert admin_client.get(address([str(item.pk), key])).status_code == 404, key


def test_what_somebody_may_not_see_is_neither_compared_nor_found() -> None:
    group = GroupFactory()
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"), group=group)
    client = Client()
    client.force_login(user)
    mine, foreign = ItemFactory(), ItemFactory(name="secret-thing", account=AccountFactory())
    mine.account.groups.add(group)
    key = foreign.history.get().history_id
    for one in (foreign.pk, f"{foreign.pk}@{key}", f"{mine.pk}@{key}"):
        assert client.get(address([str(mine.pk), str(one)])).status_code == 404
    found = client.get(address([]), {"a": mine.pk, "add": "secret"}).content.decode()
    assert "Nothing that you may see is called that." in found


def test_items_are_chosen_from_the_list(admin_client: Client) -> None:
    items = [ItemFactory() for _ in range(5)]

    def choose(chosen: list[Item]) -> Any:
        return admin_client.post(
            reverse("admin:items_item_changelist"),
            {"action": "compare_chosen", "_selected_action": [one.pk for one in chosen]},
        )

    answer = choose(items[:3])
    assert answer["Location"] == address([str(one.pk) for one in items[:3]])
    for wrong in (items[:1], items):
        page = admin_client.get(choose(wrong)["Location"]).content.decode()
        assert "Choose two to four items to compare." in page


def test_comparing_costs_the_same_for_four(django_assert_max_num_queries: Any) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    keys: list[Any] = []
    for _ in range(2):
        item = ItemFactory(config={"A": 1})
        keys += [item.pk, f"{item.pk}@{revised(item, {'A': 2})[0]}"]
    with django_assert_max_num_queries(10):
        wide(client, *keys)


def test_hostile_text_stays_text_beside_others(admin_client: Client) -> None:
    one = ItemFactory(name=HOSTILE, uid=HOSTILE, config={HOSTILE: HOSTILE})
    two = ItemFactory(config={HOSTILE: [HOSTILE]})
    asked = admin_client.get(address([]), {"add": HOSTILE[:40]}, follow=True)
    for text in (
        wide(admin_client, one.pk, two.pk),
        wide(admin_client, one.pk),
        asked.content.decode(),
    ):
        assert "alert(1)" in text
        assert "<script>alert" not in text


# -- policies ---------------------------------------------------------------------------------


def policy(client: Client, item: Item, how: str, path: str = '["Versions", 0, "Document"]') -> Any:
    return client.get(reverse("item_policy", args=[item.pk]), {"as": how, "path": path})


def test_a_policy_is_said_in_other_words(admin_client: Client) -> None:
    item = ItemFactory(config={"Versions": [{"VersionId": "v1", "Document": POLICY}]})
    text = shown(admin_client, item)
    assert "Versions › v1 › Document" in text
    expanded = policy(admin_client, item, "expanded").content.decode()
    assert "sqs:SendMessage" in expanded
    assert 'Means no known action: <span class="mono">odd:Thing' in expanded
    assert "all but those that are named" in expanded
    short = policy(admin_client, item, "minimised").content.decode()
    assert re.search(r"Action&quot;: \[\s*&quot;sqs:SendMessage&quot;,\s*&quot;odd:Thing", short)


def test_only_policies_are_offered_and_answered(admin_client: Client) -> None:
    item = ItemFactory(config={"Versions": [{"Document": "x"}], "Statement": [1], "P": POLICY})
    assert shown(admin_client, item).count("Minimised") == 1
    assert "Minimised" not in shown(admin_client, ItemFactory(config={"Statement": "x"}))
    for path in ('["No"]', '["Versions"]', "[]", "x", '["Versions", 0, "Document"]'):
        assert policy(admin_client, item, "expanded", path).status_code == 404, path
    assert policy(admin_client, item, "else", '["P"]').status_code == 404


def test_a_hostile_policy_stays_text(admin_client: Client) -> None:
    hostile = {"Statement": [{"Effect": HOSTILE, "Sid": HOSTILE, "Action": [HOSTILE]}, 5, None]}
    item = ItemFactory(config={HOSTILE: {"Policy": hostile}})
    assert "<script>alert" not in shown(admin_client, item)
    for how in ("expanded", "minimised"):
        path = f'["{HOSTILE.replace(chr(34), chr(92) + chr(34))}", "Policy"]'
        answer = policy(admin_client, item, how, path)
        assert answer.status_code == 200
        assert "alert(1)" in answer.content.decode()
        assert "<script>alert" not in answer.content.decode()
