"""What a watcher is: which technology it reads, with which calls, and where names lie."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import orjson
from django.conf import settings

from accounts.models import Account
from items.canonical import canonical, kept_order, sealed
from items.paths import read, replaced, steps

Work = TypeVar("Work")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Call:
    """One read of a provider's API, and where in its reply the answer lies."""

    operation: str
    """The SDK's own name: ``describe_security_groups``."""
    answer: str = "@"
    """JMESPath into the reply; of every page of it where there are several."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Sent as they are; the text ``{account}`` becomes the account's identifier."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Sent from the item: the parameter's name to a JMESPath into the item."""
    absent: tuple[str, ...] = ()
    """Error codes that mean "not configured": the answer is null, nothing failed."""
    permission: str = ""
    """What the account must allow, where that is not the operation's own name."""


@dataclass(frozen=True)
class Refusal:
    """Something that could not be read. What is in it is unknown, not gone."""

    operation: str
    code: str
    reason: str
    permission: str = ""
    place: str = ""
    """Empty: every place."""
    part: str = ""
    """The part of an item; empty: the listing itself."""
    name: str = ""
    """The item that the part belongs to."""


@dataclass(frozen=True)
class Answered:
    """A place whose listing was read to its end: what is not in it is not there."""

    place: str


@dataclass(frozen=True)
class Snapshot:
    """An item as its provider described it just now."""

    place: str
    uid: str
    name: str
    full_name: str
    region: str
    config: dict[str, Any]
    unread: Mapping[str, Refusal] = field(default_factory=dict)
    """Parts that were refused; they are missing in ``config``."""


class ReadError(Exception):
    """The provider refused or failed a call."""

    def __init__(self, operation: str, code: str, reason: str, permission: str = "") -> None:
        super().__init__(f"{operation}: {code}: {reason}")
        self.operation, self.code = operation, code
        self.reason, self.permission = reason, permission

    def refusal(self, place: str = "", part: str = "", name: str = "") -> Refusal:
        """Return what is kept of this error."""
        return Refusal(self.operation, self.code, self.reason, self.permission, place, part, name)


@dataclass(frozen=True)
class Row:
    """One row of a listing, on its way to a snapshot."""

    place: str
    config: dict[str, Any]


