"""Which paths stored items have, how often, with what values; and who may see those."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from accounts.models import Grant
from audits import occurring
from audits.occurring import SAMPLE, SHOWN, paths
from audits.secrecy import is_secret
from items.canonical import seal
from items.models import Item, Slice
from tests.factories import NOW, AccountFactory, GroupFactory, ItemFactory, UserFactory

pytestmark = pytest.mark.django_db
TECHNOLOGY = "aws.iam.user"


@pytest.fixture(autouse=True)
def nothing_kept():
    occurring._drawn.clear()


def stored(*configs, **fields):
    return [ItemFactory(technology=TECHNOLOGY, config=config, **fields) for config in configs]


def by_path(user=None):
    return {one.path: one for one in paths(TECHNOLOGY, user).paths}


def test_every_path_is_written_as_an_expression_writes_it():
    stored({"Keys": [{"Id": "a"}, {"Id": "b"}], "Labels": {"cost-centre": "x"}, "Ports": [[22]]})
    assert set(by_path()) == {
        "Keys", "Keys[]", "Keys[].Id", "Labels", 'Labels."cost-centre"', "Ports", "Ports[]",
        "Ports[][]",
    }  # fmt: skip


def test_a_share_is_that_of_the_items_that_have_something_there():
    stored({"Keys": []}, {"Keys": [{"Id": "a"}, {"Id": "b"}]}, {"Keys": None}, {})
    found = by_path()
    assert found["Keys"].share == 0.5 and found["Keys[].Id"].share == 0.25
    assert found["Keys"].kinds == ("array", "null")


def test_values_stand_with_the_most_frequent_first_and_are_said_to_be_all():
    stored(*[{"State": one, "On": True, "Level": 1} for one in ("ok", "bad", "ok")])
    found = by_path()
    assert found["State"].values == ("ok", "bad") and found["State"].complete
    assert found["On"].values == (True,) and found["Level"].values == (1,)


def test_of_many_values_some_are_shown_and_are_not_said_to_be_all():
    stored(*[{"Id": f"i-{n}"} for n in range(60)])
    found = by_path()["Id"]
    assert len(found.values) == SHOWN and not found.complete


def test_gone_items_have_no_paths():
    stored({"Old": 1}, gone_at=NOW)
    stored({"New": 1})
    assert set(by_path()) == {"New"}


def test_secrets_are_not_among_the_values():
    stored(
        {
            "Password": "hunter2!x",
            "Environment": {"DB_TOKEN": "s3cr3t-value"},
            "Url": "postgres://app:pass@db/x",
            "Pem": "-----BEGIN PRIVATE KEY-----\nMII",
            "Sealed": seal("x"),
            "HttpTokens": "required",
            "PasswordLastUsed": "2026-05-01T00:00:00+00:00",
        }
    )
    shown = {path: one.values for path, one in by_path().items() if one.values}
    assert shown == {
        "HttpTokens": ("required",),
        "PasswordLastUsed": ("2026-05-01T00:00:00+00:00",),
    }
    assert not by_path()["Password"].complete


KEYS = (
    "eyJhbGciOiJI.eyJzdWIiOiIx.abc",
    "ghp_0123456789abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
    "0123456789abcdef0123456789abcdef",
)
NO_KEYS = (
    "eu-west-1",
    "arn:aws:iam::111111111111:role/web",
    "BucketOwnerEnforced",
    "2026-05-01T00:00:00Z",
    "sg-0123456789abcdef0",
    "",
    7,
    None,
)


@pytest.mark.parametrize("text", KEYS)
def test_what_looks_like_a_key_is_held_to_be_one(text):
    assert is_secret(text)


@pytest.mark.parametrize("text", NO_KEYS)
def test_what_a_rule_compares_with_is_no_secret(text):
    assert not is_secret(text)


def test_values_are_only_of_items_that_the_user_may_see_but_paths_of_all():
    ours, theirs = GroupFactory(), AccountFactory()
    mine = AccountFactory()
    mine.groups.add(ours)
    stored({"State": "mine", "Both": "b"}, account=mine)
    stored({"State": "theirs", "Both": "b", "Theirs": "t"}, account=theirs)
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"), group=ours)
    found = by_path(user)
    assert found["State"].values == ("mine",) and not found["State"].complete
    assert found["Theirs"].values == () and found["Theirs"].share == 0.5
    assert set(by_path()["State"].values) == {"mine", "theirs"}
    assert by_path(UserFactory())["State"].values == ()


def test_a_name_that_is_nearly_right_is_found():
    stored({"State": "ok", "Keys": [{"CreateDate": "x"}]})
    found = paths(TECHNOLOGY)
    assert found.near("Keys.CreatDate")[0] == "Keys[].CreateDate"
    assert found.near("Completely") == []


def test_a_map_of_many_names_is_known_as_one():
    stored({"Labels": {f"name{n}": "x" for n in range(400)}})
    assert paths(TECHNOLOGY).outline.members["Labels"].map
    assert len(by_path()) <= 301


def test_what_is_known_is_kept_until_items_come_or_a_slice_is_read(django_assert_num_queries):
    [item] = stored({"State": "ok"})
    held = Slice.objects.create(account=item.account, technology=TECHNOLOGY)
    first = paths(TECHNOLOGY)
    with django_assert_num_queries(2):
        assert paths(TECHNOLOGY) is first
    Item.objects.filter(pk=item.pk).update(config={"State": "bad"})
    Slice.objects.filter(pk=held.pk).update(read_at=NOW + timedelta(hours=1))
    assert by_path()["State"].values == ("bad",)
    stored({"Other": 1})
    assert "Other" in by_path()


def test_of_many_items_a_sample_of_new_and_old_is_read(django_assert_max_num_queries):
    account = AccountFactory()
    Item.objects.bulk_create(
        ItemFactory.build(account=account, technology=TECHNOLOGY, uid=str(n), config={"N": n})
        for n in range(3 * SAMPLE)
    )
    with django_assert_max_num_queries(15):
        found = paths(TECHNOLOGY)
    assert (found.items, found.stored) == (SAMPLE, 3 * SAMPLE)
    numbers = [item.config["N"] for item in occurring.sampled(TECHNOLOGY, SAMPLE)]
    assert len(set(numbers)) == SAMPLE
    assert 3 * SAMPLE - 1 in numbers and min(numbers) < SAMPLE


def test_a_technology_without_items_has_no_paths():
    assert paths("nothing.of.this").paths == ()
