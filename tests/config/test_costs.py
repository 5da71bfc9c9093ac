"""What a list asks of the database: so many queries, however many rows it has."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from tests.config.test_seeing import furnished, world

__all__ = ["world"]

pytestmark = pytest.mark.django_db
LISTS = [f"{one._meta.app_label}_{one._meta.model_name}" for one in admin.site._registry]
# The session, the person and the grants, what stands beside the list's title, and its rows.
MOST = 14
# Lists with many filters, each of which is counted.
DEARER = {
    "accounts_ledgerentry": 17,
    "accounts_user": 15,
    "audits_changereview": 21,
    "audits_issue": 25,
    "audits_justification": 17,
    "audits_rule": 23,
    "items_gap": 15,
    "items_item": 19,
    "items_run": 16,
}
# Beside these, a list of the past asks what was kept of its rows.
OF_THE_PAST = 6


def asked(client: Client, model: str, day: str) -> int:
    given = {"as_of": day} if day else {}
    with CaptureQueriesContext(connection) as queries:
        response = client.get(reverse(f"admin:{model}_changelist"), given)
    return len(queries) if response.status_code == 200 else 0


def test_every_list_asks_a_fixed_number_of_queries(
    world: dict[str, Any], admin_client: Client, admin_user: User
) -> None:
    told = [(model, day) for model in LISTS for day in ("", "2026-08-01")]

    def counted() -> dict[tuple[str, str], int]:
        return {(model, day): asked(admin_client, model, day) for model, day in told}

    asked(admin_client, LISTS[0], "")  # What is read once a process.
    before = counted()
    furnished("more", world["mine"], admin_user)
    after = counted()
    grown = {one: (before[one], n) for one, n in after.items() if n > before[one]}
    most = {one: DEARER.get(one[0], MOST) + OF_THE_PAST * bool(one[1]) for one in told}
    dear = {one: n for one, n in after.items() if n > most[one]}
    assert (grown, dear) == ({}, {})
