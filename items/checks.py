"""System checks: are all watchers there, and do their specifications fit the SDKs?"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections

from config.plugins import Registry
from items.trigrams import missing
from items.watchers import watchers
from items.watchers.base import Watcher


@register()
def check_watchers(**_: Any) -> list[CheckMessage]:
    """Name the watchers that are left out, and what is wrong with those that are not.

    Warnings: one watcher of another package must not stop the console.
    """
    return [*watcher_messages(watchers)]


def watcher_messages(registry: Registry[type[Watcher]]) -> Iterator[CheckMessage]:
    """Load every watcher and yield what is wrong."""
    for problem in registry.problems():
        yield Warning(
            problem,
            hint="Install the package that it needs, mend its entry point, or uninstall it.",
            id="vervet.W021",
        )
    for key in registry:
        for problem in watcher_problems(key, registry[key]):
            yield Warning(
                f"{key}: {problem}",
                hint="Mend the specification, or install the version of the SDK that it names.",
                id="vervet.W022",
            )


def watcher_problems(key: str, watcher: type[Watcher]) -> list[str]:
    try:
        found = watcher.problems()
    except Exception as error:  # A broken package must not take the rest down.
        return [f"its problems() fails: {error!r}"]
    return found or [f"calls itself {watcher.technology}"] * (watcher.technology != key)


@register(Tags.database)
def check_texts(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Say where texts are searched without an index."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        if missing(connections[alias]):
            found.append(
                Warning(
                    "Searching a text in configurations is slow: its index is missing.",
                    hint="As a superuser of the database run CREATE EXTENSION pg_trgm; "
                    "then run manage.py indextexts.",
                    id="vervet.W023",
                )
            )
    return found
