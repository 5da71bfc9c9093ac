"""A pack of evidence asked for in a browser, made by a worker, and taken away."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from audits.models import Control, EvidencePack, Framework
from config import jobs
from tests.audits.replaying import dated, day, group, look, rule_at
from tests.config.test_looks import WIDTHS, Visit
from tests.factories import AccountFactory, UserFactory

pytestmark = [pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("mode", WIDTHS)
def test_an_auditor_takes_a_pack_away(
    chromium: Any, live_server: Any, tmp_path: Path, mode: str
) -> None:
    UserFactory(username="ines", is_superuser=True)
    framework = Framework.objects.create(key="house", name="House", title="Rules of the house")
    Control.objects.create(framework=framework, number="1", title="Doors are closed at night")
    with dated(day(1, 0)):
        account = AccountFactory(name="prod")
    rule_at(day(1, 1), "house.open", expression="Open", identity="@", controls=["House 1"])
    look(account, day(2), group("a", Open=["22"]))
    visit = Visit(chromium, live_server.url, *WIDTHS[mode])
    page = visit.page
    shots = os.environ.get("VERVET_SHOTS")

    def shot(name: str) -> None:
        if shots:
            page.screenshot(path=f"{shots}/evidence-{name}-{mode}.png", full_page=True)

    visit.look("/frameworks/house/control/1/?day=2026-03-05")
    shot("control")
    page.click("text=Evidence pack as of 5 March 2026")
    page.wait_for_selector("text=Waiting for a worker")
    shot("waits")
    pack = EvidencePack.objects.get()
    jobs.evidence(pack.pk)
    page.wait_for_selector("text=Download")
    pack.refresh_from_db()
    page.wait_for_selector(f"text={pack.sha256}")
    shot("done")
    with page.expect_download() as coming:
        page.click("text=Download")
    to = tmp_path / "pack.zip"
    coming.value.save_as(to)
    assert hashlib.sha256(to.read_bytes()).hexdigest() == pack.sha256
    assert page.evaluate("document.documentElement.scrollWidth") <= visit.width
    assert visit.wrong == []
