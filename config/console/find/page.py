"""The search: one box for addresses, names, ids, texts, paths, tags and days."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import Max
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.admin.exporting import FORMS
from accounts.models import Account
from accounts.seeing import visible
from audits.admin.views import in_reach, view_link
from audits.models import Issue, SavedView
from config.console.find.asked import ALSO, SIZE, WAYS, Asked
from config.console.find.exporting import HOWS, exported
from config.console.find.saying import answer, known_as, tips, unsearched
from config.console.page import page
from items.asking import Worded
from items.bounding import TooLong, at_most
from items.models import Item
from items.naming import technology_label
from items.searching import (
    GONE,
    HOLDS,
    INSIDE,
    IS,
    NOW,
    OLDER,
    Counted,
    Found,
    Hit,
    every_hit,
    search,
)
from items.spotting import spots

# Seconds that one search may take.
SECONDS = 10
# Seconds that a file may take.
FILE_SECONDS = 60.0
EACH = 4
SCOPES = {GONE: "what is gone", OLDER: "older revisions"}
# Values of one facet that are shown without a click.
FIRST = 12


def find(request: HttpRequest) -> HttpResponseBase:
    """Show what was asked for, how it was understood and what was found, by technology."""
    asked = Asked.by(request)
    context: dict[str, Any] = {"asked": asked, "tips": tips(), "kept_then": not asked.day.now}
    if not asked.question.terms:
        context["views"] = _views(request)
    else:
        form = asked.given.get("export", "")
        if form in FORMS:
            return exported(asked, every(asked, request.user), request, form)
        try:
            found = answered(asked, request.user)
            only_gone = not (found.places or asked.chosen.also) and _is_gone(asked, request.user)
        except TooLong as error:
            context["too_long"] = str(error)
        else:
            if only_gone:
                return HttpResponseRedirect(asked.link(also=GONE))
            context |= _shown(request, asked, found)
    return page(request, "find/search", "Search", context)


def answered(asked: Asked, user: Any) -> Found:
    """Search what ``user`` may see; raise TooLong where the database takes too much time."""
    start = ((asked.page - 1) * SIZE, SIZE) if asked.whole else None
    with at_most(SECONDS) as until:
        return search(
            asked.question,
            visible(Item.objects.all(), user),
            asked.chosen,
            asked.moment,
            each=EACH,
            page=start,
            until=until - 2,
            look_further=bool(asked.question.address) or connection.vendor == "postgresql",
        )


def _is_gone(asked: Asked, user: Any) -> bool:
    """Say whether a search that found nothing finds something that is gone: nobody who looks for
    a name knows that beforehand."""
    further = replace(asked, chosen=replace(asked.chosen, also=[GONE]))
    return bool(answered(further, user).places)


def every(asked: Asked, user: Any) -> Iterator[Hit]:
    sight = visible(Item.objects.all(), user)
    return every_hit(asked.question, sight, asked.chosen, asked.moment, FILE_SECONDS)


def _shown(request: HttpRequest, asked: Asked, found: Found) -> dict[str, Any]:
    count, about = answer(asked, found)
    return {
        "found": found,
        "count": count,
        "about": about,
        "known": known_as(asked, request.user),
        "facets": list(_facets(request, asked, found)),
        "groups": _groups(request, asked, found),
        "unsearched": unsearched(asked, request.user),
        "slow": connection.vendor != "postgresql"
        and any(isinstance(term, Worded) for term in asked.question.terms),
        "save": _save_link(request, asked),
        "only_text": "" if _is_text(asked) else asked.link(**{"as": "text", "how": None}),
        "as_meant": asked.link(**{"as": None}),
        "everywhere": asked.link(also=",".join(ALSO)),
        "csv": asked.link(export="csv"),
        "json": asked.link(export="json"),
        "pages": _pages(asked, found),
    }


def _is_text(asked: Asked) -> bool:
    return all(isinstance(term, Worded) for term in asked.question.terms)


def _views(request: HttpRequest) -> list[dict[str, str]]:
    views = in_reach(visible(SavedView.objects.all(), request.user), request.user)
    return [
        {"name": view.name, "notes": view.notes, "link": view_link(view)} for view in views[:FIRST]
    ]


def _save_link(request: HttpRequest, asked: Asked) -> str:
    if not request.user.has_perm("audits.add_savedview"):
        return ""
    query = asked.given.copy()
    for name in ("page", "export", "as_of"):
        query.pop(name, None)
    asks = request.GET.copy()
    asks.clear()
    asks.update({"page": SavedView.Page.SEARCH, "address": query.urlencode()})
    return f"{reverse('admin:audits_savedview_add')}?{asks.urlencode()}"


def _pages(asked: Asked, found: Found) -> dict[str, Any] | None:
    if not asked.whole or found.places <= SIZE:
        return None
    last = -(-found.places // SIZE)
    return {
        "number": asked.page,
        "last": last,
        "before": asked.link(page=asked.page - 1) if asked.page > 1 else "",
        "after": asked.link(page=asked.page + 1) if asked.page < last else "",
    }


# -- what was found -------------------------------------------------------------------------


def _groups(request: HttpRequest, asked: Asked, found: Found) -> list[dict[str, Any]]:
    """Return the hits by technology, the most first."""
    counts: Counter[str] = Counter()
    for one in found.counts:
        if _is_chosen(one, asked):
            counts[one.technology] += one.n
    by_technology: dict[str, list[Hit]] = {name: [] for name, _ in counts.most_common()}
    for hit in found.hits:
        by_technology.setdefault(hit.item.technology, []).append(hit)
    scores = _scores(request, found.hits)
    return [
        {
            "label": technology_label(name),
            "count": counts[name],
            "more": counts[name] > len(hits) and not asked.whole,
            "link": asked.link(technology=name, all=1),
            "rows": [_row(asked, hit, scores.get(hit.item.pk)) for hit in hits],
        }
        for name, hits in by_technology.items()
        if hits
    ]


def _is_chosen(one: Counted, asked: Asked, but: str = "") -> bool:
    """Say whether what was counted is to be shown; ``but``: whatever this facet says."""
    chosen = asked.chosen
    return (
        (but == "also" or one.scope == NOW or one.scope in chosen.also)
        and (but == "how" or not chosen.how or one.how in chosen.how)
        and (but == "account" or not chosen.accounts or one.account in chosen.accounts)
        and (
            but == "technology" or not chosen.technologies or one.technology in chosen.technologies
        )
    )


def _scores(request: HttpRequest, hits: list[Hit]) -> dict[int, int]:
    """Return the highest score of what is open on the things that are shown."""
    issues = visible(Issue.objects.unjustified(), request.user)
    rows = issues.filter(item__in={hit.item.pk for hit in hits}).order_by()
    return dict(rows.values_list("item").annotate(worst=Max("score")))


def _row(asked: Asked, hit: Hit, score: int | None) -> dict[str, Any]:
    return {
        "hit": hit,
        "link": reverse("admin:items_item_change", args=[hit.item.pk]),
        "where": hit.item.region or hit.item.place,
        "spots": spots(asked.question, hit),
        "how": HOWS.get(hit.how, ""),
        "score": score if hit.scope == NOW and asked.day.now else None,
        "gone": hit.scope == GONE,
        "once": hit.until if hit.scope == OLDER else None,
    }


# -- what to narrow it by -------------------------------------------------------------------


def _facets(request: HttpRequest, asked: Asked, found: Found) -> Iterator[dict[str, Any]]:
    if asked.question.address:
        yield {"title": "How it matches", "choices": _ways(asked, found)}
    yield {"title": "Technology", "choices": _technologies(asked, found)}
    yield {"title": "Account", "choices": _accounts(request, asked, found)}
    yield {"title": "Also look in", "choices": _also(asked, found)}


def _ways(asked: Asked, found: Found) -> list[dict[str, Any]]:
    counts = Counter[int]()
    for one in found.counts:
        if _is_chosen(one, asked, but="how"):
            counts[one.how] += one.n
    every = list(WAYS.values())
    on = list(asked.chosen.how) or every
    names = {IS: "is it: itself", HOLDS: "holds it: a wider range", INSIDE: "inside it: a part"}
    about = asked.question.address
    if about and len(about.text) < 20:
        names[IS] = f"is it: {about.text}"
    lines = []
    for word, way in WAYS.items():
        after = [one for one in every if (one in on) != (one == way)]
        text = ",".join(name for name, one in WAYS.items() if one in after)
        everything = len(after) in (0, len(every))
        lines.append(
            {
                "selected": way in on,
                "query_string": asked.link(how=None if everything else text),
                "display": names[WAYS[word]],
                "count": counts[way],
            }
        )
    return lines


def _technologies(asked: Asked, found: Found) -> list[dict[str, Any]]:
    counts = Counter[str]()
    for one in found.counts:
        if _is_chosen(one, asked, but="technology"):
            counts[one.technology] += one.n
    lines = [(name, technology_label(name), count) for name, count in counts.most_common()]
    return _lines(asked, "technology", lines, asked.chosen.technologies)


def _accounts(request: HttpRequest, asked: Asked, found: Found) -> list[dict[str, Any]]:
    counts = Counter[int]()
    for one in found.counts:
        if _is_chosen(one, asked, but="account"):
            counts[one.account] += one.n
    names = dict(
        visible(Account.objects.filter(pk__in=counts), request.user).values_list("pk", "name")
    )
    lines = [(str(pk), names[pk], count) for pk, count in counts.most_common() if pk in names]
    return _lines(asked, "account", lines, list(map(str, asked.chosen.accounts)))


def _lines(asked: Asked, name: str, lines: Any, chosen: Any) -> list[dict[str, Any]]:
    """Return the choices of a facet, each with the address that adds it or takes it away."""
    found = []
    for place, (value, display, count) in enumerate(lines):
        on = value in chosen
        after = [one for one in chosen if one != value] if on else [*chosen, value]
        found.append(
            {
                "selected": on,
                "query_string": asked.link(**{name: ",".join(after) or None, "all": None}),
                "display": display,
                "count": count,
                "late": place >= FIRST and not on,
            }
        )
    return sorted(found, key=lambda line: line["late"])


def _also(asked: Asked, found: Found) -> list[dict[str, Any]]:
    counts = Counter[str]()
    for one in found.counts:
        if _is_chosen(one, asked, but="also"):
            counts[one.scope] += one.n
    counted = {one.scope for one in found.counts}
    lines = []
    for scope in ALSO:
        on = scope in asked.chosen.also
        after = [one for one in ALSO if (one in asked.chosen.also) != (one == scope)]
        known = on or scope in counted or _looked_further(asked)
        lines.append(
            {
                "selected": on,
                "query_string": asked.link(also=",".join(after) or None),
                "display": SCOPES[scope],
                "count": counts[scope] if known else "",
            }
        )
    return lines


def _looked_further(asked: Asked) -> bool:
    return bool(asked.question.address)
