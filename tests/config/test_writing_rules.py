"""A rule is written by hand in a browser: from its first character to the issue that it raises."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from accounts.models import User
from audits.models import Issue, Preview, Rule, ShadowFinding
from config import pipeline, previews
from tests.config.test_looks import HOSTILE, Visit
from tests.factories import AccountFactory, ItemFactory

pytestmark = [pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"
AZURE = "azure.security.policies"
GROUPS = "aws.ec2.security_group"
SEED = "contains(value[*].properties.logCollection, 'Off')"


class Bench:
    """The workbench in a browser, as somebody uses it who knows no code."""

    def __init__(self, visit: Visit, name: str) -> None:
        self.visit, self.page, self.name = visit, visit.page, name
        self.pictures = 0

    def open(self, address: str) -> None:
        self.page.goto(self.visit.base + address)

    def picture(self, what: str) -> None:
        """Keep how it looks; note where it is wider than the window."""
        self.pictures += 1
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > self.visit.width:
            self.visit.wrong.append(f"{what} is {wide} wide")
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{self.name}-{self.pictures:02}-{what}.png"
        self.page.screenshot(path=path, full_page=True)

    def unfold(self, summary: str) -> None:
        fold = self.page.locator("details", has=self.page.locator("summary", has_text=summary)).last
        if fold.get_attribute("open") is None:
            fold.locator("> summary").click()

    def write(self, text: str) -> None:
        """Type an expression, character by character."""
        self.page.click("#id_expression")
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def reads(self, where: str, text: str) -> None:
        """Wait until something stands in a part of the page."""
        self.page.wait_for_selector(f"#{where} >> text={text}")

    def example(self, place: int, name: str, fires: bool, config: str) -> None:
        """Fill in the example at the foot of the list."""
        self.page.locator("#bench-examples details.example").nth(place).locator("> summary").click()
        self.page.fill(f"[name=examples-{place}-name]", name)
        self.page.select_option(f"[name=examples-{place}-fires]", "yes" if fires else "no")
        self.page.fill(f"[name=examples-{place}-config]", config)

    def save(self, then: str, reason: str = "") -> None:
        self.page.fill("#bench-save [name=reason]", reason)
        self.page.click(f"#bench-save button[value={then}]")


@pytest.fixture
def ines() -> User:
    return User.objects.create_superuser("ines", "ines@example.com", "a long password")


@pytest.fixture
def bench(chromium: Any, live_server: Any, ines: User, request: Any) -> Iterator[Bench]:
    """A workbench in which nothing goes wrong unseen."""
    width, theme = getattr(request, "param", (1440, "light"))
    visit = Visit(chromium, live_server.url, width, theme)
    yield Bench(visit, f"{request.node.originalname.removeprefix('test_')}-{width}-{theme}")
    assert visit.wrong == []


def test_the_seed_of_the_idea_works_without_code(bench: Bench) -> None:
    """An expression with a score, typed over an item whose shape nobody programmed."""
    account = AccountFactory(type="azure", name="subscription")
    shape = {"value": [{"properties": {"logCollection": one}} for one in ("On", "Off")]}
    sound = {"value": [{"properties": {"logCollection": "On"}}]}
    item = ItemFactory(
        account=account, technology=AZURE, name="policies", uid="policies", config=shape
    )
    ItemFactory(account=account, technology=AZURE, name="others", uid="others", config=sound)
    page = bench.page
    bench.open("/audits/rule/workbench/")
    bench.picture("empty")
    page.fill("[name=title]", "Log collection is off")
    page.select_option("[name=technologies]", AZURE)
    page.fill("[name=score]", "10")
    bench.reads("bench-tree", "logCollection")
    bench.write(SEED)
    page.click("text=One that fires")
    bench.reads("bench-result", "fires: 1 finding")
    bench.reads("bench-item-name", "policies")
    assert page.inner_text("#bench-tree mark") == '"Off"'
    bench.reads("bench-explain", "value[*].properties.logCollection contains “Off”")
    bench.picture("fires")
    page.click("#bench-needed button[name=example]")
    page.wait_for_selector("#mark-0 >> text=must fire")
    page.click("text=One that does not")
    bench.reads("bench-item-name", "others")
    page.click("#bench-needed button[name=example]")
    page.wait_for_selector("#mark-1 >> text=must not fire")
    bench.reads("bench-holds", "All examples hold")
    bench.save("force", "The seed.")
    page.wait_for_selector("text=it is in force")
    bench.picture("in-force")
    rule = Rule.objects.get()
    assert rule.active is not None
    assert (rule.active.expression, rule.active.score) == (SEED, 10)
    pipeline.judge(account.pk, AZURE)
    issue = Issue.objects.get()
    assert (issue.item, issue.score, issue.severity) == (item, 10, "critical")
    page.goto(f"{bench.visit.base}/audits/issue/{issue.pk}/change/")
    page.wait_for_selector("text=Log collection is off")
    bench.picture("issue")


TRAPPED = "IpPermissions[?FromPort == '22' && !Owner.Name].IpRanges[] | [?CidrIp == '0.0.0.0/0']"
MENDED = TRAPPED.replace("'22'", "`22`").replace("!Owner.Name", "empty(Owner.Name)")


def group(account: Any, name: str, port: int, *ranges: str) -> Any:
    """Store a security group that lets networks in at one port."""
    permission: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    permission["IpRanges"] = [{"CidrIp": one} for one in ranges]
    config = {"GroupId": f"sg-{name}", "GroupName": name, "IpPermissions": [permission]}
    return ItemFactory(account=account, name=name, uid=f"sg-{name}", config=config)


def test_a_rule_is_written_from_trap_to_roll_back(bench: Bench) -> None:
    """The whole path: refused, mended, tried, previewed, in shadow, in force, rolled back."""
    account = AccountFactory(name="prod")
    bastion = group(account, "bastion", 22, "10.4.0.0/16", "0.0.0.0/0")
    for name in ("web", "shop", "mail", "blog"):
        group(account, name, 443, "0.0.0.0/0")
    refuse_the_trap(bench)
    mend_it(bench)
    try_it(bench)
    look_ahead(bench)

    # In shadow it is shown, and nobody is told.
    bench.save("shadow", "SEC-2177: try it first.")
    bench.page.wait_for_selector("text=it runs in shadow")
    bench.picture("in-shadow")
    pipeline.judge(account.pk, GROUPS)
    assert ShadowFinding.objects.get().item == bastion
    assert not Issue.objects.exists()

    # In force it raises issues.
    bench.save("force", "SEC-2177: holds what it promised.")
    bench.page.wait_for_selector("text=it is in force")
    pipeline.judge(account.pk, GROUPS)
    issue = Issue.objects.get()
    assert (issue.item, issue.score, issue.version.number) == (bastion, 9, 1)
    bench.open(f"/audits/issue/{issue.pk}/change/")
    bench.page.wait_for_selector("text=SSH is open to 0.0.0.0/0.")
    bench.picture("issue")

    # An edit is the next version; rolled back, the first one's text decides again.
    rule = Rule.objects.get()
    edit(bench, rule)
    pipeline.judge(account.pk, GROUPS)
    issue.refresh_from_db()
    assert issue.score == 4
    roll_back(bench)
    pipeline.judge(account.pk, GROUPS)
    issue.refresh_from_db()
    rule.refresh_from_db()
    assert issue.score == 9
    assert rule.active is not None
    assert (rule.active.number, rule.active.expression) == (3, MENDED)


def refuse_the_trap(bench: Bench) -> None:
    """Write a rule that does not say what it seems to: it is not kept."""
    page = bench.page
    bench.open("/audits/rule/workbench/")
    page.fill("[name=title]", "SSH open to the world")
    page.select_option("[name=technologies]", GROUPS)
    page.fill("[name=score]", "9")
    bench.write(TRAPPED)
    bench.reads("said-expression", "This is read as (!Owner).Name: always null.")
    bench.reads("said-expression", "FromPort is a number in the stored items")
    bench.save("draft")
    bench.reads("bench-trouble", "Nothing was saved.")
    bench.picture("refused")
    assert not Rule.objects.exists()


def mend_it(bench: Bench) -> None:
    """Mend each trap by a click; say what makes a finding the same tomorrow."""
    page = bench.page
    page.click("#said-expression .mend:has-text('empty(Owner.Name)')")
    page.wait_for_selector("#said-expression >> text=always null", state="detached")
    page.click("#said-expression .mend:has-text('`22`')")
    page.wait_for_selector("#said-expression >> text=FromPort is a number", state="detached")
    assert page.input_value("#id_expression") == MENDED
    bench.unfold("What makes it the same issue")
    page.fill("[name=identity]", "CidrIp")
    page.fill("[name=notes]", "SSH is open to {CidrIp}.")


def try_it(bench: Bench) -> None:
    """Hold it against real items, and make examples of them."""
    page = bench.page
    page.click("text=One that fires")
    bench.reads("bench-item-name", "bastion")
    bench.reads("bench-result", "SSH is open to 0.0.0.0/0.")
    bench.reads("bench-explain", "Keep those where FromPort is 22")
    bench.picture("mended")
    page.click("#bench-needed button[name=example]")
    page.wait_for_selector("#mark-0 >> text=must fire")
    page.click("text=One that does not")
    page.wait_for_selector("#bench-result >> text=does not fire")
    page.click("#bench-needed button[name=example]")
    page.wait_for_selector("#mark-1 >> text=must not fire")
    bench.reads("bench-holds", "All examples hold")
    bench.reads("bench-needed", "No example would notice")
    bench.picture("examples")


def look_ahead(bench: Bench) -> None:
    """Ask what it would change, and when it would have fired; a worker answers."""
    page = bench.page
    for kind in ("impact", "backtest"):
        page.click(f"#ahead-{kind} button[name=kind]")
        page.wait_for_selector(f"#ahead-{kind} >> text=Cancel")
        previews.answer(Preview.objects.get(kind=kind).pk)
        page.wait_for_selector(f"#ahead-{kind} >> text=Ask again")
        assert "bastion" in page.inner_text(f"#ahead-{kind}")
    bench.picture("looked-ahead")


def edit(bench: Bench, rule: Rule) -> None:
    """Change a rule that is in force: it asks why."""
    page = bench.page
    bench.open(f"/audits/rule/{rule.pk}/workbench/")
    bench.unfold("Title, technologies, score")
    page.fill("[name=score]", "4")
    bench.reads("bench-head", "Medium")
    bench.save("force")
    bench.reads("bench-trouble", "say why it changes")
    bench.save("force", "Half as bad as we thought.")
    page.wait_for_selector("text=Version 2 is saved; it is in force.")
    bench.picture("edited")


def roll_back(bench: Bench) -> None:
    """Compare the versions, and bring the first one's text back."""
    page = bench.page
    page.click("a:text-is('Compare')")
    page.wait_for_selector("text=Version 1 and version 2")
    bench.picture("compared")
    page.fill("form[action$='/restore/1/'] [name=reason]", "It was as bad as we thought.")
    page.click("form[action$='/restore/1/'] button[name=_activate]")
    page.wait_for_selector("text=Version 3")
    bench.picture("rolled-back")