class Watcher:
    """A specification of one technology: attributes first, code where attributes end."""

    technology: ClassVar[str]
    label: ClassVar[str]
    account_type: ClassVar[str]

    listing: ClassVar[Call]
    details: ClassVar[Mapping[str, Call]] = {}
    """Further calls an item, by the key under which the answer is added."""

    id: ClassVar[str]
    name: ClassVar[str]
    """JMESPath into the item, as ``id`` and ``region`` are."""
    region: ClassVar[str] = ""
    """Empty where the item's region is the place that was asked."""
    full_name: ClassVar[str]
    """A template over the item's names and ``place``, ``account`` and the like."""

    json_text: ClassVar[Mapping[str, str]] = {}
    """Key to add: name of the field whose JSON text is parsed into it."""
    adds: ClassVar[tuple[str, ...]] = ()
    """Keys that code of the watcher adds to what the listing says."""
    element_names: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """For a list: the fields that together call an element, where differences are shown."""
    ephemeral: ClassVar[tuple[str, ...]] = ()
    """Paths that change by themselves: kept, never counted as a change."""
    secret: ClassVar[tuple[str, ...]] = ()
    """Paths of which only a keyed digest is kept."""
    ordered: ClassVar[tuple[str, ...]] = ()
    """Paths of lists whose order means something."""

    # -- reading, from the whole to the part ------------------------------------------------

    def fetch(self, account: Account) -> Iterator[Snapshot | Refusal | Answered]:
        """Yield what the account holds of this technology, and what could not be read.

        Opens no transaction and writes nothing. Never raises for what a provider refuses.
        """
        try:
            places = self.places(account)
        except ReadError as error:
            yield error.refusal()
            return
        rows: list[Row] = []
        for place, listed, refusal in self.in_threads(
            lambda place: self._listed(account, place), places
        ):
            rows += [Row(place, row) for row in listed]
            yield refusal or Answered(place)
        yield from self.in_threads(lambda row: self.describe(account, row), rows)

    def _listed(
        self, account: Account, place: str
    ) -> tuple[str, list[dict[str, Any]], Refusal | None]:
        """Read a listing; where it breaks in the middle, keep what came before."""
        rows: list[dict[str, Any]] = []
        try:
            for page in self.pages(account, place, self.listing, {}):
                rows += page or []
        except ReadError as error:
            return place, rows, error.refusal(place)
        return place, rows, None

    def describe(self, account: Account, row: Row) -> Snapshot:
        """Complete one listed row with its details."""
        config, unread = dict(row.config), {}
        for key, call in self.details.items():
            try:
                config[key] = self.read(account, row.place, call, config)
            except ReadError as error:
                unread[key] = error.refusal(row.place, key, str(read(self.name, config)))
        return self.snapshot(account, row.place, config, unread)

    def snapshot(
        self,
        account: Account,
        place: str,
        config: dict[str, Any],
        unread: Mapping[str, Refusal] | None = None,
    ) -> Snapshot:
        """Bring a configuration into its canonical form and name it."""
        for key, source in self.json_text.items():
            config[key] = parsed(config.get(source))
        config = self.tidy(config)
        region = str(read(self.region, config) or "") if self.region else place
        uid = str(read(self.id, config))
        facts = {**self.facts(account), "place": place, "region": region, **config}
        return Snapshot(
            place=place,
            uid=uid,
            name=str(read(self.name, config) or uid),
            full_name=self.full_name.format_map(facts),
            region=region,
            config=config,
            unread=unread or {},
        )

    def tidy(self, config: dict[str, Any]) -> dict[str, Any]:
        """Return the configuration as it is stored: canonical, and without secret values."""
        kept = {path: read(path, config) for path in self.ordered}
        config = canonical(config)
        for path, value in kept.items():
            config = replaced(config, steps(path), lambda _, value=value: kept_order(value))
        return sealed(config, tuple(map(steps, self.secret)))

    def in_threads(
        self, function: Callable[[Work], Result], work: Sequence[Work]
    ) -> Iterable[Result]:
        """Do the work in a bounded pool; give the results in the order of the work."""
        if len(work) < 2:
            return [function(one) for one in work]
        with ThreadPoolExecutor(min(settings.FETCH_THREADS, len(work))) as pool:
            return list(pool.map(function, work))

    # -- what a provider's base class fills in ----------------------------------------------

    def places(self, account: Account) -> list[str]:
        """Return where this technology is listed: regions, or ``["global"]``; raise ReadError."""
        raise NotImplementedError

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        """Make a call; yield the answer of each page; raise ReadError."""
        raise NotImplementedError

    def read(self, account: Account, place: str, call: Call, config: dict[str, Any]) -> Any:
        """Make a call and return its whole answer, pages joined; null where absent."""
        answers = list(self.pages(account, place, call, config))
        if len(answers) == 1:
            return answers[0]
        return [one for answer in answers for one in answer or []]

    def facts(self, account: Account) -> dict[str, str]:
        """Return what ``full_name`` may use beside the item's own names."""
        return {"account": account.identifier}

    @classmethod
    def problems(cls) -> list[str]:
        """Compare the specification with the SDK's own description of its API."""
        return []

    @classmethod
    def permissions(cls) -> set[str]:
        """Return what an account must allow for all of this to be read."""
        return set()

    @classmethod
    def calls(cls) -> list[Call]:
        """Return every call of the specification."""
        return [cls.listing, *cls.details.values()]

    def arguments(self, account: Account, call: Call, config: dict[str, Any]) -> dict[str, Any]:
        """Return what the call sends."""
        fixed = {
            name: value.format(account=account.identifier) if isinstance(value, str) else value
            for name, value in call.params.items()
        }
        return fixed | {name: read(path, config) for name, path in call.keys.items()}


def parsed(text: Any) -> Any:
    """Return JSON text as a value; text that is no JSON stays what it is."""
    if not isinstance(text, str):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
