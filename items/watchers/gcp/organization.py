"""An organisation or a folder, and the folders below it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from accounts.models import Account
from items.watchers.gcp.base import GcpWatcher, contacts_of, posted_policy_of
from items.watchers.gcp.project import POLICY_STAMPS
from items.watchers.terms import Call

POLICIES = Call(
    "organizations.policies.list",
    "policies",
    params={"parent": "{account}"},
    service="orgpolicy.v2",
)


def of_folder(call: Call) -> Call:
    """Return what asks of a folder what ``call`` asks of an organisation."""
    return replace(call, operation=call.operation.replace("organizations.", "folders."))


class Organization(GcpWatcher):
    technology = "gcp.organization"
    label = "Google Cloud organization or folder"
    account_type = "gcp.organization"

    service = "cloudresourcemanager.v3"
    listing = Call("organizations.get", "[@]", params={"name": "{account}"})
    details = {
        "Policy": posted_policy_of("organizations.getIamPolicy", resource="{account}"),
        "OrgPolicies": POLICIES,
        "Contacts": contacts_of("organizations", "{account}"),
    }
    others = (
        of_folder(listing),
        of_folder(details["Policy"]),
        of_folder(POLICIES),
        of_folder(details["Contacts"]),
        # Discovery asks this; the account's role must allow it, too.
        Call("projects.list", "projects", params={"parent": "{account}"}),
    )

    id = "name"
    name = "displayName"
    full_name = "//cloudresourcemanager.googleapis.com/{name}"

    ephemeral = ("etag", "updateTime", "Contacts[].validateTime", "Policy.etag", *POLICY_STAMPS)
    gone_codes = ()

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        if account.identifier.startswith("folders/"):
            call = of_folder(call)
        yield from super().pages(account, place, call, config)


class Folder(GcpWatcher):
    technology = "gcp.folder"
    label = "Google Cloud folder"
    account_type = "gcp.organization"

    service = "cloudresourcemanager.v3"
    listing = Call("folders.list", "folders", keys={"parent": "name"})
    details = {"Policy": posted_policy_of("folders.getIamPolicy")}

    id = "name"
    name = "displayName"
    full_name = "//cloudresourcemanager.googleapis.com/{name}"

    ephemeral = ("etag", "updateTime", "Policy.etag")

    def pages(
        self, account: Account, place: str, call: Call, config: dict[str, Any]
    ) -> Iterator[Any]:
        """Folders are listed below one parent at a time: each that is listed is asked in turn."""
        if call is not self.listing:
            yield from super().pages(account, place, call, config)
            return
        parents, met = [account.identifier], {account.identifier}
        while parents:
            for page in super().pages(account, place, call, {"name": parents.pop(0)}):
                below = [one["name"] for one in page if isinstance(one, dict)]
                parents += [name for name in below if name not in met]
                met |= set(below)
                yield page
