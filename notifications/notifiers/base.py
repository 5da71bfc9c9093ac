"""What a notifier is: where it sends to, what must be known for that, and what it is handed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple

from accounts.types.base import Parameter, completed


class File(NamedTuple):
    """A file that goes with a message."""

    name: str
    type: str
    """As MIME calls it."""
    content: bytes


@dataclass(frozen=True)
class Outgoing:
    """One thing to be told, ready to be sent, in every form that a service may want."""

    key: str
    """The same at each attempt, never the same for another one: a receiver that heard it
    already may leave it."""
    attempt: int
    """1 at first."""
    kind: str
    """alert, weekly, or what a person is written about."""
    address: str
    parameters: Mapping[str, Any]
    """What the subscription says beside the address; complete, secrets by reference."""
    subject: str
    """One line of at most 300 characters, the worst first."""
    text: str
    """All of it as plain text."""
    html: str
    """All of it as a page for mail programs. Everything from a cloud in it is escaped."""
    link: str
    """Where it stands in the console."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The same as plain JSON, for services that show it in their own way: see ``facts.py``."""
    each: Callable[[], Iterable[Mapping[str, Any]]] = tuple
    """Yields every issue and change that it tells, as facts with more in them, for services that
    keep each: none is left out, as mails do of many. See ``each.py``."""
    channel: int = 0
    """The subscription; 0 where it is none's."""
    files: tuple[File, ...] = ()
    """What goes with it; a service that takes no files leaves them."""
    leave: str = ""
    """Where the reader stops being told, without a login; empty where a person is concerned."""
    timeout: int = 30
    """Seconds after which a call is to be given up: others wait."""


class Later(Exception):
    """It did not arrive, and may if it is tried again: at the earliest ``after`` so long."""

    def __init__(self, reason: str, after: timedelta = timedelta()) -> None:
        super().__init__(reason)
        self.after = after


class Never(Exception):
    """It will not arrive, however often it is tried: the address is gone, the secret is wrong."""


class Notifier:
    """One way to tell somebody. Attributes, and one function that sends."""

    key: ClassVar[str]
    label: ClassVar[str]
    address_label: ClassVar[str] = "Address"
    address_help: ClassVar[str] = ""
    keeps: ClassVar[bool] = False
    """Whether it keeps each thing by itself: then it is handed, in ``each``, also what is no news
    to readers, such as that an issue was justified."""
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    """What must be known of a destination beside its address; a secret only by reference
    (``accounts.references``), to be resolved when it is used."""

    @classmethod
    def check_address(cls, address: str) -> None:
        """Raise ValidationError on an address where this cannot be one."""

    @classmethod
    def readers(cls, address: str) -> list[str]:
        """Return each to whom it is sent by itself, so that one who is out of reach keeps it from
        nobody else."""
        return [address]

    @classmethod
    def joined(cls, readers: Sequence[str]) -> str:
        """Return the address that stands for these readers."""
        (address,) = readers
        return address

    @classmethod
    def complete(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters, defaults filled in; raise ValidationError with every fault."""
        return completed(cls.parameters, given, cls.label)

    @classmethod
    def page_of(cls, address: str, reference: str) -> str:
        """Return where a person sees what is kept under a reference; empty: nowhere."""
        return ""

    def deliver(self, delivery: Outgoing) -> None:
        """Send it; return once it was taken, raise where it was not.

        Raises Later or Never; anything else that is raised is tried again, as Later is. May be
        called again for what was taken already, where the answer got lost: pass ``key`` on.
        """
        raise NotImplementedError
