"""The page of an item: marked where it is wrong, told in one column, compared with itself."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import jmespath
import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Grant, User
from audits.functions.base import Context
from audits.functions.networks import net_rules
from audits.models import Cause, Comment, IssueEvent, Justification, What
from audits.reviewing import justify
from items.models import Item, Slice
from items.referring import refer
from items.revisions import numbered
from items.tree import MOST, lines
from tests.factories import (
    NOW,
    AccountFactory,
    GroupFactory,
    IssueFactory,
    ItemFactory,
    UserFactory,
    a_rule,
)

pytestmark = pytest.mark.django_db

RANGES = [{"CidrIp": "10.4.0.0/16"}, {"CidrIp": "0.0.0.0/0"}]
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": RANGES}
GROUP: dict[str, Any] = {"GroupId": "sg-1", "IpPermissions": [SSH]}
HOSTILE = """<script>alert(1)</script><div x-data x-init="alert(2)">"'>"""


def shown(client: Client, item: Item, **query: Any) -> str:
    response = client.get(reverse("admin:items_item_change", args=[item.pk]), query)
    assert response.status_code == 200
    return response.content.decode()


def told(text: str) -> list[str]:
    """Return the headings of the timeline, the newest first."""
    column = text.partition('id="story"')[2]
    return [
        unescape(re.sub(r"<[^>]+>", "", one)).strip()
        for one in re.findall(
            r'<div class="(?:break )?font-semibold text-important">(.*?)</div>', column
        )
    ]


def revised(item: Item, *configs: dict[str, Any], **actor: Any) -> list[int]:
    """Give an item further revisions, a day apart; return the keys of all."""
    for config in configs:
        item.config = config
        item.save()
    rows = list(item.history.order_by("history_id"))
    for day, row in enumerate(rows):
        values = {
            "history_date": NOW + timedelta(days=day),
            "kind": "changed" if day else "created",
        }
        item.history.filter(history_id=row.history_id).update(
            **values, actor=actor if day and actor else None
        )
    return [row.history_id for row in rows]


# -- marks ------------------------------------------------------------------------------------


def test_an_issue_stands_at_the_part_that_it_speaks_of(admin_client: Client) -> None:
    item = ItemFactory(config=GROUP)
    world = next(
        one
        for one in net_rules(Context(now=NOW, config=GROUP), GROUP)
        if one["cidr"] == "0.0.0.0/0"
    )
    IssueFactory(item=item, version=a_rule(title="Open").active, evidence=world)
    hits = re.findall(
        r'<details[^>]*class="hit (\w+)"[^>]*><summary>(.*?)</summary>', shown(admin_client, item)
    )
    ((tone, summary),) = hits
    assert tone == "critical"
    assert "0.0.0.0/0" in summary
    assert "9 Open, since 1 Jun" in summary


def test_what_is_justified_is_marked_otherwise_with_its_end(admin_client: Client) -> None:
    item = ItemFactory(config=GROUP)
    issue = IssueFactory(item=item, version=a_rule(title="Open").active, evidence=RANGES[1])
    by = User.objects.create_superuser("ines", password="x")
    end = timezone.localdate() + timedelta(days=30)
    justify([issue], by, "A bastion.", end)
    text = shown(admin_client, item)
    assert f"9 Open, justified until {end.day} {end:%b %Y}" in text
    assert 'class="hit information"' in text


# -- the tree ---------------------------------------------------------------------------------


def test_every_copied_path_finds_its_value(admin_client: Client) -> None:
    config = {"A-b": {"c": [{"d": 1, "e": [["x"], ["y"]]}, {"d": 2}]}, "f": "g", "h'\"": [True]}
    text = shown(admin_client, ItemFactory(config=config)).partition('id="tree"')[2]
    paths = [unescape(one) for one in re.findall(r'data-copy="([^"]*)"', text)]
    assert '"A-b".c[].d' in paths
    assert len(paths) > 10
    assert all(jmespath.search(path, config) not in (None, [], {}) for path in paths)


def large() -> dict[str, Any]:
    return {
        "Rules": [
            {
                "Port": n,
                "Ranges": [
                    {"Cidr": f"10.{n // 4}.{m + 50 * (n % 4)}.0/24", "Text": "x" * 20}
                    for m in range(40)
                ],
            }
            for n in range(500)
        ]
    }


