"""Make an example of a stored item: what the rule reads, with the world around it, scrubbed."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.seeing import visible
from audits.drafts import Draft
from audits.engine import Outcome, Verdict, evaluate
from audits.examples import example_account, example_context
from audits.functions.base import Context, Known, Neighbour, Reader
from audits.functions.ranges import network
from audits.library import library
from audits.linting import faults_but_traps
from audits.reading import EVERYTHING, functions_called, parts_read, reads_past
from audits.rulebook import tables_of
from audits.scrubbing import SECRET, Scrubber, texts
from audits.trying import Trial
from audits.world import World
from items.canonical import canonical
from items.earlier import before_last_change
from items.fields import canonical_bytes
from items.models import Item
from items.naming import technology_label

NEIGHBOURS = 30
IDENTITIES = 20
LARGEST = 100_000
"""Bytes of an example; a larger one nobody would read."""
SECONDS = 3.0


class NoExample(Exception):
    """This item cannot be made an example of; says why, for the editor."""


@dataclass(frozen=True)
class Sampled:
    """An example made of an item, and what had to be left in it."""

    example: dict[str, Any]
    """As a pack writes it: name, fires, config, context, identities."""
    kept: tuple[str, ...] = ()
    """Values that look like ids and stay, since the verdict hangs on them."""


def example_from(
    fields: Mapping[str, Any],
    item: Item,
    user: Any = None,
    now: datetime | None = None,
    small: bool = True,
) -> Sampled:
    """Return an example of a stored item, on which the text says what it says of the item.

    Secrets, ids, accounts, addresses and the item's name are replaced, alike everywhere; what
    the verdict hangs on stays and is named, but never a secret. With ``small`` the parts that
    the text does not read are left out. Raises NoExample where the text gives no answer, where
    it looks at items that ``user`` may not see, or where the verdict hangs on a secret.
    """
    if faults_but_traps(fields):
        raise NoExample("The rule's text has faults: mend them first.")
    if user is not None and not visible(Item.objects.filter(pk=item.pk), user).exists():
        raise NoExample("You may not see this item.")
    return _Sampling(Draft.of(fields), item, user, now or timezone.now(), small).run()


class _Sampling:
    """One item on its way to an example."""

    def __init__(self, draft: Draft, item: Item, user: Any, now: datetime, small: bool) -> None:
        self.draft, self.item, self.user, self.now, self.small = draft, item, user, now, small
        self.texts = [one for one in (draft.expression, draft.applies_when) if one]
        written = [*self.texts, draft.identity, draft.extent]
        self.called = frozenset().union(*(functions_called(one) for one in written if one))

    def run(self) -> Sampled:
        trial = Trial(self.draft, rule=None)
        earlier = before_last_change([self.item]) if any(map(reads_past, self.texts)) else {}
        reader = Noting(World(trial.accounts[self.item.account_id]).reader())
        holds = trial.holds(self.item)
        seen = trial.context(self.item, holds, self.now, earlier.get(self.item.pk), reader)
        verdict = evaluate(self.draft, seen, self.item.unread)
        if verdict.outcome == Outcome.UNKNOWN:
            raise NoExample(f"The rule gives no answer on it: {verdict.reason}")
        self._may_be_shown(reader)
        for config in (self._parts(seen.config), seen.config):
            given = {"config": config, "context": self._world(seen, config, reader)}
            if self._same(given, verdict):
                break
        else:
            raise NoExample("What it hangs on in the world around cannot be written down.")
        if len(canonical_bytes(given)) > LARGEST and verdict.outcome == Outcome.FAIL:
            given = self._leaner(given, verdict)
        if len(canonical_bytes(given)) > LARGEST:
            raise NoExample("It is too large for an example that anybody would read.")
        scrubbed, kept = self._scrubbed(given, verdict)
        return Sampled(self._example(scrubbed), kept)

    def _example(self, given: dict[str, Any]) -> dict[str, Any]:
        verdict = self._judge(given)
        fires = verdict.outcome == Outcome.FAIL
        says = "fires" if fires else "does not fire"
        if verdict.outcome == Outcome.NOT_APPLICABLE:
            says = "is not concerned"
        example: dict[str, Any] = {
            "name": f"A stored {technology_label(self.item.technology)} that {says}"[:200],
            "fires": fires,
            "config": given["config"],
        }
        world = dict(given["context"])
        if world.get("account") == example_account(self.draft):
            del world["account"]  # As every example has it.
        if world:
            example["context"] = world
        if fires and len(verdict.findings) <= IDENTITIES:
            example["identities"] = [one.identity for one in verdict.findings]
        return example

    # -- what the rule reads ------------------------------------------------------------------

    def _parts(self, config: Any) -> Any:
        """Return the parts of a configuration that the text reads; all where it does not say."""
        read = frozenset().union(*(parts_read(one) for one in self.texts))
        if not self.small or EVERYTHING in read or not isinstance(config, dict):
            return config
        return {name: value for name, value in config.items() if name in read}

    def _may_be_shown(self, reader: "Noting") -> None:
        keys = {one.pk for one in reader.found()}
        if len(keys) > NEIGHBOURS:
            raise NoExample(
                f"The rule looks at {len(keys)} other items; {NEIGHBOURS} are the most."
            )
        if self.user is not None and keys:
            seen = visible(Item.objects.filter(pk__in=keys), self.user).count()
            if seen < len(keys):
                raise NoExample("The rule looks at other items, which you may not all see.")

    def _world(self, seen: Context, config: Any, reader: "Noting") -> dict[str, Any]:
        """Return the world around as an example writes it: as much of it as is asked for."""
        others = {
            technology: [_wrapped(one, reader.issues_by_uid[one.uid]) for one in found]
            for technology, found in reader.items.items()
            if found
        }
        mentioned = set(texts([config, seen.previous, others]))
        world = {
            "account": {**seen.account, "name": "example"},
            "now": self.now.isoformat() if self._reads_time() else None,
            "item": dict(seen.item) if "item" in self.called else None,
            "previous": seen.previous,
            "tables": dict(seen.tables) if tables_of(self.draft) else None,
            "items": others,
            **_known(seen.known, mentioned, str(seen.account["identifier"])),
        }
        return {name: value for name, value in world.items() if value not in (None, {}, [])}

    def _reads_time(self) -> bool:
        from_time = {one.name for one in library().values() if one.reads_time}
        return bool(self.called & from_time)

    def _leaner(self, given: dict[str, Any], verdict: Verdict) -> dict[str, Any]:
        """Leave out the members of other items without which the rule fires just the same."""
        others = given["context"].get("items", {})
        for technology, found in others.items():
            for name in sorted({name for one in found for name in one["config"]}):
                fewer = [
                    {
                        **one,
                        "config": {key: one["config"][key] for key in one["config"] if key != name},
                    }
                    for one in others[technology]
                ]
                items = {**others, technology: fewer}
                leaner = {**given, "context": {**given["context"], "items": items}}
                if self._same(leaner, verdict):
                    given, others = leaner, items
        return given

    # -- the verdict stays --------------------------------------------------------------------

    def _judge(self, given: Mapping[str, Any]) -> Verdict:
        context = example_context(self.draft, given["config"], given["context"])
        return evaluate(self.draft, context)

    def _same(self, given: Mapping[str, Any], verdict: Verdict) -> bool:
        """Say whether the text says the same, identities and all."""
        found = self._judge(given)
        return found.outcome == verdict.outcome and _identities(found) == _identities(verdict)

    def _alike(self, given: Mapping[str, Any], verdict: Verdict) -> bool:
        """Say whether the text says the same but for the values that were replaced."""
        found = self._judge(given)
        return found.outcome == verdict.outcome and len(found.findings) == len(verdict.findings)

    def _scrubbed(
        self, given: dict[str, Any], verdict: Verdict
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the example with as much replaced as the verdict lets be, and what was not."""
        first = self._scrubber()
        scrubbed = first.scrub(given)
        if self._alike(scrubbed, verdict):
            return scrubbed, ()
        kept = {old for old, (kind, _) in first.replaced.items() if kind != SECRET}
        if not self._alike(self._scrubber(kept).scrub(given), verdict):
            raise NoExample("The verdict hangs on what looks like a secret.")
        until = time.monotonic() + SECONDS
        for one in sorted(kept):
            fewer = kept - {one}
            if time.monotonic() > until:
                break
            if self._alike(self._scrubber(fewer).scrub(given), verdict):
                kept = fewer
        return self._scrubber(kept).scrub(given), tuple(sorted(kept))

    def _scrubber(self, kept: Collection[str] = ()) -> Scrubber:
        account = self.item.account
        names = {self.item.name, account.name}
        if not account.identifier.isdigit():
            names.add(account.identifier)
        own = example_account(self.draft)["identifier"]
        return Scrubber(account.identifier, names, kept, own)


