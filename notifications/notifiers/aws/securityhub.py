"""Keep every issue as a finding of AWS Security Hub; archived once it is fixed or justified."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from notifications.models import Ticket
from notifications.notifiers.aws.base import ROLE, Arn, call, taken_apart
from notifications.notifiers.base import Later, Never, Notifier, Outgoing

AT_ONCE = 100  # BatchImportFindings takes no more.
LABELS = {"information": "INFORMATIONAL"}
Findings = dict[str, tuple[Mapping[str, Any], dict[str, Any]]]


class SecurityHub(Notifier):
    key = "aws.securityhub"
    label = "AWS Security Hub"
    address_label = "Hub"
    address_help = "The hub's ARN, arn:aws:securityhub:eu-west-1:123456789012:hub/default."
    parameters = ROLE
    keeps = True

    @classmethod
    def check_address(cls, address: str) -> None:
        arn = taken_apart(address)
        if (arn.service, arn.name) != ("securityhub", "hub/default"):
            raise ValidationError(f"Must be a hub's ARN. {cls.address_help}")

    def deliver(self, delivery: Outgoing) -> None:
        """Import each issue as it stands now; what was imported before is brought up to date."""
        hub = taken_apart(delivery.address, delivery.parameters)
        found: Findings = {}
        for thing in delivery.each():
            if "issue" not in thing:
                continue
            found.pop(thing["issue_key"], None)  # Of many events of an issue the last one holds.
            found[thing["issue_key"]] = thing, finding(hub, thing)
            if len(found) == AT_ONCE:
                send(delivery, hub, found)
                found = {}
        if found:
            send(delivery, hub, found)


def send(delivery: Outgoing, hub: Arn, found: Findings) -> None:
    """Import findings and note them; raise what was said of those that were not taken.

    What was fixed or justified before it was ever told there is left out.
    """
    known = set(
        Ticket.objects.filter(subscription=delivery.channel, address=delivery.address)
        .filter(issue__in=[thing["issue"] for thing, _ in found.values()])
        .values_list("issue_id", flat=True)
    )
    found = {
        key: (thing, imported)
        for key, (thing, imported) in found.items()
        if thing["state"] == "open" or thing["issue"] in known
    }
    if not found:
        return
    answer = call(
        hub, "batch_import_findings", Findings=[imported for _, imported in found.values()]
    )
    refused = {one["Id"]: one for one in answer["FailedFindings"]}
    for key, (thing, _) in found.items():
        if key not in refused:
            Ticket.objects.update_or_create(
                subscription_id=delivery.channel,
                issue_id=thing["issue"],
                address=delivery.address,
                defaults={"reference": key, "event_id": thing["event"]},
            )
    if refused:
        first = next(iter(refused.values()))
        reason = f"{len(refused)} findings were not taken: {first.get('ErrorMessage')}"
        raise (Later if first.get("ErrorCode") == "InternalError" else Never)(reason)


def finding(hub: Arn, thing: Mapping[str, Any]) -> dict[str, Any]:
    """Return an issue in the AWS Security Finding Format, of the schema 2018-10-08."""
    item = thing["item"]
    state = "ACTIVE" if thing["state"] == "open" else "ARCHIVED"
    word = thing["severity"]
    return {
        "SchemaVersion": "2018-10-08",
        "Id": thing["issue_key"],
        "ProductArn": f"arn:{hub.partition}:securityhub:{hub.region}:{hub.identifier}:"
        f"product/{hub.identifier}/default",
        "ProductName": "Vervet",
        "CompanyName": "Vervet",
        "GeneratorId": thing["rule"],
        "AwsAccountId": hub.identifier,
        "Types": ["Software and Configuration Checks"],
        "CreatedAt": moment(thing["opened_at"]),
        "UpdatedAt": moment(thing["at"]),
        "Severity": {"Label": LABELS.get(word, word.upper()), "Original": str(thing["score"])},
        "Title": thing["title"][:256],
        "Description": (thing["notes"] or thing["title"])[:1024],
        "Remediation": {"Recommendation": _recommendation(thing)},
        "SourceUrl": thing["link"],
        "ProductFields": {"vervet/state": thing["state"], "vervet/account": item["account"]},
        "Resources": [_resource(hub, item)],
        "Compliance": {
            "Status": "PASSED" if thing["state"] == "fixed" else "FAILED",
            "RelatedRequirements": [str(one)[:64] for one in thing["controls"][:32]],
        },
        "RecordState": state,
    }


def moment(text: str) -> str:
    """Return a moment as Security Hub writes it: UTC, to the millisecond, with a Z."""
    at = datetime.fromisoformat(text)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _recommendation(thing: Mapping[str, Any]) -> dict[str, str]:
    text = thing["remediation"] or "See the issue in Vervet."
    return {"Text": text[:512], "Url": thing["link"]}


def _resource(hub: Arn, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return where the issue is; an account of another cloud stands in the details."""
    details = {
        "provider": item["provider"],
        "account": item["account_identifier"],
        "technology": item["technology"],
        "name": item["name"][:1024],
    }
    return {
        "Type": "Other",
        "Id": (item["full_name"] or item["uid"])[:512],
        "Partition": hub.partition,
        **({"Region": item["region"]} if item["region"] else {}),
        "Details": {"Other": details},
    }
