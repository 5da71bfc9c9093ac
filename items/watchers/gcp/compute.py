"""Compute Engine: networks and what may pass them, machines, disks, load balancers."""

from items.watchers.gcp.base import GcpWatcher
from items.watchers.terms import Call

PROJECT = {"project": "{account}"}


def listed(resource: str) -> Call:
    """Return the call that lists what belongs to no zone."""
    return Call(f"{resource}.list", "items", params=PROJECT)


class ComputeWatcher(GcpWatcher):
    service = "compute.v1"

    id = "id"
    name = "name"
    # By its link others speak of it.
    full_name = "{selfLink}"


class Firewall(ComputeWatcher):
    technology = "gcp.compute.firewall"
    label = "VPC firewall rule"

    listing = listed("firewalls")
