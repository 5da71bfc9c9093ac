"""The company that the console is measured on can be made, and its pages open."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from benchmarks.company import ALL_SEEING, LIMITED, fill
from benchmarks.console import pages

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.django_db(transaction=True)]


def test_every_page_that_is_measured_opens_on_a_small_company(capsys: Any) -> None:
    fill(200)
    seen = {name: Client() for name in (ALL_SEEING, LIMITED)}
    for name, client in seen.items():
        client.force_login(User.objects.get(username=name))
    for page in pages():
        answers = {name: client.get(page.address).status_code for name, client in seen.items()}
        # Of a list this short there is no page 200: it leads to the first.
        assert answers[ALL_SEEING] in (200, 302), page
        assert answers[LIMITED] < 500, page
