"""The console: closed to strangers, safe with hostile names, its numbers true, its forms kind."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import CharField, TextField
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from django_q.models import Success

from accounts.models import User
from audits.models import BlindSpot
from config.console.navigation import MENU
from items.models import Gap, Item, Run, Slice
from tests.factories import (
    NOW,
    AccountFactory,
    IssueFactory,
    ItemFactory,
    SubscriptionFactory,
    UserFactory,
    a_rule,
)

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = """<script>alert(1)</script>{{ 7*7 }}<div x-data x-init="alert(1)">"'>"""
LISTS = [entry.model for _, entries in MENU for entry in entries]


def page(client: Client, name: str, *arguments: Any, **query: Any) -> str:
    """Return what stands on a page that must be there."""
    response = client.get(reverse(f"admin:{name}", args=arguments), query, follow=True)
    assert response.status_code == 200
    return response.content.decode()


# -- the door ---------------------------------------------------------------------------------

OPEN = ("healthz", "login/", "jsi18n/")


def addresses(resolver: Any = None, before: str = "") -> list[str]:
    """Return every address of the project, with 1 for each argument."""
    found = []
    for one in (resolver or get_resolver()).url_patterns:
        text = before + re.sub(
            r"<[^>]+>|\(\?P<[^)]+\)+|\(\[\^/\]\+\)|\[[^]]*\]\+", "1", str(one.pattern)
        )
        if isinstance(one, URLResolver):
            found += addresses(one, text)
        elif isinstance(one, URLPattern):
            found.append(re.sub(r"[\^$?\\]", "", text))
    return found


@pytest.mark.parametrize("address", sorted(set(addresses())))
def test_nobody_gets_in_without_a_login(client: Client, address: str) -> None:
    ItemFactory(name="secret-item", account=AccountFactory(name="secret-account"))
    response = client.get(f"/{address}")
    assert "secret" not in response.content.decode()
    if address not in OPEN:
        assert response.status_code in (302, 401, 403, 404, 405)
        assert "login" in response.get("Location", "login")


def test_too_many_wrong_passwords_lock_the_login(client: Client) -> None:
    UserFactory(username="ines")
    wrong = {"username": "ines", "password": "guess"}
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert client.post("/login/", wrong).status_code == 200
    assert client.post("/login/", wrong).status_code == 429
    right = {"username": "ines", "password": "a long password"}
    response = client.post("/login/", right)
    assert response.status_code == 429
    assert "Too many attempts" in response.content.decode()


def test_the_right_password_opens(client: Client) -> None:
    UserFactory(username="ines")
    given = {"username": "ines", "password": "a long password"}
    response = client.post("/login/", given)
    assert (response.status_code, response["Location"]) == (302, "/")
    cookie = response.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert bool(cookie["secure"]) == settings.HTTPS


