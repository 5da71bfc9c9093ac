"""The project itself: who may do what in it, what it may use, and what its organisation allows."""

from items.watchers.gcp.base import GcpWatcher, contacts_of, posted_policy_of
from items.watchers.terms import Call

SERVICES = Call(
    "services.list",
    "services",
    params={"parent": "projects/{account}", "filter": "state:ENABLED", "pageSize": 200},
    service="serviceusage.v1",
)
ORG_POLICIES = Call(
    "projects.policies.list",
    "policies",
    params={"parent": "projects/{account}"},
    service="orgpolicy.v2",
)
# What of a constraint's policy moves with each writing of it.
POLICY_STAMPS = (
    "OrgPolicies[].etag",
    "OrgPolicies[].spec.etag",
    "OrgPolicies[].spec.updateTime",
    "OrgPolicies[].dryRunSpec.etag",
    "OrgPolicies[].dryRunSpec.updateTime",
)


class Project(GcpWatcher):
    technology = "gcp.project"
    label = "Google Cloud project"

    service = "cloudresourcemanager.v3"
    listing = Call("projects.get", "[@]", params={"name": "projects/{account}"})
    details = {
        "Policy": posted_policy_of("projects.getIamPolicy", resource="projects/{account}"),
        "Services": SERVICES,
        "OrgPolicies": ORG_POLICIES,
        "Contacts": contacts_of("projects", "projects/{account}"),
    }

    id = "projectId"
    name = "displayName || projectId"
    full_name = "//cloudresourcemanager.googleapis.com/projects/{projectId}"

    # A service's `config` is Google's own text about it.
    ephemeral = (
        "etag",
        "updateTime",
        "Contacts[].validateTime",
        "Policy.etag",
        "Services[].config",
        *POLICY_STAMPS,
    )
    # A project that is not there is no item that went: the whole account cannot be read.
    gone_codes = ()
