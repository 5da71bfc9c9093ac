"""The whole line for Azure: its own protocol in, a mail at a real SMTP server out."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from audits.models import Issue
from config import pipeline
from config.demo.azure import Azure
from items.models import Gap, Item
from notifications.models import Line
from notifications.sending import send_due
from tests.cloud.azure import GIVEN, SUBSCRIPTION, WEB
from tests.factories import AccountFactory, SubscriptionFactory, a_rule
from tests.notifications.smtp import Inbox, text_of

GROUPS = "azure.network.security_group"
TYPE = "Microsoft.Network/networkSecurityGroups"
POLICIES = "azure.security.policies"
OPEN = {
    "title": "Open to the world",
    "technologies": [GROUPS],
    "expression": "net_rules(@)[?world && direction == 'ingress']",
    "identity": "[protocol, from_port, to_port, cidr]",
    "notes": "Anyone reaches {protocol} {ports} from {cidr}.",
    "score": 9,
}
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


def group(azure: Azure, name: str, *ports: str) -> None:
    rules = [
        {
            "id": f"{WEB}/providers/{TYPE}/{name}/securityRules/{port}",
            "name": port,
            "properties": {
                "protocol": "Tcp",
                "sourceAddressPrefix": "*",
                "sourcePortRange": "*",
                "destinationAddressPrefix": "*",
                "destinationPortRange": port,
                "access": "Allow",
                "priority": 100 + number,
                "direction": "Inbound",
            },
        }
        for number, port in enumerate(ports)
    ]
    azure.put(
        f"{WEB}/providers/{TYPE}/{name}",
        {"location": "westeurope", "properties": {"securityRules": rules}},
    )


def test_a_subscription_in_a_mail_out(azure: Azure, account: Account, inbox: Inbox) -> None:
    a_rule("open", **OPEN)
    SubscriptionFactory(address="security@example.com")
    group(azure, "web", "443")
    pipeline.check(account.pk, GROUPS)
    assert send_due(now_too=True) == 1
    assert "read for the first time" in text_of(inbox.mails.pop())

    group(azure, "web", "443", "22")
    pipeline.check(account.pk, GROUPS)
    assert send_due(now_too=True) == 1
    mail = inbox.mails.pop()
    assert mail["To"] == "security@example.com"
    assert mail["Subject"] == "[critical] Open to the world: web"
    assert "Anyone reaches tcp 22 from 0.0.0.0/0." in text_of(mail)


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


def test_a_refused_look_marks_nothing_gone_and_leaves_a_gap(azure: Azure, account: Account) -> None:
    group(azure, "web", "443")
    pipeline.check(account.pk, GROUPS)
    azure.unregistered.add((SUBSCRIPTION, "Microsoft.Network"))
    run = pipeline.check(account.pk, GROUPS)
    assert (run.gone, run.gaps, Item.objects.living().count()) == (0, 1, 1)
    assert "az provider register" in Gap.objects.get(until=None).reason
    azure.unregistered.clear()
    azure.remove(f"{WEB}/providers/{TYPE}/web")
    run = pipeline.check(account.pk, GROUPS)
    assert (run.gone, run.gaps, Item.objects.living().count()) == (1, 0, 0)


def test_an_id_in_other_letters_is_the_same_thing(azure: Azure, account: Account) -> None:
    group(azure, "web", "443")
    pipeline.check(account.pk, GROUPS)
    thing: dict[str, Any] = azure.things[f"{WEB}/providers/{TYPE}/web".lower()]
    thing["id"] = thing["id"].replace("/web/", "/WEB/")
    run = pipeline.check(account.pk, GROUPS)
    assert (run.created, run.changed, run.gone) == (0, 0, 0)


def test_an_unchanged_subscription_of_a_thousand_costs_as_many_queries_as_any_account(
    azure: Azure, account: Account
) -> None:
    for number in range(1000):
        group(azure, f"group-{number}", str(number + 1))
    a_rule("open", **OPEN | {"identity": "cidr"})
    SubscriptionFactory()
    pipeline.check(account.pk, GROUPS)
    before = Item.history.count(), Line.objects.count()
    assert (Item.objects.count(), Issue.objects.count()) == (1000, 1000)
    with CaptureQueriesContext(connection) as queries:
        run = pipeline.check(account.pk, GROUPS)
    assert (run.found, run.changed, run.created) == (1000, 0, 0)
    assert (Item.history.count(), Line.objects.count()) == before
    assert len(queries) <= 12, [query["sql"][:120] for query in queries]
