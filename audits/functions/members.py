"""Who a member of a Google Cloud IAM policy is; no rule calls these."""

import re
from dataclasses import dataclass

# "serviceAccount:me@project.iam.gserviceaccount.com", "user:a@b.example", "deleted:user:a@b?uid=1";
# where a field says by its name what it holds (BigQuery, access lists), "a@b.example" alone.
_KINDS = {
    "user": "user",
    "group": "group",
    "serviceaccount": "service account",
    "domain": "domain",
    "projectowner": "project",
    "projecteditor": "project",
    "projectviewer": "project",
    "principal": "federated",
    "principalset": "federated",
}
_EVERYONE = ("allusers", "allauthenticatedusers")

_OF_PROJECT = re.compile(r"[^@]+@([a-z0-9-]+)\.iam\.gserviceaccount\.com")
# Projects of a domain: example.com:web is written the other way round in their accounts' addresses.
_OF_DOMAIN = re.compile(r"[^@]+@([a-z0-9-]+)\.([a-z0-9.-]+)\.iam\.gserviceaccount\.com")
_OF_NUMBER = re.compile(
    r"(\d+)(?:-compute@developer|@cloudservices|@cloudbuild)\.gserviceaccount\.com"
)
_OF_APP = re.compile(r"([a-z0-9-]+)@appspot\.gserviceaccount\.com")
# What runs in a cluster, by the pool of the cluster's project.
_OF_CLUSTER = re.compile(r"([a-z0-9-]+)\.svc\.id\.goog\[.+\]")
# Accounts by which Google's own services act: service-12@gcp-sa-pubsub.iam.gserviceaccount.com
_AGENT = re.compile(
    r"service-(\d+)@.*\.gserviceaccount\.com|[^@]+@gcp-sa-[^@]*gserviceaccount\.com"
)


_ADDRESS = re.compile(r"[^@:/\s]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}")
_MACHINES = ".gserviceaccount.com"


@dataclass(frozen=True)
class Member:
    """One member: what kind of thing it names, and where that is at home."""

    value: str
    kind: str
    """everyone, user, group, service account, service, domain, project, federated or unknown."""
    home: str = ""
    """The domain of a person or group, the project of a service account (its id or number)."""
    deleted: bool = False


def member(text: str) -> Member:
    """Judge a member as a binding writes it, or the bare address of one."""
    deleted = text.startswith("deleted:")
    plain = text.removeprefix("deleted:").partition("?uid=")[0]
    if plain.lower() in _EVERYONE:
        return Member(text, "everyone")
    prefix, _, name = plain.partition(":")
    kind = _KINDS.get(prefix.lower(), "unknown")
    if kind == "unknown" and _ADDRESS.fullmatch(plain):
        name = plain
        kind = "service account" if plain.endswith(_MACHINES) else "user"
    if kind == "service account":
        if _AGENT.fullmatch(name):
            return Member(text, "service", "", deleted)
        return Member(text, kind, _project(name), deleted)
    if kind in ("user", "group"):
        return Member(text, kind, name.rpartition("@")[2].lower(), deleted)
    return Member(text, kind, name.lower() if kind in ("domain", "project") else "", deleted)


def _project(name: str) -> str:
    for form in (_OF_PROJECT, _OF_NUMBER, _OF_APP, _OF_CLUSTER):
        if found := form.fullmatch(name):
            return found[1]
    found = _OF_DOMAIN.fullmatch(name)
    return f"{found[2]}:{found[1]}" if found else ""
