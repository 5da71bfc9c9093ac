"""A whole package of somebody else: it comes in, does all that ours do, goes, and comes back."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.test import Client

from accounts.models import Account
from audits.models import Issue
from config import pipeline
from config.scheduling import slices
from config.serving import ROOT
from items.models import Item, Run
from notifications.models import Delivery, Subscription
from tests.cloud.acme import TOKEN, Acme, acme
from tests.config.test_workers import database_url

pytestmark = pytest.mark.django_db(transaction=True)
MISSING = "Its plugin is missing."


@pytest.fixture
def site() -> Iterator[Acme]:
    with acme() as server:
        yield server


def with_plugin(site: Acme, plugin: Path) -> dict[str, Any]:
    """Let a process that has the plugin do its work; return what it said."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(plugin)]),
        "DATABASE_URL": database_url(),
        "VERVET_DIGEST_KEY": settings.DIGEST_KEY,
        "VERVET_SECRET_ACME": TOKEN,
        "VERVET_LOG_LEVEL": "ERROR",
        "DEBUG": "true",  # No static files were collected.
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.config.with_plugin", site.address],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_package_comes_in_goes_and_comes_back(
    site: Acme, plugin: Path, admin_user: AbstractUser, admin_client: Client
) -> None:
    said = with_plugin(site, plugin)
    it_came_in(said, site)
    it_went_and_left_everything_readable(admin_client)
    revisions = Item.history.count()
    site.doors[0]["LastOpened"] = 9
    said = with_plugin(site, plugin)
    assert said["problems"] == []
    assert Item.history.count() == revisions, "what it left is what it finds again"
    assert Issue.objects.get().fixed_at is None


def it_came_in(said: dict[str, Any], site: Acme) -> None:
    assert said["problems"] == []
    assert "Acme site" in said["add"]
    assert "Where its token lies." in said["add"]
    assert "is not where the secret lies" in said["refused"], "no secret itself is taken"
    assert said["parameters"]["token"] == "env:VERVET_SECRET_ACME"
    assert "It works: there Vervet is the reader of Acme" in said["tested"]
    assert sorted(Item.objects.values_list("technology", "name")) == [
        ("acme.badge", "mia"),
        ("acme.door", "gate"),
        ("acme.door", "safe"),
    ]
    assert Item.objects.get(name="mia").config["Opens"] == ["gate"]
    issue = Issue.objects.get()
    assert (issue.item.name, issue.rule.key) == ("gate", "acme.door.weak_lock")
    (told,) = site.said
    assert told["facts"]["kind"] == "alert"
    assert sum(one["created"] for one in told["facts"]["sums"]) == 3


def it_went_and_left_everything_readable(client: Client) -> None:
    """This process never had the plugin."""
    issue, account = Issue.objects.get(), Account.objects.get()
    told = Subscription.objects.get()
    for page in (
        f"/items/item/{issue.item_id}/change/",
        f"/audits/issue/{issue.pk}/change/",
        f"/accounts/account/{account.pk}/change/",
        f"/notifications/subscription/{told.pk}/change/",
    ):
        text = client.get(page).content.decode()
        assert MISSING in text, page
    for page in (
        "/",
        "/items/item/",
        "/audits/issue/",
        "/accounts/account/",
        "/accounts/account/add/",
        f"/accounts/account/{account.pk}/history/",
        "/notifications/subscription/",
        "/notifications/delivery/",
        "/audits/rule/?state=all",
        f"/audits/rule/{issue.rule_id}/change/",
        f"/audits/rule/{issue.rule_id}/workbench/",
        "/search/?q=gate",
        "/search/?q=acme.door",
        f"/items/compare/?a={issue.item_id}",
    ):
        assert client.get(page).status_code in (200, 301, 302), page
    account_page = client.get(f"/accounts/account/{account.pk}/change/").content.decode()
    assert "Scan now" not in account_page
    assert "Read now" not in client.get(f"/items/item/{issue.item_id}/change/").content.decode()
    assert "its plugin is missing" in client.get("/accounts/account/").content.decode()
    assert "gate" in client.get("/items/item/").content.decode()
    assert slices() == [], "nothing of it is looked at"
    pipeline.judge(account.pk, "acme.door")
    issue.refresh_from_db()
    assert issue.fixed_at is None, "a rule that cannot be run closes nothing"
    tested = client.post(f"/accounts/account/{account.pk}/do/test/")
    assert tested.status_code == 403
    assert client.post(f"/accounts/account/{account.pk}/do/off/").status_code == 302
    account.refresh_from_db()
    assert not account.active
    assert client.post(f"/accounts/account/{account.pk}/do/on/").status_code == 302


def test_what_acme_refuses_is_a_gap_as_of_any_cloud(
    site: Acme, plugin: Path, admin_user: AbstractUser
) -> None:
    site.refused = {"/doors": 403, "/badges/b1/doors": 500, "/say": 429}
    said = with_plugin(site, plugin)
    assert "ended 3" in said["scan"]
    assert not Item.objects.filter(technology="acme.door").exists()
    assert "Opens" in Item.objects.get(name="mia").unread
    assert {run.state for run in Run.objects.all()} == {Run.State.DONE}
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last_error) == ("gathering", "The loudspeaker is busy.")
