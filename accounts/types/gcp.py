"""Google Cloud: projects, and the organisations and folders above them; no secret is stored."""

import re
import textwrap
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError

from accounts.references import PATTERN, WANTS
from accounts.types.base import AccountType, Found, Parameter, Reachable, Refused
from accounts.types.gcp_errors import FAILURES, told
from accounts.types.gcp_role import ORGANIZATION as ORGANIZATION_ROLE
from accounts.types.gcp_role import PROJECT as PROJECT_ROLE
from accounts.types.gcp_session import Malformed, Repeated, connect

RESOURCE_MANAGER = "cloudresourcemanager.v3"
# Letters, digits and dashes; before it, in old ones, the domain that the project is of.
PROJECT = r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]"
EMAIL = r"[^@\s]+@[a-z0-9.-]+\.gserviceaccount\.com"

PARAMETERS = (
    Parameter(
        "credential",
        "Credential",
        "Where the file lies that gcloud wrote: a configuration of workload identity federation, "
        "an impersonated service account, or a key. Empty: Application Default Credentials, "
        "those that Vervet itself runs with.",
        pattern=PATTERN,
        wants=WANTS,
    ),
    Parameter(
        "impersonate",
        "Service account",
        "The service account that Vervet impersonates with its credential. Empty: none.",
        pattern=EMAIL,
        wants="a service account's email (vervet@project.iam.gserviceaccount.com)",
    ),
    Parameter(
        "quota_project",
        "Quota project",
        "The project whose quota is used. Empty: that of the service account.",
        pattern=PROJECT,
        wants="a project's id",
    ),
)


class GcpProject(AccountType):
    key = "gcp"
    label = "Google Cloud project"
    identifier_label = "Project id"
    parameters = PARAMETERS

    @classmethod
    def check_identifier(cls, identifier: str) -> None:
        if not re.fullmatch(PROJECT, identifier):
            raise ValidationError(
                {
                    "identifier": f"{identifier!r} is not a project's id: 6 to 30 small letters, "
                    "digits and dashes. It is not the project's name or number."
                }
            )

    @classmethod
    def instructions(cls, account: Reachable) -> str:
        """Give the commands that make the role and grant it in the project."""
        project = account.identifier
        return "\n".join(
            (
                *new_role("vervet", f"--project={project}", PROJECT_ROLE),
                f"gcloud projects add-iam-policy-binding {project} \\",
                f"    --member={member(account)} \\",
                f"    --role=projects/{project}/roles/vervet --condition=None",
            )
        )

    @classmethod
    def whoami(cls, account: Reachable) -> str:
        project = one(account, "projects.get", name=f"projects/{account.identifier}")
        name = project.get("displayName") or account.identifier
        state = project.get("state") or "ACTIVE"
        if state != "ACTIVE":
            raise Refused(
                f"The project {name} is {state}. Bring it back within 30 days (gcloud projects "
                f"undelete {account.identifier}), or archive this account."
            )
        return f"{connect(account).login.who}, in {name} ({project.get('name')})"


class GcpOrganization(AccountType):
    key = "gcp.organization"
    label = "Google Cloud organization or folder"
    identifier_label = "Organization or folder"
    parameters = PARAMETERS
    finds = GcpProject.key

    @classmethod
    def check_identifier(cls, identifier: str) -> None:
        if not re.fullmatch(r"(organizations|folders)/\d+", identifier):
            raise ValidationError(
                {
                    "identifier": f"{identifier!r} must be organizations/NUMBER or folders/NUMBER; "
                    "gcloud organizations list shows it."
                }
            )

    @classmethod
    def instructions(cls, account: Reachable) -> str:
        """Give the commands that make both roles in the organisation and grant them there."""
        kind, _, number = account.identifier.partition("/")
        command = "organizations" if kind == "organizations" else "resource-manager folders"
        home = number if kind == "organizations" else "ORGANIZATION_NUMBER"
        lines: list[str] = []
        roles = {"vervetOrganization": ORGANIZATION_ROLE, "vervet": PROJECT_ROLE}
        for role, permissions in roles.items():
            lines += [
                *new_role(role, f"--organization={home}", permissions),
                f"gcloud {command} add-iam-policy-binding {number} \\",
                f"    --member={member(account)} \\",
                f"    --role=organizations/{home}/roles/{role} --condition=None",
            ]
        return "\n".join(lines)

    @classmethod
    def whoami(cls, account: Reachable) -> str:
        kind = account.identifier.partition("/")[0]
        there = one(account, f"{kind}.get", name=account.identifier)
        return f"{connect(account).login.who}, in {there.get('displayName')} ({there.get('name')})"

    @classmethod
    def discover(cls, account: Reachable) -> Iterator[Found]:
        """Yield every active project below, in folders at any depth."""
        for parent in (account.identifier, *folder_names(account)):
            for project in listed(account, "projects.list", "projects", parent=parent):
                if project.get("state", "ACTIVE") == "ACTIVE":
                    name = str(project.get("displayName") or project["projectId"])
                    yield Found(str(project["projectId"]), name)


def folder_names(account: Reachable) -> Iterator[str]:
    """Yield ``folders/NUMBER`` of every active folder below an account, the upper ones first."""
    parents, met = [account.identifier], {account.identifier}
    while parents:
        parent = parents.pop(0)
        for folder in listed(account, "folders.list", "folders", parent=parent):
            name = str(folder["name"])
            if folder.get("state", "ACTIVE") == "ACTIVE" and name not in met:
                met.add(name)
                parents.append(name)
                yield name


def listed(account: Reachable, operation: str, field: str, **sent: Any) -> Iterator[dict[str, Any]]:
    """Yield what Resource Manager lists on all pages; raise Refused where it does not."""
    for page in pages(account, operation, **sent):
        yield from page.get(field) or ()


def one(account: Reachable, operation: str, **sent: Any) -> dict[str, Any]:
    """Return what Resource Manager says of one thing; raise Refused where it does not."""
    return next(pages(account, operation, **sent))


def pages(account: Reachable, operation: str, **sent: Any) -> Iterator[dict[str, Any]]:
    """Yield each answer of Resource Manager; raise Refused, with what mends it."""
    try:
        yield from connect(account).pages(RESOURCE_MANAGER, operation, **sent)
    except FAILURES as error:
        said = told(error, account.identifier)
        denied = said.code in ("PERMISSION_DENIED", "NOT_FOUND")
        mend = " Does it exist, and has Vervet's service account the role there?" if denied else ""
        raise Refused(f"{operation}: {said.reason}{mend}") from error
    except (Malformed, Repeated) as error:
        raise Refused(f"{operation}: {error}") from error


def new_role(role: str, where: str, permissions: tuple[str, ...]) -> list[str]:
    """Return the lines of the command that makes a custom role."""
    # A shell joins the lines where they begin without a space.
    listed = textwrap.wrap(", ".join(permissions), 96)
    return [
        f"gcloud iam roles create {role} {where} --title=Vervet --stage=GA --permissions=\\",
        *(f"{line.replace(', ', ',')}\\" for line in listed[:-1]),
        listed[-1].replace(", ", ","),
    ]


def member(account: Reachable) -> str:
    """Return who is to be granted a role, as far as the account's own parameters say it."""
    who = account.parameters.get("impersonate")
    return f"serviceAccount:{who or 'VERVET_SERVICE_ACCOUNT'}"
