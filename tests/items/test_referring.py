"""References are kept for as long as they stand there, and cost nothing where nothing changes."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from items.models import Item, Reference
from items.referring import refer
from tests.factories import NOW, AccountFactory, ItemFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


def standing(item: Item) -> dict[str, str]:
    return dict(Reference.objects.filter(item=item, until=None).values_list("value", "path"))


def test_what_is_said_no_more_ends_and_what_stays_stays() -> None:
    item = ItemFactory(config={"Vpc": "vpc-0c4be7d1", "Groups": ["sg-0a1f47c2"]})
    refer([item], item.account, NOW, new=True)
    assert standing(item) == {"vpc-0c4be7d1": "Vpc", "sg-0a1f47c2": "Groups[]"}
    item.config = {"Vpc": "vpc-0c4be7d1", "Groups": ["sg-99999999"]}
    refer([item], item.account, LATER)
    assert standing(item) == {"vpc-0c4be7d1": "Vpc", "sg-99999999": "Groups[]"}
    ended = Reference.objects.get(item=item, value="sg-0a1f47c2")
    assert (ended.since, ended.until) == (NOW, LATER)
    item.gone_at = LATER
    refer([item], item.account, LATER)
    assert standing(item) == {}
    item.gone_at = None
    refer([item], item.account, LATER)
    assert set(standing(item)) == {"vpc-0c4be7d1", "sg-99999999"}


def test_nobody_refers_to_itself_or_to_its_own_account() -> None:
    account = AccountFactory(identifier="471108029916")
    config = {"Arn": "arn:aws:x:::me", "Id": "sg-0a1f47c2", "Owner": "471108029916", "To": "1" * 12}
    item = ItemFactory(
        account=account, uid="sg-0a1f47c2", full_name="arn:aws:x:::me", config=config
    )
    refer([item], account, NOW, new=True)
    assert standing(item) == {"1" * 12: "To"}


@pytest.mark.parametrize("new", [True, False])
def test_references_are_written_for_many_at_once(new: bool) -> None:
    account = AccountFactory()
    items: list[Any] = [
        ItemFactory(account=account, config={"Vpc": f"vpc-{n:08x}"}) for n in range(50)
    ]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        refer(items, account, NOW, new=new)
    assert len(queries) <= (3 if new else 4)
    assert Reference.objects.count() == 50
    with CaptureQueriesContext(connection) as queries:
        refer(items, account, LATER)
    assert len(queries) == 1, "what stays is only read"
