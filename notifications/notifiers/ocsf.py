"""What is told as events of the Open Cybersecurity Schema Framework, version 1.6.

An issue's event is a Compliance Finding, a change of an item an Entity Management event.
https://schema.ocsf.io/1.6.0/classes/compliance_finding and .../entity_management.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

VERSION = "1.6.0"
SEVERITIES = {"information": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
CREATE, UPDATE, CLOSE = 1, 2, 3
ACTIVITIES = {"opened": CREATE, "fixed": CLOSE}
NEW, SUPPRESSED, RESOLVED = 1, 3, 4
STATES = {"open": NEW, "justified": SUPPRESSED, "fixed": RESOLVED}
PASS, FAIL = 1, 3
CHANGES = {"created": 1, "back": 1, "changed": 3, "gone": 4}

Thing = Mapping[str, Any]


def ocsf(thing: Thing) -> dict[str, Any]:
    """Return one thing that is told as an event."""
    return _finding(thing) if "issue" in thing else _change(thing)


def _finding(thing: Thing) -> dict[str, Any]:
    # What it brought about then; else how it stands.
    state = thing["what"] if thing["what"] in STATES else thing["state"]
    numbers = [control.rpartition(" ") for control in thing["controls"]]
    return {
        **_begun(thing, 2003, ACTIVITIES.get(thing["what"], UPDATE)),
        "severity_id": SEVERITIES[thing["severity"]],
        "status_id": STATES[state],
        "message": f"{thing['title']}: {thing['item']['name']}",
        "comment": thing["what"],
        "finding_info": {
            "uid": thing["issue_key"],
            "title": thing["title"],
            "desc": thing["notes"],
            "created_time": _milliseconds(thing["opened_at"]),
            "modified_time": _milliseconds(thing["at"]),
            "src_url": thing["link"],
            "analytic": {"uid": thing["rule"], "name": thing["title"], "type_id": 1},
        },
        "compliance": {
            "control": thing["rule"],
            "status_id": PASS if state == "fixed" else FAIL,
            "standards": sorted({standard for standard, _, _ in numbers}),
            "requirements": list(thing["controls"]),
        },
        "remediation": {"desc": thing["remediation"], "references": list(thing["references"])},
        "resources": [_resource(thing["item"])],
    }


def _change(thing: Thing) -> dict[str, Any]:
    item = thing["item"]
    entity = {"uid": item["full_name"] or item["uid"], "type": item["technology"]}
    found = {
        **_begun(thing, 3004, CHANGES[thing["what"]]),
        "severity_id": SEVERITIES["information"],
        "message": f"{item['label']} {item['name']} {thing['what']}",
        "entity": entity | {"name": item["name"], "data": {"differences": thing["differences"]}},
    }
    if thing["who"]:
        found["actor"] = {"user": {"name": thing["who"]}}
    return found


def _begun(thing: Thing, number: int, activity: int) -> dict[str, Any]:
    """Return what every event says of itself, and where in which cloud it was."""
    item = thing["item"]
    account = {"name": item["account"], "uid": item["account_identifier"]}
    region = {"region": item["region"]} if item["region"] else {}
    return {
        "class_uid": number,
        "category_uid": number // 1000,
        "activity_id": activity,
        "type_uid": number * 100 + activity,
        "time": _milliseconds(thing["at"]),
        "metadata": {
            "version": VERSION,
            "uid": thing["key"],
            "profiles": ["cloud"],
            "product": {"name": "Vervet", "vendor_name": "Vervet"},
        },
        "cloud": {"provider": item["provider"], "account": account, **region},
    }


def _resource(item: Thing) -> dict[str, Any]:
    return {
        "uid": item["full_name"] or item["uid"],
        "name": item["name"],
        "type": item["technology"],
        **({"region": item["region"]} if item["region"] else {}),
    }


def _milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
