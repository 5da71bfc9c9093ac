"""What happens today changes no page of the past, unless the page says that it shows today."""

import difflib
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, KnownNetwork, User
from audits.commenting import comment
from audits.models import (
    BlindSpot,
    Issue,
    Justification,
    Proposal,
    ReferenceTable,
    Rule,
    RuleSetting,
)
from audits.reviewing import justify
from config.console.navigation import MENU
from items.labelling import label
from items.models import Gap, Item, Run
from notifications.models import Subscription
from tests.audits.replaying import dated, day, group, justify_at, look, rule_at
from tests.factories import AccountFactory, GroupFactory, ItemFactory, UserFactory

pytestmark = pytest.mark.django_db

THEN = "2026-03-04"
# How a page says that it shows what is now; which may do so is listed below.
NOW_IS_SHOWN = re.compile(
    "But (?:no earlier state of [a-zA-Z ]+ is shown|this page shows what is now)"
)
PRESENT_ONLY = {
    "/accounts/apitoken/",
    "/accounts/user/",
    "/auth/group/",
    "/audits/framework/",
    "/audits/shadowfinding/",
    "/axes/accessattempt/",
    "/django_q/failure/",
    "/django_q/schedule/",
    "/django_q/success/",
    "/items/differences/",  # It has two moments of its own.
    "/notifications/delivery/",
    "/notifications/ownsubscription/",
    "/rules/health/",
}
# What differs in each answer, and what tells of all that happened since, on purpose.
PASSING = (
    re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"'),
    re.compile(r"<p>Everything on this page is as it was then\..*?</p>"),
    re.compile(r"<p>Of issues the text is as it was found last\.</p>"),
    re.compile(r"in [0-9.]+ seconds"),
)


@pytest.fixture
def account() -> Account:
    """An account with something of everything by the fourth of March."""
    someone: Any = UserFactory(username="ines", is_superuser=True)
    with dated(day(1, 0)):
        account = AccountFactory(name="prod")
        pci = GroupFactory(name="PCI")
        account.groups.add(pci)
        Subscription.objects.create(name="All", address="a@example.com").groups.add(pci)
        KnownNetwork.objects.create(cidr="198.51.100.0/24", note="the office")
        ReferenceTable.objects.create(key="ports", title="Ports", rows=[22])
    rule_at(day(1, 1), "open", expression="Open", identity="@", title="It is open", score=9)
    rule_at(day(1, 1), "shut", expression="Shut", identity="@", title="It is shut", score=4)
    with dated(day(1, 2)):
        RuleSetting.objects.create(
            rule=Rule.objects.get(key="open"), pattern="none", score=5, reason="Said then."
        )
    look(account, day(1), group("sg-a", Open=[]), group("sg-b", Open=["22"]))
    look(account, day(3), group("sg-a", Open=["22"], Shut=["x"]), group("sg-b", Open=["22"]))
    with dated(day(3, 14)):
        justify_at(day(3, 14), Issue.objects.get(item__uid="sg-b"), someone)
    Justification.objects.update(at=day(3, 14))
    place = {"account": account, "technology": "aws.ec2.security_group"}
    seen = {"since": day(2), "seen_at": day(2), "operation": "Describe", "code": "Denied"}
    Gap.objects.create(part="Rules", reason="no", **seen, **place)
    BlindSpot.objects.create(rule=Rule.objects.get(key="open"), reason="no", since=day(2), **place)
    return account


def go_on(account: Account, by: User) -> None:
    """Let something happen to everything, today."""
    Gap.objects.update(until=timezone.now())
    BlindSpot.objects.update(until=timezone.now())
    Run.objects.create(
        account=account, technology="aws.s3.bucket", started_at=timezone.now(), state="done"
    )
    rule_at(timezone.now(), "open", title="It is opened", score=3)
    rule_at(timezone.now(), "third", expression="GroupId", title="It has an id")
    look(
        account,
        timezone.now(),
        group("sg-a", Open=["22", "23"], Shut=["y"]),
        group("sg-c", Open=["1"], Shut=["z"]),
    )
    justify(Issue.objects.filter(fixed_at=None, item__uid="sg-a")[:2], by, "Let it be.")
    comment(Item.objects.get(uid="sg-a"), "Said today.", by)
    label(Item.objects.get(uid="sg-a"), ["Given today"], by)
    issue = Issue.objects.filter(item__uid="sg-a").earliest("pk")
    comment(issue.item, "Said today, too.", by, issue=issue)
    KnownNetwork.objects.update(note="the old office")
    for network in KnownNetwork.objects.all():
        network.save()
    _set_up_otherwise(account)
    rule = Rule.objects.get(key="shut")
    Proposal.objects.create(rule=rule, version=rule.active, reason="", at=timezone.now())


