"""Questions about texts in the queue: woken, killed, found again, and told when nobody works."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Grant, User
from audits.models import Issue, Preview, Rule
from config import jobs, previews
from config.previews import ask, why_it_waits
from tests.config.test_workers import ROOT, database_url
from tests.factories import (
    AccountFactory,
    GroupFactory,
    ItemFactory,
    SubscriptionFactory,
    UserFactory,
    a_rule,
)

pytestmark = pytest.mark.django_db

IMPACT = Preview.Kind.IMPACT
TEXT = {"title": "Open", "technologies": ["aws.ec2.security_group"], "expression": "Open"}
TEXT |= {"score": 5}


@pytest.fixture
def editor() -> User:
    return UserFactory(is_superuser=True)


@pytest.fixture
def rule() -> Rule:
    return a_rule("open", **TEXT)


def queued() -> list[int]:
    return [row.task["args"][0] for row in OrmQ.objects.all() if row.task["func"] == previews.JOB]


def test_a_question_wakes_a_worker_once(editor: User, rule: Rule) -> None:
    preview = ask(TEXT, rule, editor, IMPACT)
    assert ask(TEXT, rule, editor, IMPACT) == preview
    previews.enqueue_unanswered()
    assert queued() == [preview.pk]


def test_the_answer_says_who_would_be_told(editor: User, rule: Rule) -> None:
    ItemFactory(config={"Open": True})
    SubscriptionFactory(name="readers")
    preview = ask(TEXT, rule, editor, IMPACT)
    jobs.preview(preview.pk)
    preview.refresh_from_db()
    assert preview.state == "done"
    assert [one["name"] for one in preview.result["mails"]] == ["readers"]
    assert "news" not in preview.result
    assert not Issue.objects.exists()


def test_the_answer_leaves_out_who_hears_nothing_of_that_rule(editor: User, rule: Rule) -> None:
    ItemFactory(config={"Open": True})
    SubscriptionFactory(name="readers")
    other = SubscriptionFactory(name="of another rule")
    other.rules.add(a_rule("closed", **TEXT | {"title": "Closed"}))
    preview = ask(TEXT, rule, editor, IMPACT)
    jobs.preview(preview.pk)
    preview.refresh_from_db()
    assert [one["name"] for one in preview.result["mails"]] == ["readers"]


def test_why_there_is_no_answer_is_kept(editor: User, rule: Rule) -> None:
    preview = ask(TEXT, rule, editor, Preview.Kind.BACKTEST, {"since": "2026-01-01"})
    Preview.objects.update(options={"since": "nonsense"})
    with pytest.raises(ValueError, match="nonsense"):
        jobs.preview(preview.pk)
    preview.refresh_from_db()
    assert preview.state == "failed"
    assert preview.reason.startswith("ValueError: ")


def test_the_page_is_told_when_nobody_works(editor: User, rule: Rule) -> None:
    preview = ask(TEXT, rule, editor, IMPACT)
    assert why_it_waits(preview) == ""
    preview.asked_at -= timedelta(seconds=10)
    assert "start a worker" in why_it_waits(preview)
    preview.state, preview.lease_until = "running", timezone.now() - timedelta(seconds=1)
    assert "Another takes it up" in why_it_waits(preview)


def test_mails_to_subscriptions_out_of_sight_are_only_counted(rule: Rule) -> None:
    mine, theirs = AccountFactory(), AccountFactory(name="hidden-haven")
    group = GroupFactory()
    mine.groups.add(group)
    editor = UserFactory()
    Grant.objects.create(user=editor, role=Group.objects.get(name="rule editor"))
    for account in (mine, theirs):
        ItemFactory(account=account, config={"Open": True})
        SubscriptionFactory(name=f"of {account.name}").accounts.add(account)
    preview = ask(TEXT, rule, editor, IMPACT)
    jobs.preview(preview.pk)
    preview.refresh_from_db()
    assert len(previews.view(preview, editor).result["mails"]) == 2
    Grant.objects.update(group=group)
    seen = previews.view(preview, User.objects.get(pk=editor.pk)).result
    assert [one["name"] for one in seen["mails"]] == [f"of {mine.name}"]
    assert seen["other_mails"] == 1
    assert "hidden-haven" not in str(seen)


def worker(preview: Preview, plugin: Path, **env: str) -> "subprocess.Popen[bytes]":
    """Start another process that answers a question, as the queue's worker does."""
    job = "import sys, django; django.setup(); from config import jobs; jobs.preview({})"
    path = os.pathsep.join([str(ROOT), str(plugin)])
    environment: dict[str, Any] = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": path,
        "DATABASE_URL": database_url(),
        **env,
    }
    command = [sys.executable, "-c", job.format(preview.pk)]
    return subprocess.Popen(command, env=environment, cwd=ROOT)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [IMPACT, Preview.Kind.BACKTEST])
def test_a_killed_workers_question_is_taken_up_again(
    kind: str, editor: User, plugin: Path, tmp_path: Path
) -> None:
    account = AccountFactory()
    for number in range(3):
        ItemFactory(account=account, config={"Name": f"web{number}", "Open": True})
    text = {**TEXT, "expression": "die_at(Name, Open)"}
    # As a worker would find it whose functions this process does not have.
    preview = Preview.objects.create(kind=kind, fields=text, by=editor)
    how = {"ACME_DIE_AT": "web1", "ACME_DIED": str(tmp_path / "died")}
    assert worker(preview, plugin, **how).wait(timeout=120) == -9
    preview.refresh_from_db()
    assert (preview.state, preview.attempts, preview.result) == ("running", 1, None)
    assert worker(preview, plugin, **how).wait(timeout=120) == 0
    preview.refresh_from_db()
    assert preview.attempts == 1, "while the lease lasts, nobody takes it"
    Preview.objects.update(lease_until=timezone.now())
    previews.enqueue_unanswered()
    assert queued() == [preview.pk]
    assert worker(preview, plugin, **how).wait(timeout=120) == 0
    preview.refresh_from_db()
    assert (preview.state, preview.attempts) == ("done", 2)
    found = preview.result["counts"]
    assert found.get("new") or found.get("episodes") == 3
