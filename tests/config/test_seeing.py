"""Nobody sees anything of an account that is not granted: not in lists, counts, links or API."""

import re
from collections.abc import Iterator
from functools import reduce
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AccountGroup, Grant, User
from audits import reviewing
from audits.models import BlindSpot, Issue, Proposal, Rule, RuleSetting, ShadowFinding
from config.console.navigation import MENU
from config.roles import ROLES
from items.labelling import label
from items.models import Gap, Item, Run, Slice, WatcherSetting
from notifications.models import Delivery, Report, Subscription
from notifications.report.made import report_of
from tests.factories import (
    AccountFactory,
    GroupFactory,
    IssueFactory,
    ItemFactory,
    SubscriptionFactory,
    UserFactory,
    a_rule,
)

pytestmark = pytest.mark.django_db

HIDDEN = "hidden-haven"
SEEN = "seen-shore"
# Pages that a crawl opens at most.
MOST = 160
LISTS = [entry.model for _, entries in MENU for entry in entries]
PERSONAL = (
    "auth_",
    "axes_",
    "django_q_",
    "accounts_user",
    "accounts_grant",
    "accounts_ledgerentry",
)


EXAMPLES = [
    {"name": "named", "fires": True, "config": {"GroupId": "sg-1"}},
    {"name": "nameless", "fires": False, "config": {}},
]


def furnished(name: str, group: AccountGroup, by: User) -> Account:
    """Make an account with one of everything that can be looked at."""
    now = timezone.now()
    account = AccountFactory(name=name)
    account.groups.add(group)
    run = Run.objects.create(
        account=account, technology="aws.ec2.security_group", started_at=now, state="done"
    )
    Slice.objects.create(account=account, technology="aws.ec2.security_group", read_at=now)
    item = ItemFactory(account=account, name=f"item of {name}", region=f"region-{name}")
    label(item, [f"label of {name}"], by)
    rule = a_rule()
    IssueFactory(item=item, version=rule.active, notes=f"found in {name}")
    justified = IssueFactory(item=item, version=rule.active)
    reviewing.justify([justified], by, f"because of {name}")
    Gap.objects.create(
        account=account,
        technology="aws.s3.bucket",
        operation="ListBuckets",
        code="Denied",
        reason=f"no access to {name}",
        since=now,
        seen_at=now,
    )
    BlindSpot.objects.create(
        account=account,
        technology="aws.s3.bucket",
        rule=rule,
        item=item,
        reason=f"aws.iam.role of {HIDDEN}, {name} has not been read completely.",
        since=now,
    )
    tried = a_rule(title="Tried", examples=EXAMPLES)
    Rule.objects.filter(pk=tried.pk).update(shadow=tried.active, state=Rule.State.SHADOW)
    for fingerprint, unknown in (("f", False), ("", True)):
        ShadowFinding.objects.create(
            version=tried.active,
            item=item,
            fingerprint=fingerprint,
            score=5,
            notes=f"aws.iam.role of {HIDDEN}" if unknown else f"found in {name}",
            unknown=unknown,
            since=now,
        )
    Proposal.objects.create(rule=tried, version=tried.active, by=by, reason="It holds.", at=now)
    WatcherSetting.objects.create(account=account, technology="aws.s3.bucket")
    RuleSetting.objects.create(account=account, rule=rule, score=3, reason="less here")
    subscription = SubscriptionFactory(name=f"readers of {name}")
    subscription.accounts.add(account)
    for about in (subscription, SubscriptionFactory()):
        Delivery.objects.create(
            subscription=about, since=now, due_at=now, state="sent", subject=f"about {name}"
        )
        report_of(
            Delivery.objects.create(
                subscription=about, kind="weekly", since=now, due_at=now, subject=f"week of {name}"
            )
        )
    assert run.pk
    return account


@pytest.fixture
def world(admin_user: User) -> dict[str, Any]:
    """Two groups of accounts, each with one account, furnished alike."""
    mine, theirs = GroupFactory(name="my group"), GroupFactory(name="their group")
    return {
        "mine": mine,
        "theirs": theirs,
        "seen": furnished(SEEN, mine, admin_user),
        "hidden": furnished(HIDDEN, theirs, admin_user),
    }


