"""Issues by HTTP, to be read."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers

from accounts.api import GuardedViewSet, Id
from audits.models import Issue


class IssueFilter(django_filters.FilterSet):
    account = Id(field_name="item__account")
    item = Id()
    technology = django_filters.CharFilter(field_name="item__technology")
    rule = django_filters.CharFilter(field_name="rule__key")
    score_min = django_filters.NumberFilter(field_name="score", lookup_expr="gte")
    score_max = django_filters.NumberFilter(field_name="score", lookup_expr="lte")
    state = django_filters.ChoiceFilter(
        choices=[(word, word) for word in ("open", "justified", "fixed")], method="by_state"
    )
    opened_after = django_filters.IsoDateTimeFilter(field_name="opened_at", lookup_expr="gte")

    class Meta:
        model = Issue
        fields = ("account", "item", "technology", "rule", "state", "unknown")

    def by_state(self, rows: QuerySet[Issue], _name: str, value: str) -> QuerySet[Issue]:
        states: dict[str, dict[str, Any]] = {
            "open": {"fixed_at": None, "justified": False},
            "justified": {"fixed_at": None, "justified": True},
            "fixed": {"fixed_at__isnull": False},
        }
        return rows.filter(**states[value])


class IssueSerializer(serializers.ModelSerializer[Issue]):
    rule = serializers.CharField(source="rule.key")
    title = serializers.CharField(source="version.title")
    version = serializers.IntegerField(source="version.number")
    severity = serializers.CharField()
    state = serializers.CharField()
    account = serializers.IntegerField(source="item.account_id")
    account_name = serializers.CharField(source="item.account.name")
    item_name = serializers.CharField(source="item.name")
    technology = serializers.CharField(source="item.technology")
    region = serializers.CharField(source="item.region")

    class Meta:
        model = Issue
        fields: tuple[str, ...] = (
            "id",
            "rule",
            "title",
            "version",
            "score",
            "severity",
            "state",
            "unknown",
            "notes",
            "account",
            "account_name",
            "item",
            "item_name",
            "technology",
            "region",
            "opened_at",
            "fixed_at",
        )


class IssueDetailSerializer(IssueSerializer):
    """An issue with what was found, which lists leave out."""

    class Meta(IssueSerializer.Meta):
        fields = (*IssueSerializer.Meta.fields, "evidence", "extent")


class IssueViewSet(GuardedViewSet):
    """Issues, worst first."""

    queryset = Issue.objects.select_related("rule", "version", "item__account").defer(
        "item__config"
    )
    serializer_class = IssueSerializer
    detail_serializer_class = IssueDetailSerializer
    filterset_class = IssueFilter
    order = ("-score", "pk")

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows if self.action == "retrieve" else rows.defer("evidence", "extent")
