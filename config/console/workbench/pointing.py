"""Where in a text something is wrong, so that the very characters can be underlined."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Place:
    """Some characters of a text that are underlined."""

    start: int
    length: int
    tone: str


def underlined(text: str, places: Iterable[Place]) -> list[tuple[str, str]]:
    """Cut a text into parts, each with the tone of its underline; the smaller place counts.

    What is about the whole text underlines nothing of it.
    """
    tones = [""] * len(text)
    for place in sorted(places, key=lambda one: -one.length):
        start = min(place.start, len(text) - 1)  # What is missing is told at the last character.
        stop = min(place.start + max(place.length, 1), len(text))
        if start >= 0 and (stop - start < len(text) or place.tone == "wrong"):
            tones[start : max(stop, start + 1)] = [place.tone] * (max(stop, start + 1) - start)
    parts: list[tuple[str, str]] = []
    for tone, group in groupby(zip(text, tones, strict=True), key=lambda pair: pair[1]):
        parts.append(("".join(character for character, _ in group), tone))
    return parts


def lined(parts: Iterable[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Put parts of a text into the lines that they stand on; an empty text has one line."""
    lines: list[list[tuple[str, str]]] = [[]]
    for text, tone in parts:
        first, *others = text.replace("\r\n", "\n").split("\n")
        lines[-1].append((first, tone))
        lines += [[(one, tone)] for one in others]
    return lines