def somebody(role: str, group: AccountGroup | None) -> Client:
    """Return a browser in which somebody with one grant is logged in."""
    user = UserFactory(email="somebody@example.com")
    Grant.objects.create(user=user, role=Group.objects.get(name=role), group=group)
    client = Client()
    client.force_login(user)
    return client


def crawl(client: Client) -> Iterator[tuple[str, str]]:
    """Follow every link from the dashboard; yield each address with what stood there."""
    waiting, done = ["/"], set()
    while waiting and len(done) < MOST:
        # Pages first; lists with a filter are many, and much alike.
        address = waiting.pop(next((n for n, one in enumerate(waiting) if "?" not in one), 0))
        if address in done or address.startswith(("/static/", "/logout")):
            continue
        done.add(address)
        response = client.get(address)
        if response.status_code == 302:
            waiting.append(response["Location"])
            continue
        assert response.status_code == 200, f"{address} is linked, but answers {response}"
        text = unescape(response.getvalue().decode())
        yield address, text
        for link in re.findall(r'href="([^"#]+)"', text):
            target = link if link.startswith("/") else None
            if link.startswith("?"):
                target = address.partition("?")[0] + link
            if target and target not in done and len(waiting) < MOST * 4:
                waiting.append(target)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_that_is_linked_names_a_foreign_account(world: dict[str, Any], role: str) -> None:
    pages = dict(crawl(somebody(role, world["mine"])))
    assert len(pages) > 40
    assert any(SEEN in text for text in pages.values())
    assert [address for address, text in pages.items() if HIDDEN in text] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_grant_for_all_shows_both(world: dict[str, Any], role: str) -> None:
    text = somebody(role, None).get(reverse("admin:accounts_account_changelist")).content.decode()
    assert SEEN in text
    assert HIDDEN in text


def test_a_new_user_sees_nothing(world: dict[str, Any]) -> None:
    client = Client()
    client.force_login(UserFactory())
    pages = dict(crawl(client))
    assert "Nothing is granted to you yet" in pages["/"]
    assert not [one for one in pages.values() if SEEN in one or HIDDEN in one]
    for model in LISTS:
        assert client.get(reverse(f"admin:{model}_changelist")).status_code == 403
    for name in ("accounts", "items", "issues"):
        assert client.get(f"/api/{name}/").status_code == 403


def foreign_pages(world: dict[str, Any]) -> list[str]:
    """Return the address of every page about the hidden account."""
    account = world["hidden"]
    rows = [
        account,
        *Item.objects.filter(account=account),
        *Issue.objects.filter(item__account=account),
        *Run.objects.filter(account=account),
        *Gap.objects.filter(account=account),
        *BlindSpot.objects.filter(account=account),
        *ShadowFinding.objects.filter(item__account=account),
        *WatcherSetting.objects.filter(account=account),
        *RuleSetting.objects.filter(account=account),
        *Subscription.objects.filter(accounts=account),
        *Delivery.objects.filter(subject__contains=HIDDEN),
        *Report.objects.filter(accounts=account),
        *account.items.get().justifications.all(),
    ]
    found = []
    for row in rows:
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        found += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "history")]
        found.append(reverse(f"{name}_delete", args=[row.pk]))
    return found


@pytest.mark.parametrize("role", ["operator", "rule editor", "auditor"])
def test_a_page_of_a_foreign_row_is_not_there(world: dict[str, Any], role: str) -> None:
    client = somebody(role, world["mine"])
    for address in foreign_pages(world):
        response = client.get(address)
        assert response.status_code in (302, 403, 404), address
        assert HIDDEN not in response.content.decode()


def test_the_history_of_a_row_does_not_name_what_it_named_once(world: dict[str, Any]) -> None:
    subscription = Subscription.objects.get(accounts=world["seen"])
    subscription.accounts.add(world["hidden"])
    subscription.accounts.remove(world["hidden"])
    client = somebody("operator", world["mine"])
    page = reverse("admin:notifications_subscription_change", args=[subscription.pk])
    history = reverse("admin:notifications_subscription_history", args=[subscription.pk])
    assert history not in client.get(page).content.decode()
    assert client.get(history).status_code == 403