def test_a_large_configuration_gives_a_page_of_bounded_size(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    config = large()
    assert len(json.dumps(config)) > 1_000_000
    item = ItemFactory(config=config)
    revised(item, {**config, "New": 1})
    rule = a_rule().active
    for number in range(30):
        IssueFactory(item=item, version=rule, evidence=config["Rules"][number * 16]["Ranges"][7])
    with django_assert_max_num_queries(25):
        text = shown(admin_client, item)
    assert len(text) < 2_000_000
    assert text.count('class="hit critical"') == 30, "what is marked is written, however far down"


def test_what_was_left_out_comes_when_it_is_opened(admin_client: Client) -> None:
    config = large()
    item = ItemFactory(config=config)
    address = reverse("item_part", args=[item.pk])
    rules = admin_client.get(address, {"path": '["Rules"]'}).content.decode()
    assert rules.count("<details") == 200 * 2
    assert "300 more" in rules
    rest = admin_client.get(address, {"path": '["Rules"]', "start": "400"}).content.decode()
    assert rest.count("<details") == 100 * 2
    assert "more</button>" not in rest
    inner = admin_client.get(address, {"path": '["Rules", 499, "Ranges"]'}).content.decode()
    assert inner.count("10.124.") == 40 * 2, "as a name and as a value"
    for path in ('["Rules", 500]', '["No"]', '["Rules", "x"]', "x", "[[]]"):
        assert admin_client.get(address, {"path": path, "start": "0"}).status_code in (200, 404)
    assert admin_client.get(address, {"path": '["Rules", 500]'}).status_code == 404
    assert admin_client.get(address, {"path": '["Rules"]', "start": "x"}).status_code == 404


def test_a_tree_holds_or_promises_every_value() -> None:
    found = list(lines(large()))
    assert len(found) < MOST * 3
    assert sum(one.what == "open" for one in found) == sum(one.what == "close" for one in found)
    whole = list(lines(large(), whole=True))
    assert sum(one.what == "leaf" for one in whole) == 500 * (1 + 40 * 2)
    assert not any(one.later or one.what == "more" for one in whole)


def test_the_configuration_is_given_as_json(admin_client: Client) -> None:
    item = ItemFactory(config=GROUP, uid='a/b"c')
    first, _ = revised(item, {"GroupId": "sg-2"})
    address = reverse("item_json", args=[item.pk])
    now, then = admin_client.get(address), admin_client.get(address, {"revision": first})
    assert now["Content-Type"] == "application/json"
    assert (now.json(), then.json()) == ({"GroupId": "sg-2"}, GROUP)
    kept = admin_client.get(address, {"download": "1"})
    assert kept["Content-Disposition"] == 'attachment; filename="a-b-c.json"'
    other = ItemFactory()
    assert (
        admin_client.get(address, {"revision": other.history.get().history_id}).status_code == 404
    )
    assert admin_client.get(address, {"revision": "x"}).status_code == 404


# -- the timeline -----------------------------------------------------------------------------


def test_everything_that_happened_stands_in_one_column(admin_client: Client) -> None:
    item = ItemFactory(config=GROUP)
    revised(item, {"GroupId": "sg-2"}, who="j.okafor", event="AuthorizeSecurityGroupIngress")
    ines = UserFactory(username="ines")
    version = a_rule(title="Open").active
    issue = IssueFactory(item=item, version=version)
    event = {"issue": issue, "version": version, "score": 9, "cause": Cause.CLOUD}
    day = timedelta(days=1)
    IssueEvent.objects.create(at=NOW + day, what=What.OPENED, **event)
    IssueEvent.objects.create(at=NOW + 3 * day, what=What.JUSTIFIED, person=ines, **event)
    Comment.objects.create(item=item, by=ines, at=NOW + 2 * day, text="Is it?")
    Justification.objects.create(
        item=item,
        account=item.account,
        rule=version.rule,
        state="asked",
        by=ines,
        at=NOW + day / 2,
        reason="Please",
    )
    text = shown(admin_client, item)
    assert told(text) == [
        "Justified: Open",
        "ines",
        "Opened: Open",
        "Revision 2, changed",
        "Justification asked for: Open",
        "Revision 1, created",
    ]
    for words in ("j.okafor AuthorizeSecurityGroupIngress", "GroupId changed", "Is it?"):
        assert words in text


def test_the_timeline_has_pages_that_hold_everything_once(admin_client: Client) -> None:
    item = ItemFactory(config=GROUP)
    revised(item, *({"GroupId": f"sg-{n}"} for n in range(29)))
    version = a_rule(title="Open").active
    issue = IssueFactory(item=item, version=version)
    for n in range(25):
        IssueEvent.objects.create(
            issue=issue,
            version=version,
            score=n % 10,
            cause=Cause.CLOUD,
            what=What.RESCORED,
            at=NOW + timedelta(days=n // 2),
        )
    pages = [told(shown(admin_client, item, **{"from": start})) for start in (0, 20, 40)]
    assert [len(one) for one in pages] == [20, 20, 15]
    every = [one for page in pages for one in page]
    assert every.count("Rescored: Open") == 25
    assert {f"Revision {n}, changed" for n in range(2, 31)} <= set(every)
    assert "55 in all" in shown(admin_client, item)


@pytest.mark.parametrize("many", [1, 40])
def test_a_page_costs_the_same_however_much_happened(
    many: int, django_assert_max_num_queries: Any
) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    item = ItemFactory(config=GROUP)
    revised(item, *({"GroupId": f"sg-{n}"} for n in range(many)))
    rules = [a_rule(title=f"Rule {n}").active for n in range(3)]
    for n in range(many):
        issue = IssueFactory(item=item, version=rules[n % 3], justified=n % 2 == 0)
        Comment.objects.create(item=item, by=UserFactory(), at=NOW, text="x", issue=issue)
        IssueEvent.objects.create(
            issue=issue, version=issue.version, score=1, cause=Cause.CLOUD, what=What.OPENED, at=NOW
        )
    with django_assert_max_num_queries(25):
        shown(client, item)


# -- differences ------------------------------------------------------------------------------


def test_any_two_revisions_are_compared(admin_client: Client) -> None:
    item = ItemFactory(config={"A": 1, "Same": 0})
    first, _, third = revised(item, {"A": 2, "Same": 0}, {"A": 3, "Same": 0})
    text = shown(admin_client, item, old=third, new=first)
    assert re.findall(r'class="(?:minus|plus)"><span>.</span><span>(\d)<', text) == ["1", "3"]
    assert "1 other part is the same" in text
    address = reverse("item_difference", args=[item.pk])
    part = admin_client.get(address, {"old": first, "new": third}, headers={"HX-Request": "true"})
    assert part.content.decode().strip().startswith('<div id="difference">')
    wide = admin_client.get(address, {"old": first, "new": third}).content.decode()
    assert re.search(r'class="minus">1</span><span role="cell" class="plus">3<', wide)
    assert ">Same<" not in wide
    assert (
        ">Same<"
        in admin_client.get(address, {"old": first, "new": third, "all": 1}).content.decode()
    )


def test_a_revision_of_another_item_is_not_compared(admin_client: Client) -> None:
    item, other = ItemFactory(), ItemFactory(name="secret")
    revised(item, {"A": 1})
    key = other.history.get().history_id
    for query in ({"old": key}, {"new": key}, {"old": "x"}):
        address = reverse("item_difference", args=[item.pk])
        assert admin_client.get(address, query).status_code == 404
        assert (
            admin_client.get(reverse("admin:items_item_change", args=[item.pk]), query).status_code
            == 404
        )


def test_an_item_that_never_changed_says_so(admin_client: Client) -> None:
    item = ItemFactory()
    assert "Nothing has changed since it was first seen." in shown(admin_client, item)
    assert admin_client.get(reverse("item_difference", args=[item.pk])).status_code == 200


def test_a_rule_against_a_difference_begins_from_the_two_that_are_compared(
    admin_client: Client,
) -> None:
    item = ItemFactory(config={"GroupId": "sg-1", "On": False})
    first, _, third = revised(
        item, {"GroupId": "sg-1", "On": None}, {"GroupId": "sg-1", "On": True}
    )
    text = unescape(shown(admin_client, item, old=first, new=third))
    (link,) = re.findall(rf'href="({reverse("workbench_new")}[^"]+line=0)"', text)
    assert f"old={first}" in link
    assert "fires: 1 finding" in admin_client.get(link).content.decode()


# -- who may see it, and what may hurt --------------------------------------------------------


def test_nothing_of_an_item_is_shown_to_who_may_not_see_it() -> None:
    mine, theirs = GroupFactory(), GroupFactory()
    item = ItemFactory(account=AccountFactory())
    item.account.groups.add(theirs)
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"), group=mine)
    client = Client()
    client.force_login(user)
    for name in ("item_part", "item_json", "item_difference", "admin:items_item_change"):
        assert client.get(reverse(name, args=[item.pk]), {"path": "[]"}).status_code == 404


def test_a_hostile_configuration_stays_text(admin_client: Client) -> None:
    item = ItemFactory(config={HOSTILE: [{"Id": HOSTILE}], "x": HOSTILE})
    first, second = revised(
        item, {HOSTILE: [{"Id": HOSTILE, HOSTILE: HOSTILE}], "x": HOSTILE + "!"}, who=HOSTILE
    )
    IssueFactory(item=item, evidence=HOSTILE + "!", version=a_rule(title=HOSTILE).active)
    Comment.objects.create(item=item, by=UserFactory(), at=NOW, text=HOSTILE)
    Comment.objects.create(item=item, by=UserFactory(), at=NOW, text=HOSTILE, revision=second)
    compared = reverse("item_difference", args=[item.pk]) + f"?old={first}&new={second}"
    pages = [
        shown(admin_client, item),
        admin_client.get(compared).content.decode(),
        admin_client.get(compared, headers={"HX-Request": "true"}).content.decode(),
        admin_client.get(reverse("item_part", args=[item.pk]), {"path": "[]"}).content.decode(),
    ]
    for text in pages:
        assert "alert(1)" in text
        assert "<script>alert" not in text
        assert "<div x-data" not in text
    assert numbered(item)[1].who == HOSTILE


# -- links ------------------------------------------------------------------------------------


def test_things_are_called_by_name_both_ways(admin_client: Client) -> None:
    account = AccountFactory(name="partner", identifier="471108029917")
    vpc = ItemFactory(technology="aws.ec2.vpc", uid="vpc-0c4be7d1", name="core")
    item = ItemFactory(
        name="bastion",
        config={"Vpc": "vpc-0c4be7d1", "From": [{"UserId": "471108029917", "No": "vpc-0c4be7d2"}]},
    )
    refer([item], item.account, NOW, new=True)
    text = shown(admin_client, item)
    assert (
        f'href="{reverse("admin:items_item_change", args=[vpc.pk])}" title="VPC">core</a>' in text
    )
    assert f'href="{reverse("admin:accounts_account_change", args=[account.pk])}"' in text
    assert text.count('class="break font-sans text-link"') == 2
    there = shown(admin_client, vpc)
    assert f'href="{reverse("admin:items_item_change", args=[item.pk])}">bastion</a>' in there
    assert f"{item.account.name}, Vpc<" in there
    assert "Nothing that you may see speaks of it." in text


def test_only_things_in_sight_are_linked_and_named() -> None:
    group = GroupFactory()
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"), group=group)
    client = Client()
    client.force_login(user)
    mine = AccountFactory()
    mine.groups.add(group)
    foreign = AccountFactory(name="their-account", identifier="471108029917")
    vpc = ItemFactory(technology="aws.ec2.vpc", uid="vpc-0c4be7d1", account=mine)
    hidden = ItemFactory(
        name="secret-thing", account=foreign, uid="sg-0c4be7d1", config={"Vpc": "vpc-0c4be7d1"}
    )
    refer([hidden], foreign, NOW, new=True)
    config = {"A": "sg-0c4be7d1", "B": "471108029917"}
    for item in (vpc, ItemFactory(account=mine, config=config)):
        text = shown(client, item)
        assert "secret-thing" not in text
        assert "their-account" not in text


def test_links_cost_the_same_for_many(django_assert_max_num_queries: Any) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    account = AccountFactory()
    vpcs = [
        ItemFactory(account=account, technology="aws.ec2.vpc", uid=f"vpc-{n:08x}")
        for n in range(30)
    ]
    item = ItemFactory(account=account, config={"L": [one.uid for one in vpcs]})
    users = [ItemFactory(account=account, config={"Vpc": vpcs[0].uid}) for _ in range(30)]
    refer([item, *users], account, NOW, new=True)
    with django_assert_max_num_queries(25):
        assert shown(client, item).count('class="break font-sans text-link"') == 30
    with django_assert_max_num_queries(25):
        text = shown(client, vpcs[0])
    assert "19 more" in text
    assert "name of" in shown(client, vpcs[0], users="all")


# -- what is done here ------------------------------------------------------------------------


def test_comments_are_kept_on_the_item_and_on_a_revision(admin_client: Client) -> None:
    item = ItemFactory(config=GROUP)
    _, second = revised(item, {"GroupId": "sg-2"})
    address = reverse("item_comment", args=[item.pk])
    assert admin_client.get(address).status_code == 405
    assert admin_client.post(address, {"text": "About it"}).status_code == 302
    admin_client.post(address, {"text": "About that change", "revision": second})
    assert set(Comment.objects.values_list("text", "revision")) == {
        ("About it", None),
        ("About that change", second),
    }
    text = shown(admin_client, item)
    assert "About it" in text
    assert "“About that change”" in text
    empty = admin_client.post(address, {"text": " "}, follow=True).content.decode()
    assert "Write something." in empty
    assert Comment.objects.count() == 2


def test_who_only_views_neither_comments_nor_has_it_read() -> None:
    item = ItemFactory()
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"))
    client = Client()
    client.force_login(user)
    text = shown(client, item)
    for name in ("item_comment", "item_read"):
        address = reverse(name, args=[item.pk])
        assert address not in text
        assert client.post(address, {"text": "x"}).status_code == 403
    assert not Comment.objects.exists()


def test_an_item_can_be_read_again_at_once(admin_client: Client) -> None:
    item = ItemFactory()
    rows = [
        Slice.objects.create(account=item.account, technology=technology, looked_at=NOW)
        for technology in (item.technology, "aws.s3.bucket")
    ]
    response = admin_client.post(reverse("item_read", args=[item.pk]), follow=True)
    assert "is read as soon as a worker is free" in response.content.decode()
    for row in rows:
        row.refresh_from_db()
    assert [row.looked_at for row in rows] == [None, NOW]
