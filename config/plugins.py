"""The one door: how account types, watchers, rule functions, notifiers and packs come in."""

import ast
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from django.conf import settings

logger = logging.getLogger(__name__)

Plugin = TypeVar("Plugin")


class Missing(KeyError):
    """No plugin answers to this key; says why."""

    def __str__(self) -> str:
        return str(self.args[0])


GROUPS = (
    "vervet.account_types",
    "vervet.watchers",
    "vervet.functions",
    "vervet.notifiers",
    "vervet.packs",
    "vervet.providers",
    "vervet.firewalls",
)
TABLE = "PLUGINS"


class Registry(Generic[Plugin]):
    """Plugins of one kind by key: ours, those of other packages, and those in folders.

    A built-in one is written as an entry point is, and so is one in a file of a folder that
    VERVET_PLUGINS names, so that ours and theirs load and fail alike. Each is loaded when it
    is first asked for: a process that reads AWS never imports Google. One that fails, has the
    wrong type, lacks one of the texts that it ``needs`` or repeats a key is left out, logged,
    and named in ``problems()``.
    """

    def __init__(
        self, group: str, base: type, builtin: Mapping[str, str], needs: Sequence[str] = ()
    ) -> None:
        self.group = group
        self.base = base
        self.builtin = builtin
        self.needs = needs
        self._loaded: dict[str, Any] = {}
        self._refused: dict[str, str] = {}

    @cached_property
    def _entries(self) -> dict[str, EntryPoint]:
        entries = {key: EntryPoint(key, value, self.group) for key, value in self.builtin.items()}
        installed = sorted(entry_points(group=self.group), key=lambda entry: entry.value)
        in_folders = in_files(tuple(settings.PLUGIN_FOLDERS)).entries
        for entry in (*installed, *(one for one in in_folders if one.group == self.group)):
            if entry.name in entries:
                self._refuse(entry, f"the key is taken by {entries[entry.name].value}", again=True)
            else:
                entries[entry.name] = entry
        return entries

    def __getitem__(self, key: str) -> Plugin:
        if key not in self._loaded and key not in self._refused:
            self._load(key)
        if key in self._loaded:
            return self._loaded[key]
        raise Missing(self._refused.get(key) or f"{key} is not known: its plugin is not installed")

    def __contains__(self, key: str) -> bool:
        return not self.why_not(key)

    def why_not(self, key: str) -> str:
        """Say why nothing answers to a key; empty: something does."""
        try:
            self[key]
        except Missing as missing:
            return str(missing)
        return ""

    def __iter__(self) -> Iterator[str]:
        """Yield the keys, loading nothing; one that is refused later is then left out."""
        return iter([key for key in self._entries if key not in self._refused])

    def values(self) -> list[Plugin]:
        """Load all that can be loaded."""
        return [self[key] for key in self if key in self]

    def problems(self) -> list[str]:
        """Load everything; say what was left out, and why."""
        self.values()
        return list(self._refused.values())

    def _load(self, key: str) -> None:
        entry = self._entries.get(key)
        if entry is None:
            return
        try:
            plugin = entry.load()
        except (Exception, SystemExit) as error:  # A broken package must not take the rest down.
            self._refuse(entry, f"it does not load: {error!r}")
            return
        fault = self._fault(plugin)
        if fault:
            self._refuse(entry, fault)
        else:
            self._loaded[key] = plugin

    def _fault(self, plugin: Any) -> str:
        """Say why what was loaded is no plugin of this kind; empty: it is."""
        if not isinstance(plugin, self.base) and not (
            isinstance(plugin, type) and issubclass(plugin, self.base)
        ):
            return f"it is not a {self.base.__name__}"
        for name in self.needs:
            value = getattr(plugin, name, None)
            if not isinstance(value, str) or not value:
                return f"its {name} must be a text"
        return ""

    def _refuse(self, entry: EntryPoint, reason: str, again: bool = False) -> None:
        text = f"{entry.name} ({entry.value}) is left out: {reason}"
        logger.error("Plugin of %s: %s", self.group, text)
        self._refused[f"{entry.name} {entry.value}" if again else entry.name] = text


class InFiles(NamedTuple):
    """What the files of some folders offer, and what is wrong with them."""

    entries: list[EntryPoint]
    problems: list[str]


@cache
def in_files(folders: tuple[str, ...]) -> InFiles:
    """Read which plugins the Python files in some folders declare; import none of them.

    A file declares its plugins in a table at its top level, with the same words as a package
    in its entry points: ``PLUGINS = {"vervet.watchers": {"acme.door": "acme:Door"}}``. The
    folders come onto the path of imports, behind all others. A file whose name begins with
    an underscore, or with ``test_``, is only there for others.
    """
    entries: list[EntryPoint] = []
    problems = [f"{folder} is no folder" for folder in folders if not Path(folder).is_dir()]
    for folder in folders:
        if folder not in sys.path and Path(folder).is_dir():
            sys.path.append(folder)
        for file in sorted(Path(folder).glob("*.py")):
            if file.name.startswith(("_", "test_", "conftest")):
                continue
            try:
                entries += declared(file)
            except (OSError, SyntaxError, ValueError) as error:
                problems.append(f"{file} is left out: {error}")
    for problem in problems:
        logger.error("VERVET_PLUGINS: %s", problem)
    return InFiles(entries, problems)


def declared(file: Path) -> list[EntryPoint]:
    """Return what a file's table declares; raise SyntaxError or ValueError where it cannot be."""
    tables = [
        node.value
        for node in ast.parse(file.read_text(encoding="utf-8"), file.name).body
        if isinstance(node, ast.Assign)
        and [getattr(target, "id", "") for target in node.targets] == [TABLE]
    ]
    if not tables:
        raise ValueError(f"it has no table {TABLE} that says what is in it")
    found = find_spec(file.stem) if file.stem.isidentifier() else None
    if found is None or not found.origin or not file.samefile(found.origin):
        raise ValueError("it needs another name: Python finds something else, or nothing, by it")
    try:
        table = ast.literal_eval(tables[-1])
    except (TypeError, ValueError) as error:
        raise ValueError(f"its table {TABLE} must be written out, in texts alone") from error
    if not isinstance(table, dict) or not all(isinstance(one, dict) for one in table.values()):
        raise ValueError(f"its table {TABLE} must hold a table for each kind of plugin")
    if unknown := [str(group) for group in table if group not in GROUPS]:
        raise ValueError(f"{', '.join(unknown)} is no kind of plugin; {', '.join(GROUPS)} are")
    pairs = [(group, key, value) for group, one in table.items() for key, value in one.items()]
    if wrong := [key for _, key, value in pairs if not _is_entry(key, value)]:
        raise ValueError(f'{wrong[0]!r} must be a name that is given as "{file.stem}:Class"')
    return [EntryPoint(key, value, group) for group, key, value in pairs]


def _is_entry(key: object, value: object) -> bool:
    return isinstance(key, str) and isinstance(value, str) and bool(EntryPoint.pattern.match(value))