class Noting:
    """A reader that notes the items it gave, and what is open on them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.items: defaultdict[str, list[Neighbour]] = defaultdict(list)
        self.issues_by_uid: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)

    def found(self) -> Iterator[Neighbour]:
        for found in self.items.values():
            yield from found

    def lookup(
        self, technology: str, path: str, values: Sequence[str], any_of: bool = False
    ) -> list[Neighbour]:
        return self._note(technology, self._reader.lookup(technology, path, values, any_of))

    def related(self, technology: str) -> list[Neighbour]:
        return self._note(technology, self._reader.related(technology))

    def issues(self, technology: str, path: str, values: Sequence[str]) -> list[dict[str, Any]]:
        self.lookup(technology, path, values)
        found = self._reader.issues(technology, path, values)
        for issue in found:
            held = self.issues_by_uid[str(issue.get("id", ""))]
            if issue not in held:
                held.append(issue)
        return found

    def _note(self, technology: str, found: list[Neighbour]) -> list[Neighbour]:
        held = {one.pk for one in self.items[technology]}
        self.items[technology] += [one for one in found if one.pk not in held]
        return found


def _wrapped(one: Neighbour, issues: list[dict[str, Any]]) -> dict[str, Any]:
    """Return another item as an example writes it."""
    about = {"config": one.config, "account": one.account, "uid": one.uid, "name": one.name}
    return about | ({"issues": issues} if issues else {})


def _known(known: Known, mentioned: set[str], own: str) -> dict[str, Any]:
    """Return what is known of the accounts and networks that are mentioned."""
    everything = "\n".join(mentioned).lower()
    nets = [net for text in mentioned if (net := network(text)) is not None]
    by_id = {key: one for key, one in known.canonical_ids.items() if key.lower() in everything}
    return {
        "known_accounts": {
            account: whose
            for account, whose in known.accounts.items()
            if account != own and (account.lower() in everything or account in by_id.values())
        },
        "canonical_ids": by_id,
        "known_networks": [
            {"cidr": str(one), "whose": whose}
            for one, whose in known.networks
            if any(one.version == net.version and one.overlaps(net) for net in nets)
        ],
    }


def _identities(verdict: Verdict) -> Any:
    return canonical([one.identity for one in verdict.findings])
