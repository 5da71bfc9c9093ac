"""Who is told of what, and every message, by HTTP."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import GuardedViewSet
from accounts.api.describing import taken
from accounts.api.fields import Sparse
from accounts.api.once import once
from accounts.api.problems import Conflict
from accounts.api.writing import Added, Deleted, Edited
from notifications.models import Delivery, Report, Subscription
from notifications.reach import deliveries_in_reach
from notifications.resending import SEND, send_again


class SubscriptionSerializer(Sparse):
    """A subscription; the parameters of its notifier are not told: some are secret."""

    technologies = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Their keys, as `technologies` lists them. Empty: all.",
    )
    tags = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Only items that have one of these: Name, or Name=value. Empty: all.",
    )
    labels = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Only items that were given one of these on their pages. Empty: all.",
    )
    parameters: Any = serializers.DictField(
        required=False,
        write_only=True,
        help_text="What its notifier wants to know; secrets as references. What is left out stays.",
    )

    class Meta:
        model = Subscription
        fields = (
            *("id", "name", "notifier", "address", "parameters", "on", "accounts", "groups"),
            *(
                "technologies",
                "tags",
                "labels",
                "rules",
                "framework",
                "view",
                "created",
                "changed",
                "gone",
            ),
            *("issues", "reopened", "fixed", "gaps", "endings", "rule_changes", "least_score"),
            *("weekly", "weekly_quiet", "weekly_pdf", "often"),
            *("hour", "weekday", "zone", "quiet_from", "quiet_until", "most_a_day"),
        )


class SubscriptionViewSet(Added, Edited, Deleted):
    """Who is told of changes and issues."""

    queryset = Subscription.objects.all()
    serializer_class = SubscriptionSerializer
    follows = "notifier"
    untold = ("parameters",)


class DeliverySerializer(Sparse):
    address = serializers.CharField()

    class Meta:
        model = Delivery
        fields = (
            *("id", "subscription", "person", "address", "kind", "state", "subject", "since"),
            *("due_at", "attempts", "last_error", "sent_at", "message_id"),
        )


class DeliveryViewSet(GuardedViewSet):
    """Every message, with what became of it, the newest first."""

    queryset = Delivery.objects.all()
    serializer_class = DeliverySerializer
    order = ("-id",)
    joined = ("subscription", "person")
    demands: ClassVar[Mapping[str, str]] = {"resend": SEND}

    @once()
    @taken(request=None, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"])
    @transaction.atomic
    def resend(self, request: Request, **_: Any) -> Response:
        """Send it once more to all its readers, with the key that it had. Not while it waits."""
        found = self.get_object()
        row = Delivery.objects.filter(pk=found.pk)
        rows = deliveries_in_reach(row, request.user, SEND)
        if not rows.exists():
            raise PermissionDenied("It is not yours to send again.")
        if not send_again(rows, request.user):
            raise Conflict("It waits to be sent already.")
        return self.now(202)


class ReportSerializer(Sparse):
    figures = serializers.DictField(
        help_text="What was told: numbers, names, and links as paths of the console."
    )

    class Meta:
        model = Report
        fields = (
            *("id", "subscription", "delivery", "name", "address", "since", "until", "made_at"),
            "figures",
        )


class ReportViewSet(GuardedViewSet):
    """What was told of each week, with the figures of then, the newest first."""

    queryset = Report.objects.all()
    serializer_class = ReportSerializer
    order = ("-id",)
