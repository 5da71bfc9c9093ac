"""What the line does with Google's own ways; see test_cloud_lines for what holds for all clouds."""

from accounts.discovering import discover
from config import pipeline
from config.demo.google import Google
from config.demo.google_company import ORGANIZATION, found
from config.demo.google_company import PROJECT as HALDEN
from items.models import Item
from tests.factories import AccountFactory
from tests.notifications.lines import FIREWALL


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
