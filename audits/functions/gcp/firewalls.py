"""Google Cloud's packet filter: firewalls, each one rule of its network."""

from collections.abc import Iterator
from typing import Any

from audits.functions.firewalls import (
    NOTHING,
    About,
    Filter,
    Reader,
    has_any,
    number,
    protocol_of,
    spans,
)
from audits.functions.shapes import listed, texts


class Firewall(Reader):
    @classmethod
    def knows(cls, config: dict[str, Any]) -> bool:
        return has_any(config, "allowed", "denied")

    @classmethod
    def read(cls, config: dict[str, Any], place: int) -> Iterator[Filter]:
        if config.get("disabled") is True:
            return
        ingress = str(config.get("direction") or "INGRESS").upper() != "EGRESS"
        near, far = (
            ("destinationRanges", "sourceRanges")
            if ingress
            else ("sourceRanges", "destinationRanges")
        )
        targets = [*texts(config.get("targetTags")), *texts(config.get("targetServiceAccounts"))]
        targets += texts(config.get(near))
        groups = [*texts(config.get("sourceTags")), *texts(config.get("sourceServiceAccounts"))]
        networks: list[str] = texts(config.get(far))
        if not networks and not (ingress and groups):
            networks = ["0.0.0.0/0"]
        priority = number(config.get("priority"))
        for action in ("allowed", "denied"):
            for one in listed(config.get(action)):
                if not isinstance(one, dict):
                    continue
                protocol = protocol_of(one.get("IPProtocol"))
                for first, last in spans(one.get("ports")):
                    remotes: list[tuple[str | None, About]] = [(cidr, NOTHING) for cidr in networks]
                    remotes += [(None, {"group": group}) for group in groups if ingress]
                    for cidr, about in remotes:
                        yield Filter(
                            "ingress" if ingress else "egress",
                            action == "allowed",
                            protocol,
                            first,
                            last,
                            cidr,
                            about=about,
                            targets=tuple(targets) or None,
                            priority=1000 if priority is None else priority,
                            name=config.get("name"),
                            description=config.get("description"),
                            scope=("gcp", str(config.get("network"))),
                        )
