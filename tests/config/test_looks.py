"""The console in a browser: no error, nothing from elsewhere, nothing that runs by itself.

What the page is to who cannot see it, or not well, is asked of axe-core (tests/data/axe).
"""

from pathlib import Path
from typing import Any

import pytest
from django.urls import resolve
from django.utils import timezone

from accounts.models import User
from audits.models import (
    BlindSpot,
    Control,
    EvidencePack,
    Framework,
    Proposal,
    ReferenceTable,
    Rule,
    RuleSetting,
    ShadowFinding,
)
from audits.reviewing import justify
from items.labelling import label
from items.models import Gap, Run
from notifications.concerning import Mails
from notifications.leaving import Subscribed, token_of
from notifications.models import Delivery, OwnSubscription
from notifications.report.made import report_of
from notifications.watching import watch
from tests.config.addresses import plain, routes
from tests.factories import AccountFactory, IssueFactory, ItemFactory, SubscriptionFactory, a_rule

pytestmark = [pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}"
    """<div x-data x-init="alert(3)">"""
)
AXE = (Path(__file__).parents[1] / "data" / "axe" / "axe.min.js").read_text()
# What axe-core calls serious or critical, each with the parts of the page that it means.
HEAR = """async () => {
  const heard = await axe.run(document, {resultTypes: ["violations"], reporter: "no-passes"});
  return heard.violations.filter(one => ["serious", "critical"].includes(one.impact)).flatMap(
    one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 200)} (${one.help})`));
}"""
PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
WIDTHS = {"desk": (1440, "light"), "night": (1440, "dark"), "phone": (390, "light")}
PAGES = (
    "/",
    "/accounts/apitoken/",
    "/accounts/apitoken/add/",
    "/api/docs/",
    "/stop/{token}/",
    "/stop/{concerned}/",
    "/stop/{stopped}/",
    "/notifications/ownsubscription/",
    "/notifications/ownsubscription/add/",
    "/notifications/ownsubscription/{watching}/change/",
    "/audits/issue/",
    "/audits/issue/{issue}/change/",
    "/items/item/",
    "/items/item/{item}/change/",
    "/items/item/{item}/difference/",
    "/items/compare/?a={item}",
    "/items/compare/?a={item}&b={other}",
    "/audits/rule/",
    "/audits/rule/{rule}/change/",
    "/audits/rule/add/",
    "/audits/rule/{rule}/workbench/?item={item}",
    "/audits/rule/workbench/?item={item}&path=%5B%22Other%22%5D",
    "/audits/rule/{rule}/compare/?old=1&new=2",
    "/audits/rule/{rule}/version/1/",
    "/audits/rule/{rule}/history/",
    "/audits/rule/{rule}/score/",
    "/audits/shadowfinding/",
    "/audits/shadowfinding/{finding}/change/",
    "/audits/proposal/",
    "/audits/proposal/{proposal}/change/",
    "/accounts/account/",
    "/accounts/account/{account}/change/",
    "/accounts/account/add/",
    "/items/run/",
    "/evidence/{pack}/",
    "/items/gap/",
    "/items/gap/{gap}/change/",
    "/audits/blindspot/",
    "/notifications/subscription/{subscription}/change/",
    "/notifications/subscription/{subscription}/report/",
    "/notifications/report/",
    "/notifications/report/{report}/change/",
    "/accounts/user/",
    "/accounts/user/{user}/change/",
    "/auth/group/",
    "/audits/referencetable/",
    "/audits/referencetable/{table}/change/",
    "/audits/framework/",
    "/audits/control/",
    "/frameworks/",
    "/frameworks/house/",
    "/frameworks/house/?day=2026-03-01&with=2026-02-01",
    "/frameworks/house/control/1/",
    "/frameworks/house/control/1/?state=unknown",
    "/rules/health/",
    "/find/",
    "/find/?q=script+10.0.0.1&also=gone,older",
    "/find/?q=script",
    "/find/query/",
    "/find/query/?technology=aws.ec2.security_group&condition=Other&columns=Other%0ALong",
    "/audits/savedview/",
    "/audits/savedview/add/?page=query&condition=A",
    "/audits/rulesetting/",
    "/audits/rulesetting/{setting}/change/",
    "/audits/justification/",
    "/audits/reviewpolicy/",
    "/audits/changereview/",
    "/audits/rule/import/",
    "/items/differences/?from=2026-03-01",
    "/items/watchersetting/",
    "/items/ignoredname/",
    "/notifications/subscription/",
    "/notifications/subscription/add/?notifier=jira",
    "/notifications/subscription/add/?notifier=amqp",
    "/notifications/delivery/",
    "/accounts/accountgroup/",
    "/accounts/accountgroup/add/",
    "/accounts/knownnetwork/",
    "/accounts/knownnetwork/add/",
    "/accounts/grant/",
    "/accounts/ledgerentry/",
    "/axes/accessattempt/",
    "/django_q/success/",
    "/django_q/failure/",
    "/django_q/schedule/",
    "/accounts/user/{user}/password/",
    "/password_change/",
    "/password_change/done/",
    "/login/",
)
# Pages that are the same for every model, of which some are above.
ALIKE = ("/add/", "/change/", "/delete/", "/history/", "/history/<revision>/", "<path:object_id>/")
# Files, parts of pages, what only takes something; and the pages of test_packs_by_hand.
NO_PAGES = {
    "audits/rule/<int:object_id>/shipped/",
    "accounts/account/<int:object_id>/do/<slug:what>/",
    "accounts/ledgerentry/lines/",
    "audits/",
    "audits/attachment/<int:pk>/file/",
    "audits/issue/<int:pk>/assign/",
    "audits/issue/<int:pk>/comment/",
    "audits/issue/<int:pk>/covers/",
    "audits/issue/<int:pk>/send-back/",
    "audits/proposal/<int:pk>/impact/",
    "audits/proposal/<int:pk>/impact/ask/",
    "audits/proposal/<int:pk>/impact/cancel/",
    "audits/rule/<int:object_id>/do/<slug:what>/",
    "audits/rule/<int:object_id>/restore/<int:number>/",
    "audits/rule/export/",
    "audits/rule/import/impact/",
    "audits/rule/import/impact/<int:pk>/",
    "audits/rule/import/sum/",
    "audits/rule/import/sum/answer/",
    "audits/rule/import/sum/cancel/",
    "audits/rule/workbench/ask/",
    "audits/rule/workbench/example/",
    "audits/rule/workbench/items/",
    "audits/rule/workbench/preview/<int:pk>/",
    "audits/rule/workbench/preview/<int:pk>/cancel/",
    "audits/rule/workbench/save/",
    "audits/rule/workbench/suggest/",
    "audits/rule/workbench/try/",
    "audits/rule/workbench/unnoticed/",
    "autocomplete/",
    "evidence/<int:pk>/file/",
    "frameworks/<str:key>/evidence/",
    "healthz",
    "items/item/<int:pk>/comment/",
    "items/item/<int:pk>/json/",
    "items/item/<int:pk>/part/",
    "items/item/<int:pk>/policy/",
    "items/item/<int:pk>/read/",
    "items/item/<int:pk>/label/",
    "items/item/<int:pk>/watch/",
    "jsi18n/",
    "logout/",
    "nothing/here",
    "notifications/ownsubscription/mails/",
    "search/",
}


