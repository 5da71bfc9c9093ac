"""Accounts by HTTP, to be read; and the base of every list that the API gives."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.models import Account
from accounts.seeing import visible


class MayView(BasePermission):
    """Lets in whom something of the model is granted to; what, the queryset says."""

    def has_permission(self, request: Request, view: Any) -> bool:
        opts = view.queryset.model._meta
        return bool(request.user.has_perm(f"{opts.app_label}.view_{opts.model_name}"))


class Pages(CursorPagination):
    """Pages that stay true while rows are added."""

    page_size = 100
    max_page_size = 500
    page_size_query_param = "page_size"


class Id(django_filters.NumberFilter):
    """The key of a row; what no database could hold as one is refused."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=0, max_value=2**63 - 1, **kwargs)


class GuardedViewSet(ReadOnlyModelViewSet):
    """A list and its rows, as far as they are granted."""

    permission_classes = (MayView,)
    pagination_class = Pages
    order: tuple[str, ...] = ("pk",)
    detail_serializer_class: Any = None

    def get_queryset(self) -> QuerySet[Any]:
        return visible(super().get_queryset(), self.request.user).order_by(*self.order)

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve" and self.detail_serializer_class:
            return self.detail_serializer_class
        return super().get_serializer_class()

    def paginate_queryset(self, queryset: Any) -> Any:
        if self.paginator is not None:
            self.paginator.ordering = self.order  # type: ignore[attr-defined]
        return super().paginate_queryset(queryset)


class AccountSerializer(ModelSerializer[Account]):
    class Meta:
        model = Account
        fields = (
            "id",
            "name",
            "type",
            "identifier",
            "active",
            "third_party",
            "groups",
            "owner_mail",
            "archived_at",
            "created_at",
        )


class AccountViewSet(GuardedViewSet):
    queryset = Account.objects.prefetch_related("groups")
    serializer_class = AccountSerializer
    filterset_fields = ("type", "identifier", "name", "active", "third_party")
