"""The reference of the language says what the functions say."""

import re
from io import StringIO

import pytest
from django.core.management import call_command

from audits.describing import BEGIN, END, describe, reference, with_reference
from audits.library import library
from audits.management.commands.ruledocs import PAGE


def test_the_reference_in_the_documents_is_up_to_date():
    page = PAGE.read_text("utf-8")
    assert with_reference(page) == page, "run manage.py ruledocs --write"


def test_every_function_is_in_the_reference_once():
    titles = re.findall(r"^#### (\w+)$", reference(), re.MULTILINE)
    assert sorted(titles) == sorted(library())


@pytest.mark.parametrize("name", sorted(library()))
def test_every_part_of_a_description_is_told(name):
    one = describe(library()[name])
    assert one.usage.startswith(f"{name}(")
    assert one.promise.endswith(".")
    assert one.example and one.on and one.gives
    assert "Example:" not in one.more


def test_what_may_be_left_out_and_what_is_an_expression_is_seen():
    assert describe(library()["statements"]).usage == "statements(policy, [effect])"
    assert describe(library()["any"]).usage == "any(values, &expression)"


def test_a_page_without_a_place_is_refused():
    with pytest.raises(ValueError, match="no place"):
        with_reference("# Rules")
    assert with_reference(f"a {BEGIN} old {END} b").startswith("a ")


def test_the_command_prints_it():
    said = StringIO()
    call_command("ruledocs", stdout=said)
    assert said.getvalue().strip() == reference()