def _judges(answer: Any, expression: str) -> bool:
    """Say whether an answer is about a whole expression."""
    sent = parse_qs(answer.request.post_data or "")
    return answer.url.endswith("/workbench/try/") and sent.get("expression") == [expression]


@pytest.mark.parametrize("bench", [(1440, "light"), (1440, "dark"), (390, "light")], indirect=True)
def test_hostile_data_and_text_stay_what_they_are(bench: Bench) -> None:
    account = AccountFactory(name=HOSTILE[:100])
    config = {
        HOSTILE: HOSTILE,
        "List": [{"Id": HOSTILE, "Name": HOSTILE}],
        "Long": "y" * 3000,
        "Deep": {"a": {"b": {"c": {"d": {"e": {"f": ["x" * 200]}}}}}},
    }
    ItemFactory(account=account, name=HOSTILE, config=config)
    page = bench.page
    bench.open("/audits/rule/workbench/")
    page.fill("[name=title]", HOSTILE)
    page.select_option("[name=technologies]", "aws.ec2.security_group")
    bench.reads("bench-tree", "Long")
    bench.picture("begun")
    for text in ("List[?Id]", f"List[?Id == '{HOSTILE}']", f"List[{HOSTILE}", "Long"):
        # Judged as it stands when the typing is over, not a beginning of it.
        with page.expect_response(lambda answer, text=text: _judges(answer, text)):
            bench.write(text)
    page.fill("[name=q]", "script")
    page.wait_for_selector("#bench-found button")
    bench.picture("searched")
    page.click("#bench-found button")
    page.locator("#bench-tree .ask").first.click()
    page.wait_for_selector("#bench-suggestion .mend")
    bench.picture("suggested")


def test_what_was_typed_is_not_lost_when_nobody_answers(bench: Bench) -> None:
    ItemFactory()
    page = bench.page
    bench.open("/audits/rule/workbench/")
    page.select_option("[name=technologies]", "aws.ec2.security_group")
    bench.reads("bench-tree", "GroupId")
    page.context.clear_cookies(name="sessionid")
    bench.write("GroupId")
    bench.reads("bench-trouble", "You are logged out")
    assert page.input_value("#id_expression") == "GroupId"
    assert page.url.endswith("/audits/rule/workbench/")
    bench.picture("logged-out")
    bench.visit.log_in(page.context.new_page())
    bench.write("GroupId")
    bench.reads("bench-result", "fires: 1 finding")
    assert page.locator("#bench-trouble").inner_text() == ""
