"""Issues are given away, justifications answered and ended by HTTP, as in the console."""

from typing import Any

import pytest

from audits.models import Issue, Justification, ReviewPolicy
from audits.reviewing import justify
from config.roles import ROLES
from tests.config.test_api_tokens import token_of
from tests.config.test_api_writing import ask
from tests.factories import GroupFactory, IssueFactory, granted

pytestmark = pytest.mark.django_db
REVIEW = {"reviewer", "approver"}


@pytest.fixture
def group() -> Any:
    return GroupFactory()


@pytest.fixture
def issue(group: Any) -> Issue:
    issue = IssueFactory()
    issue.account.groups.add(group)
    return issue


def asked_for(issue: Issue) -> Justification:
    """Make a justification that waits for a yes."""
    ReviewPolicy.objects.update(second_person=True)
    (made,) = justify([issue], granted("reviewer"), "A lab.")
    return made


@pytest.mark.parametrize("role", ROLES)
def test_who_may_review_gives_an_issue_away(issue: Issue, group: Any, role: str) -> None:
    person = granted(role, group)
    header, here = token_of(person, "read", "review"), f"issues/{issue.pk}/"
    answer = ask("patch", here, header, {"assignee": person.pk})
    assert answer.status_code == (200 if role in REVIEW else 403)
    issue.refresh_from_db()
    assert (issue.assignee == person) == (role in REVIEW)
    assert ask("patch", here, token_of(person, "read"), {"assignee": None}).status_code == 403
    elsewhere = token_of(granted(role, GroupFactory()), "read", "review")
    assert ask("patch", here, elsewhere, {"assignee": None}).status_code in (403, 404)


def test_it_goes_to_nobody_who_may_not_see_it_and_no_name_is_told(issue: Issue, group: Any) -> None:
    header = token_of(granted("reviewer", group), "read", "review")
    stranger = granted("viewer", GroupFactory(), username="stranger")
    said = [
        ask("patch", f"issues/{issue.pk}/", header, {"assignee": key}).content
        for key in (stranger.pk, 10**6)
    ]
    assert said[0] == said[1]
    assert b"stranger" not in said[0]
    assert not Issue.objects.exclude(assignee=None).exists()


def test_an_issue_that_was_given_away_meanwhile_is_not_taken(issue: Issue, group: Any) -> None:
    one, other = granted("reviewer", group), granted("reviewer", group)
    header, here = token_of(one, "read", "review"), f"issues/{issue.pk}/"
    old = {"If-Match": ask("get", here, header).headers["ETag"]}
    assert ask("patch", here, header, {"assignee": other.pk}, **old).status_code == 200
    assert ask("patch", here, header, {"assignee": one.pk}, **old).status_code == 412
    issue.refresh_from_db()
    assert issue.assignee == other


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("yes", [True, False])
def test_who_may_approve_answers(issue: Issue, group: Any, role: str, yes: bool) -> None:
    asked = asked_for(issue)
    header, here = token_of(granted(role, group), "read", "review"), f"justifications/{asked.pk}/"
    answer = ask("post", f"{here}answer/", header, {"yes": yes, "words": "Well."})
    assert answer.status_code == (200 if role == "approver" else 403)
    if role == "approver":
        assert answer.json()["state"] == ("in force" if yes else "refused")
        assert answer.json()["issues"] == ([issue.pk] if yes else [])
        again = ask("post", f"{here}answer/", header, {"yes": yes, "words": "Well."})
        assert again.status_code == 400


@pytest.mark.parametrize("role", ROLES)
def test_who_may_review_ends_a_justification(issue: Issue, group: Any, role: str) -> None:
    (made,) = justify([issue], granted("reviewer", group), "A lab.")
    header, here = token_of(granted(role, group), "read", "review"), f"justifications/{made.pk}/"
    old = {"If-Match": ask("get", here, header).headers["ETag"]}
    wrong = ask("post", f"{here}withdraw/", header, {}, **{"If-Match": '"x"'})
    assert wrong.status_code == (412 if role in REVIEW else 403)
    answer = ask("post", f"{here}withdraw/", header, {"because": "It left the lab."}, **old)
    assert answer.status_code == (200 if role in REVIEW else 403)
    issue.refresh_from_db()
    assert issue.justified == (role not in REVIEW)
    if role in REVIEW:
        assert answer.json()["state"] == "withdrawn"
