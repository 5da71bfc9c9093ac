"""What a watcher is: which technology it reads, with which calls, and where names lie."""

import logging
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, TypeVar

import orjson
from django.conf import settings

from accounts.models import Account
from items.canonical import canonical, kept_order, sealed
from items.paths import compiled, first_field, read, replaced, steps
from items.watchers.terms import Answered, Call, ReadError, Refusal, Snapshot

logger = logging.getLogger(__name__)

Work = TypeVar("Work")
Result = TypeVar("Result")

# What code meets in an answer that does not have the shape it was promised.
SHAPE_ERRORS = (AttributeError, LookupError, TypeError, ValueError)


class Vanished(Exception):
    """The item is no more, though it was listed a moment ago."""


@dataclass(frozen=True)
class Row:
    """One row of a listing, on its way to a snapshot; parts are added to it in place."""

    place: str
    config: dict[str, Any]
    unread: dict[str, ReadError] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """What one place listed; ``refusal`` where that may not be all."""

    place: str
    rows: list[Row]
    refusal: Refusal | None


class Watcher:
    """A specification of one technology: attributes first, code where attributes end."""

    technology: ClassVar[str]
    label: ClassVar[str]
    account_type: ClassVar[str]

    listing: ClassVar[Call]
    details: ClassVar[Mapping[str, Call]] = {}
    """Further calls an item, by the key under which the answer is added."""
    others: ClassVar[tuple[Call, ...]] = ()
    """Calls that code of the watcher makes beside these."""

    id: ClassVar[str]
    name: ClassVar[str]
    """JMESPath into the item, as ``id`` and ``region`` are."""
    region: ClassVar[str] = ""
    """Empty where the item's region is the place that was asked."""
    full_name: ClassVar[str]
    """A template over the item's names and ``uid``, ``place``, ``account`` and the like."""

    left_out: ClassVar[str] = ""
    """JMESPath; a listed row of which it is true is not there: gone already, or not ours."""
    gone_codes: ClassVar[tuple[str, ...]] = ()
    """Error codes of a part that mean that the item itself is no more."""

    json_text: ClassVar[Mapping[str, str]] = {}
    """Key to add: JMESPath to the text that is parsed into it, or to what already is."""
    adds: ClassVar[tuple[str, ...]] = ()
    """Keys that code of the watcher adds to what the listing says."""
    ephemeral: ClassVar[tuple[str, ...]] = ()
    """Paths that change by themselves: kept, never counted as a change."""
    secret: ClassVar[tuple[str, ...]] = ()
    """Paths of which only a keyed digest is kept."""
    ordered: ClassVar[tuple[str, ...]] = ()
    """Paths of lists whose order means something."""
    element_names: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """For a list: the fields that together call an element, where differences are shown."""

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
        looks = self.in_threads(partial(self.look, account), places)
        rows = [row for look in looks for row in look.rows]
        found = self._all_described(account, rows)
        refusals = [look.refusal for look in looks if look.refusal]
        refusals += [one for one in found if isinstance(one, Refusal)]
        yield from (one for one in found if isinstance(one, Snapshot))
        yield from refusals
        unknown = {refusal.place for refusal in refusals}
        yield from (Answered(place) for place in places if place not in unknown)

    def look(self, account: Account, place: str) -> Look:
        """Read a listing; where it breaks in the middle, keep what came before."""
        rows: list[Row] = []
        try:
            for page in self.pages(account, place, self.listing, {}):
                rows += [Row(place, an_object(row)) for row in self.listed(page)]
            if rows:
                self.spread(account, place, rows)
        except ReadError as error:
            return Look(place, rows, error.refusal(place))
        except SHAPE_ERRORS as error:
            return Look(place, rows, self._malformed(error).refusal(place))
        return Look(place, rows, None)

    def listed(self, page: Any) -> list[Any]:
        """Return a page's rows; raise TypeError where it holds no list.

        An answer that says nothing of what was asked must not read as "there is none".
        """
        if isinstance(page, list):
            return page
        if page is None and self.listing.absent:
            return []
        raise TypeError(f"the answer holds no list {self.listing.answer}")

    def spread(self, account: Account, place: str, rows: list[Row]) -> None:
        """Add to the rows of a place what one call answers for all of them; see ``share()``."""

    def _all_described(self, account: Account, rows: list[Row]) -> list[Snapshot | Refusal | None]:
        """Describe the rows: in threads, but where no row takes a call of its own."""
        describe = partial(self._described, account)
        if not self.details and type(self).complete is Watcher.complete:
            return [describe(row) for row in rows]
        return self.in_threads(describe, rows)

    def _described(self, account: Account, row: Row) -> Snapshot | Refusal | None:
        """Return the item of a row; None where it is gone."""
        try:
            if self.left_out and read(self.left_out, row.config):
                return None
            self.complete(account, row)
            return self.snapshot(account, row)
        except Vanished:
            return None
        except SHAPE_ERRORS as error:
            return self._malformed(error).refusal(row.place)

    def complete(self, account: Account, row: Row) -> None:
        """Add the answers of further calls; raise Vanished where the item is no more."""
        for key, call in self.details.items():
            self.fill(row, key, partial(self.read, account, row.place, call, row.config))

    def fill(self, row: Row, key: str, reading: Callable[[], Any]) -> None:
        """Add one part to a row; where the reading is refused, note that it is unread."""
        part = self._part(reading)
        if not isinstance(part, ReadError):
            row.config[key] = part
        elif part.code in self.gone_codes:
            raise Vanished from part
        else:
            row.unread[key] = part

    def share(
        self,
        rows: Iterable[Row],
        key: str,
        reading: Callable[[], Mapping[Any, Any]],
        by: Callable[[dict[str, Any]], Hashable],
        otherwise: Callable[[], Any] = lambda: None,
    ) -> None:
        """Add one part to many rows, each what a single reading holds for ``by`` of the row.

        Where the reading is refused, the part is unread in all of them.
        """
        parts = self._part(reading)
        for row in rows:
            if isinstance(parts, ReadError):
                row.unread[key] = parts
            else:
                whose = by(row.config)
                row.config[key] = parts[whose] if whose in parts else otherwise()

    def _part(self, reading: Callable[[], Any]) -> Any:
        """Do a reading; give a ReadError back instead of raising it."""
        try:
            return reading()
        except ReadError as error:
            return error
        except SHAPE_ERRORS as error:
            return self._malformed(error)

    def _malformed(self, error: Exception) -> ReadError:
        logger.warning("%s: an answer of unknown shape", self.technology, exc_info=error)
        reason = f"The answer has a shape that is not known: {error!r}"[:500]
        return ReadError(self.operation_name(self.listing), "Malformed", reason)

    def snapshot(self, account: Account, row: Row) -> Snapshot:
        """Bring a configuration into its canonical form and name it."""
        for key, path in self.json_text.items():
            if first_field(path) not in row.unread:
                row.config[key] = parsed(read(path, row.config))
        config = self.tidy(row.config)
        region = str(read(self.region, config) or "") if self.region else row.place
        uid = identifier(read(self.id, config))
        name = str(read(self.name, config) or uid)
        facts = {**self.facts(account), "place": row.place, "region": region, "uid": uid, **config}
        unread = {part: error.refusal(row.place, part, name) for part, error in row.unread.items()}
        return Snapshot(
            place=row.place,
            uid=uid,
            name=name,
            full_name=self.full_name.format_map(facts),
            region=region,
            config=config,
            unread=unread,
        )

    def tidy(self, config: dict[str, Any]) -> dict[str, Any]:
        """Return the configuration as it is stored: canonical, and without secret values."""
        kept = {path: read(path, config) for path in self.ordered}
        config = canonical(config)
        for path, value in kept.items():
            config = replaced(config, steps(path), lambda _, value=value: kept_order(value))
        return sealed(config, tuple(map(steps, self.secret)))

    def in_threads(self, function: Callable[[Work], Result], work: Sequence[Work]) -> list[Result]:
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

    def operation_name(self, call: Call) -> str:
        """Return the name under which the provider's own pages describe the call."""
        return call.operation

    def facts(self, account: Account) -> dict[str, str]:
        """Return what ``full_name`` may use beside the item's own names."""
        return {"account": account.identifier}

    @classmethod
    def problems(cls) -> list[str]:
        """Say what is wrong with the specification; a provider's class asks its SDK, too."""
        needed = ("technology", "label", "account_type", "listing", "id", "name", "full_name")
        found = [f"it has no {name}" for name in needed if not getattr(cls, name, None)]
        return found or [problem for path in cls.paths() for problem in path_problems(path)]

    @classmethod
    def permissions(cls) -> set[str]:
        """Return what an account must allow for all of this to be read."""
        return set()

    @classmethod
    def policy(cls, permissions: Iterable[str]) -> Any:
        """Return what an owner of an account sets up to give the permissions."""
        return sorted(permissions)

    @classmethod
    def calls(cls) -> list[Call]:
        """Return every call of the specification."""
        return [cls.listing, *cls.details.values(), *cls.others]

    @classmethod
    def paths(cls) -> list[str]:
        """Return every JMESPath of the specification that is not empty."""
        into_items = [cls.id, cls.name, cls.region, cls.left_out, *cls.json_text.values()]
        into_answers = [path for call in cls.calls() for path in (call.answer, *call.keys.values())]
        return [path for path in into_items + into_answers if path]

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


def an_object(row: Any) -> dict[str, Any]:
    """Return a listed row as it is; raise TypeError where it is anything but an object."""
    if isinstance(row, dict):
        return row
    raise TypeError(f"a row is of type {type(row).__name__}, not an object")


def identifier(value: Any) -> str:
    """Return an item's id as text; raise ValueError where there is none."""
    if isinstance(value, (str, int)) and value != "":
        return str(value)
    raise ValueError(f"a row has the id {value!r}")


def path_problems(path: str) -> list[str]:
    try:
        compiled(path)
    except ValueError as error:
        return [f"{path} is no JMESPath: {error}"]
    return []
