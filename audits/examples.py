"""Run a rule's examples: each a configuration with the verdict that it must get."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from accounts.providers import provider_of
from audits.engine import Evaluable, Outcome, evaluate
from audits.functions.base import Context, Known, Neighbour
from audits.lookups import as_compared, values_at
from items.canonical import canonical
from items.diffing import shown

# What an example may say of another item, beside its configuration.
WRAPPED = {"account", "uid", "name", "config", "issues"}
NO_ISSUE = {"rule": "", "title": "", "score": 0}

NOW = "2026-06-01T00:00:00Z"


class Example(Protocol):
    """The part of an example that is run."""

    name: str
    config: Any
    context: Any
    fires: bool
    identities: Any


def failures(rule: Any, examples: Sequence[Example]) -> list[str]:
    """Say why the examples do not carry the rule: nothing where they hold and are enough."""
    found = [reason for example in examples if (reason := failure(rule, example))]
    for fires, word in ((True, "fires"), (False, "does not fire")):
        if not any(example.fires is fires for example in examples):
            found.append(f"There is no example that {word}.")
    return found


def failure(rule: Any, example: Example) -> str:
    """Say how the rule's verdict differs from what the example wants, or return nothing."""
    verdict = evaluate(rule, example_context(rule, example.config, example.context or {}))
    if verdict.outcome == Outcome.UNKNOWN:
        return f"“{example.name}” gives no answer: {verdict.reason}"
    fired = verdict.outcome == Outcome.FAIL
    if fired != example.fires:
        return f"“{example.name}” should {'' if example.fires else 'not '}fire."
    if example.identities is not None:
        got = canonical([finding.identity for finding in verdict.findings])
        if got != canonical(example.identities):
            return (
                f"“{example.name}” finds {shown(got)}, where {shown(example.identities)} is "
                "expected, by what makes a finding the same issue."
            )
    return ""


def example_context(rule: Evaluable, config: Any, given: Mapping[str, Any]) -> Context:
    """Make the world that an example describes; what it leaves out is empty."""
    account = {**example_account(rule), **given.get("account", {})}
    parameters = {name: one.get("default") for name, one in getattr(rule, "parameters", {}).items()}
    networks = tuple(
        (ipaddress.ip_network(network["cidr"]), network["whose"])
        for network in given.get("known_networks", [])
    )
    return Context(
        now=moment(given.get("now", NOW)),
        config=config,
        account=account,
        item=given.get("item", {}),
        parameters={**parameters, **given.get("parameters", {})},
        known=Known(
            {account["identifier"]: "ours", **given.get("known_accounts", {})},
            given.get("canonical_ids", {}),
            networks,
        ),
        previous=given.get("previous"),
        tables=given.get("tables", {}),
        reader=Listed(account["identifier"], given.get("items", {})),
    )


def example_account(rule: Any) -> dict[str, str]:
    """Return the account in which the examples of a rule are, if they do not say otherwise."""
    technology = next(iter(getattr(rule, "technologies", ()) or ()), "")
    provider = provider_of(technology)
    return {"identifier": provider.example, "name": "example", "type": provider.key}


def moment(text: str) -> datetime:
    """Return an aware moment from ISO text; without a zone it is UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Listed:
    """A reader over items that an example lists.

    Each is a configuration, or an object of one (config) with account, uid, name and issues.
    """

    def __init__(self, account: str, items: Mapping[str, Iterable[Any]]) -> None:
        self.account = account
        self.items = {
            technology: [self._neighbour(one) for one in given]
            for technology, given in items.items()
        }

    def _neighbour(self, given: dict[str, Any]) -> tuple[Neighbour, list[dict[str, Any]]]:
        wrapped = "config" in given and set(given) <= WRAPPED
        about: dict[str, Any] = given if wrapped else {"config": given}
        account = str(about.get("account", self.account))
        uid, name = (str(about.get(key, "")) for key in ("uid", "name"))
        issues = about.get("issues", [])
        return (
            Neighbour(about["config"], account, uid, name),
            [{**NO_ISSUE, "id": uid, "name": name, **issue} for issue in issues],
        )

    def lookup(
        self, technology: str, path: str, values: Sequence[str], any_of: bool = False
    ) -> list[Neighbour]:
        return [one for one, _ in self._with(technology, path, values)]

    def related(self, technology: str) -> list[Neighbour]:
        return [one for one, _ in self.items.get(technology, []) if one.account == self.account]

    def issues(self, technology: str, path: str, values: Sequence[str]) -> list[dict[str, Any]]:
        found = self._with(technology, path, values)
        return [issue for one, issues in found if one.account == self.account for issue in issues]

    def _with(
        self, technology: str, path: str, values: Sequence[str]
    ) -> Iterator[tuple[Neighbour, list[dict[str, Any]]]]:
        wanted = set(as_compared(technology, values))
        for one, issues in self.items.get(technology, []):
            if wanted & set(values_at(technology, path, one.config)):
                yield one, issues
