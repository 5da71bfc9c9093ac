"""What mail programs bear: no script, nothing from elsewhere, no layout that they drop."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from django.conf import settings

BORNE = {
    *("html", "head", "meta", "title", "style", "body", "table", "tbody", "tr", "td", "th"),
    *("p", "h1", "h2", "h3", "b", "i", "span", "a", "br", "img", "ul", "ol", "li", "div", "pre"),
}
EMPTY = {"meta", "br", "img"}
UNBORNE = re.compile(r"flex|grid|url\s*\(|@import|expression|position\s*:|var\s*\(", re.IGNORECASE)
# WCAG 2.1, AA: text against what is behind it.
CONTRAST = 4.5
COLOUR = re.compile(r"^#([0-9a-f]{6})$", re.IGNORECASE)


class _Reader(HTMLParser):
    """Reads a mail as a program would, with the colours that each text ends up in."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.links: list[str] = []
        self.open: list[tuple[str, str, str]] = [("", "#000000", "#ffffff")]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag not in BORNE:
            self.faults.append(f"<{tag}>")
        self.faults += [f"{name}=" for name in given if name.startswith(("on", "x-", "@", ":"))]
        if UNBORNE.search(given.get("style", "")):
            self.faults.append(given["style"])
        if not given.get("src", "cid:").startswith("cid:"):
            self.faults.append(f"from elsewhere: {given['src'][:80]}")
        if "href" in given:
            self.links.append(given["href"])
        _, text, behind = self.open[-1]
        style = dict(_declared(given.get("style", "")))
        behind = style.get("background-color", style.get("background", behind))
        if tag not in EMPTY:
            self.open.append((tag, style.get("color", text), behind))

    def handle_endtag(self, tag: str) -> None:
        while len(self.open) > 1 and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag, text, behind = self.open[-1]
        if tag == "style":
            self.faults += UNBORNE.findall(data)
        elif data.strip() and tag != "title" and contrast(text, behind) < CONTRAST:
            self.faults.append(f"{text} on {behind}: {data.strip()[:40]}")


def _declared(style: str) -> Iterator[tuple[str, str]]:
    for one in style.split(";"):
        name, colon, value = one.partition(":")
        if colon:
            yield name.strip().lower(), value.replace("!important", "").strip()


def contrast(one: str, other: str) -> float:
    """Return the ratio of two colours, 1 to 21; 0 where one is no colour that can be read."""
    if not (COLOUR.match(one) and COLOUR.match(other)):
        return 0
    dark, light = sorted((_brightness(one), _brightness(other)))
    return (light + 0.05) / (dark + 0.05)


def _brightness(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def faults(html: str, text: str) -> list[str]:
    """Return what is wrong with the two parts of a mail, each in a few words."""
    reader = _Reader()
    reader.feed(html)
    found = reader.faults
    found += [f"leads elsewhere: {one}" for one in reader.links if not _inside(one)]
    found += [f"not in the text: {one}" for one in set(reader.links) if one not in text]
    found += ["too large"] * (max(len(html.encode()), len(text.encode())) >= 100_000)
    return found + ["nothing to read"] * (not text.strip())


def _inside(address: str) -> bool:
    return address.startswith(f"{settings.SITE_URL}/")
