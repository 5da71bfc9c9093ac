"""A text that is not saved stands where a version would."""

import pytest

from audits.drafts import Draft
from audits.engine import Outcome, evaluate
from audits.functions.base import Context
from tests.factories import NOW, a_rule


@pytest.mark.django_db
def test_a_draft_of_a_versions_text_decides_as_the_version_does() -> None:
    version = a_rule(
        expression="Ports[?@ > param('least')]",
        parameters={"least": {"type": "number", "default": 1000}},
    ).active
    assert version
    draft = Draft.of({**version.values(), "examples": []})
    assert draft.defaults() == version.defaults() == {"least": 1000}
    context = Context(now=NOW, config={"Ports": [22, 3389]}, parameters=draft.defaults())
    assert evaluate(draft, context) == evaluate(version, context)
    assert evaluate(draft, context).outcome is Outcome.FAIL


def test_what_a_text_lacks_is_empty() -> None:
    assert Draft.of({"expression": "a", "identity": None, "score": 0}) == Draft(
        expression="a", score=0
    )
