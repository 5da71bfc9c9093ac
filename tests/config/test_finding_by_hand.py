"""Search, narrow, save and open again, in a browser."""

from typing import Any

import pytest

from accounts.models import User
from tests.config.test_looks import Visit
from tests.factories import AccountFactory
from tests.items.test_searching import look, opened

pytestmark = [pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_an_address_is_looked_for_narrowed_down_kept_and_asked_again(
    chromium: Any, live_server: Any, width: int, theme: str
) -> None:
    User.objects.create_superuser("ines", "ines@example.com", "a long password")
    prod = AccountFactory(name="prod")
    look(prod, 0, web=opened("10.4.0.0/16"), db=opened("10.0.0.0/8"), old=opened("10.4.1.0/24"))
    look(prod, 1, web=opened("10.4.0.0/16"), db=opened("10.0.0.0/8"))
    visit = Visit(chromium, live_server.url, width, theme)
    page = visit.page
    page.goto(f"{live_server.url}/find/")
    page.click("[name=q]")
    page.keyboard.type("10.4.0.0/16")
    page.keyboard.press("Enter")
    page.wait_for_selector("b:text-is('2 items')")
    if width < 1000:
        page.click("text=Narrow it down")
    page.click("text=what is gone")
    page.wait_for_selector("b:text-is('3 items')")
    assert page.locator(".hit-row").count() == 3
    assert page.locator("mark").all_text_contents() == ["10.4.0.0/16", "10.0.0.0/8", "10.4.1.0/24"]
    page.click("text=Save as a view")
    page.fill("[name=name]", "Who speaks of the office")
    page.click("[name=_save]")
    page.click("#result_list a:text-is('Who speaks of the office')")
    page.wait_for_selector("b:text-is('3 items')")
    page.click("a:text-is('Query')")
    page.fill("[name=condition]", "IpPermissions[].IpRanges[?CidrIp == '10.0.0.0/8'][]")
    page.fill("[name=columns]", "From: IpPermissions[].IpRanges[].CidrIp")
    page.click("button:text-is('Ask')")
    page.wait_for_selector("b:text-is('1 of 2')")
    assert page.locator("table.answer tbody tr").count() == 1
    page.click("text=Make it a rule")
    page.wait_for_selector("textarea[name=expression]")
    assert "10.0.0.0/8" in page.input_value("textarea[name=expression]")
    assert visit.wrong == []
