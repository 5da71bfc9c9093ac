"""What a process does that has Acme's plugin: add a site, read it, tell of it. Prints JSON.

`python -m tests.config.with_plugin ADDRESS`, as Vervet's own commands are run.
"""

import json
import sys
from io import StringIO

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import Account, User  # noqa: E402
from audits.checks import check_functions  # noqa: E402
from items.checks import check_watchers  # noqa: E402
from notifications.checks import check_notifiers  # noqa: E402
from notifications.models import Subscription  # noqa: E402
from notifications.sending import send_due  # noqa: E402

SITE = {
    "type": "acme",
    "name": "Zurich",
    "identifier": "zurich-1",
    "active": "on",
    "parameter_address": sys.argv[1],
    "parameter_token": "env:VERVET_SECRET_ACME",
    "parameter_floor": "all",
}
TOLD = {
    "name": "loudspeaker",
    "notifier": "acme",
    "address": sys.argv[1],
    "parameter_token": "env:VERVET_SECRET_ACME",
    "least_score": "0",
    "on": "on",
    "issues": "on",
    "created": "on",
}


def main() -> None:
    problems = [*check_watchers(), *check_functions(), *check_notifiers()]
    call_command("loadpacks", stdout=StringIO())
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.get(username="admin"))
    said = {"problems": [str(one) for one in problems]}
    said["add"] = client.get("/accounts/account/add/?type=acme").content.decode()
    if not Account.objects.filter(type="acme").exists():
        said["refused"] = client.post(
            "/accounts/account/add/", SITE | {"parameter_token": "acme-token"}
        ).content.decode()
        client.post("/accounts/account/add/", SITE)
        client.post("/notifications/subscription/add/", TOLD)
    account = Account.objects.get(type="acme")
    said["parameters"] = account.parameters
    said["subscriptions"] = Subscription.objects.count()
    page = f"/accounts/account/{account.pk}/"
    said["tested"] = client.post(f"{page}do/test/", follow=True).content.decode()
    out = StringIO()
    try:
        call_command("scan", account=["Zurich"], stdout=out, stderr=out)
    except SystemExit as end:
        out.write(f"ended {end.code}")
    said["scan"] = out.getvalue()
    said["sent"] = send_due(now_too=True)
    sys.stdout.write(json.dumps(said))


main()
