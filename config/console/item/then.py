"""What the page of an item shows of a moment in the past."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from accounts.moments import Moment, moment_of
from accounts.seeing import visible
from audits.models import BlindSpot, Exemption, Issue, IssueEvent, Rule, Tenure
from audits.recalling import issues_at
from audits.standing import OPENING, at
from config.console.page import one, page
from items.models import Gap, Item, Run
from items.naming import technology_label
from items.recalling import items_at


def item_seen(request: HttpRequest, pk: int) -> Item:
    """Return an item as the page is asked to show it; raise Http404 where it was not known."""
    present: Item = one(Item.objects.select_related("account"), request, pk)
    found = item_then(present, moment_of(request))
    if found is None:
        raise Http404("It was not known yet.")
    return found


def not_yet(request: HttpRequest, item: Item) -> HttpResponse:
    """Say of an item that nobody knew of it at the moment that was asked for."""
    context = {
        "crumb": ("Items", reverse("admin:items_item_changelist")),
        "item": item,
        "label": technology_label(item.technology),
        "kept_then": True,
    }
    return page(request, "not_yet", str(item), context)


def item_then(item: Item, moment: Moment) -> Item | None:
    """Return an item as it was at a moment; None: nobody knew of it yet."""
    if moment.now:
        return item
    found: Item | None = items_at(moment.at).select_related("account").filter(pk=item.pk).first()
    if found and not found.gone_at:
        found.last_seen = max(found.last_seen, _read(found, moment) or found.last_seen)
    return found


def _read(item: Item, moment: Moment) -> Any:
    """Return when the place of an item was last read to its end before a moment."""
    missed = Gap.objects.filter(
        Q(until=None) | Q(until__gt=OuterRef("started_at")),
        account=item.account_id,
        technology=item.technology,
        part="",
        place__in=("", item.place),
        since__lte=OuterRef("started_at"),
    )
    runs = Run.objects.filter(
        ~Exists(missed),
        account=item.account_id,
        technology=item.technology,
        kind=Run.Kind.LOOKED,
        state=Run.State.DONE,
        started_at__lte=moment.at,
    )
    return runs.order_by("-started_at").values_list("started_at", flat=True).first()


def issues_of(item: Item, moment: Moment) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Return the issues of an item that are open at a moment, and those that are fixed by then."""
    if moment.now:
        rows = Issue.objects.filter(item=item.pk)
        return rows.filter(fixed_at=None), rows.exclude(fixed_at=None)
    then: QuerySet[Any] = issues_at(moment.at).filter(item=item.pk)
    return then.filter(fixed_at_then=None), then.exclude(fixed_at_then=None)


def blind(moment: Moment) -> Q:
    """Keep the blind spots of a moment."""
    return Q(until=None) if moment.now else at(moment.at)


def tried(item: Item, moment: Moment) -> dict[str, int]:
    """Return how many rules were held against an item at a moment: ``quiet`` ones that found
    nothing, ``exempt`` ones that do not apply; both are 0 where none was run. One query."""
    going = blind(moment)
    place = {"account": item.account_id, "technology": item.technology}
    run = Tenure.objects.filter(going, **place).values("version__rule")
    rules = Rule.objects.filter(pk__in=run).annotate(
        let_off=Exists(Exemption.objects.filter(going, item=item.pk, rule=OuterRef("pk"))),
        found=Exists(issues_of(item, moment)[0].filter(rule=OuterRef("pk"))),
        silent=Exists(BlindSpot.objects.filter(going, item=item.pk, rule=OuterRef("pk"))),
    )
    quiet = Q(let_off=False, found=False, silent=False)
    return rules.aggregate(
        quiet=Count("pk", filter=quiet), exempt=Count("pk", filter=Q(let_off=True, found=False))
    )


def banner(request: HttpRequest, item: Item, moment: Moment) -> dict[str, Any]:
    """Tell the banner over an item of the past what happened since, and where that is shown."""
    if moment.now:
        return {}
    revisions = item.history.filter(history_date__gt=moment.at).count()
    opened = IssueEvent.objects.filter(issue__item=item.pk, at__gt=moment.at, what__in=OPENING)
    issues = visible(opened, request.user).values("issue").distinct().count()
    asked = urlencode({"item": item.pk, "from": moment.text})
    return {
        "kept_then": True,
        "since_then": f"{_count(revisions, 'revision')}, {_count(issues, 'new issue')}",
        "differences_link": f"{reverse('differences')}?{asked}",
        "partly_kept": "Of issues the text is as it was found last." if issues else "",
    }


def items_banner(request: HttpRequest) -> dict[str, Any]:
    """Tell the banner over the list of items where is shown what differs today."""
    moment = moment_of(request)
    if moment.now:
        return {}
    asked = {name: request.GET.get(name, "") for name in ("technology", "account")}
    chosen = {name: value for name, value in asked.items() if value} | {"from": moment.text}
    return {"differences_link": f"{reverse('differences')}?{urlencode(chosen)}"}


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number in (0, 1) else 's'}"