def _set_up_otherwise(account: Account) -> None:
    """Change who is watched, how they belong together, who is told, and what rules look up."""
    [pci], other = account.groups.all(), GroupFactory(name="SOX")
    pci.notes = "Cards."
    pci.save()
    AccountFactory(name="new").groups.set([pci, other])
    account.groups.set([other])
    account.notes, account.owner_mail, account.active = "Let go.", "late@example.com", False
    account.save()
    subscription = Subscription.objects.get()
    subscription.groups.set([other])
    subscription.accounts.set([account])
    subscription.address, subscription.on = "b@example.com", False
    subscription.save()
    Subscription.objects.create(name="More", address="c@example.com")
    table = ReferenceTable.objects.get()
    table.rows = [22, 23]
    table.save()
    setting = RuleSetting.objects.get()
    setting.score, setting.reason = 2, "Said today."
    setting.save()


def read(client: Client, address: str) -> str:
    response = client.get(address, follow=True)
    assert response.status_code == 200, (address, response.status_code)
    content = b"".join(response) if response.streaming else response.content
    text = content.decode()
    for one in PASSING:
        text = one.sub("", text)
    # A rule is called as it is today.
    return re.sub(r"^\s+", "", text.replace("It is opened", "It is open"), flags=re.MULTILINE)


def pages(account: Account) -> list[str]:
    """Return the address of every page that has a moment."""
    item = Item.objects.get(uid="sg-a")
    gone = Item.objects.get(uid="sg-b")
    issues = list(Issue.objects.order_by("pk"))
    rule = Rule.objects.get(key="open")
    lists = [reverse(f"admin:{entry.model}_changelist") for _, entries in MENU for entry in entries]
    every = [f"{one}?state=all" if "issue" not in one else one for one in lists]
    found = [
        "/",
        *every,
        *(f"/audits/issue/?state={state}" for state in ("justified", "fixed", "all")),
        *(f"/audits/issue/{issue.pk}/change/" for issue in issues),
        "/items/item/?export=csv",
        "/audits/issue/?export=json",
        "/audits/rule/?export=csv",
        "/audits/justification/?state=all&export=json",
        f"/items/item/{item.pk}/change/",
        f"/items/item/{gone.pk}/change/",
        f"/items/item/{item.pk}/json/",
        f"/items/item/{item.pk}/difference/",
        f"/items/compare/?a={item.pk}&b={gone.pk}",
        f"/items/compare/?a={item.pk}",
        "/items/differences/?from=2026-03-01",
        f"/audits/rule/{rule.pk}/change/",
        f"/audits/rule/{rule.pk}/workbench/?item={item.pk}",
        f"/accounts/account/{account.pk}/change/",
        f"/accounts/account/?state=all&group={account.groups.get().pk}",
        f"/accounts/accountgroup/{account.groups.get().pk}/change/",
        f"/notifications/subscription/{Subscription.objects.get().pk}/change/",
        f"/audits/rulesetting/{RuleSetting.objects.get().pk}/change/",
        f"/audits/referencetable/{ReferenceTable.objects.get().pk}/change/",
        "/accounts/account/?state=all&export=csv",
        "/notifications/subscription/?export=json",
        f"/items/gap/{Gap.objects.get().pk}/change/",
        f"/audits/blindspot/{BlindSpot.objects.get().pk}/change/",
        f"/audits/justification/{Justification.objects.get().pk}/change/",
        "/find/?q=22",
        "/find/?q=sg-a",
        "/find/query/?technology=aws.ec2.security_group&condition=Open",
        "/find/query/?technology=aws.ec2.security_group&condition=Open&export=csv",
        "/rules/health/",
        "/frameworks/",
        "/search/?s=sg-",
    ]
    return [f"{one}{'&' if '?' in one else '?'}as_of={THEN}" for one in dict.fromkeys(found)]


