"""What is sent twice with one Idempotency-Key is done once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from accounts.api.once import HELD, KEPT, once
from accounts.api.problems import Conflict
from accounts.forgetting import forget
from accounts.models import Answered
from audits.models import Comment
from tests.config.test_api_tokens import token_of
from tests.factories import IssueFactory, UserFactory, granted

pytestmark = pytest.mark.django_db
# They keep nothing of what they are sent, so there is nothing to do twice.
ONLY_ANSWER = {"/api/evaluate/", "/api/queries/run/"}


def say(header: dict[str, str], issue: Any, text: str = "Why?", key: str = "k-1") -> Any:
    return Client().post(
        "/api/comments/",
        {"issue": issue.pk, "text": text},
        content_type="application/json",
        headers={**header, "Idempotency-Key": key},
    )


@pytest.fixture
def header() -> dict[str, str]:
    return token_of(granted("reviewer", username="rita"), "read", "review")


def test_sent_again_it_is_answered_as_before_and_not_done_again(header: dict[str, str]) -> None:
    issue = IssueFactory()
    first, again = say(header, issue), say(header, issue)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Comment.objects.count() == 1
    assert say(header, issue, key="k-2").status_code == 201
    assert Comment.objects.count() == 2


def test_a_key_that_was_used_for_something_else_is_refused(header: dict[str, str]) -> None:
    issue = IssueFactory()
    say(header, issue)
    wrong = say(header, issue, text="Who?")
    assert wrong.status_code == 422
    assert wrong.headers["Content-Type"] == "application/problem+json"
    assert Comment.objects.count() == 1


def test_keys_of_two_people_have_nothing_to_do_with_each_other(header: dict[str, str]) -> None:
    issue = IssueFactory()
    say(header, issue)
    other = token_of(granted("reviewer", username="otto"), "read", "review")
    assert say(other, issue).status_code == 201
    assert Comment.objects.count() == 2


def test_another_token_of_the_same_person_is_not_shown_the_answer(header: dict[str, str]) -> None:
    issue = IssueFactory()
    say(header, issue)
    owner = Answered.objects.get().user
    assert say(token_of(owner, "read", "review"), issue).status_code == 422


def test_what_was_refused_may_be_sent_mended_with_the_same_key(header: dict[str, str]) -> None:
    issue = IssueFactory()
    assert say(header, issue, text="").status_code == 400
    assert not Answered.objects.exists()
    assert say(header, issue).status_code == 201


def test_what_is_being_answered_is_a_conflict_until_it_is_given_up(header: dict[str, str]) -> None:
    issue = IssueFactory()
    say(header, issue)
    Answered.objects.update(status=None)
    assert say(header, issue).status_code == 409
    Answered.objects.update(at=timezone.now() - HELD - timedelta(seconds=1))
    assert say(header, issue).status_code == 201


def test_a_slow_request_that_was_taken_over_leaves_the_others_answer_alone() -> None:
    sent = APIRequestFactory().post("/api/x/", headers={"Idempotency-Key": "k"})
    force_authenticate(sent, UserFactory())
    request = Request(sent)

    @once(whole=False)
    def slow(view: Any, request: Request) -> Response:
        Answered.objects.update(at=timezone.now(), status=201, body="the other's")
        return Response("mine", 201)

    with pytest.raises(Conflict):
        slow(None, request)
    assert Answered.objects.get().body == "the other's"


@pytest.mark.parametrize("key", ["a b", "x" * 201, "\xe4"])
def test_what_is_no_key_is_refused(header: dict[str, str], key: str) -> None:
    assert say(header, IssueFactory(), key=key).status_code == 400


def test_after_a_day_a_key_is_free_again_and_forgotten(header: dict[str, str]) -> None:
    issue = IssueFactory()
    say(header, issue)
    forget(timezone.now())
    assert Answered.objects.exists()
    Answered.objects.update(at=timezone.now() - KEPT - timedelta(seconds=1))
    assert say(header, issue, text="Something else").status_code == 201
    Answered.objects.update(at=timezone.now() - KEPT - timedelta(seconds=1))
    forget(timezone.now())
    assert not Answered.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_does_it() -> None:
    issue = IssueFactory()
    header = token_of(granted("reviewer", username="otto"), "read", "review")

    def one(_: int) -> int:
        try:
            return int(say(header, issue).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(one, range(8)))
    assert Comment.objects.count() == 1
    assert set(states) <= {201, 409}
    assert 201 in states


def test_everything_that_is_posted_takes_a_key_but_what_only_answers() -> None:
    for path, methods in SchemaGenerator().get_schema(request=None, public=True)["paths"].items():
        if "post" not in methods:
            continue
        names = {one["name"] for one in methods["post"].get("parameters", ())}
        assert ("Idempotency-Key" in names) == (path not in ONLY_ANSWER), path
