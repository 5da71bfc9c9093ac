"""What the line does with Azure's own ways; see test_cloud_lines for what holds for all clouds."""

from typing import Any

import pytest

from accounts.models import Account
from audits.models import Issue
from config import pipeline
from config.demo.azure import Azure
from items.models import Item
from notifications.sending import send_due
from tests.cloud.azure import GIVEN, SUBSCRIPTION, WEB
from tests.factories import AccountFactory, SubscriptionFactory, a_rule
from tests.notifications.lines import GROUPS, TYPE, group
from tests.notifications.smtp import Inbox, text_of

POLICIES = "azure.security.policies"
COLLECTION = {
    "title": "Data collection is off",
    "technologies": [POLICIES],
    "expression": "contains(value[*].properties.logCollection, 'Off')",
    "notes": "Security Center collects no logs.",
    "score": 10,
}


@pytest.fixture
def account(db: None, azure_env: None) -> Account:
    account: Account = AccountFactory(
        type="azure", identifier=SUBSCRIPTION, name="prod", parameters=GIVEN
    )
    return account


def policies(azure: Azure, *collections: str) -> None:
    for number, collection in enumerate(collections):
        azure.put(
            f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Security/policies/p{number}",
            {"properties": {"logCollection": collection, "policyLevel": "Subscription"}},
        )


def test_the_rule_on_log_collection_works_letter_by_letter(
    azure: Azure, account: Account, inbox: Inbox
) -> None:
    azure.page_size = 1
    a_rule("collection", **COLLECTION)
    SubscriptionFactory(address="security@example.com")
    policies(azure, "On", "On")
    pipeline.check(account.pk, POLICIES)
    item = Item.objects.get()
    assert set(item.config) == {"value"}
    assert item.full_name == f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Security/policies"
    assert not Issue.objects.exists()
    send_due(now_too=True)
    inbox.mails.clear()

    policies(azure, "On", "Off")
    pipeline.check(account.pk, POLICIES)
    assert Issue.objects.get().score == 10
    assert send_due(now_too=True) == 1
    assert "Security Center collects no logs." in text_of(inbox.mails.pop())


def test_an_id_in_other_letters_is_the_same_thing(azure: Azure, account: Account) -> None:
    group(azure, "web", "443")
    pipeline.check(account.pk, GROUPS)
    thing: dict[str, Any] = azure.things[f"{WEB}/providers/{TYPE}/web".lower()]
    thing["id"] = thing["id"].replace("/web/", "/WEB/")
    run = pipeline.check(account.pk, GROUPS)
    assert (run.created, run.changed, run.gone) == (0, 0, 0)
