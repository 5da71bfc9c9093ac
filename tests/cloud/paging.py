"""Cuts a whole list of EC2 or IAM into pages, for moto gives most of them at once."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from tests.cloud.asking import TOKENS, Asked

PREFIX = "page-from-"


def whole(body: bytes) -> bytes:
    """The request for all of a list, from the request for one of its pages."""
    parameters = parse_qsl(body.decode(), keep_blank_values=True)
    return urlencode([one for one in parameters if one[0].lower() not in TOKENS]).encode()


def page_of(call: Asked, body: bytes, size: int) -> bytes:
    """The page that was asked for, from the answer with all; with a token if more follows."""
    start = int((call.token or "0").removeprefix(PREFIX))
    root = ElementTree.fromstring(body)
    entries = [(row, entry) for row in rows_of(root, call.form) for entry in row]
    for number, (row, entry) in enumerate(entries):
        if not start <= number < start + size:
            row.remove(entry)
    if start + size < len(entries):
        add_token(root, call.form, f"{PREFIX}{start + size}")
    return ElementTree.tostring(root)


def rows_of(root: Element, form: str) -> Iterator[Element]:
    """The lists in an answer."""
    entry = "item" if form == "ec2" else "member"
    for element in root if form == "ec2" else root[0]:
        if len(element) and all(local(inner) == entry for inner in element):
            yield element


def add_token(root: Element, form: str, token: str) -> None:
    """Say that more follows."""
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    if form == "ec2":
        SubElement(root, space + "nextToken").text = token
        return
    result = root[0]
    for element in [one for one in result if local(one) in ("IsTruncated", "Marker")]:
        result.remove(element)
    SubElement(result, space + "IsTruncated").text = "true"
    SubElement(result, space + "Marker").text = token


def local(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]
