"""Sixty-nine well-known checks can be said in our language, and hold on their examples."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from audits import packs
from audits.drafts import Draft
from audits.engine import evaluate
from audits.examples import example_context, failures
from audits.linting import expression_faults
from audits.loading import shipped
from audits.revealing import reveals

CHECKS: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("reference_checks.yaml").read_text("utf-8")
)
SHIPPED = {key.rpartition(".")[0] for key, _ in shipped(packs)}


@pytest.fixture(params=CHECKS)
def check(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = CHECKS[request.param]
    return found


def draft_of(check: dict[str, Any]) -> Draft:
    return Draft.of({**check, "technologies": [check["technology"]]})


def examples_of(check: dict[str, Any]) -> list[SimpleNamespace]:
    usual = {"context": {}, "identities": None}
    return [
        SimpleNamespace(**{**usual, **check[name], "name": name, "fires": name == "fires"})
        for name in ("fires", "passes")
    ]


def test_all_of_them_are_here() -> None:
    assert len(CHECKS) == 69


def test_a_check_fires_and_passes_as_it_should(check: dict[str, Any]) -> None:
    assert failures(draft_of(check), examples_of(check)) == []


def test_a_check_may_be_kept(check: dict[str, Any]) -> None:
    assert expression_faults("expression", check["expression"].strip()) == ()
    assert not reveals(check["expression"])


def test_a_check_gives_an_answer_where_all_is_missing(check: dict[str, Any]) -> None:
    context = check["fires"].get("context", {})
    if "contains(" not in check["expression"]:  # The seed's own words; JMESPath's raises on null.
        verdict = evaluate(draft_of(check), example_context(draft_of(check), {}, context))
        assert verdict.outcome != "unknown", verdict.reason


def test_a_check_that_ships_names_its_pack(check: dict[str, Any]) -> None:
    assert check.get("in_pack") is None or check["in_pack"] in SHIPPED
