"""Who is told of what, and every message, by HTTP."""

from typing import Any

from rest_framework import serializers

from accounts.api.base import GuardedViewSet
from accounts.api.fields import Sparse
from accounts.api.writing import Added, Deleted, Edited
from notifications.models import Delivery, Report, Subscription


class SubscriptionSerializer(Sparse):
    """A subscription; the parameters of its notifier are not told: some are secret."""

    technologies = serializers.ListField(child=serializers.CharField(), required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    parameters: Any = serializers.DictField(
        required=False,
        write_only=True,
        help_text="What its notifier wants to know; secrets as references. What is left out stays.",
    )

    class Meta:
        model = Subscription
        fields = (
            *("id", "name", "notifier", "address", "parameters", "on", "accounts", "groups"),
            *("technologies", "tags", "rules", "framework", "view", "created", "changed", "gone"),
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
