"""What changed between two revisions of an item, in the terms of its technology."""

from typing import Any

from items.diffing import Difference, differences
from items.paths import steps, without
from items.watchers import watchers


def what_changed(technology: str, old: Any, new: Any) -> list[Difference]:
    """Return the differences that count as a change; what moves by itself is left out."""
    if technology not in watchers:
        return differences(old, new)
    watcher = watchers[technology]
    ephemeral = [steps(path) for path in watcher.ephemeral]
    return differences(without(old, ephemeral), without(new, ephemeral), watcher.element_names)
