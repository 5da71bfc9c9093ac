"""The queue in a browser: moved through, chosen from, assigned, said something about, justified."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from audits.models import Issue, Mention
from tests.config.test_looks import Visit
from tests.factories import IssueFactory, ItemFactory, a_rule, granted

pytestmark = [pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def visit(chromium: Any, live_server: Any) -> Visit:
    """Ines looks at three issues, the worst first."""
    User.objects.create_superuser("ines", "ines@example.com", "a long password")
    granted("viewer", username="tom")
    item, version = ItemFactory(name="lab"), a_rule(title="Open to all").active
    for score in (9, 8, 7):
        IssueFactory(
            item=item,
            version=version,
            score=score,
            notes=f"number {score}",
            opened_at=timezone.now(),
        )
    made = Visit(chromium, live_server.url, 1440, "light")
    made.page.goto(f"{live_server.url}/audits/issue/")
    return made


def chosen(visit: Visit) -> list[bool]:
    boxes = visit.page.locator("[data-choose=one]")
    return [boxes.nth(place).is_checked() for place in range(boxes.count())]


def test_keys_move_and_choose(visit: Visit) -> None:
    page = visit.page
    bar = page.locator(".bar-of-deeds")
    assert not bar.is_visible()
    for key in ("j", "j", "x", "j", "j", "x", "k"):
        page.keyboard.press(key)
    assert chosen(visit) == [False, True, True]
    assert "number 8" in page.locator(".row.cursor").inner_text()
    assert "2 chosen" in bar.inner_text()
    assert "Justify 2 issues" in bar.inner_text()
    page.keyboard.press("*")
    assert chosen(visit) == [True, True, True]
    page.keyboard.press("Escape")
    assert chosen(visit) == [False, False, False]
    page.keyboard.press("?")
    assert page.locator("#queue-keys").is_visible()
    page.keyboard.press("Escape")
    page.locator("#queue-keys").wait_for(state="hidden")
    page.keyboard.press("/")
    page.keyboard.type("xjy")
    assert page.input_value("#queue-search") == "xjy"
    assert chosen(visit) == [False, False, False]
    assert visit.wrong == []


def test_a_slash_opens_the_search_where_a_narrow_window_folds_it_away(visit: Visit) -> None:
    page = visit.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#queue-search").wait_for(state="hidden")
    page.keyboard.press("/")
    page.wait_for_function("document.activeElement.id === 'queue-search'")
    page.keyboard.type("xjy")
    assert page.input_value("#queue-search") == "xjy"
    assert visit.wrong == []


def test_what_is_chosen_is_assigned(visit: Visit) -> None:
    page = visit.page
    for key in ("j", "x", "j", "x", "a"):
        page.keyboard.press(key)
    page.wait_for_selector("text=This is about 2 issues")
    page.select_option("[name=to]", label="tom")
    page.click("text=Assign 2 issues >> nth=-1")
    page.wait_for_selector("text=2 issues assigned to tom.")
    assert Issue.objects.filter(assignee__username="tom").count() == 2
    assert page.locator(".initials").count() == 2
    assert visit.wrong == []


def test_an_issue_is_opened_commented_on_and_left_for_the_next(visit: Visit) -> None:
    page = visit.page
    for key in ("j", "j", "o"):
        page.keyboard.press(key)
    page.wait_for_selector("text=2 of 3")
    page.keyboard.press("c")
    page.keyboard.type("@tom can we keep it?")
    page.click("#said form button")
    page.wait_for_selector("#said .said >> text=@tom can we keep it?")
    assert Mention.objects.get().user.username == "tom"
    page.locator("#said h2, body").first.click(position={"x": 1, "y": 1})
    page.keyboard.press("j")
    page.wait_for_selector("text=3 of 3")
    page.keyboard.press("u")
    page.wait_for_selector("#queue")
    assert visit.wrong == []


def test_one_is_justified_from_the_list(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("j")
    page.keyboard.press("y")
    page.wait_for_selector("text=This covers 1 issue")
    page.fill("[name=because]", "A lab, wiped every night.")
    page.click("text=Justify 1 issue >> nth=-1")
    page.wait_for_selector("text=1 issue justified.")
    assert page.locator("tr.row").count() == 2
    assert visit.wrong == []
