"""Rules written as packs: read again they are the same, written again the same bytes."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from audits.loading import complete, load_folder, load_packs, packs, shipped
from audits.models import Rule, RuleVersion
from audits.packing import packed, stream, texts_of
from audits.plain_yaml import read_yaml
from audits.unpacking import PackError, unpacked
from audits.versions import write_version
from tests.factories import a_rule

# Texts that YAML takes for something else, breaks, trims or folds.
HOSTILE = st.sampled_from(
    [
        "1", "1.0", "0x1F", "1e3", "012", "12:30", "2026-06-01", "2026-06-01T00:00:00Z", "yes",
        "No", "on", "null", "~", "true", "=", "<<", "- a", "a: b", "a #b", "#b", "&a", "*a", "!t",
        "%x",
        "@x", "`x`", "{a}", "[a]", "'", '"', "\\", "''a", '"a" b', "a\nb", "a\n\nb", "a \nb",
        " a\nb",
        "a\n  b\nc", "\ta", "a\tb", "a\r\nb", "---", "...", "--- a", "a\n---\nb", "?", "? a", "|",
        ">",
        "\x85", "a\u2028b", "\ufeff", "\u200b", "ä", "日本語", "😀", "\u202e", "a  b", "a" * 300,
        "word " * 60, "two  spaces " * 30, "x\n" * 40, "\u00a0", "a:", ":a", "a,b", "", "{a}: {b}",
        "'default'", "a'b\"c\\d", "line\n indented\nback", "trailing \n", "\x7f", "\x1b[0m",
    ]
)  # fmt: skip
KEPT = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
TEXT = HOSTILE | st.text(KEPT, max_size=40) | st.lists(HOSTILE, max_size=4).map(" ".join)
NUMBER = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUE = st.recursive(
    NUMBER | st.none() | st.booleans() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=6,
)  # fmt: skip
CONFIG = VALUE.filter(lambda value: value is not None)
EXAMPLE = st.fixed_dictionaries(
    {"name": TEXT.map(lambda text: text[:200]), "fires": st.booleans(), "config": CONFIG},
    optional={
        "context": st.dictionaries(TEXT, VALUE, min_size=1, max_size=3),
        "identities": st.lists(VALUE, max_size=3),
    },
)
LINK = TEXT.map(lambda text: f"https://{text}")
FIELDS = st.fixed_dictionaries(
    {
        "title": TEXT.map(lambda text: text.strip()[:200].strip()),
        "technologies": st.lists(TEXT | st.just("a.b"), max_size=3),
        **dict.fromkeys(("applies_when", "expression", "identity", "extent", "notes"), TEXT),
        **dict.fromkeys(("rationale", "remediation"), TEXT),
        "score": st.integers(0, 10),
        "parameters": st.dictionaries(TEXT, st.dictionaries(TEXT, VALUE, max_size=4), max_size=3),
        "references": st.lists(LINK, max_size=3),
        "controls": st.lists(TEXT, max_size=3),
        "examples": st.lists(EXAMPLE, max_size=3),
    }
)
KEY = st.from_regex(r"\A[a-z0-9_]{1,5}([.-][a-z0-9_]{1,5}){0,3}\Z")
RULES = st.dictionaries(KEY, FIELDS, min_size=1, max_size=3).map(lambda one: sorted(one.items()))


def read(files: dict[str, str]) -> dict[str, dict[str, Any]]:
    return {one.key: one.fields for name, text in files.items() for one in unpacked(text, name)}


# Making hostile rules takes longer than looking at them.
patient = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(RULES)
@patient
def test_what_is_written_is_read_as_it_was_and_written_alike(
    rules: list[tuple[str, dict[str, Any]]],
) -> None:
    files = packed(rules)
    again = [(key, complete(one)) for key, one in read(files).items()]
    assert dict(again) == {key: complete(one) for key, one in rules}
    assert packed(again) == packed(reversed(again)) == files
    streamed = {one.key: complete(one.fields) for one in unpacked(stream(rules))}
    assert streamed == dict(again), "a stream needs no file's name"


@given(RULES)
@patient
def test_any_reader_of_yaml_reads_the_same(rules: list[tuple[str, dict[str, Any]]]) -> None:
    for text in packed(rules).values():
        assert yaml.load(text, Loader=yaml.CSafeLoader) == read_yaml(text).documents[0]


def written() -> dict[str, str]:
    return packed(texts_of(Rule.objects.all()))


class ThroughTheDatabase(TestCase):
    @given(RULES)
    @settings(patient, max_examples=15, phases=[Phase.generate])
    def test_an_export_loaded_into_an_empty_database_is_exported_alike(
        self, rules: list[tuple[str, dict[str, Any]]]
    ) -> None:
        for key, fields in rules:
            write_version(Rule.objects.create(key=key), fields, "made")
        first = written()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file, text in first.items():
                (folder / file).write_bytes(text.encode())
            Rule.objects.all().delete()
            assert {one.what for one in load_folder(folder, "ours")} == {"new"}
            assert written() == first
            versions = RuleVersion.objects.count()
            assert load_folder(folder, "ours") == []
            assert RuleVersion.objects.count() == versions


EXAMPLES = [
    {"name": "open", "fires": True, "config": {"GroupId": "sg-1"}},
    {"name": "closed", "fires": False, "config": {}},
]


def export(*args: str) -> None:
    call_command("exportpack", *args, verbosity=0)


@pytest.mark.django_db
def test_shipped_rules_that_are_exported_and_loaded_change_nothing(tmp_path: Path) -> None:
    load_packs()
    export("--to", str(tmp_path))
    counts = Rule.history.count(), RuleVersion.objects.count()
    assert load_folder(tmp_path, "ours") == []
    assert (Rule.history.count(), RuleVersion.objects.count()) == counts
    assert sum(len(unpacked(one.read_bytes(), one.name)) for one in tmp_path.iterdir()) == len(
        list(shipped(packs["vervet"]))
    )


@pytest.mark.django_db
def test_one_rule_is_written_beside_what_its_file_holds(tmp_path: Path) -> None:
    a_rule("aws.box.one", title="One", examples=EXAMPLES)
    a_rule("aws.box.two", title="Two", examples=EXAMPLES)
    export("--to", str(tmp_path))
    a_rule("aws.box.two", title="Second")
    a_rule("aws.box.one", title="First")
    export("aws.box.two", "--to", str(tmp_path))
    rules = {
        one.key: one.fields["title"]
        for one in unpacked((tmp_path / "aws.box.yaml").read_bytes(), "aws.box.yaml")
    }
    assert rules == {"aws.box.one": "One", "aws.box.two": "Second"}


@pytest.mark.django_db
def test_a_rule_without_a_dot_in_its_key_has_a_file_too(tmp_path: Path) -> None:
    a_rule("simple", title="Simple", examples=EXAMPLES)
    a_rule("rules.of-ours", title="Named like a file", examples=EXAMPLES)
    export("--to", str(tmp_path))
    assert {one.what for one in load_folder(tmp_path, "ours")} == {"adopted"}
    assert set(Rule.objects.values_list("pack", flat=True)) == {"ours"}


@pytest.mark.django_db
def test_a_retired_rule_is_exported_only_by_its_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rule = a_rule("aws.box.old", title="Old")
    a_rule("aws.box.new", title="New")
    Rule.objects.filter(pk=rule.pk).update(state="retired")
    export()
    assert "title: Old" not in capsys.readouterr().out
    export("aws.box.old")
    assert "title: Old" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"called aws\.box\.none"):
        export("aws.box.none")


@pytest.mark.django_db
def test_the_version_in_force_can_be_exported(capsys: pytest.CaptureFixture[str]) -> None:
    rule = a_rule("aws.box.one", title="In force")
    write_version(rule, {**rule.active.values(), "title": "Draft", "examples": []}, "draft")
    export()
    assert "title: Draft" in capsys.readouterr().out
    export("--in-force")
    assert "title: In force" in capsys.readouterr().out


@pytest.mark.django_db
def test_exporting_costs_the_same_for_one_rule_as_for_many(
    django_assert_num_queries: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        a_rule(f"aws.box.r{number}", examples=EXAMPLES)
    with django_assert_num_queries(3):
        export()


# -- a folder of one's own ---------------------------------------------------------------------


def folder_with(tmp_path: Path, **fields: Any) -> Path:
    text = {
        "technology": "aws.box",
        "rules": [
            {"key": "one", "title": "One", "expression": "GroupId", "examples": EXAMPLES, **fields}
        ],
    }
    (tmp_path / "aws.box.yaml").write_text(yaml.safe_dump(text))
    return tmp_path


@pytest.mark.django_db
def test_a_folder_is_a_pack_whose_rules_follow_it(tmp_path: Path) -> None:
    load_folder(folder_with(tmp_path, score=3), "ours")
    rule = Rule.objects.get(key="aws.box.one")
    assert (rule.pack, rule.state, rule.active.score) == ("ours", "active", 3)
    done = load_folder(folder_with(tmp_path, score=4), "ours")
    assert [(one.what, one.fields) for one in done] == [("updated", ("score",))]


@pytest.mark.django_db
def test_another_packs_rule_is_refused_until_it_is_taken_over(tmp_path: Path) -> None:
    load_folder(folder_with(tmp_path, score=3), "theirs")
    folder_with(tmp_path, score=4)
    (refused,) = load_folder(tmp_path, "ours")
    assert refused.problems == ("It is a rule of the pack theirs: leave it out, or take it over.",)
    assert Rule.objects.get().pack == "theirs"
    (taken,) = load_folder(tmp_path, "ours", take_over=True)
    assert (taken.what, taken.fields) == ("updated", ("score",))
    assert (Rule.objects.get().pack, Rule.objects.get().active.score) == ("ours", 4)


@pytest.mark.django_db
def test_a_rule_of_the_admin_is_adopted_as_it_stands(tmp_path: Path) -> None:
    a_rule("aws.box.one", title="Mine", score=9, technologies=["aws.box"], examples=EXAMPLES)
    (kept,) = load_folder(folder_with(tmp_path, score=4), "ours")
    rule = Rule.objects.get()
    assert (kept.what, rule.pack, rule.active.title, rule.active.score) == (
        "kept",
        "ours",
        "Mine",
        9,
    )
    assert rule.shipped["score"] == 4, "what the folder says stands beside"


@pytest.mark.django_db
def test_a_folder_may_not_be_called_like_an_installed_pack(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="installed pack"):
        load_folder(folder_with(tmp_path), "vervet")


@pytest.mark.django_db
def test_an_empty_folder_retires_nothing(tmp_path: Path) -> None:
    load_folder(folder_with(tmp_path), "ours")
    (tmp_path / "aws.box.yaml").unlink()
    with pytest.raises(PackError, match=r"no \.yaml file"):
        load_folder(tmp_path, "ours")
    assert Rule.objects.get().state == "active"
