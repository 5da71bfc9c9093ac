"""Who is told of what, and every message, by HTTP, to be read."""

from rest_framework import serializers

from accounts.api.base import GuardedViewSet
from accounts.api.fields import Sparse
from notifications.models import Delivery, Subscription


class SubscriptionSerializer(Sparse):
    """A subscription without the parameters of its notifier: some are secret."""

    technologies = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Subscription
        fields = (
            *("id", "name", "notifier", "address", "on", "accounts", "groups", "technologies"),
            *("view", "created", "changed", "gone", "issues", "least_score", "weekly"),
        )


class SubscriptionViewSet(GuardedViewSet):
    """Who is told of changes and issues."""

    queryset = Subscription.objects.all()
    serializer_class = SubscriptionSerializer


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
