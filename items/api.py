"""Items, their labels and revisions, and how they were read, by HTTP."""

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from django.db import transaction
from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import paging
from accounts.api.base import ApiView, GuardedViewSet, Id, When
from accounts.api.describing import PAGED, taken
from accounts.api.fields import PARAMETER as FIELDS
from accounts.api.fields import Sparse, SparseRow
from accounts.api.files import FILES, stream
from accounts.api.given import checked
from items.labelling import LONGEST, MOST, label
from items.models import Gap, Item, Kind, Run
from items.preceding import what_stood_before
from items.revisions import what_changed
from items.watchers import watchers


class ItemFilter(django_filters.FilterSet):
    changed_after = When(field_name="changed_at", lookup_expr="gte")

    class Meta:
        model = Item
        fields = ("place", "uid", "name", "full_name")


class ItemSerializer(Sparse):
    account_name = serializers.CharField(source="account.name")
    worst = serializers.IntegerField(allow_null=True, help_text="The score of its worst issue.")
    unread = serializers.DictField(child=serializers.CharField())
    labels = serializers.SerializerMethodField(help_text="null: of the past none are kept.")

    class Meta:
        model = Item
        fields: tuple[str, ...] = (
            *("id", "account", "account_name", "technology", "place", "region", "uid", "name"),
            *("full_name", "worst", "unread", "labels"),
            *("first_seen", "last_seen", "changed_at", "gone_at"),
        )

    def get_labels(self, item: Any) -> list[str] | None:
        # Read along by the console's list, where that is of now.
        given = getattr(item, "labelled", None)
        return None if given is None else [one.name for one in given]


class ItemDetailSerializer(ItemSerializer):
    """An item with its configuration, which lists leave out."""

    config = serializers.JSONField()

    class Meta(ItemSerializer.Meta):
        fields = (*ItemSerializer.Meta.fields, "config")


class LabelsSerializer(serializers.Serializer[Any]):
    """The labels that an item shall have, and no others."""

    labels: Any = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST), max_length=MOST
    )


class ItemViewSet(GuardedViewSet):
    """What is there, and what was."""

    queryset = Item.objects.all()
    serializer_class = ItemSerializer
    detail_serializer_class = ItemDetailSerializer
    filterset_class = ItemFilter
    joined = ("account",)
    deferred = ("config",)
    conditional = ("labels",)
    demands: ClassVar[Mapping[str, str]] = {"labels": "items.review_item"}

    def edited(self, row: Any, data: Mapping[str, Any]) -> Any:
        return data["labels"]

    @taken(request=LabelsSerializer, responses=ItemDetailSerializer)
    @action(detail=True, methods=["put"])
    @transaction.atomic
    def labels(self, request: Request, **_: Any) -> Response:
        """Give it these labels and no others; none takes all away."""
        wanted = checked(LabelsSerializer, request)["labels"]
        # Held before its ETag is compared: of two at once, the second reads what the first gave.
        Item.objects.select_for_update(no_key=True).only("pk").get(pk=self.get_object().pk)
        label(self.unchanged(request), wanted, request.user)
        return self.now()


REVISION = Item.history.model


class RevisionFilter(django_filters.FilterSet):
    item = Id(field_name="id")
    account = Id(field_name="account_id")
    technology = django_filters.CharFilter()
    kind = django_filters.ChoiceFilter(choices=Kind.choices)
    after = When(field_name="history_date", lookup_expr="gte")
    before = When(field_name="history_date", lookup_expr="lt")

    class Meta:
        model = REVISION
        fields = ("item", "account", "technology", "kind")


class RevisionSerializer(Sparse):
    id = serializers.IntegerField(source="history_id")
    item = serializers.IntegerField(source="id")
    account = serializers.IntegerField(source="account_id")
    at = serializers.DateTimeField(source="history_date")
    kind = serializers.CharField(help_text=", ".join(Kind.values))
    actor = serializers.JSONField()
    run = serializers.IntegerField(source="run_id", allow_null=True)

    class Meta:
        model = REVISION
        fields: tuple[str, ...] = (
            *("id", "item", "account", "technology", "place", "region", "uid", "name"),
            *("kind", "at", "until", "actor", "run"),
        )


class LineSerializer(serializers.Serializer[Any]):
    """One thing that was added, removed or changed."""

    where = serializers.CharField()
    what = serializers.ChoiceField(choices=["added", "removed", "changed"])
    before = serializers.JSONField(source="old")
    after = serializers.JSONField(source="new")


class RevisionDetailSerializer(RevisionSerializer):
    """A revision with its configuration, and how that differs from the revision before."""

    config = serializers.JSONField()
    differences = LineSerializer(many=True, source="lines")

    class Meta(RevisionSerializer.Meta):
        fields = (*RevisionSerializer.Meta.fields, "config", "differences")


class RevisionViewSet(GuardedViewSet):
    """Every state that an item had, the oldest first."""

    queryset = REVISION.objects.all()
    serializer_class = RevisionSerializer
    detail_serializer_class = RevisionDetailSerializer
    filterset_class = RevisionFilter
    order = ("history_id",)
    key = "history_id"
    deferred = ("config",)

    def needs(self) -> str:
        return "items.view_item"

    def get_object(self) -> Any:
        row = super().get_object()
        change = what_stood_before([row.history_id])[row.history_id]
        first = change.earlier is None
        row.lines = [] if first else what_changed(row.technology, change.before, change.after)
        return row


class TechnologySerializer(SparseRow):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    account_type = serializers.CharField()


class TechnologiesSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True, help_text="The next page; null: this is the last.")
    results = TechnologySerializer(many=True)


class TechnologiesView(ApiView, APIView):
    """Every technology that is watched, by its key."""

    permission = "items.view_item"
    asks = (FIELDS, *paging.ASKED)
    serializer_class = TechnologiesSerializer
    files = True

    @taken(*PAGED)
    def get(self, request: Any) -> HttpResponseBase:
        """List the technologies."""
        size, start = paging.size_of(request), request.query_params.get("cursor", "")
        form = request.accepted_renderer.format
        keys = sorted(key for key in watchers if key in watchers)
        chosen = [key for key in keys if key > start]
        some = chosen if form in FILES else chosen[:size]
        made: Any = TechnologySerializer(
            [{"key": key, **_told_of(watchers[key])} for key in some],
            many=True,
            context={"request": request},
        )
        if form in FILES:
            return stream(form, "technologies", list(made.child.fields), made.data)
        cursor = some[-1] if len(chosen) > size else ""
        return Response({"next": paging.page_after(request, cursor), "results": made.data})


def _told_of(watcher: Any) -> dict[str, str]:
    return {"label": watcher.label, "account_type": watcher.account_type}


class RunSerializer(Sparse):
    class Meta:
        model = Run
        fields = (
            *("id", "account", "technology", "kind", "state", "started_at", "ended_at", "error"),
            *("found", "created", "changed", "gone", "gaps"),
        )


class RunViewSet(GuardedViewSet):
    """Looks at one technology of one account, the newest first."""

    queryset = Run.objects.all()
    serializer_class = RunSerializer
    order = ("-id",)


class GapSerializer(Sparse):
    names = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Gap
        fields = (
            *("id", "account", "technology", "place", "part", "operation", "code", "reason"),
            *("permission", "names", "count", "since", "seen_at", "until"),
        )


class GapViewSet(GuardedViewSet):
    """What could not be read: what is in it is unknown, not gone."""

    queryset = Gap.objects.all()
    serializer_class = GapSerializer
