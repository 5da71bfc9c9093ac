"""The whole line for each cloud: its own protocol in, a mail at a real SMTP server out."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audits.models import Issue
from config import pipeline
from items.models import Gap, Item, Run
from notifications.models import Line
from notifications.sending import send_due
from tests.cloud.azure import GIVEN, SUBSCRIPTION
from tests.cloud.google import PROJECT
from tests.factories import AccountFactory, SubscriptionFactory, a_rule
from tests.notifications.lines import Cloud, in_azure, in_google
from tests.notifications.smtp import Inbox, text_of

OPEN = {
    "title": "Open to the world",
    "expression": "net_rules(@)[?world && direction == 'ingress']",
    "identity": "[protocol, from_port, to_port, cidr]",
    "notes": "Anyone reaches {protocol} {ports} from {cidr}.",
    "score": 9,
}


@pytest.fixture
def azure_cloud(db: None, azure: Any, azure_env: None) -> Cloud:
    given = {"type": "azure", "identifier": SUBSCRIPTION, "parameters": GIVEN}
    return in_azure(azure, AccountFactory(name="prod", **given))


@pytest.fixture
def google_cloud(db: None, google: Any, google_env: None) -> Cloud:
    return in_google(
        google, AccountFactory(name="prod", type="gcp", identifier=PROJECT, parameters={})
    )


@pytest.fixture(params=["azure", "google"])
def cloud_line(request: pytest.FixtureRequest) -> Cloud:
    cloud: Cloud = request.getfixturevalue(f"{request.param}_cloud")
    return cloud


def look(cloud: Cloud) -> Run:
    return pipeline.check(cloud.account.pk, cloud.technology)


def test_a_cloud_in_a_mail_out(cloud_line: Cloud, inbox: Inbox) -> None:
    a_rule("open", **OPEN, technologies=[cloud_line.technology])
    SubscriptionFactory(address="security@example.com")
    cloud_line.open("web-1", "443")
    look(cloud_line)
    assert send_due(now_too=True) == 1
    assert "read for the first time" in text_of(inbox.mails.pop())

    cloud_line.open("web-1", "443", "22")
    look(cloud_line)
    assert send_due(now_too=True) == 1
    mail = inbox.mails.pop()
    assert mail["To"] == "security@example.com"
    assert mail["Subject"] == "[critical] Open to the world: web-1"
    assert "Anyone reaches tcp 22 from 0.0.0.0/0." in text_of(mail)


def test_a_refused_look_marks_nothing_gone_and_leaves_a_gap(cloud_line: Cloud) -> None:
    cloud_line.open("web-1", "443")
    look(cloud_line)
    cloud_line.away.add(cloud_line.service)
    run = look(cloud_line)
    assert (run.gone, run.gaps, Item.objects.living().count()) == (0, 1, 1)
    assert cloud_line.mended in Gap.objects.get(until=None).reason
    cloud_line.away.clear()
    cloud_line.remove("web-1")
    run = look(cloud_line)
    assert (run.gone, run.gaps, Item.objects.living().count()) == (1, 0, 0)


def test_an_unchanged_account_of_a_thousand_costs_as_many_queries_as_any_account(
    cloud_line: Cloud,
) -> None:
    for number in range(1, 1001):
        cloud_line.open(f"thing-{number}", str(number))
    a_rule("open", **OPEN | {"identity": "cidr"}, technologies=[cloud_line.technology])
    SubscriptionFactory()
    look(cloud_line)
    before = Item.history.count(), Line.objects.count()
    assert (Item.objects.count(), Issue.objects.count()) == (1000, 1000)
    with CaptureQueriesContext(connection) as queries:
        run = look(cloud_line)
    assert (run.found, run.changed, run.created) == (1000, 0, 0)
    assert (Item.history.count(), Line.objects.count()) == before
    assert len(queries) <= 12, [query["sql"][:120] for query in queries]
