"""The page of an item in a browser: folding, copying, choosing revisions, saying something."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from audits.models import Comment
from items.models import Item
from tests.config.test_item_page import GROUP, large, revised
from tests.config.test_looks import Visit
from tests.factories import IssueFactory, ItemFactory, a_rule

pytestmark = [pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def item() -> Item:
    User.objects.create_superuser("ines", "ines@example.com", "a long password")
    made: Item = ItemFactory(name="bastion", config=GROUP)
    revised(made, {**GROUP, "On": 2}, {**GROUP, "On": 3})
    found = GROUP["IpPermissions"][0]["IpRanges"][1]
    IssueFactory(item=made, version=a_rule(title="Open").active, evidence=found)
    return made


def visit(chromium: Any, live_server: Any, item: Item) -> Visit:
    found = Visit(chromium, live_server.url, 1280, "light")
    found.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    found.page.goto(live_server.url + reverse("admin:items_item_change", args=[item.pk]))
    return found


def test_a_tree_folds_opens_and_shows_only_what_is_marked(
    chromium: Any, live_server: Any, item: Item
) -> None:
    seen = visit(chromium, live_server, item)
    tree = seen.page.locator("#tree")
    port, marked = tree.get_by_text("FromPort"), tree.locator(".hit")
    assert port.is_visible()
    seen.page.click("text=Fold all")
    assert not port.is_visible()
    seen.page.click("text=Open all")
    assert port.is_visible()
    seen.page.click("text=Only what is marked")
    assert marked.is_visible()
    assert not port.is_visible()
    assert not tree.get_by_text("GroupId").is_visible()
    seen.page.click("text=Only what is marked")
    assert port.is_visible()
    assert seen.wrong == []


def test_a_path_is_copied_as_a_rule_may_use_it(chromium: Any, live_server: Any, item: Item) -> None:
    seen = visit(chromium, live_server, item)
    seen.page.locator("#tree .leaf", has_text="0.0.0.0/0").hover()
    seen.page.click("[aria-label='Copy the path of CidrIp'] >> nth=1")
    seen.page.wait_for_selector("#said:has-text('Copied')", state="attached")
    copied = seen.page.evaluate("navigator.clipboard.readText()")
    assert copied == "IpPermissions[].IpRanges[].CidrIp"
    assert seen.page.locator("#tree .hit").is_visible(), "a copy folds nothing"
    assert seen.wrong == []


def test_two_chosen_revisions_are_compared_in_place(
    chromium: Any, live_server: Any, item: Item
) -> None:
    seen = visit(chromium, live_server, item)
    first = item.history.order_by("history_id").first()
    plus = seen.page.locator("#difference .plus")
    assert seen.page.locator("#difference .minus").inner_text().strip("−\n ") == "2"
    seen.page.select_option("#difference [name=old]", str(first.history_id))
    seen.page.wait_for_function("!document.querySelector('#difference .minus')")
    assert plus.inner_text().strip("+\n ") == "3"
    seen.page.click("text=Side by side")
    seen.page.wait_for_selector(".beside .plus")
    assert seen.page.locator(".beside .plus").inner_text() == "3"
    assert seen.wrong == []


def test_a_comment_is_said_by_hand(chromium: Any, live_server: Any, item: Item) -> None:
    seen = visit(chromium, live_server, item)
    seen.page.fill("[aria-label='Comment on this item']", "Until Friday.")
    seen.page.click("#story >> text=Send >> nth=-1")
    seen.page.wait_for_selector("#story .said:has-text('Until Friday.')")
    assert Comment.objects.get().text == "Until Friday."
    assert seen.wrong == []


def test_what_was_left_out_is_fetched_when_it_is_opened(chromium: Any, live_server: Any) -> None:
    User.objects.create_superuser("ines", "ines@example.com", "a long password")
    seen = visit(chromium, live_server, ItemFactory(config=large()))
    tree = seen.page.locator("#tree")
    assert tree.locator("details").count() == 1
    tree.get_by_text("Rules").click()
    tree.get_by_role("button", name="300 more").wait_for()
    tree.get_by_role("button", name="300 more").click()
    tree.get_by_role("button", name="100 more").wait_for()
    assert tree.locator("> details > .kids > details").count() == 400
    assert seen.wrong == []