@pytest.mark.parametrize("model", LISTS)
def test_a_list_counts_only_what_is_granted(world: dict[str, Any], model: str) -> None:
    if model.startswith(PERSONAL):
        return
    client = somebody("auditor", world["mine"])
    response = client.get(reverse(f"admin:{model}_changelist"), {"state": "all"})
    if response.status_code == 302:  # This list knows no states.
        response = client.get(reverse(f"admin:{model}_changelist"))
    assert HIDDEN not in response.content.decode()
    for row in response.context["cl"].result_list:
        path = getattr(row, "account_path", None)
        if path:
            assert reduce(getattr, path.split("__"), row) == world["seen"]


@pytest.mark.parametrize(
    "address",
    [
        "/search/?extended=1&s=haven",
        "/items/item/?q=haven",
        "/audits/issue/?q=haven",
        "/items/item/?account={hidden}",
        "/audits/issue/?state=all&account={hidden}",
        "/items/gap/?account={hidden}",
        "/items/item/?account__id__exact={hidden}",
        "/autocomplete/?term=haven&app_label=items&model_name=item&field_name=account",
        "/autocomplete/?term=&app_label=audits&model_name=rulesetting&field_name=account",
        "/accounts/account/?q=haven",
    ],
)
def test_a_search_or_a_filter_finds_nothing_foreign(world: dict[str, Any], address: str) -> None:
    client = somebody("operator", world["mine"])
    response = client.get(address.format(hidden=world["hidden"].pk))
    assert response.status_code == 200
    assert HIDDEN not in response.content.decode()


def test_the_badge_counts_what_its_list_shows(world: dict[str, Any]) -> None:
    client = somebody("viewer", world["mine"])
    response = client.get("/audits/issue/?due=late")
    lines = [line for group in response.context["sidebar_navigation"] for line in group["items"]]
    badge = next(line["badge"] for line in lines if line["title"] == "Issues")
    assert badge == str(response.context["cl"].result_count) == "1"


@pytest.mark.parametrize("name", ["accounts", "items", "issues"])
def test_the_api_gives_only_what_is_granted(world: dict[str, Any], name: str) -> None:
    client = somebody("viewer", world["mine"])
    response = client.get(f"/api/{name}/")
    assert response.json()["results"]
    assert HIDDEN not in response.content.decode()
    foreign = {
        "accounts": world["hidden"].pk,
        "items": world["hidden"].items.get().pk,
        "issues": Issue.objects.filter(item__account=world["hidden"]).first().pk,  # type: ignore[union-attr]
    }
    assert client.get(f"/api/{name}/{foreign[name]}/").status_code == 404
    if name != "accounts":
        foreign_account = f"/api/{name}/?account={world['hidden'].pk}"
        assert client.get(foreign_account).json()["results"] == []


# -- doing ------------------------------------------------------------------------------------


def test_a_foreign_issue_cannot_be_justified(world: dict[str, Any]) -> None:
    client = somebody("reviewer", world["mine"])
    issue = Issue.objects.unjustified().get(item__account=world["hidden"])
    given = {"category": "accepted risk", "because": "me", "scope": "issue"}
    page = reverse("admin:audits_issue_change", args=[issue.pk])
    assert client.post(page, {"decision": "justify", **given}).status_code == 404
    many = {"action": "justify_chosen", "_selected_action": [issue.pk], "_decided": 1, **given}
    client.post("/audits/issue/", many)
    issue.refresh_from_db()
    assert not issue.justified


