"""What a text would do, asked by HTTP: by who may in the console, read by who asked alone."""

from typing import Any

import pytest
from django.test import Client

from audits.models import Issue, Preview, Rule, RuleVersion
from config import jobs
from config.roles import ROLES
from tests.config.test_api_tokens import token_of
from tests.factories import AccountFactory, GroupFactory, ItemFactory, a_rule, granted

pytestmark = pytest.mark.django_db
TEXT = {"title": "Open", "technologies": ["aws.ec2.security_group"], "expression": "Open"}


@pytest.fixture
def rule() -> Rule:
    return a_rule("open", **TEXT, score=5)


def ask(header: dict[str, str], body: Any) -> Any:
    client = Client()
    return client.post("/api/previews/", body, content_type="application/json", headers=header)


def test_the_impact_of_an_edit_is_asked_then_read_where_the_answer_says(rule: Rule) -> None:
    item = ItemFactory(config={"Open": True})
    header = token_of(granted("rule editor"), "read", "rules")
    asked = ask(header, {"rule": rule.pk, "score": 9})
    assert asked.status_code == 202, asked.content
    there = asked.headers["Location"]
    assert (asked.json()["state"], asked.json()["result"]) == ("waiting", None)
    jobs.preview(asked.json()["id"])
    told = Client().get(there, headers=header).json()
    assert (told["state"], told["percent"]) == ("done", 100)
    assert told["result"]["counts"]["new"] == 1
    (row,) = told["result"]["lists"]["new"]
    assert (row["item"], row["score"]) == (item.pk, 9)
    assert not Issue.objects.exists()
    assert rule.versions.count() == 1


def test_a_new_text_looks_back_and_can_be_asked_no_more(rule: Rule) -> None:
    editor = granted("rule editor")
    header = token_of(editor, "read", "rules")
    body = {**TEXT, "kind": "backtest", "since": "2026-01-01"}
    asked = ask(header, body).json()
    assert (asked["kind"], asked["since"], asked["rule"]) == ("backtest", "2026-01-01", None)
    there = f"/api/previews/{asked['id']}/"
    assert Client().delete(there, headers=token_of(editor, "read")).status_code == 403
    assert Client().delete(there, headers=header).status_code == 204
    assert Client().get(there, headers=header).json()["state"] == "cancelled"


@pytest.mark.parametrize("role", ROLES)
def test_each_role_asks_what_it_may_ask_in_the_console(rule: Rule, role: str) -> None:
    version = RuleVersion.objects.get()
    editor, approver = role == "rule editor", role == "approver"
    for body, may in (
        ({"rule": rule.pk}, editor),
        (TEXT, editor),
        ({"version": version.pk}, editor or approver),
    ):
        for scopes in (["read", "rules"], ["read", "review", "operate"], ["rules"]):
            answer = ask(token_of(granted(role), *scopes), body)
            wanted = 202 if may and {"read", "rules"} <= set(scopes) else 403
            assert answer.status_code == wanted, (body, scopes, answer.content)
        some = ask(token_of(granted(role, GroupFactory()), "read", "rules"), body)
        assert some.status_code == 403


def test_an_answer_is_shown_to_who_asked_alone_and_names_nothing_foreign(rule: Rule) -> None:
    group = GroupFactory()
    for name in ("mine", "haven"):
        ItemFactory(account=AccountFactory(name=name), config={"Open": True})
    owner = granted("rule editor")
    whole, part = (
        token_of(owner, "read", "rules"),
        token_of(owner, "read", "rules", groups=(group,)),
    )
    ItemFactory._meta.model.objects.get(account__name="mine").account.groups.add(group)
    pk = ask(whole, {"rule": rule.pk, "score": 9}).json()["id"]
    jobs.preview(pk)
    there = f"/api/previews/{pk}/"
    assert "haven" in Client().get(there, headers=whole).content.decode()
    narrowed = Client().get(there, headers=part)
    assert "mine" in narrowed.content.decode()
    assert "haven" not in narrowed.content.decode()
    other = token_of(granted("rule editor"), "read", "rules")
    assert Client().get(there, headers=other).status_code == 404
    assert Client().delete(there, headers=other).status_code == 404
    assert Client().get("/api/previews/", headers=other).json()["results"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**TEXT, "expression": "Open["}, "expression"),
        ({**TEXT, "score": 11}, "score"),
        ({"rule": 10**12}, "rule"),
        ({"version": 10**12}, "version"),
        ({"version": 1, "score": 2}, "version"),
        ({**TEXT, "parameters": {"a": 1}}, "parameters.a"),
        ({**TEXT, "state": "active"}, "state"),
        ({**TEXT, "kind": "backtest", "since": "2999-01-01"}, "since"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_by_field(body: Any, field: str) -> None:
    answer = ask(token_of(granted("rule editor"), "read", "rules"), body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"].startswith(field), answer.json()
    assert not Preview.objects.exists()
