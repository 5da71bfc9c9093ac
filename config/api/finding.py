"""What is found across items by HTTP: the search, and what differs between two moments."""

from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import paging
from accounts.api.base import ApiView
from accounts.api.describing import PAGED, parameter, taken
from accounts.api.fields import PARAMETER as FIELDS
from accounts.api.fields import SparseRow
from accounts.api.files import FILES, stream
from accounts.api.problems import TooLarge
from config.console.differences import WHATS, Asked, every, told
from config.console.find.asked import ALSO, SIZE, WAYS
from config.console.find.asked import Asked as Sought
from config.console.find.exporting import HOWS, as_far_as_it_goes
from config.console.find.page import answered
from config.console.find.page import every as every_hit
from items.api import LineSerializer
from items.bounding import TooLong

DAY = {"type": "string", "description": "2026-11-08, or with a time: 2026-11-08T14:00"}
KEYS = {"type": "string", "pattern": r"^[0-9]{1,17}(,[0-9]{1,17})*$"}


class DifferingSerializer(SparseRow):
    """An item that is not the same at two moments."""

    item = serializers.IntegerField(source="item.pk")
    account = serializers.IntegerField(source="item.account_id")
    technology = serializers.CharField(source="item.technology")
    uid = serializers.CharField(source="item.uid")
    name = serializers.CharField(source="item.name")
    what = serializers.ChoiceField(choices=list(WHATS))
    differences = LineSerializer(many=True, source="lines")


class DifferencesSerializer(serializers.Serializer[Any]):
    """One page of what differs."""

    next = serializers.URLField(allow_null=True, help_text="The next page; null: this is the last.")
    total = serializers.IntegerField(help_text="How many items differ, on all pages.")
    results = DifferingSerializer(many=True)


class DifferencesView(ApiView, APIView):
    """What differs between two moments: items that came, that went, and that changed, and how."""

    permission = "items.view_item"
    asks = ("from", "to", "account", "technology", "item", "what", FIELDS, *paging.ASKED)
    serializer_class = DifferencesSerializer
    files = True
    order = ("technology", "name", "id")
    stand_ins: ClassVar[dict[str, str]] = {}

    @taken(
        parameter("from", "The moment to look back to.", DAY, required=True),
        parameter("to", "The later moment; none: now.", DAY),
        parameter("account", "Keys of accounts, with commas.", KEYS),
        parameter("technology", "Keys of technologies, with commas.", {"type": "string"}),
        parameter("item", "The key of one item.", {"type": "string", "pattern": "^[0-9]{1,17}$"}),
        parameter("what", "Which kind alone.", {"type": "string", "enum": list(WHATS)}),
        *PAGED,
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Compare two moments."""
        asked = Asked(request.user, request.query_params)
        if asked.faults:
            raise ValidationError({"from": asked.faults})
        if request.query_params.get("what") not in (None, "", *WHATS):
            raise ValidationError({"what": f"Choose from: {', '.join(WHATS)}."})
        made: Any = DifferingSerializer(context={"request": request})
        form = getattr(request.accepted_renderer, "format", "")
        if form in FILES:
            rows = map(made.to_representation, every(asked))
            return stream(form, "differences", list(made.fields), rows)
        _ = made.fields  # An unknown one is refused of no rows, too.
        pages, total = paging.Pages(), asked.chosen().order_by().count()
        some = pages.paginate_queryset(asked.chosen().select_related("account"), request, self)
        results = [made.to_representation(one) for one in told(some)]
        answer = pages.get_paginated_response(results)
        return Response({**answer.data, "total": total})


class HitSerializer(SparseRow):
    """A thing that was found, or one place in it."""

    item = serializers.IntegerField(source="item.pk")
    account = serializers.IntegerField(source="item.account_id")
    technology = serializers.CharField(source="item.technology")
    uid = serializers.CharField(source="item.uid")
    name = serializers.CharField(source="item.name")
    scope = serializers.CharField(help_text="now, gone or older")
    matches = serializers.SerializerMethodField()
    path = serializers.CharField()
    text = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)

    def get_matches(self, hit: Any) -> str:
        return HOWS.get(hit.how, "")


class SearchSerializer(serializers.Serializer[Any]):
    """What a search found; without `all` the first of each technology."""

    next = serializers.URLField(
        allow_null=True, help_text="With `all`: the next page; null: this is the last."
    )
    places = serializers.IntegerField()
    items = serializers.IntegerField()
    stopped = serializers.CharField(help_text="Why not everything was read; empty: it was.")
    results = HitSerializer(many=True)


class SearchView(ApiView, APIView):
    """The console's search: addresses, names, ids, texts, paths, tags and days."""

    permission = "items.view_item"
    asks = ("q", "as", "how", "account", "technology", "also", "all", "page", FIELDS)
    has_past = True
    serializer_class = SearchSerializer
    files = True

    @taken(
        parameter("q", "What to look for.", {"type": "string", "minLength": 1}, required=True),
        parameter("as", "Take all of it for one text.", {"type": "string", "enum": ["text"]}),
        parameter("how", f"Ways of matching an address: {', '.join(WAYS)}.", {"type": "string"}),
        parameter("account", "Keys of accounts, with commas.", KEYS),
        parameter("technology", "Keys of technologies, with commas.", {"type": "string"}),
        parameter("also", f"Look there, too: {', '.join(ALSO)}.", {"type": "string"}),
        parameter("all", "Every hit of one technology.", {"type": "string", "enum": ["1"]}),
        parameter("page", "Of every hit, from 1.", {"type": "integer", "minimum": 1}),
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Search what you may see."""
        page = whole_number(request, "page")
        asked = Sought.by(request)
        if not asked.question.terms:
            raise ValidationError({"q": "Say what to look for."})
        made: Any = HitSerializer(context={"request": request})
        heads, form = list(made.fields), getattr(request.accepted_renderer, "format", "")
        if form in FILES:
            hits = map(made.to_representation, every_hit(asked, request.user))
            return stream(form, "search", heads, as_far_as_it_goes(hits))
        try:
            found = answered(asked, request.user)
        except TooLong as error:
            raise TooLarge(str(error)) from error
        more = asked.whole and page * SIZE < found.places
        following = request.build_absolute_uri(asked.link(page=page + 1)) if more else None
        told_of = {"places": found.places, "items": found.items, "stopped": found.stopped}
        results = [made.to_representation(one) for one in found.hits]
        return Response({"next": following, **told_of, "results": results})


def whole_number(request: Request, name: str) -> int:
    """Return a number that the address has, 1 where it has none; refuse what is none."""
    text = request.query_params.get(name, "1")
    if not (text.isascii() and text.isdigit() and len(text) < 8 and int(text) > 0):
        raise ValidationError({name: "A whole number from 1 on."})
    return int(text)
