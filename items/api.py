"""Items by HTTP, to be read."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from rest_framework import serializers

from accounts.api import GuardedViewSet, Id
from items.models import Item


class ItemFilter(django_filters.FilterSet):
    account = Id()
    technology = django_filters.CharFilter()
    region = django_filters.CharFilter()
    state = django_filters.ChoiceFilter(
        choices=(("there", "there"), ("gone", "gone")), method="by_state"
    )
    search = django_filters.CharFilter(method="by_text")
    changed_after = django_filters.IsoDateTimeFilter(field_name="changed_at", lookup_expr="gte")

    class Meta:
        model = Item
        fields = ("account", "technology", "region", "place", "uid", "name", "full_name")

    def by_state(self, rows: QuerySet[Item], _name: str, value: str) -> QuerySet[Item]:
        return rows.filter(gone_at__isnull=value == "there")

    def by_text(self, rows: QuerySet[Item], _name: str, value: str) -> QuerySet[Item]:
        return rows.filter(
            Q(name__icontains=value) | Q(uid__icontains=value) | Q(full_name__icontains=value)
        )


class ItemSerializer(serializers.ModelSerializer[Item]):
    account_name = serializers.CharField(source="account.name")

    class Meta:
        model = Item
        fields: tuple[str, ...] = (
            "id",
            "account",
            "account_name",
            "technology",
            "place",
            "region",
            "uid",
            "name",
            "full_name",
            "unread",
            "first_seen",
            "last_seen",
            "changed_at",
            "gone_at",
        )


class ItemDetailSerializer(ItemSerializer):
    """An item with its configuration, which lists leave out."""

    class Meta(ItemSerializer.Meta):
        fields = (*ItemSerializer.Meta.fields, "config")


class ItemViewSet(GuardedViewSet):
    queryset = Item.objects.select_related("account")
    serializer_class = ItemSerializer
    detail_serializer_class = ItemDetailSerializer
    filterset_class = ItemFilter

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows if self.action == "retrieve" else rows.defer("config")
