"""What the JMESPath specification speaks of, case by case: ours says what stock JMESPath says.

Where stock JMESPath answers with an error, so does ours: a verdict is unknown then, never a pass.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jmespath
import pytest
import yaml

from audits.bounds import Evaluation
from audits.compiling import Source, compiled
from audits.functions.base import Context

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NAMES = {
    "foo": {"bar": {"baz": "x", "1": "one"}, "foo": 0, "": "empty"},
    "foo.bar": 1,
    "foo bar": 2,
    "é": "accent",
    "☃": None,
    "-1": "minus",
    "true": "name",
    "0": {"a": 1},
    'quo"te': 3,
    "back\\slash": 4,
    "list": [[0, 1, [2]], 3, {"a": None}, "text"],
    "none": None,
}
ROWS = {
    "people": [
        {"age": 20, "name": "a", "on": True, "tags": ["x", "y"], "id": {"n": 1}},
        {"age": 20.5, "name": "b", "on": False, "tags": [], "id": None},
        {"age": 25, "name": "c", "on": 1, "tags": None},
        {"age": "25", "name": 5, "on": 0, "id": {"n": 3}},
        {"age": None, "name": "é", "tags": ["y", "z", None, ["w"]], "id": {"n": 2}},
        "no object",
        None,
        [{"age": 1}],
        0,
    ],
    "good": [{"age": 3, "n": "c"}, {"age": 1, "n": "a"}, {"age": 2.5, "n": "b"}, {"age": 1}],
    "map": {"a": {"on": 1, "k": [1, 2]}, "b": {"on": None}, "c": [3], "d": None, "e": {"k": []}},
    "pairs": [[1, 2, [3, [4]]], [], 5, [[6]], None, {"k": [7]}],
    "deep": {"ops": [{"num": [{"n": [1, 2]}, {"n": [3]}]}, {"num": []}, {"num": None}, {}]},
}
TYPES = {
    "zero": 0,
    "float": 0.0,
    "minus": -0.0,
    "one": 1,
    "big": 2**70,
    "huge": 10**400,
    "half": -1.5,
    "text": "text",
    "number": "3",
    "long": "10000000000000000000000000",
    "blank": "",
    "accent": "\N{LATIN SMALL LETTER E WITH ACUTE}\U0001f600",
    "half_pair": "\ud800",
    "on": True,
    "off": False,
    "null": None,
    "list": [],
    "object": {},
    "numbers": [3, -1, 2.5, 0],
    "texts": ["b", "a", "é", ""],
    "mixed": [1, "a", None],
    "truths": [True, False],
    "sames": [1, True, 1.0, 0, False, 0.0, "1", None],
    "nested": {"a": [1, {"b": [2]}], "c": "d"},
}
DOCUMENTS: dict[str, Any] = {
    "names": NAMES,
    "slices": {
        "foo": [*range(10)],
        "bar": {"baz": 1},
        "rows": [{"a": {"b": number}} for number in range(3)],
    },
    "projections": ROWS,
    "filters": ROWS,
    "truth": TYPES,
    "comparisons": TYPES,
    "multiselects": ROWS,
    "literals": {"a": 1},
    "functions": TYPES,
    "by": ROWS,
    "errors": ROWS,
}
CASES: dict[str, list[str]] = {
    group: [one for line in lines.splitlines() for one in line.split("; ")]
    for group, lines in yaml.safe_load(
        Path(__file__).with_name("agreeing.yaml").read_text("utf-8")
    ).items()
}


def said(answer: Any) -> str:
    """Give an answer as text: 1, 1.0 and true are equal to Python."""
    return json.dumps(answer, default=lambda one: type(one).__name__)


def by_stock(expression: str, config: Any) -> str:
    try:
        return said(jmespath.search(expression, config))
    except Exception as error:  # Whatever it raises is an error.
        assert not isinstance(error, RecursionError)
        return "error"


def by_ours(expression: str, config: Any, measures: bool | None) -> str:
    try:
        tree = jmespath.compile(expression).parsed
        part = compiled(tree) if measures is None else Source(measures).function(tree)
        return said(part(Evaluation(Context(now=NOW, config=config)), config))
    except Exception:
        return "error"


@pytest.mark.parametrize("measures", [None, True])
@pytest.mark.parametrize("group", DOCUMENTS)
@pytest.mark.filterwarnings("ignore:deprecated string literal", "error::SyntaxWarning")
def test_every_case_is_answered_as_stock_jmespath_answers_it(
    group: str, measures: bool | None
) -> None:
    config = DOCUMENTS[group]
    answers = {one: (by_stock(one, config), by_ours(one, config, measures)) for one in CASES[group]}
    assert {one: two for one, two in answers.items() if two[0] != two[1]} == {}


@pytest.mark.filterwarnings("ignore:deprecated string literal")
def test_the_cases_hold_answers_and_errors_of_every_function() -> None:
    answers = {
        one: by_stock(one, DOCUMENTS[group]) for group, cases in CASES.items() for one in cases
    }
    for name in jmespath.functions.Functions.FUNCTION_TABLE:
        asked = {said == "error" for one, said in answers.items() if one.startswith(f"{name}(")}
        assert asked == {True, False}, name
    assert len(answers) > 500
