"""Examples made of stored items: what they say, and what they do not tell."""

import json
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account, Grant, KnownNetwork
from audits import packs
from audits.drafts import Draft
from audits.examples import failure
from audits.loading import EMPTY, shipped
from audits.sampling import NEIGHBOURS, NoExample, example_from
from audits.scrubbing import Scrubber, texts
from items.models import Slice
from tests.factories import NOW, AccountFactory, GroupFactory, ItemFactory, UserFactory

TECHNOLOGY = "aws.iam.user"
OWN, OTHER = "123456789012", "210987654321"


def text(expression, **fields):
    plain = {"title": "A rule", "technologies": [TECHNOLOGY], "expression": expression}
    return {**EMPTY, **plain, **fields}


@pytest.fixture
def account(db):
    return AccountFactory(identifier=OWN, name="acme-payments")


def stored(account, technology=TECHNOLOGY, **config):
    return ItemFactory(account=account, technology=technology, name="payroll", config=config)


def made(fields, item, **options):
    """Return the example, after having run it."""
    sampled = example_from(fields, item, now=NOW, **options)
    example = sampled.example
    whole = SimpleNamespace(**{"context": {}, "identities": None, **example})
    assert failure(Draft.of(fields), whole) == ""
    return sampled


def test_what_tells_whose_an_item_is_is_replaced_alike_everywhere(account):
    item = stored(
        account,
        Name="payroll",
        Arn=f"arn:aws:iam::{OWN}:user/payroll",
        Keys=[{"Id": "AKIAIOSFODNN7REALKEY", "Owner": OTHER, "Group": "sg-0a1b2c3d4e5f60718"}],
        Again={"Trust": f"arn:aws:iam::{OTHER}:root", "In": "sg-0a1b2c3d4e5f60718"},
        Mail="ada@acme.example",
        Address="52.1.2.3/32",
        Wide="0.0.0.0/0",
        Inside="10.1.2.3",
        Tenant="8f0b6a2e-1111-4222-8333-944455556666",
        Password="hunter2!x",
        State="Enabled",
    )
    example = made(text("@"), item).example
    other = "222222222222"
    assert example["config"] == {
        "Name": "example-1",
        "Arn": "arn:aws:iam::111111111111:user/example-1",
        "Keys": [{"Id": "AKIAEXAMPLE000000001", "Owner": other, "Group": "sg-00000000000000002"}],
        "Again": {"Trust": f"arn:aws:iam::{other}:root", "In": "sg-00000000000000002"},
        "Mail": "somebody1@example.com",
        "Address": "203.0.113.1/32",
        "Wide": "0.0.0.0/0",
        "Inside": "10.1.2.3",
        "Tenant": "00000000-0000-0000-0000-000000000003",
        "Password": "secret-1",
        "State": "Enabled",
    }
    left = json.dumps(example)
    for one in (
        OWN,
        OTHER,
        "payroll",
        "acme",
        "AKIAIOSF",
        "0a1b2c3d",
        "52.1.2.3",
        "hunter",
        "8f0b6a",
    ):
        assert one not in left


def test_only_what_the_rule_reads_is_in_a_small_example(account):
    item = stored(account, Keys=[{"Id": "a"}], Tags=[{"Key": "x", "Value": "y"}], Path="/")
    assert made(text("Keys[].Id"), item).example["config"] == {"Keys": [{"Id": "a"}]}
    assert set(made(text("Keys[].Id"), item, small=False).example["config"]) == {
        "Keys",
        "Tags",
        "Path",
    }


def test_an_example_says_whether_it_fires_and_what_is_found(account):
    item = stored(account, Keys=[{"Id": "a", "On": True}])
    fires = made(text("Keys[?On].{id: Id}", identity="id"), item).example
    assert (fires["fires"], fires["identities"]) == (True, ["a"])
    assert fires["name"] == "A stored IAM user that fires"
    quiet = made(text("Keys[?!On].Id"), item).example
    assert quiet["fires"] is False and "identities" not in quiet


def test_a_value_that_the_verdict_hangs_on_stays_and_is_named(account):
    item = stored(account, Name="payroll", Owner=OTHER, Mail="ada@acme.example")
    sampled = made(text(f"Owner == '{OTHER}' && Mail"), item)
    assert sampled.kept == (OTHER,)
    assert sampled.example["config"] == {"Owner": OTHER, "Mail": "somebody1@example.com"}
    assert made(text("matches(Name, '^pay')"), item).kept == ("payroll",)


def test_a_secret_is_never_kept_even_where_the_verdict_hangs_on_it(account):
    item = stored(account, Password="hunter2!x")
    with pytest.raises(NoExample, match="secret"):
        example_from(text("Password == 'hunter2!x'"), item)
    assert made(text("Password"), item).example["config"] == {"Password": "secret-1"}


def test_accounts_and_networks_that_are_known_stay_known(account):
    AccountFactory(identifier=OTHER, third_party=True)
    KnownNetwork.objects.create(cidr="198.18.7.0/24", whose="third party")
    item = stored(account, Owner=OTHER, From="198.18.7.9")
    rule = text("whose(Owner) == 'third party' && whose(From) == 'third party'")
    example = made(rule, item).example
    assert example["fires"]
    assert OTHER not in json.dumps(example)
    own = text("whose(Owner) == 'same account' && Owner")
    assert made(own, stored(account, Owner=OWN)).example["config"] == {"Owner": "111111111111"}


