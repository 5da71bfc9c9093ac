"""Where a cloud tells no capitals apart, rules find other items however an id is written."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Account
from audits import world as worlds
from audits.examples import Listed
from audits.functions.base import Reader
from audits.models import Dependency, Issue
from audits.querying import Beside
from audits.then import Then
from audits.world import World, looks_changed
from config import pipeline
from items.models import Item, Kind, Slice
from tests.factories import AccountFactory, ItemFactory, a_rule

STORES, SETTINGS = "azure.storage.account", "azure.monitor.diagnostic_setting"
ID = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/logs"
SHOUTED = ID.upper()


@pytest.fixture
def account(db: None) -> Account:
    account = AccountFactory(type="azure", identifier="11111111-1111-1111-1111-111111111111")
    for technology in (STORES, SETTINGS):
        Slice.objects.create(account=account, technology=technology, read_at=timezone.now())
    return account


@pytest.fixture
def store(account: Account) -> Item:
    config = {"id": ID, "near": [ID.title()], "open": True}
    item = ItemFactory(
        account=account,
        technology=STORES,
        uid=ID.lower(),
        name="logs",
        full_name=ID,
        config=config,
    )
    Item.history.update(kind=Kind.CREATED, history_date=timezone.now() - timedelta(days=1))
    return item


def then(account: Account) -> Reader:
    now = timezone.now()
    return Then(now - timedelta(hours=1), [account]).at(now, account)


READERS: dict[str, Callable[[Account], Reader]] = {
    "now": lambda account: World(account).reader(),
    "then": then,
    "in sight": lambda account: Beside(World(account), frozenset([account.identifier])),
    "an example": lambda account: Listed(
        account.identifier, {STORES: [{"id": ID, "near": [ID.title()]}]}
    ),
}


@pytest.mark.parametrize("path", ["id", "near"])
@pytest.mark.parametrize("reader", READERS)
def test_an_azure_id_is_found_in_whatever_capitals(
    account: Account, store: Item, reader: str, path: str
) -> None:
    found = READERS[reader](account).lookup(STORES, path, [SHOUTED])
    assert [one.config["id"] for one in found] == [ID]


def test_the_index_answers_as_the_database_does(
    account: Account, store: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worlds, "SINGLE", 0)
    assert len(World(account).reader().lookup(STORES, "id", [SHOUTED])) == 1


def test_an_arn_is_found_in_its_own_capitals_only(account: Account) -> None:
    ItemFactory(technology="aws.iam.policy", uid="A", full_name="arn:A", config={"Arn": "arn:A"})
    world = World(account)
    assert world.find("aws.iam.policy", "Arn", ["arn:A"]).found
    assert not world.find("aws.iam.policy", "Arn", ["arn:a"]).found


def test_a_change_wakes_a_rule_that_looked_in_other_capitals(account: Account, store: Item) -> None:
    ItemFactory(account=account, technology=SETTINGS, config={"to": SHOUTED})
    a_rule(technologies=[SETTINGS], expression=f"lookup('{STORES}', 'id', [to])[?open]")
    pipeline.judge(account.pk, SETTINGS)
    assert Issue.objects.open().count() == 1
    looked = set(Dependency.objects.values_list("path", "value"))
    assert looked == looks_changed([(store, None)], ["id"])