def test_pages_forbid_scripts_from_elsewhere_and_in_line(admin_client: Client) -> None:
    policy = admin_client.get("/")["Content-Security-Policy"]
    directives = dict(one.strip().split(" ", 1) for one in policy.split(";") if " " in one.strip())
    assert directives["script-src"] == "'self' 'unsafe-eval'"
    assert directives["default-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"


def test_health_needs_no_login_and_tells_of_the_worker(client: Client) -> None:
    assert client.get("/healthz").json() == {
        "database": "ok",
        "worker": "unseen",
        "tick_seconds": None,
    }
    now = timezone.now()
    tick = Success.objects.create(
        id="1", name="tick", func="config.jobs.tick", started=now, stopped=now, success=True
    )
    assert client.get("/healthz").json()["worker"] == "ok"
    Success.objects.filter(pk=tick.pk).update(stopped=now - timedelta(hours=1))
    late = client.get("/healthz")
    assert (late.status_code, late.json()["worker"]) == (503, "fault")


# -- hostile names ----------------------------------------------------------------------------


@pytest.fixture
def hostile() -> dict[str, Any]:
    """A world in which whatever a cloud may name is hostile."""
    now = timezone.now()
    account = AccountFactory(name=HOSTILE[:90])
    item = ItemFactory(
        account=account,
        name=HOSTILE,
        uid=HOSTILE,
        full_name=HOSTILE,
        region=HOSTILE[:50],
        config={HOSTILE: HOSTILE, "Tags": [{"Key": HOSTILE, "Value": HOSTILE}], "L": [HOSTILE]},
        unread={HOSTILE: HOSTILE},
    )
    item.config = {HOSTILE: "other"}
    item.save()
    issue = IssueFactory(
        item=item, notes=HOSTILE, evidence={HOSTILE: HOSTILE}, extent=[HOSTILE, "alert(1)"]
    )
    run = Run.objects.create(
        account=account, technology="aws.s3.bucket", started_at=now, state="failed", error=HOSTILE
    )
    gap = Gap.objects.create(
        account=account,
        technology="aws.s3.bucket",
        place=HOSTILE[:50],
        part=HOSTILE,
        operation=HOSTILE,
        code=HOSTILE,
        reason=HOSTILE,
        permission=HOSTILE,
        names=[HOSTILE],
        since=now,
        seen_at=now,
    )
    spot = BlindSpot.objects.create(
        account=account,
        technology="aws.s3.bucket",
        rule=issue.rule,
        item=item,
        reason=HOSTILE,
        since=now,
    )
    return {"item": item, "issue": issue, "run": run, "gap": gap, "spot": spot, "account": account}


def test_nothing_from_a_cloud_becomes_markup(admin_client: Client, hostile: dict[str, Any]) -> None:
    pages = ["/", "/search/?extended=1&s=script"]
    pages += [reverse(f"admin:{model}_changelist") for model in LISTS]
    for name, model in (
        ("item", "items_item"),
        ("issue", "audits_issue"),
        ("run", "items_run"),
        ("gap", "items_gap"),
        ("spot", "audits_blindspot"),
        ("account", "accounts_account"),
    ):
        pages.append(reverse(f"admin:{model}_change", args=[hostile[name].pk]))
    met = 0
    for address in pages:
        text = admin_client.get(address).content.decode()
        assert "<script>alert" not in text, address
        assert "x-data x-init" not in re.sub(r"&lt;div x-data x-init", "", text), address
        assert ">49<" not in text.replace("\n", ""), address
        met += "alert(1)" in text
    assert met > 8


def test_our_pages_hold_no_script_of_their_own() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(
            r"<script(?! src=\"{% static 'vervet/[a-z]+\.js' %}\" defer></script>)", text
        )
        assert "|safe" not in text, path
        assert "autoescape off" not in text, path
        assert not re.search(r"""\son\w+=["']""", text), path


CODE = [
    path
    for app in ("accounts", "items", "audits", "notifications", "config")
    for path in (ROOT / app).rglob("*.py")
]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_is_declared_safe(path: Path) -> None:
    assert not re.search(r"mark_safe|SafeString|html_safe", path.read_text())


def test_every_class_in_a_template_is_one_that_exists() -> None:
    unfold = Path(__import__("unfold").__file__).parent
    css = (unfold / "static/unfold/css/styles.css").read_text()
    css += (ROOT / "static/vervet/vervet.css").read_text()
    css += "".join(path.read_text() for path in unfold.glob("static/unfold/fonts/**/*.css"))
    known = set(re.findall(r"\.((?:[\w-]|\\.)+)", css))
    known = {name.replace("\\", "") for name in known}
    free = {
        "module",
        "filtered",
        "group",
        "result-list",
        "result-list-wrapper",
        "action-select",
        "action-toggle",
        "facets",
        "head",
        "what",
        "when",
        "row",
        "example",
        "field",
        "copy",
    }
    missing = {}
    for path in (ROOT / "templates").rglob("*.html"):
        if {"mail", "evidence"} & set(path.parts):  # They bring their own style.
            continue
        text = re.sub(r"\{[{%].*?[%}]\}", " ", path.read_text())
        for value in re.findall(r'(?<!:)class="([^"]*)"', text):
            for name in value.split():
                if name not in known | free:
                    missing[name] = path.name
    assert missing == {}


# -- numbers ----------------------------------------------------------------------------------


@pytest.fixture
def company() -> dict[str, Any]:
    """Two accounts with issues of every kind, gaps and blind spots."""
    now = timezone.now()
    rules = [
        a_rule(f"rule-{score}", title=f"Rule {score}", score=score) for score in (10, 7, 5, 2, 0)
    ]
    for name in ("prod", "staging"):
        account = AccountFactory(name=name)
        item = ItemFactory(account=account, last_seen=now)
        for rule in rules:
            IssueFactory(item=item, version=rule.active, score=rule.active.score, opened_at=now)
        old = now - timedelta(days=90)
        IssueFactory(item=item, version=rules[0].active, score=10, opened_at=old)
        IssueFactory(item=item, version=rules[0].active, score=10, justified=True)
        IssueFactory(item=item, version=rules[0].active, score=10, fixed_at=now)
        Slice.objects.create(account=account, technology=item.technology, read_at=now)
        gap = {"since": now, "seen_at": now, "technology": "aws.s3.bucket", "reason": "no"}
        Gap.objects.create(account=account, operation="ListBuckets", code="Denied", **gap)
        Gap.objects.create(account=account, operation="ListKeys", code="Denied", until=now, **gap)
        BlindSpot.objects.create(
            account=account, technology="aws.s3.bucket", rule=rules[0], reason="no", since=now
        )
    return {"rules": rules}


def test_an_empty_console_tells_what_to_do(admin_client: Client) -> None:
    text = page(admin_client, "index")
    assert "Add an account to begin" in text
    assert reverse("admin:accounts_account_add") in text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 12),
        ("?severity=critical", 4),
        ("?severity=critical,high", 6),
        ("?state=justified", 2),
        ("?state=fixed", 2),
        ("?state=all", 16),
        ("?age=older", 2),
        ("?age=week&severity=low", 2),
        ("?technology=aws.s3.bucket", 0),
        ('?q="Rule 7"', 2),
        ("?account=0", 0),
    ],
)
def test_issues_are_filtered(
    admin_client: Client, company: dict[str, Any], query: str, count: int
) -> None:
    response = admin_client.get(f"/audits/issue/{query}")
    assert response.context["cl"].result_count == count


