"""Forget what is kept for a while only: what programs asked, and what they were answered."""

from datetime import datetime, timedelta

from accounts.api.once import KEPT
from accounts.models import Answered, Asking


def forget(now: datetime) -> None:
    """Delete answers that are a day old, and counts of minutes long over."""
    Answered.objects.filter(at__lt=now - KEPT).delete()
    over = int((now - timedelta(hours=1)).timestamp() * 1000)
    Asking.objects.filter(since__lt=over).delete()
