"""The one door: what comes in, what is left out, and that it says why."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.checks import check_plugin_folders
from config.plugins import Missing, Registry, in_files

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


def test_what_lacks_a_needed_text_is_left_out() -> None:
    builtin = {"x": "collections:Counter", "y": "tests.config.test_plugins:Named"}
    plugins: Registry = Registry("acme.none", dict, builtin, needs=("label",))
    assert [plugin.__name__ for plugin in plugins.values()] == ["Named"]
    assert plugins.problems() == ["x (collections:Counter) is left out: its label must be a text"]


class Named(dict):
    label = "Named"


def test_a_module_that_ends_the_program_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme_that_exits.py").write_text("raise SystemExit(1)")
    plugins = registry(tmp_path, monkeypatch, "broken = acme_that_exits:Thing")
    assert [*plugins.values()] == [plugins["ours"]]
    assert "SystemExit" in plugins.problems()[0]


# -- files in folders -------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A folder that VERVET_PLUGINS names."""
    path, kept = [*sys.path], {*sys.modules}
    settings.PLUGIN_FOLDERS = [str(tmp_path)]
    yield tmp_path
    sys.path[:] = path
    for name in {*sys.modules} - kept:
        del sys.modules[name]
    in_files.cache_clear()


def watchers() -> Registry:
    return Registry("vervet.watchers", base=dict, builtin=BUILTIN)


def test_a_file_comes_in_as_a_package_does(folder: Path) -> None:
    (folder / "_acme_base.py").write_text("class Base(dict): pass")
    (folder / "acme_file.py").write_text(
        "from _acme_base import Base\n"
        'PLUGINS = {"vervet.watchers": {"acme.door": "acme_file:Door"}}\n'
        "class Door(Base): pass\n"
    )
    plugins = watchers()
    assert [*plugins] == ["ours", "acme.door"]
    assert "acme_file" not in sys.modules, "naming the keys imports nothing"
    assert plugins["acme.door"].__name__ == "Door"
    assert plugins.problems() == []
    assert check_plugin_folders() == []
    assert [*Registry("vervet.packs", base=dict, builtin={})] == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("acme_a", "class Door: pass", "no table PLUGINS"),
        ("acme_b", "PLUGINS = {", "acme_b.py, line 1"),
        ("acme_c", "PLUGINS = dict(a=1)", "written out, in texts alone"),
        ("acme_d", "PLUGINS = []", "a table for each kind"),
        ("acme_e", 'PLUGINS = {"vervet.watcher": {}}', "vervet.watcher is no kind of plugin"),
        ("acme_f", 'PLUGINS = {"vervet.watchers": {"x": "A door"}}', 'as "acme_f:Class"'),
        ("json", "PLUGINS = {}", "another name"),
        ("acme-g", "PLUGINS = {}", "another name"),
    ],
)
def test_a_file_that_cannot_be_read_is_left_out_alone_and_named(
    folder: Path, name: str, text: str, says: str
) -> None:
    (folder / f"{name}.py").write_text(text)
    (folder / "acme_good.py").write_text(
        'PLUGINS = {"vervet.watchers": {"acme.good": "collections:Counter"}}'
    )
    plugins = watchers()
    assert [plugin.__name__ for plugin in plugins.values()] == ["OrderedDict", "Counter"]
    (said,) = check_plugin_folders()
    assert f"{name}.py is left out" in said.msg
    assert says in said.msg


def test_a_file_that_does_not_load_or_takes_a_key_is_left_out(folder: Path) -> None:
    (folder / "acme_broken.py").write_text(
        'PLUGINS = {"vervet.watchers": {"acme.a": "acme_broken:A", "ours": "acme_broken:B"}}\n'
        "import acme_that_is_nowhere\n"
    )
    plugins = watchers()
    assert [plugin.__name__ for plugin in plugins.values()] == ["OrderedDict"]
    taken, broken = plugins.problems()
    assert "the key is taken by collections:OrderedDict" in taken
    assert "acme_that_is_nowhere" in broken


def test_a_folder_that_is_not_there_is_named(settings: Any) -> None:
    settings.PLUGIN_FOLDERS = ["/no/such/folder"]
    assert [*watchers()] == ["ours"]
    (said,) = check_plugin_folders()
    assert said.msg == "/no/such/folder is no folder"