def test_issues_stand_worst_first_or_as_asked(
    admin_client: Client, company: dict[str, Any]
) -> None:
    def scores(query: str) -> list[int]:
        rows = admin_client.get(f"/audits/issue/{query}").context["cl"].result_list
        return [issue.score for issue in rows]

    assert scores("") == sorted(scores(""), reverse=True)
    assert scores("?order=oldest")[:2] == [10, 10]
    assert scores("?order=newest")[-2:] == [10, 10]
    assert scores("?order=nonsense") == scores("")


NONSENSE = (
    "?account=abc",
    "?account=99999999999999999999",
    "?rule=abc",
    "?technology=%00",
    "?severity=abc",
    "?q=%00",
    "?p=999",
    "?nonsense=1",
)


@pytest.mark.parametrize("model", LISTS)
def test_a_wrong_address_breaks_nothing(admin_client: Client, model: str) -> None:
    fields = apps.get_model(*model.rsplit("_", 1))._meta.get_fields()
    texts = [f"?{one.name}=%00" for one in fields if isinstance(one, CharField | TextField)]
    texts = [one for one in texts if "password" not in one]  # Of which nobody may ask.
    for query in (*NONSENSE, *texts[:1]):
        address = reverse(f"admin:{model}_changelist") + query
        assert admin_client.get(address, follow=True).status_code == 200, query


def test_items_are_found_by_name_id_and_arn(admin_client: Client) -> None:
    item = ItemFactory(name="shop", uid="sg-0a1f", full_name="arn:aws:ec2:::sg/0a1f")
    ItemFactory(name="other", gone_at=NOW)
    for text in ("shop", "0a1f", "arn:aws:ec2:::sg/0a1f"):
        found = admin_client.get("/items/item/", {"q": text}).context["cl"].result_list
        assert [one.pk for one in found] == [item.pk]
    assert admin_client.get("/items/item/?state=gone").context["cl"].result_count == 1


