"""Cloud DNS: zones, and policies that say whether questions are logged."""

from items.watchers.gcp.base import GcpWatcher
from items.watchers.terms import Call


class DnsZone(GcpWatcher):
    technology = "gcp.dns.zone"
    label = "DNS zone"

    service = "dns.v1"
    listing = Call("managedZones.list", "managedZones", params={"project": "{account}"})

    id = "id"
    name = "name"
    full_name = "//dns.googleapis.com/projects/{account}/managedZones/{name}"


class DnsPolicy(GcpWatcher):
    technology = "gcp.dns.policy"
    label = "DNS policy"

    service = "dns.v1"
    listing = Call("policies.list", "policies", params={"project": "{account}"})

    id = "id"
    name = "name"
    full_name = "//dns.googleapis.com/projects/{account}/policies/{name}"
