"""The one door: how account types, watchers, rule functions, notifiers and packs come in."""

import logging
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

logger = logging.getLogger(__name__)

Plugin = TypeVar("Plugin")


class Missing(KeyError):
    """No plugin answers to this key; says why."""

    def __str__(self) -> str:
        return str(self.args[0])


class Registry(Generic[Plugin]):
    """Plugins of one kind by key: the built-in ones, and those that other packages advertise.

    A built-in one is written as an entry point is, so that ours and theirs load and fail
    alike. Each is loaded when it is first asked for: a process that reads AWS never imports
    Google. One that fails, has the wrong type or repeats a key is left out, logged, and
    named in ``problems()``.
    """

    def __init__(self, group: str, base: type, builtin: Mapping[str, str]) -> None:
        self.group = group
        self.base = base
        self.builtin = builtin
        self._loaded: dict[str, Any] = {}
        self._refused: dict[str, str] = {}

    @cached_property
    def _entries(self) -> dict[str, EntryPoint]:
        entries = {key: EntryPoint(key, value, self.group) for key, value in self.builtin.items()}
        for entry in sorted(entry_points(group=self.group), key=lambda entry: entry.value):
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
        try:
            self[key]
        except Missing:
            return False
        return True

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
        except Exception as error:  # A broken package must not take the rest down.
            self._refuse(entry, f"it does not load: {error!r}")
            return
        if isinstance(plugin, self.base) or (
            isinstance(plugin, type) and issubclass(plugin, self.base)
        ):
            self._loaded[key] = plugin
        else:
            self._refuse(entry, f"it is not a {self.base.__name__}")

    def _refuse(self, entry: EntryPoint, reason: str, again: bool = False) -> None:
        text = f"{entry.name} ({entry.value}) is left out: {reason}"
        logger.error("Plugin of %s: %s", self.group, text)
        self._refused[f"{entry.name} {entry.value}" if again else entry.name] = text
