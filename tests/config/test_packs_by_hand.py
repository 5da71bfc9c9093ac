"""Packs in a browser: a rule beside what its pack ships, and an import from paste to force."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from audits.loading import load_folder
from audits.models import Preview, Rule
from audits.versions import text_of, write_version
from config.previews import answer
from items.models import Item
from tests.config.test_looks import HOSTILE, WIDTHS, Visit, world
from tests.factories import ItemFactory

__all__ = ["world"]
pytestmark = [pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
GROUP = "aws.ec2.security_group"
EXAMPLES = [
    {"name": "open", "fires": True, "config": {"GroupId": "sg-1", "Open": True}},
    {"name": "shut", "fires": False, "config": {"GroupId": "sg-2", "Open": False}},
]
SHIPPED = {
    "key": "open",
    "title": "The group is open",
    "score": 7,
    "expression": "Open == `true`\n  && GroupId",
    "rationale": "Whoever finds it may use it. " * 8,
    "remediation": "Shut it.",
    "examples": EXAMPLES,
}


def pack(**changes: Any) -> str:
    rules = [
        {**SHIPPED, **changes},
        {**SHIPPED, "key": "new-one", "title": HOSTILE[:150], "expression": "Open"},
        {**SHIPPED, "key": "broken", "title": "A broken one", "expression": "Open["},
        {**SHIPPED, "key": "unproven", "title": "One that its example does not carry",
         "expression": "Shut"},
    ]  # fmt: skip
    return yaml.safe_dump({"prefix": GROUP, "technology": GROUP, "rules": rules}, sort_keys=False)


def take(page: Any, name: str) -> None:
    """Keep a picture of a page, for people to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"packs-{name}.png", full_page=True)


@pytest.fixture
def edited(tmp_path: Path) -> Rule:
    """A rule of a pack that an editor changed."""
    (tmp_path / f"{GROUP}.yaml").write_text(
        yaml.safe_dump({"rules": [SHIPPED], "technology": GROUP})
    )
    load_folder(tmp_path, "ours")
    rule = Rule.objects.get(key=f"{GROUP}.open")
    edit = text_of(rule.active) | {  # type: ignore[arg-type]
        "score": 3,
        "expression": "Open == `true`\n  && GroupId\n  && GroupName != 'lab'",
        "notes": HOSTILE,
    }
    write_version(rule, edit, "The lab is meant to be open.")
    return rule


@pytest.mark.parametrize("mode", WIDTHS)
def test_a_rule_and_its_pack_stand_side_by_side(
    chromium: Any, live_server: Any, world: dict[str, int], edited: Rule, mode: str
) -> None:
    visit = Visit(chromium, live_server.url, *WIDTHS[mode])
    visit.look(f"/audits/rule/{edited.pk}/shipped/")
    take(visit.page, f"shipped-{mode}")
    visit.page.check("[name=field][value=expression]")
    visit.page.fill("[name=reason]", "The lab is gone.")
    visit.page.click("text=Reset as draft")
    visit.page.wait_for_selector("text=Version 3 is saved, as a draft.")
    newest = Rule.objects.get(pk=edited.pk).newest
    assert newest is not None
    assert (newest.number, newest.score) == (3, 3)
    assert "lab" not in newest.expression
    assert visit.wrong == []


@pytest.mark.parametrize("mode", WIDTHS)
def test_rules_are_pasted_looked_at_and_imported(
    chromium: Any, live_server: Any, world: dict[str, int], edited: Rule, mode: str
) -> None:
    for number in range(3):
        ItemFactory(config={"GroupId": f"sg-{number}", "Open": number == 0})
    visit = Visit(chromium, live_server.url, *WIDTHS[mode])
    page = visit.page
    visit.look("/audits/rule/import/")
    page.fill("[name=text]", "rules:\n  - key: x\n    titel: y\n")
    page.click("text=See what it would do")
    page.wait_for_selector("text=line 3: x: unknown fields: titel")
    take(page, f"import-fault-{mode}")
    page.fill("[name=text]", pack(remediation="Shut it today."))
    page.click("text=See what it would do")
    page.wait_for_selector("text=Your edits stay: score, expression, notes.")
    page.click("text=What would all chosen ones change now?")
    page.wait_for_selector("text=0 of 3 rules answered")
    for one in Preview.objects.all():
        answer(one.pk)
    page.wait_for_selector("text=All 3 rules together")
    page.click("text=Rule by rule")
    Preview.objects.all().delete()
    card = page.locator("form#import-form > div", has_text=f"{GROUP}.new-one").first
    card.get_by_text("What would it change now?").click()
    page.wait_for_selector("text=Waiting for a worker")
    answer(Preview.objects.get().pk)
    held = f"In force now, over {Item.objects.count()} items. Issues: 1 new"
    page.wait_for_selector(f"text={held}")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= visit.width
    take(page, f"import-{mode}")
    page.fill("[name=reason]", "From the platform team.")
    page.check("[name=then]")
    page.click("button[name=_import]")
    page.wait_for_selector("text=3 rules imported: 2 in force")
    states = dict(Rule.objects.filter(key__startswith=GROUP).values_list("key", "state"))
    assert states == {
        f"{GROUP}.open": "active",
        f"{GROUP}.new-one": "active",
        f"{GROUP}.unproven": "draft",
    }
    newest = Rule.objects.get(key=f"{GROUP}.open").newest
    assert newest is not None
    assert (newest.score, newest.remediation) == (3, "Shut it today.")
    assert visit.wrong == []