@pytest.fixture
def world() -> dict[str, Any]:
    """One of everything, named as badly as a cloud allows."""
    now = timezone.now()
    user = User.objects.create_superuser("ines", "ines@example.com", "a long password")
    account = AccountFactory(name=HOSTILE[:100], owner_mail=user.email)
    item = ItemFactory(
        account=account,
        name=HOSTILE,
        full_name="arn:" + "x" * 400,
        config={HOSTILE: [HOSTILE], "Long": "y" * 2000, "Tags": [{"Key": "k", "Value": HOSTILE}]},
    )
    item.config = {"Other": HOSTILE, "Long": "z" * 2000}
    item.save()
    gone_on = ItemFactory(account=account, name=HOSTILE, config={HOSTILE: {HOSTILE: HOSTILE}})
    rule = a_rule(title="Open to all", score=9, controls=["House 1"])
    house = Framework.objects.create(key="house", name="House", title=HOSTILE, notes=HOSTILE)
    for number in ("1", "2"):
        Control.objects.create(framework=house, number=number, title=HOSTILE, section=HOSTILE)
    issue = IssueFactory(
        item=item, version=rule.active, notes=HOSTILE, evidence={"It": HOSTILE}, extent=["alert"]
    )
    for _ in range(3):
        IssueFactory(item=item, version=rule.active)
    rows = [{"name": HOSTILE, "ports": [22] * 200}, HOSTILE]
    table = ReferenceTable.objects.create(key="house", title=HOSTILE, about=HOSTILE, rows=rows)
    tried = a_rule(rule.key, title=HOSTILE, expression=f"contains(GroupId, '{'x' * 300}')").active
    Rule.objects.filter(pk=rule.pk).update(active=rule.active, shadow=tried)
    finding = ShadowFinding.objects.create(
        version=tried, item=item, score=9, notes=HOSTILE, evidence={"It": HOSTILE}, since=now
    )
    proposal = Proposal.objects.create(rule=rule, version=tried, reason=HOSTILE, at=now)
    place = {"account": account, "technology": "aws.s3.bucket"}
    gap = Gap.objects.create(
        operation=HOSTILE[:100],
        code=HOSTILE,
        reason=HOSTILE + "x" * 300,
        since=now,
        seen_at=now,
        **place,
    )
    Run.objects.create(started_at=now, state="failed", error=HOSTILE, **place)
    BlindSpot.objects.create(rule=rule, item=item, reason=HOSTILE, since=now, **place)
    setting = RuleSetting.objects.create(rule=rule, account=account, score=3, reason=HOSTILE)
    pack = EvidencePack.objects.create(
        framework=house,
        control=house.controls.first(),
        moment=now,
        since=now,
        accounts=[account.pk],
        scope=HOSTILE,
        by=user,
        state=EvidencePack.State.DONE,
        sha256="ab" * 32,
        size=12345,
    )
    meant = a_rule(title=HOSTILE[:150])
    justify([IssueFactory(item=item, version=meant.active) for _ in range(5)], user, HOSTILE)
    watch(item, user)
    for one in (item, gone_on):
        label(one, [HOSTILE[:50], "PCI", "x" * 50], user)
    told = SubscriptionFactory(name=HOSTILE[:100])
    stopped = Mails("asked", user.email, user)
    stopped.stop()
    Mails("returned", account.owner_mail).stop()
    sent = Delivery.objects.create(subscription=told, kind="weekly", since=now, due_at=now)
    return {
        "watching": OwnSubscription.objects.get(owner=user).pk,
        "report": report_of(sent).pk,
        "token": token_of(Subscribed(told, told.address)),
        "concerned": token_of(Mails("reminder", user.email, user)),
        "stopped": token_of(stopped),
        "issue": issue.pk,
        "item": item.pk,
        "other": gone_on.pk,
        "rule": rule.pk,
        "account": account.pk,
        "gap": gap.pk,
        "pack": pack.pk,
        "setting": setting.pk,
        "finding": finding.pk,
        "proposal": proposal.pk,
        "subscription": told.pk,
        "user": user.pk,
        "table": table.pk,
    }


