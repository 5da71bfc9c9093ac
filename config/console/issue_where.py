"""Where in the configuration an issue is: its part, marked, with what stands around it."""

from dataclasses import dataclass
from typing import Any

from audits.models import Issue
from config.console.item.tree import Mark, marks_of
from items.revisions import element_names
from items.spotting import shown
from items.tree import Line, Path, lines

# Parts of one issue that are shown, and lines of each: more is a page of its own.
MOST = 3
LONGEST = 60


@dataclass(frozen=True)
class Where:
    """A part of a configuration: what it is called, and its lines."""

    name: str
    lines: list[Line]


def where(issue: Issue) -> list[Where]:
    """Return the parts that an issue speaks of; none where they cannot be told, or are long."""
    config, technology = issue.item.config, issue.item.technology
    if issue.evidence is True or issue.fixed_at:
        return []
    marks = marks_of(config, technology, [issue])
    places = {_around(path): None for path in marks}
    found = [_written(config, technology, place, marks) for place in [*places][:MOST]]
    return found if all(len(one.lines) <= LONGEST for one in found) else []


def _written(config: Any, technology: str, place: Path, marks: dict[Path, list[Mark]]) -> Where:
    inner: dict[Path, list[Mark]] = {path: said for path, said in marks.items() if path != place}
    names = element_names(technology)
    return Where(shown(place), list(lines(config, inner, names, within=place)))


def _around(path: Path) -> Path:
    """Return the element of a list that a part lies in, or the part itself."""
    for length in range(len(path) - 1, 0, -1):
        if isinstance(path[length - 1], int):
            return path[:length]
    return path
