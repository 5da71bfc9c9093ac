"""A pack of evidence: what is in it, that it is the same each time, and harmless."""

import csv
import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account, KnownNetwork
from audits.evidence.packing import pack, spool
from audits.evidence.question import Question, usual_since
from audits.models import (
    Attachment,
    Control,
    Framework,
    Issue,
    Justification,
    Rule,
    RuleSetting,
)
from audits.unpacking import unpacked
from items.watchers.base import Refusal
from tests.audits.replaying import (
    GROUPS,
    PLACE,
    dated,
    day,
    group,
    judge,
    justify_at,
    look,
    rule_at,
)
from tests.factories import AccountFactory, UserFactory

pytestmark = pytest.mark.django_db

EVIL = '=HYPERLINK("http://evil","x")'
TAG = "<script>alert(1)</script>"
OPEN = {
    "title": "Open to all",
    "expression": "Open",
    "identity": "@",
    "notes": "{it} is open",
    "controls": ["House 1"],
    "reason": "asked by the auditors",
}


@pytest.fixture
def house() -> Framework:
    framework = Framework.objects.create(key="house", name="House", title="Rules of the house")
    for order, number in enumerate(("1", "2")):
        Control.objects.create(
            framework=framework, number=number, title=f"Doors {number} {TAG}", order=order
        )
    return framework


@pytest.fixture
def account(house: Framework) -> Account:
    fields = {name: value for name, value in OPEN.items() if name != "reason"}
    with dated(day(1, 0)):
        account = AccountFactory(name=f"prod {TAG}")
        other = AccountFactory(name="elsewhere")
        KnownNetwork.objects.create(cidr="10.0.0.0/8", note="the office")
    rule_at(day(1, 1), "house.open", **fields)
    rule_at(day(1, 1), "house.tagless", expression="empty(Tags)", controls=["House 2"])
    with dated(day(1, 2)):
        RuleSetting.objects.create(
            rule=Rule.objects.get(key="house.open"), account=account, score=9, reason="ours"
        )
    found = [group("a", Open=["22", EVIL]), group("b", Tags=["x"]), group("c", ("Tags",))]
    look(account, day(2), *found)
    look(other, day(2), group("secret-z", Open=["3389"]))
    issue = Issue.objects.get(item__uid="a", rule__key="house.open", notes__startswith="22")
    justify_at(day(3), issue, UserFactory(username="rita", is_superuser=True))
    justification = Justification.objects.get()
    Justification.history.update(history_date=day(3))
    Attachment.objects.create(
        justification=justification, name="risk.pdf", content=b"x", sha256="ab" * 32
    )
    refusal = Refusal("Describe", "Denied", "not allowed", place=PLACE)
    look(account, day(4), refusal, answers=False)
    return account


def question(house: Framework, accounts: list[int], number: int = 5, **more: Any) -> Question:
    moment = day(number)
    control = house.controls.get(number=more["control"]) if "control" in more else None
    return Question(house, control, moment, usual_since(moment), accounts, "one account")


def made(asked: Question) -> bytes:
    with spool() as file:
        sha256, size = pack(asked, file)
        file.seek(0)
        content = file.read()
    assert sha256 == hashlib.sha256(content).hexdigest()
    assert size == len(content)
    return content


