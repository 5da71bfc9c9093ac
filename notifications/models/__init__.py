"""Who is told of what, and every mail that went out or still has to."""

from notifications.models.deliveries import Delivery, Line, new_message_id
from notifications.models.subscriptions import Subscription, server_zone

__all__ = ["Delivery", "Line", "Subscription", "new_message_id", "server_zone"]