class Visit:
    """A browser with somebody logged in, that notes everything that should not be."""

    def __init__(self, chromium: Any, base: str, width: int, theme: str) -> None:
        self.base, self.width = base, width
        self.page = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme
        ).new_page()
        self.wrong: list[str] = []
        self.page.on("request", self._request)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.wrong.append(f"ran: {dialog.message}"))
        self.log_in(self.page)

    def log_in(self, page: Any) -> None:
        page.goto(f"{self.base}/login/")
        page.fill("[name=username]", "ines")
        page.fill("[name=password]", "a long password")
        page.click("[type=submit]")
        page.wait_for_url(f"{self.base}/")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:")):
            self.wrong.append(f"asks elsewhere: {request.url}")

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.wrong.append(f"console: {message.text}")

    def look(self, address: str) -> None:
        """Open a page; note what is wrong with it."""
        response = self.page.goto(self.base + address)
        self.page.wait_for_timeout(150)
        if response.status != 200:
            self.wrong.append(f"answers {response.status}: {address}")
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > self.width:
            self.wrong.append(f"{address} is {wide} wide")

    def hear(self, address: str) -> None:
        """Note every serious fault of the page that axe-core finds."""
        self.page.evaluate(AXE)
        self.wrong += [f"{address}: {one}" for one in self.page.evaluate(HEAR)]

    def keep(self, name: str) -> None:
        """Keep a picture of the page."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


@pytest.mark.parametrize("mode", WIDTHS)
def test_every_page_opens_without_complaint(
    chromium: Any, live_server: Any, world: dict[str, Any], mode: str
) -> None:
    visit = Visit(chromium, live_server.url, *WIDTHS[mode])
    for number, address in enumerate(PAGES):
        visit.look(address.format(**world))
        visit.hear(address)
        visit.keep(f"page-{number:02}-{mode}")
    assert not visit.wrong, "\n".join(visit.wrong)


def test_no_page_is_forgotten_above(world: dict[str, Any]) -> None:
    opened = {resolve(one.format(**world).partition("?")[0]).route for one in PAGES}
    forgotten = set(routes()) - {plain(route) for route in opened} - NO_PAGES
    assert {one for one in forgotten if not one.endswith(ALIKE) and "api/" not in one} == set()


def test_issues_are_chosen_and_justified_by_hand(
    chromium: Any, live_server: Any, world: dict[str, Any]
) -> None:
    visit = Visit(chromium, live_server.url, 1440, "light")
    page = visit.page
    page.goto(f"{live_server.url}/audits/issue/")
    page.click("[data-choose=page]")
    page.click("text=Justify 4 issues …")
    page.wait_for_selector("text=This covers 4 issues")
    page.fill("[name=because]", "A lab, wiped every night.")
    page.click("text=Justify 4 issues >> nth=-1")
    page.wait_for_selector("text=4 issues justified.")
    assert page.locator("tr.row").count() == 0
    assert visit.wrong == []


def test_ctrl_k_finds_an_item(chromium: Any, live_server: Any, world: dict[str, Any]) -> None:
    visit = Visit(chromium, live_server.url, 1440, "light")
    visit.page.keyboard.press("Control+k")
    visit.page.keyboard.type("script", delay=20)
    visit.page.wait_for_selector(f"a[href='/items/item/{world['item']}/change/']")
    assert visit.wrong == []