# -- cost -------------------------------------------------------------------------------------


@pytest.fixture
def crowd() -> Item:
    """Fifty items with an issue each, and one with many revisions."""
    rule = a_rule()
    items = [ItemFactory(name=f"item {number}") for number in range(50)]
    for item in items:
        IssueFactory(item=item, version=rule.active)
    busy: Item = items[0]
    for number in range(60):
        busy.config = {"GroupId": busy.uid, "Number": number}
        busy.save()
        IssueFactory(item=busy, version=rule.active)
    return busy


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/", 39),
        ("/items/item/", 18),
        ("/audits/issue/", 25),
        ("/audits/rule/", 21),
        ("/accounts/account/", 14),
        ("/items/item/{item}/change/", 24),
        ("/audits/issue/{issue}/change/", 21),
    ],
)
def test_a_page_costs_the_same_for_many_rows(
    crowd: Item, address: str, most: int, django_assert_max_num_queries: Any
) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    issue = crowd.issues.first()
    assert issue is not None
    with django_assert_max_num_queries(most):
        response = client.get(address.format(item=crowd.pk, issue=issue.pk))
    assert response.status_code == 200


# -- the rest ---------------------------------------------------------------------------------


@pytest.mark.parametrize("model", LISTS)
def test_every_list_opens_empty_and_says_something(admin_client: Client, model: str) -> None:
    assert page(admin_client, f"{model}_changelist")


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("accounts_accountgroup", {"name": "PCI", "review_days": 7}),
        ("accounts_knownnetwork", {"cidr": "192.0.2.0/24", "whose": "ours"}),
        ("items_watchersetting", {"technology": "aws.ec2.security_group", "ephemeral": "[]"}),
        (
            "items_ignoredname",
            {"technology": "aws.ec2.security_group", "pattern": "x*", "reason": "noise"},
        ),
        (
            "notifications_subscription",
            {"name": "me", "address": "me@example.com", "least_score": 4},
        ),
    ],
)
def test_what_is_set_up_is_added_changed_and_keeps_its_history(
    admin_client: Client, model: str, fields: dict[str, Any]
) -> None:
    assert admin_client.post(reverse(f"admin:{model}_add"), fields).status_code == 302
    row = admin_client.get(reverse(f"admin:{model}_changelist")).context["cl"].result_list[0]
    assert str(row) in unescape(page(admin_client, f"{model}_change", row.pk))
    assert "Created" in page(admin_client, f"{model}_history", row.pk)


def test_a_subscription_chooses_technologies_by_name(admin_client: Client) -> None:
    text = page(admin_client, "notifications_subscription_add")
    assert '<option value="aws.ec2.security_group">EC2 security group' in text
    told = SubscriptionFactory(technologies=["gone.technology"])
    change = page(admin_client, "notifications_subscription_change", told.pk)
    assert '<option value="gone.technology" selected>' in change


def test_roles_that_ship_are_shown_and_not_edited(admin_client: Client) -> None:
    rows = admin_client.get("/auth/group/").context["cl"].result_list
    viewer = next(row for row in rows if row.name == "viewer")
    address = reverse("admin:auth_group_change", args=[viewer.pk])
    assert admin_client.get(address).status_code == 200
    assert admin_client.post(address, {"name": "x"}).status_code == 403
    assert admin_client.post("/auth/group/add/", {"name": "own"}).status_code == 302


def test_an_administrator_makes_a_user_who_may_log_in(admin_client: Client) -> None:
    given = {"username": "ines", "password1": "Tall-Tree-77x", "password2": "Tall-Tree-77x"}
    response = admin_client.post("/accounts/user/add/", given | {"usable_password": "true"})
    assert response.status_code == 302
    user = User.objects.get(username="ines")
    assert user.is_staff
    text = page(admin_client, "accounts_user_change", user.pk)
    assert "nothing until it is granted" in text
