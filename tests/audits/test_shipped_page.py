"""Shipped and yours: what differs, side by side, and the way back."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import Grant
from audits.editing import Then, save_version
from audits.loading import load_folder
from audits.models import Rule
from audits.pairing import MOST_LINES, Pair
from audits.resetting import reset
from audits.versions import text_of
from tests.factories import UserFactory, a_rule

pytestmark = pytest.mark.django_db

EXAMPLES = [
    {"name": "open", "fires": True, "config": {"Open": True}},
    {"name": "closed", "fires": False, "config": {"Open": False}},
]
RULE = {"key": "open", "title": "Open", "expression": "Open", "score": 5, "examples": EXAMPLES}


def load(folder: Path, **fields: Any) -> Rule:
    text = {"technology": "aws.box", "rules": [{**RULE, **fields}]}
    (folder / "aws.box.yaml").write_text(yaml.safe_dump(text))
    load_folder(folder, "ours")
    return Rule.objects.get()


@pytest.fixture
def edited(tmp_path: Path, admin_user: Any) -> Rule:
    """A rule of a pack, of which an editor changed score and expression."""
    rule = load(tmp_path)
    fields = text_of(rule.newest) | {"score": 2, "expression": "Open && !Closed"}  # type: ignore[arg-type]
    assert save_version(rule, fields, admin_user, "ours", Then.FORCE, seen=1).active
    return Rule.objects.get()


def test_a_field_goes_back_and_the_others_stay(edited: Rule, admin_user: Any) -> None:
    saved = reset(edited, ["score"], admin_user, "theirs is right", Then.FORCE, seen=2)
    assert saved.active
    assert (saved.version.number, saved.version.reason) == (3, "theirs is right")
    assert (saved.version.score, saved.version.expression) == (5, "Open && !Closed")


def test_what_went_back_follows_its_pack_again(
    edited: Rule, admin_user: Any, tmp_path: Path
) -> None:
    reset(edited, ["score"], admin_user, "theirs is right", Then.FORCE, seen=2)
    rule = load(tmp_path, score=8, expression="Open || Ajar")
    assert rule.active is not None
    assert (rule.active.score, rule.active.expression) == (8, "Open && !Closed")


def test_all_fields_go_back(edited: Rule, admin_user: Any) -> None:
    saved = reset(edited, edited.shipped, admin_user, "as shipped", Then.FORCE, seen=2)
    assert text_of(saved.version) == edited.shipped


@pytest.mark.parametrize(
    ("names", "reason", "seen", "says"),
    [
        (["score"], " ", 2, "Say why"),
        (["title"], "why", 2, "Choose a field that differs"),
        ([], "why", 2, "Choose a field that differs"),
        (["score"], "why", 1, "was saved meanwhile"),
    ],
)
def test_a_reset_that_makes_no_sense_is_refused(
    edited: Rule, admin_user: Any, names: list[str], reason: str, seen: int, says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        reset(edited, names, admin_user, reason, Then.FORCE, seen)
    assert edited.versions.count() == 2


def test_the_page_shows_both_texts_and_brings_one_back(edited: Rule, admin_client: Client) -> None:
    page = reverse("admin:audits_rule_shipped", args=[edited.pk])
    rule_page = admin_client.get(reverse("admin:audits_rule_change", args=[edited.pk]))
    assert page in rule_page.content.decode()
    text = unescape(re.sub(r"<[^>]*>", "", admin_client.get(page).content.decode()))
    assert "Open && !Closed" in text
    assert "As shipped: title," in text
    form = {"seen": 2, "field": ["expression"], "reason": "back", "_activate": "1"}
    assert admin_client.post(page, form).status_code == 302
    edited.refresh_from_db()
    assert edited.active is not None
    assert (edited.active.number, edited.active.expression, edited.active.score) == (3, "Open", 2)
    assert "admin" in str(edited.active.author)


def test_the_page_keeps_what_was_chosen_where_a_reason_is_missing(
    edited: Rule, admin_client: Client
) -> None:
    page = reverse("admin:audits_rule_shipped", args=[edited.pk])
    text = admin_client.post(page, {"seen": 2, "field": ["score"], "_save": "1"}).content.decode()
    assert "Say why" in text
    assert 'value="score" checked' in text


def test_a_text_is_shown_and_never_run(
    tmp_path: Path, admin_user: Any, admin_client: Client
) -> None:
    rule = load(tmp_path)
    evil = "<script>alert(1)</script>{{ rule }}"
    save_version(rule, text_of(rule.newest) | {"rationale": evil}, admin_user, "x", seen=1)  # type: ignore[arg-type]
    text = admin_client.get(reverse("admin:audits_rule_shipped", args=[rule.pk])).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ rule }}" in text


def test_a_viewer_sees_it_and_changes_nothing(edited: Rule) -> None:
    user = UserFactory()
    Grant.objects.create(user=user, role=Group.objects.get(name="viewer"))
    client = Client()
    client.force_login(user)
    page = reverse("admin:audits_rule_shipped", args=[edited.pk])
    response = client.get(page)
    assert response.status_code == 200
    assert "Reset" not in response.content.decode()
    assert client.post(page, {"seen": 2, "field": ["score"], "reason": "x"}).status_code == 403
    assert edited.versions.count() == 2


def test_a_rule_of_no_pack_has_no_such_page(admin_client: Client) -> None:
    rule = a_rule("mine")
    page = reverse("admin:audits_rule_shipped", args=[rule.pk])
    assert admin_client.get(page).status_code == 404
    rule_page = reverse("admin:audits_rule_change", args=[rule.pk])
    assert page not in admin_client.get(rule_page).content.decode()


def test_lines_that_answer_to_each_other_stand_side_by_side() -> None:
    lines = Pair("expression", "a\nb\nc", "a\nx\ny\nc").lines
    assert [(one.left, one.right, one.differs) for one in lines] == [
        ("a", "a", False),
        ("b", "x", True),
        (None, "y", True),
        ("c", "c", False),
    ]


def test_a_very_long_value_is_cut() -> None:
    lines = Pair("examples", [{"config": n} for n in range(5000)], []).lines
    assert len(lines) <= MOST_LINES + 2
