"""What waits for a second person is answered by HTTP as in the console."""

from typing import Any

import pytest

from accounts.models import User
from audits.models import Proposal, Rule, RuleVersion
from config.roles import ROLES
from tests.config.test_api_rules import TEXT
from tests.config.test_api_tokens import token_of
from tests.config.test_api_writing import ask
from tests.factories import granted

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(admin_user: User, settings: Any) -> Proposal:
    """A rule that its author wants in force, where a second person is demanded."""
    settings.SECOND_PERSON = True
    body = {**TEXT, "then": "force", "reason": "Ours."}
    said = ask("post", "rules/", token_of(admin_user, "read", "rules"), body)
    assert said.json()["waits"] is True, said.content
    return Proposal.objects.get()


def here(asked: Proposal) -> str:
    return f"proposals/{asked.pk}/"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("yes", [True, False])
def test_who_may_approve_answers_once(asked: Proposal, role: str, yes: bool) -> None:
    header = token_of(granted(role), "read", "rules")
    body = {"yes": yes, "because": "Seen."}
    answer = ask("post", f"{here(asked)}answer/", header, body)
    assert answer.status_code == (200 if role == "approver" else 403), answer.content
    decides = role == "approver" and yes
    assert Rule.objects.get().state == ("active" if decides else "draft")
    if role == "approver":
        assert answer.json()["answer"] == ("approved" if yes else "refused")
        assert ask("post", f"{here(asked)}answer/", header, body).status_code == 400


def test_who_asked_does_not_answer_and_a_no_says_why(asked: Proposal, admin_user: User) -> None:
    own = token_of(admin_user, "read", "rules")
    assert ask("post", f"{here(asked)}answer/", own, {"yes": True}).status_code == 403
    other = token_of(granted("approver"), "read", "rules")
    refused = ask("post", f"{here(asked)}answer/", other, {"yes": False})
    assert [one["field"] for one in refused.json()["errors"]] == ["because"]
    assert ask("post", f"{here(asked)}answer/", other, {"because": "x"}).status_code == 400
    only_reads = token_of(granted("approver"), "read", "review")
    assert ask("post", f"{here(asked)}answer/", only_reads, {"yes": True}).status_code == 403
    asked.refresh_from_db()
    assert asked.answer == ""


@pytest.mark.parametrize("role", ROLES)
def test_an_editor_withdraws(asked: Proposal, role: str) -> None:
    header = token_of(granted(role), "read", "rules")
    old = {"If-Match": ask("get", here(asked), header).headers.get("ETag", '"x"')}
    wrong = ask("post", f"{here(asked)}withdraw/", header, {}, **{"If-Match": '"x"'})
    answer = ask("post", f"{here(asked)}withdraw/", header, {"because": "Too soon."}, **old)
    may = role == "rule editor"
    assert (wrong.status_code, answer.status_code) == ((412, 200) if may else (403, 403))
    asked.refresh_from_db()
    assert (asked.answer, asked.because) == (("withdrawn", "Too soon.") if may else ("", ""))


def test_what_holds_its_examples_no_more_goes_on_waiting(asked: Proposal) -> None:
    RuleVersion.objects.update(expression="!Open")
    header = token_of(granted("approver"), "read", "rules")
    answer = ask("post", f"{here(asked)}answer/", header, {"yes": True})
    assert answer.status_code == 400
    assert "open" in answer.content.decode()
    waiting = ask("get", "proposals/?state=waiting", header).json()["results"]
    assert [one["id"] for one in waiting] == [asked.pk]
