"""Queries of things by expression, and the views that are shipped."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account
from audits import packs
from audits.loading_views import load_views, shipped_views
from audits.models import SavedView
from audits.querying import Answer, Column, Query, columns_of, query, things_in
from items.models import Item
from tests.factories import AccountFactory, ItemFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def ago(days: int) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def make(technology: str, name: str, account: Account | None = None, **config: Any) -> Item:
    more: dict[str, Any] = {"account": account} if account else {}
    more |= {"full_name": config["Arn"]} if "Arn" in config else {}
    return ItemFactory(technology=technology, name=name, uid=name, config=config, **more)


def asked(condition: str, *columns: str, technology: str = "aws.iam.user", **more: Any) -> Any:
    answer = Answer()
    of = Query(technology, condition, tuple(Column(one, one) for one in columns))
    seen = more.pop("seen", None)
    rows = list(query(of, things_in(Item.objects.all(), None), seen, answer, **more))
    return answer, {row.item.name: row.cells for row in rows}


# -- queries ------------------------------------------------------------------------------------


def test_a_condition_chooses_and_columns_show() -> None:
    make("aws.iam.user", "ann", Keys=[{"Id": "a", "On": True}, {"Id": "b", "On": False}])
    make("aws.iam.user", "ben", Keys=[])
    make("aws.iam.role", "role", Keys=[{"Id": "c", "On": True}])
    answer, rows = asked("Keys[?On]", "Keys[?On].Id", "length(Keys)", "Keys[0]", "Missing")
    assert rows == {"ann": ["a", 2, '{"Id":"a","On":true}', None]}
    assert (answer.asked, answer.chosen, answer.unknown) == (2, 1, 0)


def test_without_a_condition_all_are_shown_and_without_a_technology_all_kinds() -> None:
    make("aws.iam.user", "ann")
    make("aws.iam.role", "role")
    assert set(asked("")[1]) == {"ann"}
    assert set(asked("", technology="")[1]) == {"ann", "role"}


def test_what_cannot_be_said_is_counted_with_its_reason_and_not_left_out_in_silence() -> None:
    ItemFactory(technology="aws.iam.user", name="ann", config={}, unread={"Keys": "AccessDenied"})
    make("aws.iam.user", "ben", Keys=[1])
    answer, rows = asked("Keys")
    assert set(rows) == {"ben"}
    assert (answer.asked, answer.chosen, answer.unknown) == (2, 1, 1)
    assert "AccessDenied" in next(iter(answer.reasons))


def test_a_condition_is_bounded_as_a_rule_is() -> None:
    make("aws.iam.user", "ann", A=[1])
    answer, _ = asked("[A,A]" + "|[@,@]" * 60)
    assert (answer.unknown, answer.chosen) == (1, 0)


def test_a_column_that_fails_is_empty_and_says_why() -> None:
    make("aws.iam.user", "ann", A="x")
    of = Query("aws.iam.user", "", (Column("Sum", "sum(A)"),))
    (row,) = query(of, Item.objects.all(), None, Answer())
    assert row.cells == [None]
    assert row.unknown[0].startswith("Sum: ")


def test_a_query_ends_with_its_time_and_says_so() -> None:
    make("aws.iam.user", "ann")
    answer, rows = asked("", seconds=-1)
    assert (rows, answer.stopped) == ({}, True)


def test_faults_are_told_with_their_place() -> None:
    of = Query("aws.iam.user", "Keys[?", (Column("It", "nothing(@)"),))
    first, second = of.faults()
    assert first.startswith("The condition: ")
    assert second.startswith("The column It: ")


def test_columns_are_written_a_line_each() -> None:
    found = columns_of("Keys: AccessKeys[].Id\n\nName\n{a: b}.a\n")
    assert [(one.title, one.path) for one in found] == [
        ("Keys", "AccessKeys[].Id"),
        ("Name", "Name"),
        ("{a: b}.a", "{a: b}.a"),
    ]


def test_a_lookup_tells_nothing_of_accounts_out_of_sight() -> None:
    mine, theirs = AccountFactory(), AccountFactory()
    make("aws.iam.user", "ann", mine, Policy="p1")
    make("aws.iam.user", "ben", mine, Policy="p2")
    make("aws.iam.policy", "p1", mine, Arn="p1", Big=True)
    make("aws.iam.policy", "p2", theirs, Arn="p2", Big=True)
    condition = "any(lookup('aws.iam.policy', 'Arn', [Policy]), &Big)"
    seen = frozenset([mine.identifier])
    answer, rows = asked(condition, seen=seen)
    assert set(rows) == {"ann"}
    assert (answer.chosen, answer.unknown) == (1, 1)
    Item.objects.filter(name="p2").delete()
    same, _ = asked(condition, seen=seen)
    assert (same.chosen, same.unknown, same.reasons) == (1, 1, answer.reasons)


# -- shipped views ------------------------------------------------------------------------------

EVERYONE = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
ALL = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def key(name: str, status: str, made: int, used: int | None) -> dict[str, Any]:
    use = {"LastUsedDate": ago(used)} if used is not None else None
    return {"AccessKeyId": name, "Status": status, "CreateDate": ago(made), "LastUsed": use}


@pytest.fixture
def company() -> None:
    """One careless account: for each view something that it shows, and something close by."""
    us = AccountFactory(name="prod", identifier="222222222222")

    def user(name: str, *keys: dict[str, Any], **more: Any) -> None:
        make("aws.iam.user", name, us, UserName=name, AccessKeys=list(keys), **more)

    def bucket(name: str, **more: Any) -> None:
        make("aws.s3.bucket", name, us, **{"Name": name, "Encryption": {"Rules": [{}]}, **more})

    def trusted(by: str) -> dict[str, Any]:
        grant = {"Effect": "Allow", "Principal": {"AWS": by}, "Action": "sts:AssumeRole"}
        return {"Statement": [grant]}

    def role(name: str, by: str = "arn:aws:iam::222222222222:root", **more: Any) -> None:
        make("aws.iam.role", name, us, AssumeRolePolicyDocument=trusted(by), **more)

    def group(name: str, cidr: str) -> None:
        rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": cidr}]}
        make("aws.ec2.security_group", name, us, IpPermissions=[rule], VpcId="vpc-1")

    user("fresh", key("AKFRESH", "Active", 10, 1))
    user("stale", key("AKSTALE", "Active", 200, 1), key("AKOFF", "Inactive", 400, None))
    user("idle", key("AKIDLE", "Active", 80, None), key("AKOLD", "Active", 120, 100))
    user("off", key("AKGONE", "Inactive", 10, None))
    user("password", LoginProfile={"CreateDate": ago(5)}, MFADevices=[])
    user("careful", LoginProfile={"CreateDate": ago(5)}, MFADevices=[{"SerialNumber": "m"}])
    role("admin", RolePolicyList=[{"PolicyName": "all", "PolicyDocument": ALL}])
    role("attached", AttachedManagedPolicies=[{"PolicyName": "A", "PolicyArn": "arn:a"}])
    role("reader", RolePolicyList=[{"PolicyName": "r", "PolicyDocument": {"Statement": []}}])
    role("strange", by="arn:aws:iam::999999999999:root")
    make("aws.iam.policy", "A", us, Arn="arn:a", Document=ALL)
    bucket("open", Policy={"Statement": [EVERYONE]})
    bucket(
        "blocked",
        Policy={"Statement": [EVERYONE]},
        PublicAccessBlock={"RestrictPublicBuckets": True},
    )
    bucket("closed", Policy=None)
    bucket("plain", Encryption=None)
    partner = {**EVERYONE, "Principal": {"AWS": "arn:aws:iam::888888888888:root"}}
    bucket("partner", Policy={"Statement": [partner]})
    group("world", "0.0.0.0/0")
    group("office", "198.51.100.0/24")
    regions = [
        {"Region": "us-east-1", "EbsEncryptionByDefault": True},
        {"Region": "eu-west-1", "EbsEncryptionByDefault": False},
    ]
    make("aws.account", "222222222222", us, Account="222222222222", EbsEncryption=regions)
    for item in Item.objects.all():  # Each slice was read: what is looked up can be trusted.
        us.slices.get_or_create(technology=item.technology, defaults={"read_at": NOW})


EXPECTED = {
    "users-active-keys": {"fresh": "AKFRESH", "stale": "AKSTALE", "idle": "AKIDLE, AKOLD"},
    "keys-not-rotated": {"stale": "AKSTALE", "idle": "AKOLD"},
    "keys-inactive": {"stale": "AKOFF", "off": "AKGONE"},
    "keys-not-used": {"idle": "AKOLD"},
    "console-without-mfa": {"password": ago(5)},
    "roles-full-admin": {"admin": "", "attached": "A"},
    "public-buckets": {"open": "s3:GetObject"},
    "groups-open-to-world": {"world": "tcp 22"},
    "shared-with-unknown": {"strange": "aws.iam.role", "partner": "aws.s3.bucket"},
    "storage-unencrypted": {"plain": "aws.s3.bucket", "222222222222": "aws.account"},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_shipped_view_shows_what_it_says_and_nothing_else(company: None, name: str) -> None:
    load_views()
    view = SavedView.objects.get(key=name)
    columns = tuple(Column(one["title"], one["path"]) for one in view.columns)
    asked = Query(view.technology, view.condition, columns)
    assert asked.faults() == []
    answer = Answer()
    rows = list(query(asked, things_in(Item.objects.all(), None), None, answer))
    assert answer.unknown == 0, answer.reasons
    assert [row.unknown for row in rows if row.unknown] == []
    assert {row.item.name: (row.cells[0] or "") for row in rows} == EXPECTED[name]


def test_every_shipped_query_has_a_test() -> None:
    queries = {name for name, fields in shipped_views(packs) if fields["page"] == "query"}
    assert queries == set(EXPECTED)


def test_loading_views_twice_writes_nothing_and_keeps_what_an_editor_changed() -> None:
    assert {one.what for one in load_views()} == {"new"}
    assert load_views() == []
    view = SavedView.objects.get(key="keys-inactive")
    view.name, view.shipped = "Our own words", {**view.shipped, "notes": "as it was", "name": "x"}
    view.notes = "as it was"
    view.save()
    (done,) = load_views()
    view.refresh_from_db()
    assert (done.what, done.fields) == ("updated", ("notes",))
    assert view.name == "Our own words"
    assert view.notes.startswith("Access keys that were switched off")


def test_a_view_that_left_its_pack_goes_unless_it_was_changed() -> None:
    load_views()
    fields = {"name": "Old", "notes": ""}
    for name, says in (("left", "Old"), ("kept", "Mine")):
        SavedView.objects.create(
            key=name,
            page="query",
            **{**fields, "name": says},
            shipped={"pack": "vervet", **fields},
        )
    assert {(one.key, one.what) for one in load_views()} == {
        ("left", "retired"),
        ("kept", "retired"),
    }
    assert not SavedView.objects.filter(name="Old").exists()
    assert SavedView.objects.get(name="Mine").key is None
    assert load_views() == []


def test_a_view_that_somebody_is_told_by_outlives_its_pack() -> None:
    fields = {"name": "Old", "notes": ""}
    view = SavedView.objects.create(
        key="left", page="query", shipped={"pack": "vervet", **fields}, **fields
    )
    SubscriptionFactory(view=view)
    load_views()
    view.refresh_from_db()
    assert view.key is None


def test_a_view_of_ones_own_is_not_overwritten_by_one_of_its_name() -> None:
    SavedView.objects.create(name="Public buckets", page="search", address="q=mine")
    done = {one.key: one for one in load_views()}
    assert done["public-buckets"].what == "left out"
    assert SavedView.objects.get(name="Public buckets").address == "q=mine"
