"""Who is told of what or no more, every message that went out or still has to, and what
services keep."""

from notifications.models.deliveries import Delivery, Line, lasting_key, new_message_id
from notifications.models.reports import Report
from notifications.models.stopped import StoppedMail
from notifications.models.subscriptions import OwnSubscription, Subscription, server_zone
from notifications.models.tickets import Ticket

__all__ = [
    "Delivery",
    "Line",
    "OwnSubscription",
    "Report",
    "StoppedMail",
    "Subscription",
    "Ticket",
    "lasting_key",
    "new_message_id",
    "server_zone",
]
