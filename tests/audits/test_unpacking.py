"""Reading what people write: every fault with its line, nothing that explodes, nothing made."""

import time
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from audits import packs
from audits.plain_yaml import LARGEST, NotPlain, read_yaml
from audits.unpacking import PackError, unpacked

PACK = """
technology: aws.ec2.security_group
rules:
  - key: one
    title: One
    score: 3
    expression: |
      GroupId == 'sg-1'
    examples:
      - name: it is
        fires: true
        config: {GroupId: sg-1}
      - name: another
        fires: false
        config: {GroupId: sg-2}
"""


def faults(text: str, name: str = "box.yaml") -> str:
    with pytest.raises(PackError) as caught:
        unpacked(text, name)
    return str(caught.value)


def test_every_shipped_file_is_read_as_any_reader_of_yaml_reads_it() -> None:
    files = list(Path(packs.__path__[0]).glob("*.yaml"))
    assert len(files) > 10
    for file in files:
        assert read_yaml(file.read_text()).documents == [yaml.safe_load(file.read_text())]


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for one, before in zip("bcdefghijk", "abcdefghij", strict=True):
        lines.append(f"{one}: &{one} [{', '.join([f'*{before}'] * 10)}]")
    begun = time.perf_counter()
    with pytest.raises(NotPlain, match=r"line \d+: with its aliases followed, it grows too large"):
        read_yaml("\n".join(lines))
    assert time.perf_counter() - begun < 5


def test_a_bomb_of_merges_is_refused() -> None:
    fat = ", ".join(f"k{n}: {'x' * 1000}" for n in range(1000))
    merges = "\n".join(f"m{n}: {{<<: *fat, a: 1}}" for n in range(LARGEST // 1_000_000 + 1))
    with pytest.raises(NotPlain, match="too large"):
        read_yaml(f"fat: &fat {{{fat}}}\n{merges}")


@pytest.mark.parametrize("text", ["[" * 2000, "- " * 2000, "{a: " * 500])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(NotPlain, match="nested more than"):
        read_yaml(text)


def test_a_depth_that_aliases_add_up_to_is_refused() -> None:
    levels = ["a0: &a0 [[[[[[[[[[x]]]]]]]]]]"]
    levels += [f"a{n}: &a{n} [[[[[[[[[[*a{n - 1}]]]]]]]]]]" for n in range(1, 12)]
    with pytest.raises(NotPlain, match="nested more than"):
        read_yaml("\n".join(levels))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: 'a' stands there twice"),
        ("a:\n  1: x", 'line 2: a key must be a text: write "1"'),
        ("a:\n  yes: x", 'line 2: a key must be a text: write "yes"'),
        ("a: !!python/object/apply:os.system [x]", "tag:yaml.org,2002:python"),
        ("a: !mine x", "line 1: the tag !mine is not read"),
        ("a:\n- .nan", "line 2: .nan is no number"),
        ("a: -.inf", "no number"),
        ("a: 1.0e+999", "no number"),
        ('a: "\\0"', "cannot be kept"),
        ("a: &x [*x]", "line 1: \\*x stands for nothing above it"),
        ("a: *b", "stands for nothing above it"),
        ("a: [1", "line 2: "),
        ("a: " + "9" * 5000, "is no int"),
        ("<<: 5", "<< takes in objects only"),
        ("a\tb: \x01", "control characters"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(NotPlain, match=says):
        read_yaml(text)


def test_dates_and_times_of_day_stay_text() -> None:
    (found,) = read_yaml("{a: 2026-06-01, b: 12:30, c: 1:20:30.5, d: '1', e: 0x10}").documents
    assert found == {"a": "2026-06-01", "b": "12:30", "c": "1:20:30.5", "d": "1", "e": 16}


def test_merge_keys_and_aliases_are_followed() -> None:
    (found,) = read_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: [{x: 9}, *a]}").documents
    assert (found["b"], found["c"]) == ({"x": 1, "y": 3}, {"x": 9, "y": 2})


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("title: One", "titel: One", "line 5: box.one: unknown fields: titel"),
        ("title: One", "titel: One", "line 4: box.one has no title"),
        ("title: One", "title: 12", "line 5: box.one: title is a text: put 12 in quotation marks"),
        ("score: 3", "score: 11", "line 6: box.one: score is a whole number from 0 to 10"),
        ("score: 3", "score: true", "score is a whole number"),
        ("score: 3", "references: ['javascript:alert(1)']", "does not begin with https://"),
        ("score: 3", "parameters: {days: 3}", "line 6: box.one: parameters is an object"),
        ("score: 3", "controls: CIS", "controls is a list of texts"),
        ("key: one", "key: One", "line 4: 'box.One' is no key"),
        ("fires: true", "fires: perhaps", "examples 1: fires is true or false"),
        ("fires: true", "fires: true\n        version: 4", "examples 1: unknown: version"),
        ("fires: false", "fires: false\n        context: x", "examples 2: context is an object"),
        ("technology:", "technologie:", "line 2: technologie is no word of a pack"),
        ("rules:", "rule:", "a list of rules under the word rules"),
    ],
)
def test_a_fault_is_told_with_its_line_and_rule(old: str, new: str, says: str) -> None:
    assert says in faults(PACK.replace(old, new, 1))


def test_every_fault_is_told_at_once() -> None:
    said = faults(PACK.replace("score: 3", "score: x").replace("title: One", "title: [1]"))
    assert len(said.splitlines()) == 2


def test_a_key_that_stands_twice_is_told_with_both_places() -> None:
    again = PACK + PACK[PACK.index("  - key") :]
    assert "line 16: box.one stands there already (box.yaml, line 4)" in faults(again)


# -- as CI runs it -----------------------------------------------------------------------------


def check(tmp_path: Path, text: str, *args: str) -> int:
    (tmp_path / "box.yaml").write_text(text)
    try:
        call_command("checkpacks", str(tmp_path), *args)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_a_good_folder_passes_without_a_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path, PACK) == 0
    assert "1 rules read: 0 faults" in capsys.readouterr().out


def test_a_technology_of_a_package_that_is_missing_is_only_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = PACK.replace("aws.ec2.security_group", "acme.box")
    assert check(tmp_path, text) == 0
    assert "warning: box.one, technologies: Nothing that is in" in capsys.readouterr().out
    assert check(tmp_path, text, "--strict") == 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("GroupId == 'sg-1'", "GroupId ==", "box.yaml, line 7: box.one, expression: Something is"),
        ("GroupId == 'sg-1'", "Group", "line 10: box.one, examples: “it is” should fire."),
        ("GroupId == 'sg-1'", "nosuch(GroupId)", "There is no function nosuch()"),
        ("fires: false", "fires: true", "There is no example that does not fire."),
        (
            "aws.ec2.security_group",
            "aws.ec2.segurity_group",
            "Did you mean aws.ec2.security_group?",
        ),
    ],
)
def test_a_folder_with_a_fault_fails_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    assert check(tmp_path, PACK.replace(old, new, 1)) == 1
    assert says in capsys.readouterr().err
