"""The one door: what comes in, what is left out, and that it says why."""

from pathlib import Path

import pytest

from config.plugins import Missing, Registry

BUILTIN = {"ours": "collections:OrderedDict"}


def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *entries: str) -> Registry:
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[acme.test]\n" + "\n".join(entries))
    monkeypatch.syspath_prepend(str(tmp_path))
    return Registry("acme.test", base=dict, builtin=BUILTIN)


def test_ours_and_theirs_come_in_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = registry(tmp_path, monkeypatch, "theirs = collections:Counter")
    assert [*plugins] == ["ours", "theirs"]
    assert plugins["theirs"].__name__ == "Counter"
    assert plugins.problems() == []


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("broken = no_such_module:Thing", "does not load"),
        ("broken = collections:NoSuchThing", "does not load"),
        ("broken = collections:deque", "it is not a dict"),
        ("ours = collections:Counter", "the key is taken"),
    ],
)
def test_what_is_wrong_is_left_out_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, says: str
) -> None:
    plugins = registry(tmp_path, monkeypatch, entry)
    assert [plugin.__name__ for plugin in plugins.values()] == ["OrderedDict"]
    assert [says in problem for problem in plugins.problems()] == [True]
    assert plugins["ours"].__name__ == "OrderedDict"


def test_a_key_that_nobody_answers_to_says_so() -> None:
    plugins: Registry = Registry("acme.none", base=dict, builtin=BUILTIN)
    assert "gone" not in plugins
    with pytest.raises(Missing, match="its plugin is not installed"):
        plugins["gone"]


def test_naming_the_keys_loads_nothing() -> None:
    plugins: Registry = Registry("acme.none", base=dict, builtin={"x": "no_such_module:X"})
    assert [*plugins] == ["x"]
    assert plugins._loaded == {}
    assert "x" not in plugins
    assert [*plugins] == []
