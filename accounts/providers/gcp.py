"""How Google Cloud writes: links, paths below a project, mail addresses; firewalls."""

from typing import Any

from accounts.providers.base import Provider, last_name

_MEMBER = "serviceAccount:"


class Gcp(Provider):
    key = "gcp"
    example = "example-project"

    references = (
        r"(?:https:)?//[a-z.]*googleapis\.com/\S+",
        r"projects/[a-z][^\s*?]*",
        r"(?:serviceAccount:)?[^@\s:]+@[a-z0-9.-]+\.gserviceaccount\.com",
    )
    secrets = (r"\b(?:AIza|ya29\.)[\w.-]{10,}",)  # an API key, an access token

    clauses = ("bindings",)

    @classmethod
    def one_form(cls, text: str) -> str:
        return text.removeprefix(_MEMBER)

    @classmethod
    def called(cls, value: dict[str, Any]) -> str:
        """A binding of a policy is called by the role that it gives."""
        role = value.get("role")
        return role if isinstance(role, str) and "members" in value else ""

    @classmethod
    def traffic(cls, rule: dict[str, Any], path: tuple[str | int, ...]) -> str:
        """Of a firewall, which is one rule: all that it allows, or all that it denies."""
        if "direction" not in rule or not ("allowed" in rule or "denied" in rule):
            return ""
        some = rule.get("allowed") or rule.get("denied")
        parts = [_part(part) for part in some if isinstance(part, dict)] if some else []
        deny = "" if "allowed" in rule else "deny "
        return f"{rule['direction']} {deny}{' '.join(parts)} {last_name(path)}"


def _part(part: dict[str, Any]) -> str:
    ports = ",".join(map(str, part.get("ports") or ()))
    return f"{part.get('IPProtocol', '')} {ports}".strip()
