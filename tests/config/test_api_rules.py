"""Rules are written and moved by HTTP as in the workbench: each edit a version."""

from typing import Any

import pytest

from accounts.models import LedgerEntry, User
from audits.models import Rule
from config.roles import ROLES
from tests.config.test_api_tokens import token_of
from tests.config.test_api_writing import ask
from tests.factories import a_rule, granted

pytestmark = pytest.mark.django_db
TEXT: dict[str, Any] = {
    "key": "acme.bucket.open",
    "title": "Open",
    "technologies": ["aws.s3.bucket"],
    "expression": "Open",
    "score": 4,
    "examples": [
        {"name": "open", "fires": True, "config": {"Open": True}},
        {"name": "closed", "fires": False, "config": {"Open": False}},
    ],
}


@pytest.fixture
def header(admin_user: User) -> dict[str, str]:
    return token_of(admin_user, "read", "rules")


def test_a_rule_is_written_tried_put_into_force_and_retired(header: dict[str, str]) -> None:
    made = ask("post", "rules/", header, TEXT)
    assert made.status_code == 201, made.content
    assert (made.json()["version"], made.json()["state"]) == (1, "draft")
    here = made.headers["Location"].removeprefix("/api/")
    for to, state in (("shadow", "shadow"), ("force", "active"), ("retired", "retired")):
        moved = ask("post", f"{here}move/", header, {"to": to, "reason": "Because."})
        assert (moved.status_code, moved.json()["state"]) == (200, state), moved.content
    assert Rule.objects.get().versions.count() == 1
    assert LedgerEntry.objects.filter(thing="audits.rule").count() == 4


def test_a_change_is_the_next_version_with_the_rest_as_it_was(header: dict[str, str]) -> None:
    here = ask("post", "rules/", header, TEXT).headers["Location"].removeprefix("/api/")
    changed = ask("patch", here, header, {"score": 9, "then": "force", "reason": "Worse."})
    assert changed.status_code == 200, changed.content
    assert (changed.json()["version"], changed.json()["state"]) == (2, "active")
    told = ask("get", here, header).json()["text"]
    assert (told["score"], told["title"], told["expression"]) == (9, "Open", "Open")
    assert told["author"] is not None
    same = ask("patch", here, header, {"score": 9})
    assert (same.json()["new"], same.json()["version"]) == (False, 2)
    unexplained = ask("patch", here, header, {"score": 3})
    assert unexplained.json()["errors"][0]["field"] == "reason"


def test_of_two_editors_the_second_is_told_of_the_first(header: dict[str, str]) -> None:
    made = ask("post", "rules/", header, TEXT)
    here = made.headers["Location"].removeprefix("/api/")
    old = {"If-Match": ask("get", here, header).headers["ETag"]}
    assert old["If-Match"].split(".")[0] == made.headers["ETag"].split(".")[0]
    assert ask("patch", here, header, {"score": 9}, **old).status_code == 200
    assert ask("patch", here, header, {"score": 3}, **old).status_code == 412
    assert ask("post", f"{here}move/", header, {"to": "force"}, **old).status_code == 412
    assert Rule.objects.get().newest.score == 9  # type: ignore[union-attr]


REFUSED = {
    "title": {**TEXT, "title": ""},
    "key": {**TEXT, "key": "A B"},
    "expression": {**TEXT, "expression": "a["},
}


@pytest.mark.parametrize("field", REFUSED)
def test_a_text_that_cannot_be_kept_is_refused_at_its_field(
    header: dict[str, str], field: str
) -> None:
    answer = ask("post", "rules/", header, REFUSED[field])
    assert answer.status_code == 400
    assert field in {one["field"].split(".")[0] for one in answer.json()["errors"]}
    assert not Rule.objects.exists()


def test_what_cannot_decide_stays_a_draft_and_says_why(header: dict[str, str]) -> None:
    wrong = {**TEXT, "examples": [{"name": "x", "fires": True, "config": {}}], "then": "force"}
    answer = ask("post", "rules/", header, {**wrong, "reason": "Now."})
    assert answer.status_code == 201, answer.content
    assert answer.json()["state"] == "draft"
    assert answer.json()["problems"]


def test_where_a_second_person_is_demanded_it_waits(header: dict[str, str], settings: Any) -> None:
    settings.SECOND_PERSON = True
    answer = ask("post", "rules/", header, {**TEXT, "then": "force", "reason": "Now."})
    assert answer.json()["waits"]
    assert answer.json()["state"] == "draft"


@pytest.mark.parametrize("role", ROLES)
def test_editors_write_with_the_scope_rules_and_nobody_else(role: str) -> None:
    rule, person = a_rule(), granted(role)
    for scopes in (["review"], ["operate"], ["rules"]):
        header = token_of(person, "read", *scopes)
        may = role == "rule editor" and scopes == ["rules"]
        made = ask("post", "rules/", header, TEXT)
        assert made.status_code == (201 if may else 403), made.content
        changed = ask("patch", f"rules/{rule.pk}/", header, {"score": 1, "reason": "x"})
        assert changed.status_code == (200 if may else 403)
        moved = ask("post", f"rules/{rule.pk}/move/", header, {"to": "retired", "reason": "x"})
        assert moved.status_code == (200 if may else 403)
