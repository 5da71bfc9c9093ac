"""Where in a text something is wrong, so that the very characters can be underlined."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Some characters of a text that are underlined."""

    start: int
    length: int
    tone: str


def underlined(text: str, places: Iterable[Place]) -> list[tuple[str, str]]:
    """Cut a text into parts, each with the tone of its underline; none overlaps another."""
    parts: list[tuple[str, str]] = []
    end = 0
    for place in sorted(places, key=lambda one: (one.start, -one.length)):
        start = max(place.start, end)
        stop = min(place.start + max(place.length, 1), len(text))
        if start >= len(text) and text:
            # What is missing at the end is pointed at by the last character.
            start, stop = max(len(text) - 1, end), len(text)
        if stop <= start:
            continue
        parts += [(text[end:start], ""), (text[start:stop], place.tone)]
        end = stop
    parts.append((text[end:], ""))
    return [(part, tone) for part, tone in parts if part]
