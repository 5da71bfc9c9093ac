"""Configurations beside each other: what is one thing stands in one line."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from items.aligning import MOST, aligned
from items.diffing import differences
from tests.items.test_diffing import objects


def table(*values: Any, every: bool = False) -> list[tuple[Any, ...]]:
    return [
        (row.depth, row.label, *(cell.text if cell.there else None for cell in row.cells))
        for row in aligned(values, every=every)[0]
    ]


def test_what_is_missing_is_said_once() -> None:
    rows, _ = aligned(({"a": 1}, {"a": 1, "b": {"c": {"d": 1}}}))
    assert [row.cells[0].text for row in rows] == ["not there", "", ""]
    assert not any(row.cells[0].there for row in rows)


def test_only_what_differs_is_shown_with_what_leads_to_it() -> None:
    one = {"Users": [{"Id": "a", "On": True}, {"Id": "b", "On": True}], "Same": 1}
    other = {"Same": 1, "Users": [{"Id": "b", "On": False}, {"Id": "a", "On": True}]}
    assert table(one, other) == [
        (0, "Users", "", ""),
        (1, "b", "", ""),
        (2, "On", "true", "false"),
    ]
    assert (0, "Same", "1", "1") in table(one, other, every=True)


def test_what_one_lacks_is_no_empty_text() -> None:
    assert table({"a": ""}, {"a": "x", "b": {"c": None}}) == [
        (0, "a", "", "x"),
        (0, "b", None, ""),
        (1, "c", None, "null"),
    ]


def test_three_are_beside_each_other() -> None:
    assert table({"a": 1}, {"a": 1}, {"a": 2}) == [(0, "a", "1", "1", "2")]
    rows = table(*({"L": [{"Sid": sid, "n": 1}]} for sid in "aba"))
    assert rows == [
        (0, "L", "", "", ""),
        (1, "a", "", None, ""),
        (2, "Sid", "a", None, "a"),
        (2, "n", "1", None, "1"),
        (1, "b", None, "", None),
        (2, "Sid", None, "b", None),
        (2, "n", None, "1", None),
    ]


def test_json_in_a_text_is_opened_here_too() -> None:
    assert table({"d": '{"a": 1, "b": 2}'}, {"d": '{"b":2,"a":3}'}) == [
        (0, "d", "", ""),
        (1, "a", "1", "3"),
    ]


def test_what_is_written_is_bounded() -> None:
    rows, more = aligned(({}, {str(n): n for n in range(MOST + 1)}))
    assert (len(rows), more) == (MOST, True)


@given(objects, objects)
def test_lines_are_shown_where_there_are_differences_and_only_there(one: Any, other: Any) -> None:
    assert bool(aligned((one, other))[0]) == bool(differences(one, other))


@given(st.lists(objects, min_size=2, max_size=4))
def test_every_line_has_a_cell_for_each(values: list[Any]) -> None:
    rows, _ = aligned(values, every=True)
    assert all(len(row.cells) == len(values) for row in rows)
    assert all(row.depth == 0 or row.differs in (True, False) for row in rows)
