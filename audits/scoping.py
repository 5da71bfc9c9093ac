"""What holds for one item: the rule's own score and parameters, or a setting's over them."""

import fnmatch
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from audits.functions.shapes import tags_in
from audits.models import RuleSetting


class Text(Protocol):
    """The part of a version, or of a draft, that settings stand over."""

    @property
    def score(self) -> int: ...

    def defaults(self) -> dict[str, Any]: ...


class Scoped(Protocol):
    """The part of an item by which settings are chosen."""

    @property
    def account_id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def full_name(self) -> str: ...
    @property
    def config(self) -> Any: ...


@dataclass(frozen=True)
class InForce:
    """How a rule stands for one item."""

    on: bool
    score: int
    parameters: dict[str, Any]


# The narrower stands over the wider; among equals the higher score wins.
SCOPES: tuple[Callable[[RuleSetting, Scoped, frozenset[int]], bool], ...] = (
    lambda setting, item, _: bool(setting.pattern) and named(setting.pattern, item),
    lambda setting, item, _: bool(setting.tag) and tagged(setting.tag, item),
    lambda setting, item, _: setting.account_id == item.account_id,
    lambda setting, _, groups: setting.group_id in groups,
)


def in_force(version: Text, held: Sequence[RuleSetting]) -> InForce:
    """Return what holds, each of score, on and parameters taken from the narrowest scope.

    ``held`` are the settings that hold for the item, as ``ranked`` gives them.
    """
    on, score, parameters = True, version.score, version.defaults()
    for setting in reversed(held):
        on = on if setting.on is None else setting.on
        score = score if setting.score is None else setting.score
        parameters = {**parameters, **setting.parameters}
    return InForce(on, score, parameters)


@dataclass(frozen=True)
class Decided:
    """One thing that a setting says differently than the rule."""

    what: str
    """``score``, ``on``, or the name of a parameter."""
    value: Any
    rules_own: Any
    setting: RuleSetting
    over: tuple[RuleSetting, ...]
    """Settings that say something of it, too, and gave way."""


def decided(version: Text, held: Sequence[RuleSetting]) -> list[Decided]:
    """Return what settings decide, each with the one that did; ``held`` as ``ranked`` gives it."""
    own: dict[str, Any] = {"on": True, "score": version.score, **version.defaults()}
    found = []
    for what, plain in own.items():
        saying = [setting for setting in held if said(setting, what) is not None]
        if saying:
            value = said(saying[0], what)
            found.append(Decided(what, value, plain, saying[0], tuple(saying[1:])))
    return found


def said(setting: RuleSetting, what: str) -> Any:
    """Return what a setting says of something; None: nothing."""
    if what in ("on", "score"):
        return getattr(setting, what)
    return setting.parameters.get(what)


def ranked(
    settings: Iterable[RuleSetting], item: Scoped, groups: frozenset[int]
) -> list[RuleSetting]:
    """Return the settings that hold for an item, the one that wins first."""
    found = []
    for setting in settings:
        for rank, holds in enumerate(SCOPES):
            if holds(setting, item, groups):
                found.append((rank, -(setting.score or 0), setting.pk, setting))
                break
    return [setting for *_, setting in sorted(found, key=lambda one: one[:3])]


def named(pattern: str, item: Scoped) -> bool:
    return fnmatch.fnmatchcase(item.name, pattern) or fnmatch.fnmatchcase(item.full_name, pattern)


def tagged(tag: str, item: Scoped) -> bool:
    name, _, value = tag.partition("=")
    return tags_in(item.config).get(name) == value