def files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def rows(found: dict[str, bytes], name: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(found[f"{name}.json"])
    table = list(csv.DictReader(io.StringIO(found[f"{name}.csv"].decode())))
    assert len(table) == len(told), "both forms hold the same lines"
    return told


def test_the_same_question_gives_the_same_bytes_later_too(
    house: Framework, account: Account
) -> None:
    asked = question(house, [account.pk])
    first = made(asked)
    assert made(asked) == first
    look(account, day(6), group("a", Open=["1"]), group("new", Open=["2"]))
    rule_at(day(7), "house.open", expression="Open[?@ != '22']", controls=["House 2"])
    judge(account, day(7))
    with dated(day(8)):
        account.name = "renamed"
        account.save()
        KnownNetwork.objects.all().delete()
        RuleSetting.objects.all().delete()
        for one in Justification.objects.all():
            one.state, one.reason = Justification.State.WITHDRAWN, "never mind"
            one.save()
    assert made(asked) == first, "what came later is not in it"


def test_it_holds_everything_that_an_auditor_asks_for(house: Framework, account: Account) -> None:
    found = files(made(question(house, [account.pk])))
    (one,) = rows(found, "accounts")
    assert (one["identifier"], one["watched"]) == (account.identifier, "yes")
    items = {row["uid"]: row for row in rows(found, "items")}
    assert set(items) == {"a", "b", "c"}
    assert all(row["digest"] and row["full name"] for row in items.values())
    verdicts = {
        (row["rule"], next(u for u, i in items.items() if i["item"] == row["item"])): row
        for row in rows(found, "verdicts")
    }
    assert len(verdicts) == 6
    assert all(row["agrees"] for row in verdicts.values())
    assert verdicts["house.open", "a"]["verdict"] == "fail"
    assert verdicts["house.open", "a"]["score"] == 9
    assert verdicts["house.open", "b"]["verdict"] == "pass"
    assert verdicts["house.tagless", "c"]["verdict"] == "unknown"
    assert "Tags could not be read" in verdicts["house.tagless", "c"]["reason"]
    findings = {row["evidence"]: row for row in rows(found, "findings") if row["notes"]}
    (exception,) = rows(found, "exceptions")
    assert findings["22"]["exception"] == exception["exception"]
    assert not findings[EVIL]["accepted"]
    assert (exception["reason"], exception["asked by"]) == ("It is meant.", "rita")
    assert exception["files"] == [{"name": "risk.pdf", "sha256": "ab" * 32}]
    assert exception["covers"] == 1
    (gap,) = [row for row in rows(found, "gaps") if not row["part"]]
    assert gap["reason"] == "not allowed"
    assert {row["rule"] for row in rows(found, "blind-spots")} == {"house.open", "house.tagless"}
    (slice_,) = rows(found, "slices")
    assert (slice_["technology"], slice_["items"]) == (GROUPS, 3)
    assert slice_["hours old"] == 24.0
    assert [row["reason"] for row in rows(found, "settings")] == ["ours"]
    assert [row["network"] for row in rows(found, "networks")] == ["10.0.0.0/8"]
    assert {row["kind"] for row in rows(found, "changes")} == {
        "item",
        "issue",
        "rule",
        "setting",
        "network",
    }
    assert {row["version"] for row in rows(found, "rules")} == {1}
    (text,) = [name for name in found if name.startswith("rules/")]
    keys = {one.key for one in unpacked(found[text], text.removeprefix("rules/"))}
    assert keys == {"house.open", "house.tagless"}


def test_a_control_has_its_own_rules_only(house: Framework, account: Account) -> None:
    found = files(made(question(house, [account.pk], control="2")))
    assert {row["rule"] for row in rows(found, "verdicts")} == {"house.tagless"}
    assert json.loads(found["manifest.json"])["control"] == "2"


def test_nothing_is_in_it_of_accounts_out_of_scope(house: Framework, account: Account) -> None:
    content = files(made(question(house, [account.pk])))
    for name, file in content.items():
        assert b"elsewhere" not in file, name
        assert b"secret-z" not in file, name
    every = list(Account.objects.values_list("pk", flat=True))
    assert b"secret-z" in files(made(question(house, every)))["items.csv"]


def test_the_manifest_names_each_file_with_its_hash(house: Framework, account: Account) -> None:
    found = files(made(question(house, [account.pk])))
    manifest = json.loads(found.pop("manifest.json"))
    named = {one["name"]: (one["sha256"], one["bytes"]) for one in manifest["files"]}
    assert named == {
        name: (hashlib.sha256(file).hexdigest(), len(file)) for name, file in found.items()
    }
    assert manifest["scope"] == "one account"


def test_what_a_cloud_says_does_nothing_in_a_spreadsheet_or_a_browser(
    house: Framework, account: Account
) -> None:
    found = files(made(question(house, [account.pk])))
    for name, file in found.items():
        if name.endswith(".csv"):
            cells = [cell for row in csv.reader(io.StringIO(file.decode())) for cell in row]
            assert not [cell for cell in cells if re.match(r"[=+\-@\t\r\n]", cell)], name
    page = found["evidence.html"].decode()
    assert TAG not in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(src|href)=", page), "it needs nothing beside itself"


def test_a_day_before_everything_is_packed_as_well(house: Framework, account: Account) -> None:
    with dated(day(1, 0)):
        pass
    asked = question(house, [account.pk])
    early = Question(house, None, day(1, 0), usual_since(day(1, 0)), asked.accounts, "all")
    found = files(made(early))
    assert rows(found, "verdicts") == []
    assert "No rule that was in force was about it." in found["evidence.html"].decode()


def test_the_number_of_questions_does_not_grow_with_items(
    house: Framework, account: Account, django_assert_max_num_queries: Any
) -> None:
    look(account, day(5, 1), *(group(f"n{number}", Open=["22"]) for number in range(200)))
    asked = question(house, [account.pk])
    with django_assert_max_num_queries(75), spool() as file:
        pack(asked, file)


def test_the_command_writes_the_same(house: Framework, account: Account, tmp_path: Path) -> None:
    out = io.StringIO()
    to = tmp_path / "pack.zip"
    call_command("makeevidence", "house", day="2026-03-05", to=to, stdout=out)
    sha256 = hashlib.sha256(to.read_bytes()).hexdigest()
    assert sha256 in out.getvalue()
    again = tmp_path / "again.zip"
    call_command("makeevidence", "house", day="2026-03-05", to=again, stdout=out)
    assert again.read_bytes() == to.read_bytes()
    for wrong in ({"day": "2999-01-01"}, {"day": "soon"}, {"control": "99"}):
        with pytest.raises(CommandError):
            call_command("makeevidence", "house", **{"day": "2026-03-05", "to": to} | wrong)
    with pytest.raises(CommandError, match="There are: house"):
        call_command("makeevidence", "other", day="2026-03-05", to=to)