def test_to_see_is_not_to_decide(world: dict[str, Any]) -> None:
    user = UserFactory()
    roles = {group.name: group for group in Group.objects.all()}
    Grant.objects.create(user=user, role=roles["viewer"], group=world["mine"])
    Grant.objects.create(user=user, role=roles["reviewer"], group=world["theirs"])
    client = Client()
    client.force_login(user)
    issue = Issue.objects.unjustified().get(item__account=world["seen"])
    given = {"category": "accepted risk", "because": "me", "scope": "issue"}
    page = reverse("admin:audits_issue_change", args=[issue.pk])
    assert "Accept it as it is" not in client.get(page).content.decode()
    assert client.post(page, {"decision": "justify", **given}).status_code == 403
    many = {"action": "justify_chosen", "_selected_action": [issue.pk], "_decided": 1, **given}
    assert client.post("/audits/issue/", many).status_code == 403
    issue.refresh_from_db()
    assert not issue.justified


@pytest.mark.parametrize("what", ["scan", "off", "archive", "test"])
def test_buttons_do_not_reach_a_foreign_account(world: dict[str, Any], what: str) -> None:
    client = somebody("operator", world["mine"])
    address = reverse("admin:accounts_account_do", args=[world["hidden"].pk, what])
    assert client.post(address).status_code == 404
    world["hidden"].refresh_from_db()
    assert world["hidden"].active


@pytest.mark.parametrize("what", ["scan", "off", "archive", "test"])
def test_buttons_are_not_for_everybody(world: dict[str, Any], what: str) -> None:
    client = somebody("viewer", world["mine"])
    address = reverse("admin:accounts_account_do", args=[world["seen"].pk, what])
    assert client.post(address).status_code == 403
    assert client.get(address).status_code == 403
    page = reverse("admin:accounts_account_change", args=[world["seen"].pk])
    assert address not in client.get(page).content.decode()


def test_a_limited_operator_sets_nothing_for_all(world: dict[str, Any]) -> None:
    client = somebody("operator", world["mine"])
    setting = {"technology": "aws.ec2.security_group", "account": "", "ephemeral": "[]"}
    assert client.post("/items/watchersetting/add/", setting).status_code == 200
    assert client.post("/items/watchersetting/add/", setting | {"account": world["hidden"].pk})
    told = {"name": "me", "address": "me@example.com", "on": "on", "least_score": 4}
    assert client.post("/notifications/subscription/add/", told).status_code == 200
    for foreign in ({"accounts": [world["hidden"].pk]}, {"groups": [world["theirs"].pk]}):
        assert client.post("/notifications/subscription/add/", told | foreign).status_code == 200
    assert WatcherSetting.objects.count() == 2
    assert not Subscription.objects.filter(name="me").exists()
    mine = {"accounts": [world["seen"].pk]}
    assert client.post("/notifications/subscription/add/", told | mine).status_code == 302
    assert Subscription.objects.get(name="me").accounts.get() == world["seen"]


def test_a_limited_operator_keeps_a_new_account_in_sight(world: dict[str, Any]) -> None:
    client = somebody("operator", world["mine"])
    account = {"type": "aws", "name": "new", "identifier": "999999999999", "active": "on"}
    assert client.post("/accounts/account/add/", account).status_code == 200
    assert client.post("/accounts/account/add/", account | {"groups": [world["theirs"].pk]})
    assert not Account.objects.filter(name="new").exists()
    mine = account | {"groups": [world["mine"].pk]}
    assert client.post("/accounts/account/add/", mine).status_code == 302
    assert Account.objects.get(name="new").groups.get() == world["mine"]


@pytest.mark.parametrize("role", ROLES)
def test_only_administrators_grant(world: dict[str, Any], role: str) -> None:
    client = somebody(role, None)
    grant = {"user": world["seen"].pk, "role": 1, "group": ""}
    assert client.post("/accounts/grant/add/", grant).status_code == 403
    user = UserFactory()
    address = reverse("admin:accounts_user_change", args=[user.pk])
    assert client.post(address, {"username": "x", "is_superuser": "on"}).status_code == 403
    assert client.post("/accounts/user/add/", {"username": "x"}).status_code == 403


def test_an_ended_grant_hides_at_once(world: dict[str, Any]) -> None:
    client = somebody("viewer", world["mine"])
    assert SEEN in client.get("/accounts/account/").content.decode()
    Grant.objects.all().delete()
    assert client.get("/accounts/account/").status_code == 403
    assert SEEN not in client.get(f"/search/?extended=1&s={SEEN}").content.decode()
