"""How Azure writes: ids that are paths, in capitals or not; network security groups."""

from typing import Any

from accounts.providers.base import Provider, last_name


class Azure(Provider):
    key = "azure"
    example = "11111111-1111-1111-1111-111111111111"

    any_capitals = True
    references = (r"/subscriptions/[^\s*?]+",)
    # Keys of storage accounts and service buses in connection strings; signatures in links.
    secrets = (r"\b(?:AccountKey|SharedAccessKey|sig)=[^;&\s]{6,}",)

    @classmethod
    def one_form(cls, text: str) -> str:
        """Azure does not tell capitals apart."""
        return text.lower()

    @classmethod
    def traffic(cls, rule: dict[str, Any], path: tuple[str | int, ...]) -> str:
        """Of a rule of a network security group."""
        if "access" not in rule or "protocol" not in rule:
            return ""
        ports = rule.get("destinationPortRange") or ",".join(
            map(str, rule.get("destinationPortRanges") or ())
        )
        words = (rule.get("direction"), rule["access"], rule["protocol"], ports, last_name(path))
        return " ".join(str(word) for word in words if word)