def test_whose_a_canonical_id_is_stays_known(account):
    ident = "0123456789abcdef" * 4
    AccountFactory(identifier=OTHER, parameters={"canonical_id": ident})
    item = stored(account, Owner=ident, Path="/")
    example = made(text("whose(Owner) == 'ours' && Owner"), item).example
    assert example["fires"] and ident not in json.dumps(example)
    assert "context" not in made(text("Path"), item).example


def test_of_many_large_items_only_what_makes_the_rule_fire_comes_along(account):
    Slice.objects.create(account=account, technology="aws.ec2.vpc", read_at=NOW)
    for _ in range(20):
        ItemFactory(
            account=account, technology="aws.ec2.vpc", config={"On": True, "Big": "x" * 9000}
        )
    rule = text("count(related('aws.ec2.vpc')[?On]) > `5`")
    example = made(rule, stored(account)).example
    assert example["context"]["items"]["aws.ec2.vpc"][0]["config"] == {"On": True}


def test_items_that_are_looked_up_come_along_scrubbed(account):
    arn = f"arn:aws:iam::{OWN}:policy/payroll"
    policy = ItemFactory(
        account=account,
        technology="aws.iam.policy",
        uid=arn,
        full_name=arn,
        config={"Arn": arn, "Wide": True, "Note": "payroll"},
    )
    Slice.objects.create(account=account, technology="aws.iam.policy", read_at=NOW)
    item = stored(account, Policies=[policy.config["Arn"], policy.config["Arn"]])
    rule = text("count(lookup('aws.iam.policy', 'Arn', Policies)[?Wide]) > `0`")
    example = made(rule, item).example
    assert example["fires"]
    (other,) = example["context"]["items"]["aws.iam.policy"]
    assert other["config"]["Arn"] == "arn:aws:iam::111111111111:policy/example-1"
    assert example["config"]["Policies"] == ["arn:aws:iam::111111111111:policy/example-1"] * 2


def test_related_items_and_the_day_come_along(account):
    Slice.objects.create(account=account, technology="aws.ec2.vpc", read_at=NOW)
    ItemFactory(account=account, technology="aws.ec2.vpc", config={"VpcId": "vpc-0a1b2c3d"})
    item = stored(account, Created="2026-05-01T00:00:00Z")
    rule = text("count(related('aws.ec2.vpc')) == `1` && age_days(Created) == `31`")
    example = made(rule, item).example
    assert example["fires"] and example["context"]["now"] == NOW.isoformat()


def test_more_items_than_anybody_would_read_are_refused(account):
    Slice.objects.create(account=account, technology="aws.ec2.vpc", read_at=NOW)
    for _ in range(NEIGHBOURS + 1):
        ItemFactory(account=account, technology="aws.ec2.vpc", config={})
    with pytest.raises(NoExample, match=f"{NEIGHBOURS} are the most"):
        example_from(text("count(related('aws.ec2.vpc'))"), stored(account))


def test_what_a_user_may_not_see_makes_no_example(account):
    ours, theirs = GroupFactory(), AccountFactory()
    account.groups.add(ours)
    for one in Account.objects.all():
        Slice.objects.create(account=one, technology="aws.iam.policy", read_at=NOW)
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"), group=ours)
    with pytest.raises(NoExample, match="may not see"):
        example_from(text("Name"), stored(theirs), user)
    item = stored(account, Policy="arn:x")
    rule = text("count(lookup('aws.iam.policy', 'Arn', [Policy])) > `0`")
    assert made(rule, item, user=user).example["fires"] is False
    ItemFactory(
        account=theirs,
        technology="aws.iam.policy",
        uid="arn:x",
        full_name="arn:x",
        config={"Arn": "arn:x"},
    )
    with pytest.raises(NoExample, match="may not all see"):
        example_from(rule, item, user)


@pytest.mark.parametrize(
    ("expression", "why"), [("Keys[", "faults"), ("sum(Name)", "gives no answer")]
)
def test_where_there_is_no_answer_there_is_no_example(account, expression, why):
    with pytest.raises(NoExample, match=why):
        example_from(text(expression), stored(account, Name="x"))


def test_an_item_that_is_too_large_is_refused(account):
    with pytest.raises(NoExample, match="too large"):
        example_from(text("Name"), stored(account, Name=["x" * 100] * 2000))


def test_an_example_of_a_shipped_rules_item_holds_for_that_rule(account):
    tried = 0
    for _, fields in shipped(packs):
        plain = [one for one in fields["examples"] if not one.get("context")][:2]
        for one in plain:
            item = ItemFactory(
                account=account, technology=fields["technologies"][0], config=one["config"]
            )
            try:
                made(fields, item)
                tried += 1
            except NoExample as error:
                assert "gives no answer" in str(error)  # Other slices are not read here.
            finally:
                item.delete()  # Rules that look at all of a technology see this one alone.
    assert tried > 150


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(
        [OWN, OTHER, f"arn:aws:iam::{OWN}:role/x", "AKIAIOSFODNN7REALKEY", "a@b.example", "1.2.3.4",
         "sg-0a1b2c3d4e5f60718", "::1", "10.0.0.0/8", "12:30:45", "0" * 40]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)  # fmt: skip


@given(values)
def test_scrubbing_keeps_the_form_and_leaves_no_account_behind(value):
    scrubber = Scrubber(OWN, ["payroll"])
    scrubbed = scrubber.scrub(value)
    assert type(scrubbed) is type(value)
    assert scrubber.scrub(value) == scrubbed
    assert not any(OWN in one or OTHER in one for one in texts(scrubbed))
