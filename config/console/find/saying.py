"""How a question was understood, in words; and what could not be looked through."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from django.db.models import Q
from django.urls import reverse

from accounts.models import KnownNetwork
from accounts.recalling import recall
from accounts.seeing import visible
from audits.standing import at
from config.console.find.asked import Asked
from items.addresses import edges
from items.asking import Addressed
from items.models import Gap
from items.naming import technology_label
from items.searching import Found
from items.terms import described

# Gaps that are named; the rest is counted.
NAMED = 3


def answer(asked: Asked, found: Found) -> tuple[str, str]:
    """Return how much there is, to be set in bold, and what of: the question in words."""
    about = asked.question.address
    others = [term for term in asked.question.terms if not isinstance(term, Addressed)]
    tail = ", ".join(map(described, others))
    if about is None:
        return _counted(found.items, "thing"), f"{tail}."
    count = f"{_counted(found.places, 'place')} in {_counted(found.items, 'item')}"
    if found.places == found.items:
        count = _counted(found.items, "item")
    verb = "speaks" if (found.places if "place" in count else found.items) == 1 else "speak"
    said = f"{verb} of {_network(about)}"
    return count, f"{said}; only {'items'} {tail}." if others else f"{said}."


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}" if number else f"No {word}"


def _network(about: Addressed) -> str:
    first, last = about.networks[0][0], about.networks[-1][-1]
    if about.count == 1:
        return f"this address, {first}"
    kind = "this network" if len(about.networks) == 1 else "this range"
    count = f"{about.count:,}" if about.count < 10**15 else f"2^{about.count.bit_length() - 1}"
    return f"{kind}: {count} addresses, {first} to {last}"


def known_as(asked: Asked, user: Any) -> list[dict[str, str]]:
    """Return the known networks that are, or hold, what is asked for, the nearest first."""
    about = asked.question.address
    if about is None:
        return []
    found = []
    rows = recall(KnownNetwork, asked.moment) if asked.moment else KnownNetwork.objects.all()
    for known in visible(rows, user):
        network = ip_network(known.cidr)
        first, last = edges(network)
        if len(first) == len(about.first) and first <= about.first and about.last <= last:
            found.append((network.prefixlen, known))
    found.sort(key=lambda one: -one[0])
    return [
        {
            "name": known.note or known.cidr,
            "whose": known.get_whose_display(),
            "link": reverse("admin:accounts_knownnetwork_change", args=[known.pk]),
        }
        for _, known in found[:2]
    ]


def unsearched(asked: Asked, user: Any) -> dict[str, Any]:
    """Return what could not be read, and so not be searched, as far as it is in sight."""
    standing = Q(until=None) if asked.moment is None else at(asked.moment)
    gaps = visible(Gap.objects.filter(standing), user)
    if asked.chosen.accounts:
        gaps = gaps.filter(account__in=asked.chosen.accounts)
    if asked.chosen.technologies:
        gaps = gaps.filter(Q(technology__in=asked.chosen.technologies))
    some = list(gaps.select_related("account").order_by("-since")[: NAMED + 1])
    count = gaps.count() if len(some) > NAMED else len(some)
    return {
        "count": count,
        "gaps": list(map(_gap, some[:NAMED])),
        "more": max(0, count - NAMED),
        "link": reverse("admin:items_gap_changelist"),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    what = gap.part or "the list"
    return {
        "what": f"{what} of {technology_label(gap.technology)}",
        "where": gap.account.name,
        "place": gap.place,
        "code": gap.code,
        "since": gap.since,
    }


def tips() -> Iterable[tuple[str, str]]:
    """Return examples of what can be typed, with what each of them finds."""
    return (
        ("10.4.0.0/16", "who admits, holds or is a part of this network"),
        ("203.0.113.7", "who lets this address in, or has it"),
        ("i-0abc", "an id, a name, an ARN or any text of a configuration"),
        ("tag:purpose=training", "things with this tag"),
        ("IpPermissions[].FromPort = 22", "things with this value at a path; also != > < >= <= ~"),
        ("/arn:aws:iam::\\d+:root/", "what a regular expression finds"),
        ("changed:2026-05-01..2026-05-31", "what changed in these days"),
        ("group:PCI technology:bucket log", "all of these together"),
    )