def test_what_happens_today_changes_no_page_of_the_past(
    account: Account, admin_client: Client, admin_user: User
) -> None:
    before = {address: read(admin_client, address) for address in pages(account)}
    go_on(account, admin_user)
    changed = {}
    for address, text in before.items():
        after = read(admin_client, address)
        if after != text and not NOW_IS_SHOWN.search(text):
            lines = difflib.unified_diff(text.splitlines(), after.splitlines(), lineterm="", n=0)
            changed[address] = [line[:200] for line in lines][:14]
    assert changed == {}
    loud = {address.partition("?")[0] for address in before if NOW_IS_SHOWN.search(before[address])}
    assert {one for one in loud if "/change/" not in one and "workbench" not in one} <= PRESENT_ONLY


def test_the_dashboard_counts_what_was_open_then(
    account: Account, admin_client: Client, admin_user: User
) -> None:
    go_on(account, admin_user)
    page = admin_client.get(f"/?as_of={THEN}")
    shown = page.context
    assert "You are looking at the past: 4 Mar 2026, 23:59" in page.content.decode()
    assert (shown["open"], shown["score"], shown["item_count"]) == (2, 13, 2)
    assert (shown["gap_count"], shown["spot_count"]) == (1, 1)
    assert [one.version.title for one in shown["newest"]] == ["It is open", "It is shut"]
    assert shown["moves"]["end"] == 13
    assert shown["accounts"][0]["read_at"] == day(3)
    now = admin_client.get("/").context
    assert (now["open"], now["gap_count"]) != (2, 1)


def test_each_number_of_a_past_dashboard_is_what_its_list_of_then_shows(
    account: Account, admin_client: Client, admin_user: User
) -> None:
    go_on(account, admin_user)
    page = admin_client.get(f"/?as_of={THEN}").content.decode()
    links = re.findall(r'<a [^>]*\bhref="([^"]*)"[^>]*\bdata-counts\b[^>]*>(.*?)</a>', page, re.S)
    links += re.findall(r'<a [^>]*\bdata-counts\b[^>]*\bhref="([^"]*)"[^>]*>(.*?)</a>', page, re.S)
    assert len(links) > 10
    for link, text in dict.fromkeys(links):
        number = re.search(r"\d+", re.sub("<[^>]*>", " ", text))
        assert number, text
        found = admin_client.get(unescape(link)).context["cl"].result_count
        assert found == int(number[0]), (link, text)


def test_an_issue_is_shown_as_it_stood_then(
    account: Account, admin_client: Client, admin_user: User
) -> None:
    issue = Issue.objects.get(item__uid="sg-b")
    go_on(account, admin_user)
    issue.refresh_from_db()
    assert issue.state == "fixed"
    address = f"/audits/issue/{issue.pk}/change/"
    then = admin_client.get(f"{address}?as_of={THEN}")
    assert then.context["issue"].state == "justified"
    assert then.context["version"].title == "It is open"
    assert "It is meant." in then.content.decode()
    earlier = admin_client.get(f"{address}?as_of=2026-03-02")
    assert earlier.context["issue"].state == "open"
    assert "It is meant." not in earlier.content.decode()
    assert admin_client.get(f"{address}?as_of=2026-02-01").status_code == 404


def test_a_search_for_a_minute_of_the_past_is_answered_as_of_that_minute(
    account: Account, admin_client: Client
) -> None:
    page = admin_client.get("/find/?q=sg-a&as_of=2026-03-02T10:00")
    assert page.context["asked"].moment.isoformat().startswith("2026-03-02T")
    assert "as it was then" in page.content.decode()


def test_an_item_tells_how_many_rules_found_nothing_on_it_then(
    account: Account, admin_client: Client
) -> None:
    def page(uid: str, query: str = "") -> str:
        item = Item.objects.get(uid=uid)
        return admin_client.get(f"/items/item/{item.pk}/change/{query}").content.decode()

    assert "1 other rule found nothing." in page("sg-b")
    assert "found nothing" not in page("sg-a")
    assert "2 rules found nothing." in page("sg-a", "?as_of=2026-03-02")
    ItemFactory(account=account, technology="aws.s3.bucket", uid="never-judged")
    assert "No rule was held against it yet." in page("never-judged")
