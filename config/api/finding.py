"""What is found across items by HTTP: the search, and what differs between two moments."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.base import ApiView
from accounts.api.describing import parameter, taken
from accounts.api.problems import TooLarge
from config.console.differences import WHATS, Asked, told
from config.console.find.asked import ALSO, WAYS
from config.console.find.asked import Asked as Sought
from config.console.find.exporting import HOWS
from config.console.find.page import answered
from items.api import LineSerializer
from items.bounding import TooLong

DIFFERING = 25
DAY = {"type": "string", "description": "2026-11-08, or with a time: 2026-11-08T14:00"}
KEYS = {"type": "string", "pattern": r"^[0-9]{1,17}(,[0-9]{1,17})*$"}


class DifferingSerializer(serializers.Serializer[Any]):
    """An item that is not the same at two moments."""

    item = serializers.IntegerField(source="item.pk")
    account = serializers.IntegerField(source="item.account_id")
    technology = serializers.CharField(source="item.technology")
    uid = serializers.CharField(source="item.uid")
    name = serializers.CharField(source="item.name")
    what = serializers.ChoiceField(choices=list(WHATS))
    differences = LineSerializer(many=True, source="lines")


class DifferencesSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    page = serializers.IntegerField()
    results = DifferingSerializer(many=True)


class DifferencesView(ApiView, APIView):
    """What differs between two moments: items that came, that went, and that changed, and how."""

    permission = "items.view_item"
    asks = ("from", "to", "account", "technology", "item", "what", "page")
    serializer_class = DifferencesSerializer

    @taken(
        parameter("from", "The moment to look back to.", DAY, required=True),
        parameter("to", "The later moment; none: now.", DAY),
        parameter("account", "Keys of accounts, with commas.", KEYS),
        parameter("technology", "Keys of technologies, with commas.", {"type": "string"}),
        parameter("item", "The key of one item.", {"type": "string", "pattern": "^[0-9]{1,17}$"}),
        parameter("what", "Which kind alone.", {"type": "string", "enum": list(WHATS)}),
        parameter("page", "From 1.", {"type": "integer", "minimum": 1, "maximum": 10**6}),
    )
    def get(self, request: Request) -> Response:
        """Compare two moments."""
        asked = Asked(request.user, request.query_params)
        if asked.faults:
            raise ValidationError({"from": asked.faults})
        page = whole_number(request, "page")
        if request.query_params.get("what") not in (None, "", *WHATS):
            raise ValidationError({"what": f"Choose from: {', '.join(WHATS)}."})
        rows, start = asked.chosen(), (page - 1) * DIFFERING
        some = told(rows.select_related("account")[start : start + DIFFERING])
        found = {"total": rows.order_by().count(), "page": page, "results": list(some)}
        return Response(DifferencesSerializer(found).data)


class HitSerializer(serializers.Serializer[Any]):
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
    places = serializers.IntegerField()
    items = serializers.IntegerField()
    stopped = serializers.CharField(help_text="Why not everything was read; empty: it was.")
    results = HitSerializer(many=True)


class SearchView(ApiView, APIView):
    """The console's search: addresses, names, ids, texts, paths, tags and days."""

    permission = "items.view_item"
    asks = ("q", "as", "how", "account", "technology", "also", "all", "page")
    has_past = True
    serializer_class = SearchSerializer

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
    def get(self, request: Request) -> Response:
        """Search what you may see."""
        whole_number(request, "page")
        asked = Sought.by(request)
        if not asked.question.terms:
            raise ValidationError({"q": "Say what to look for."})
        try:
            found = answered(asked, request.user)
        except TooLong as error:
            raise TooLarge(str(error)) from error
        told_of = {"places": found.places, "items": found.items, "stopped": found.stopped}
        return Response(SearchSerializer({**told_of, "results": found.hits}).data)


def whole_number(request: Request, name: str) -> int:
    """Return a number that the address has, 1 where it has none; refuse what is none."""
    text = request.query_params.get(name, "1")
    if not (text.isascii() and text.isdigit() and len(text) < 8 and int(text) > 0):
        raise ValidationError({name: "A whole number from 1 on."})
    return int(text)
