"""What a text would do, asked on the workbench in a browser and answered by a worker."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, User
from audits.models import Preview, Rule
from audits.reviewing import justify
from config import jobs, pipeline
from items.canonical import digest
from items.models import Item, Run, Slice
from tests.config.test_looks import HOSTILE, WIDTHS, Visit
from tests.factories import AccountFactory, ItemFactory, SubscriptionFactory, a_rule

pytestmark = [pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
GROUPS = "aws.ec2.security_group"
TEXT: dict[str, Any] = {
    "title": "Open ports",
    "expression": "Ports[?open]",
    "identity": "port",
    "extent": "[cidr]",
    "notes": "{port} from {cidr}",
    "score": 6,
}
NEW = {"expression": "Ports[]", "score": 9, "extent": "[cidr, name]"}


def config(number: int, first: bool) -> dict[str, Any]:
    ports = [
        {"port": port, "cidr": "0.0.0.0/0", "open": port < 22 + number * 3, "name": HOSTILE}
        for port in (22, 25, 80)
    ]
    ports = ports[:1] if first else ports
    return {"Ports": ports if number != 5 else HOSTILE, "Tags": [{"Key": "k", "Value": HOSTILE}]}


def seen(account: Account, days: float) -> Run:
    return Run.objects.create(
        account=account,
        technology=GROUPS,
        state=Run.State.DONE,
        started_at=timezone.now() - timedelta(days=days),
    )


@pytest.fixture
def rule() -> Rule:
    """A rule at work in two accounts, whose items have changed now and then."""
    user = User.objects.create_superuser("ines", "ines@example.com", "a long password")
    rule = a_rule("open", **TEXT)
    SubscriptionFactory(name=HOSTILE[:100])
    for place in range(2):
        account = AccountFactory(name=f"{'shop' if place else HOSTILE[:90]} {place}")
        Slice.objects.create(account=account, technology=GROUPS, read_at=timezone.now())
        first = seen(account, 80)
        for number in range(7):
            item = ItemFactory(
                account=account, name=f"web-{number} {HOSTILE}", config=config(number, False)
            )
            Item.history.filter(id=item.pk).delete()
            later = seen(account, 40 - number * 5)
            for run, so in ((first, True), (later, False)):
                item.config = config(number, so)
                item.whole_digest = digest(item.config)
                Item.history.bulk_history_create(
                    [item],
                    default_date=run.started_at,
                    custom_historical_attrs={
                        "kind": "created" if so else "changed",
                        "run": run,
                        "until": later.started_at if so else None,
                        "actor": {"who": HOSTILE} if number % 2 else None,
                    },
                )
            Item.objects.filter(pk=item.pk).update(whole_digest=item.whole_digest)
        pipeline.judge(account.pk, GROUPS)
    justify(list(rule.issues.all()[:4]), user, "It is meant so.")
    return rule


@pytest.mark.parametrize("mode", WIDTHS)
def test_what_a_text_would_do_is_asked_waited_for_cancelled_and_read(
    chromium: Any, live_server: Any, rule: Rule, mode: str
) -> None:
    visit = Visit(chromium, live_server.url, *WIDTHS[mode])
    page = visit.page
    visit.look(f"/audits/rule/{rule.pk}/workbench/")
    page.fill("#id_expression", str(NEW["expression"]))
    page.click("#ahead-impact button[name=kind]")
    page.wait_for_selector("#ahead-impact >> text=Waiting for a worker")
    Preview.objects.update(asked_at=timezone.now() - timedelta(seconds=30))
    page.wait_for_selector("#ahead-impact >> text=No worker takes it up")
    page.click("#ahead-impact >> text=Cancel")
    page.wait_for_selector("#ahead-impact >> text=It was cancelled.")

    page.click("#ahead-impact button[name=kind]")
    page.click("#ahead-backtest button[name=kind]")
    page.wait_for_selector("#ahead-backtest >> text=Waiting for a worker")
    for preview in Preview.objects.filter(state="waiting"):
        jobs.preview(preview.pk)
    page.wait_for_selector("#ahead-impact >> text=new issues")
    page.wait_for_selector("#ahead-backtest >> text=It would have fired")
    PICTURES.mkdir(parents=True, exist_ok=True)
    for kind in ("impact", "backtest"):
        picture = PICTURES / f"looking-ahead-{kind}-{mode}.png"
        page.locator(f"#ahead-{kind}").screenshot(path=picture)
    for fold in page.locator(".ahead details").all():
        fold.evaluate("one => { one.open = true }")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= visit.width
    assert visit.wrong == []
    client = Client()
    client.force_login(User.objects.get())
    links = page.locator(".ahead a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    for link in sorted(set(links)):
        if link.startswith("#"):
            assert page.locator(link).count() == 1, link
        else:
            assert client.get(link).status_code == 200, link


def test_what_is_wrong_is_not_behind_a_fold_and_help_stays_in_its_pane(
    chromium: Any, live_server: Any, rule: Rule
) -> None:
    visit = Visit(chromium, live_server.url, *WIDTHS["desk"])
    page = visit.page
    visit.look(f"/audits/rule/{rule.pk}/workbench/")
    page.click("summary >> text=What makes it the same issue")
    page.fill("#id_identity", "[")
    page.locator("details:has(> div #id_identity)").evaluate("one => { one.open = false }")
    page.wait_for_selector("#said-identity .fault")

    page.fill("#id_expression", "Tags[?")
    page.wait_for_selector("#bench-help .values button")
    # All at once: the next answer puts other rows in their place.
    rows = page.locator("#bench-help [role=listitem]").evaluate_all(
        "rows => rows.map(row => [...row.children].map(one => one.getBoundingClientRect())"
        ".flatMap(one => [one.left, one.right]))"
    )
    assert rows
    for edges in rows:
        assert edges == sorted(edges), "a path, its values and how often stand side by side"
    assert visit.wrong == []
