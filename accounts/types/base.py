"""What a kind of account is: its parameters, how it is checked, and how it is reached."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from django.core.exceptions import ValidationError


@dataclass(frozen=True)
class Parameter:
    """One thing that must be known of an account beside its identifier."""

    name: str
    label: str
    help: str
    default: str | Callable[[], str] = ""
    """A value, or what makes one for each account."""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    """A regular expression that the whole value must match; empty: anything."""
    wants: str = ""
    """What the pattern asks for, in words."""
    check: Callable[[str], object] | None = None
    """What else a value must hold to: raises ValueError that says why it does not."""
    required: bool = False
    multiline: bool = False
    secret: bool = False
    """Whether the ledger tells only that it changed, not what it is."""

    def complete(self, given: object) -> str:
        """Return the value, or the default where none is given; raise ValueError on a bad one."""
        if given in (None, ""):
            if self.required:
                raise ValueError(f"must say {self.wants}")
            return self.default() if callable(self.default) else self.default
        value = str(given).strip()
        if self.choices and value not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}, not {value!r}")
        if self.pattern and not re.fullmatch(self.pattern, value, re.ASCII):
            raise ValueError(f"{value!r} is not {self.wants}")
        if self.check:
            self.check(value)
        return value


def completed(
    parameters: Iterable[Parameter], given: Mapping[str, Any], whose: str
) -> dict[str, Any]:
    """Return all parameters, defaults filled in; raise ValidationError with every fault."""
    known = {parameter.name: parameter for parameter in parameters}
    complete, faults = {}, {}
    for name in given:
        if name not in known:
            faults[name] = f"{whose} has no such parameter; it has {', '.join(known) or 'none'}"
    for name, parameter in known.items():
        try:
            complete[name] = parameter.complete(given.get(name))
        except ValueError as error:
            faults[name] = str(error)
    if faults:
        raise ValidationError(
            {"parameters": [f"{name}: {fault}" for name, fault in sorted(faults.items())]}
        )
    return complete


@dataclass(frozen=True)
class Found:
    """An account that stands below another one, as its provider lists it."""

    identifier: str
    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What it is reached with beside, or instead of, its parent's parameters."""


class Reachable(Protocol):
    """The part of an account that a provider's session is made of."""

    name: str
    identifier: str
    parameters: dict[str, Any]
    calls_per_second: int | None


class AccountType:
    """One kind of account. A class of attributes and a few functions; never instantiated."""

    key: ClassVar[str]
    label: ClassVar[str]
    identifier_label: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    finds: ClassVar[str] = ""
    """The type of the accounts that are found below one of this type; empty: none are."""

    @classmethod
    def check_identifier(cls, identifier: str) -> None:
        """Raise ValidationError on ``identifier`` where this cannot be one."""

    @classmethod
    def complete(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters, defaults filled in; raise ValidationError with every fault."""
        return completed(cls.parameters, given, cls.label)

    @classmethod
    def instructions(cls, account: Reachable) -> str:
        """Tell the owner of the account, ready to copy, what to set up there; empty: nothing."""
        return ""

    @classmethod
    def whoami(cls, account: Reachable) -> str:
        """Say who Vervet is in the account; raise Refused with what the provider said."""
        raise Refused(f"{cls.label} cannot be asked who Vervet is there. Scan it to see.")

    @classmethod
    def discover(cls, account: Reachable) -> Iterator[Found]:
        """Yield every account below this one; raise Refused where not all can be listed."""
        raise NotImplementedError


def stand_in(missing: str) -> type[AccountType]:
    """Return what stands for the type of accounts whose plugin is missing: it knows nothing."""
    known = {"key": missing, "label": missing, "identifier_label": "Identifier"}
    return type("StandIn", (AccountType,), known)


class Refused(Exception):
    """The provider did not let us in; says what was refused and what would mend it."""
