"""The whole line for Google Cloud: its own protocol in, a mail at a real SMTP server out."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.discovering import discover
from accounts.models import Account
from audits.models import Issue
from config import pipeline
from config.demo.google import Google
from config.demo.google_company import ORGANIZATION, found
from config.demo.google_company import PROJECT as HALDEN
from items.models import Gap, Item
from notifications.models import Line
from notifications.sending import send_due
from tests.cloud.google import PROJECT
from tests.factories import AccountFactory, SubscriptionFactory, a_rule
from tests.notifications.smtp import Inbox, text_of

FIREWALL = "gcp.compute.firewall"
OPEN = {
    "title": "Open to the world",
    "technologies": [FIREWALL],
    "expression": "net_rules(@)[?world && direction == 'ingress']",
    "identity": "[protocol, from_port, to_port, cidr]",
    "notes": "Anyone reaches {protocol} {ports} from {cidr}.",
    "score": 9,
}


@pytest.fixture
def account(db: None, google_env: None) -> Account:
    account: Account = AccountFactory(type="gcp", identifier=PROJECT, name="prod", parameters={})
    return account


def firewall(google: Google, name: str, *ports: str) -> None:
    rule = {
        "network": f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/global/networks/vpc",
        "direction": "INGRESS",
        "priority": 1000,
        "sourceRanges": ["0.0.0.0/0"],
        "allowed": [{"IPProtocol": "tcp", "ports": list(ports)}],
        "id": name.rpartition("-")[2].zfill(19),
    }
    google.put("compute.v1", f"projects/{PROJECT}/global/firewalls/{name}", rule)


def test_a_project_in_a_mail_out(google: Google, account: Account, inbox: Inbox) -> None:
    a_rule("open", **OPEN)
    SubscriptionFactory(address="security@example.com")
    firewall(google, "web-1", "443")
    pipeline.check(account.pk, FIREWALL)
    assert send_due(now_too=True) == 1
    assert "read for the first time" in text_of(inbox.mails.pop())

    firewall(google, "web-1", "443", "22")
    pipeline.check(account.pk, FIREWALL)
    assert send_due(now_too=True) == 1
    mail = inbox.mails.pop()
    assert mail["To"] == "security@example.com"
    assert mail["Subject"] == "[critical] Open to the world: web-1"
    assert "Anyone reaches tcp 22 from 0.0.0.0/0." in text_of(mail)


def test_a_refused_look_marks_nothing_gone_and_leaves_a_gap(
    google: Google, account: Account
) -> None:
    firewall(google, "web-1", "443")
    pipeline.check(account.pk, FIREWALL)
    google.disabled.add((PROJECT, "compute.googleapis.com"))
    run = pipeline.check(account.pk, FIREWALL)
    assert (run.gone, run.gaps, Item.objects.living().count()) == (0, 1, 1)
    assert "gcloud services enable" in Gap.objects.get(until=None).reason
    google.disabled.clear()
    google.remove("compute.v1", f"projects/{PROJECT}/global/firewalls/web-1")
    run = pipeline.check(account.pk, FIREWALL)
    assert (run.gone, run.gaps, Item.objects.living().count()) == (1, 0, 0)


def test_an_unchanged_project_of_a_thousand_costs_as_many_queries_as_any_account(
    google: Google, account: Account
) -> None:
    for number in range(1000):
        firewall(google, f"rule-{number}", str(number))
    a_rule("open", **OPEN | {"identity": "cidr"})
    SubscriptionFactory()
    pipeline.check(account.pk, FIREWALL)
    before = Item.history.count(), Line.objects.count()
    assert (Item.objects.count(), Issue.objects.count()) == (1000, 1000)
    with CaptureQueriesContext(connection) as queries:
        run = pipeline.check(account.pk, FIREWALL)
    assert (run.found, run.changed, run.created) == (1000, 0, 0)
    assert (Item.history.count(), Line.objects.count()) == before
    assert len(queries) <= 12, [query["sql"][:120] for query in queries]


def test_an_organisation_brings_its_projects_and_both_are_read(
    google: Google, db: None, google_env: None
) -> None:
    found(google)
    parent = AccountFactory(type="gcp.organization", identifier=ORGANIZATION, parameters={})
    (project,) = discover(parent).new
    assert (project.type, project.identifier) == ("gcp", HALDEN)
    for account, technology in (
        (parent, "gcp.organization"),
        (parent, "gcp.folder"),
        (project, "gcp.project"),
        (project, "gcp.compute.network"),
        (project, FIREWALL),
    ):
        run = pipeline.check(account.pk, technology)
        assert (run.gaps, run.found > 0) == (0, True), technology
    network = Item.objects.get(technology="gcp.compute.network", name="main")
    firewall = Item.objects.get(technology=FIREWALL, name="allow-ssh")
    assert firewall.config["network"] == network.full_name, "so that each leads to the other"
    assert len({account.config["name"] for account in Item.objects.filter(account=parent)}) == 2
    assert google.logins.given == 1, "one token for all accounts of a login"
