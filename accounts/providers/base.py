"""What is known of how a cloud writes: its references, ids and secrets, its firewalls in words."""

import re
from typing import Any, ClassVar


class Provider:
    """How configurations of one cloud are to be read by people.

    A class of attributes and a few functions; never instantiated. It imports no SDK: all of them
    are asked on every page, whichever clouds are watched. Patterns have no group that captures.
    """

    key: ClassVar[str] = ""
    """What the names of its technologies begin with."""
    example: ClassVar[str] = "111111111111"
    """The identifier of the account in which the examples of its rules are."""

    references: ClassVar[tuple[str, ...]] = ()
    """Patterns of whole values that name another thing or an account."""
    ids: ClassVar[tuple[str, ...]] = ()
    """Patterns of ids within texts, beside GUIDs and long hexadecimal numbers."""
    any_capitals: ClassVar[bool] = False
    """Whether ids are the same in capitals or not: items are kept by theirs in small letters."""
    secrets: ClassVar[tuple[str, ...]] = ()
    """Patterns of which one within a text says that it is secret."""
    harmless: ClassVar[tuple[str, ...]] = ()
    """Patterns of whole values that are no secret, whatever name they stand under."""

    called_by: ClassVar[tuple[str, ...]] = ()
    """Endings of names of members by which an element of a list is called, in small letters."""
    same_by: ClassVar[tuple[str, ...]] = ()
    """Members that make two elements one and the same, however much else of them differs."""
    one_or_many: ClassVar[tuple[str, ...]] = ()
    """Members of objects that may write a single value alone or in a list."""
    clauses: ClassVar[tuple[str, ...]] = ()
    """Lists of whose elements a place within is told: the statements of a policy."""

    @classmethod
    def one_form(cls, text: str) -> str:
        """Return the one form in which what ``references`` matches is kept."""
        return text

    @classmethod
    def called(cls, value: dict[str, Any]) -> str:
        """Return what an object is called that no member names; empty: not known here."""
        return ""

    @classmethod
    def traffic(cls, rule: dict[str, Any], path: tuple[str | int, ...]) -> str:
        """Return what an object lets through, where it is a rule of a firewall; else nothing.

        ``path`` leads to an address in it, which is said after that.
        """
        return ""

    @classmethod
    def is_policy(cls, value: dict[str, Any]) -> bool:
        """Say whether an object is a policy whose actions can be expanded and minimised."""
        return False

    @classmethod
    def problems(cls) -> list[str]:
        """Say what is wrong with the patterns."""
        every = (*cls.references, *cls.ids, *cls.secrets, *cls.harmless)
        return [problem for pattern in every for problem in _problems(pattern)]


def _problems(pattern: str) -> list[str]:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        return [f"{pattern} is no regular expression: {error}"]
    return [f"{pattern} has a group that captures: write (?:...)"] if groups else []


def last_name(path: tuple[str | int, ...]) -> str:
    """Return the name of the member that a path leads to or through last."""
    return next((step for step in reversed(path) if isinstance(step, str)), "")
