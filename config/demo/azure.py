"""A stand-in of Azure Resource Manager: answers for plain data, by the id of each resource.

``azure.subscription(...)`` makes a subscription, ``azure.put("/subscriptions/.../resourceGroups/
web/providers/Microsoft.Network/networkSecurityGroups/web", {...})`` something in it. What an id
holds is what the lists above it show.
"""

import base64
import re
from collections import Counter
from typing import Any
from urllib.parse import unquote, urlencode

from config.demo.azure_login import HOSTS, Logins
from config.demo.internet import Answer, Request, Site

MANAGERS = {
    "management.azure.com": "https://management.azure.com",
    "management.usgovcloudapi.net": "https://management.core.usgovcloudapi.net",
    "management.chinacloudapi.cn": "https://management.chinacloudapi.cn",
}
VERSION = re.compile(r"\d{4}-\d\d-\d\d(-preview)?")
Thing = dict[str, Any]


class Azure:
    """What is there, who may log in, and what is refused; ``sites()`` are for the internet."""

    def __init__(self) -> None:
        self.logins = Logins()
        self.things: dict[str, Thing] = {}
        """By id in small letters, in the order in which they were put there."""
        self.groups: dict[str, list[str]] = {}
        """Ids of the subscriptions below each management group."""
        self.tenants: dict[str, str] = {}
        """Names by id."""
        self.denied: set[str] = set()
        """Types that nobody may read: ``Microsoft.Network/networkSecurityGroups``."""
        self.unregistered: set[tuple[str, str]] = set()
        """A subscription and the namespace of a provider that is not registered in it."""
        self.page_size = 100
        self.calls: Counter[str] = Counter()

    def sites(self) -> dict[str, Site]:
        return dict.fromkeys((*HOSTS, *MANAGERS), self.answer)

    # -- what is there ------------------------------------------------------------------------

    def subscription(self, identifier: str, tenant: str, name: str, **fields: Any) -> Thing:
        """Make a subscription, in use."""
        self.tenants.setdefault(tenant, f"Tenant {tenant[:4]}")
        where = f"/subscriptions/{identifier}"
        self.things[where] = {
            "id": where,
            "subscriptionId": identifier,
            "tenantId": tenant,
            "displayName": name,
            "state": "Enabled",
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "EnterpriseAgreement_2014-09-01",
                "spendingLimit": "Off",
            },
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
            **fields,
        }
        return self.things[where]

    def put(self, identifier: str, thing: Thing) -> Thing:
        """Put a resource at its id; return what is kept, with its id, name and type filled in."""
        own = {
            "id": identifier,
            "name": identifier.rpartition("/")[2],
            "type": type_of(identifier),
        }
        self.things[identifier.lower()] = own | thing
        return self.things[identifier.lower()]

    def say(self, path: str, answer: Thing) -> None:
        """Let a path answer just this: for what is no resource and no list of them."""
        self.things[path.lower()] = answer

    def remove(self, identifier: str) -> None:
        del self.things[identifier.lower()]

    # -- answering ----------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        """Answer one request as the host that it is for."""
        if request.host in HOSTS:
            return self.logins.answer(request)
        path = unquote(request.path).rstrip("/")
        self.calls[type_of(path)] += 1
        refusal = self._refusal(request, path)
        if refusal:
            return refusal
        if path.lower() in self.things:
            return Answer(self.things[path.lower()])
        found = self._listed(path)
        if found is None:
            said = f"The Resource '{type_of(path)}/{path.rpartition('/')[2]}' was not found."
            return error(404, "ResourceNotFound", said)
        return self._page(request, path, found)

    def _refusal(self, request: Request, path: str) -> Answer | None:
        claims = self.logins.whose(request)
        if claims is None or claims["aud"].rstrip("/") != MANAGERS[request.host]:
            return unauthorized()
        if not VERSION.fullmatch(request.query.get("api-version", "")):
            said = "The api-version query parameter (?api-version=) is required for all requests."
            return error(400, "MissingApiVersionParameter", said)
        named = re.match(r"/subscriptions/([^/]+)", path, re.IGNORECASE)
        subscription = named[1].lower() if named else ""
        there = self.things.get(f"/subscriptions/{subscription}")
        if subscription and there is None:
            said = f"The subscription '{subscription}' could not be found."
            return error(404, "SubscriptionNotFound", said)
        if there is not None and there["tenantId"] != claims["tid"]:
            said = "The access token is from the wrong issuer. It must match the tenant."
            return unauthorized("InvalidAuthenticationTokenTenant", said)
        type_ = type_of(path)
        namespace = type_.partition("/")[0]
        if (subscription, namespace) in self.unregistered:
            said = f"The subscription is not registered to use namespace '{namespace}'."
            return error(409, "MissingSubscriptionRegistration", said)
        if type_.lower() in map(str.lower, self.denied):
            said = (
                f"The client '{claims['appid']}' does not have authorization to perform action "
                f"'{type_}/read' over scope '{path}' or the scope is invalid."
            )
            return error(403, "AuthorizationFailed", said)
        return None

    def _listed(self, path: str) -> list[Thing] | None:
        """Return what a list shows; None where the path is that of one thing."""
        low = path.lower()
        if low == "/tenants":
            return [
                {"id": f"/tenants/{one}", "tenantId": one, "displayName": name}
                for one, name in self.tenants.items()
            ]
        group = re.fullmatch(
            "/providers/microsoft.management/managementgroups/([^/]+)/descendants", low
        )
        if group:
            return [self._descendant(one) for one in self.groups.get(group[1], [])]
        scope, provider, rest = low.rpartition("/providers/")
        steps = rest.split("/") if provider else low.strip("/").split("/")
        if len(steps) % 2 == (1 if provider else 0):
            return None
        namespace, _, kinds = rest.partition("/")
        below = re.compile(
            f"{re.escape(scope)}(/resourcegroups/[^/]+)?{provider}{re.escape(namespace)}"
            f"(/locations/[^/]+)?/{re.escape(kinds)}/[^/]+"
            if provider
            else f"{re.escape(low)}/[^/]+"
        )
        return [thing for where, thing in list(self.things.items()) if below.fullmatch(where)]

    def _descendant(self, identifier: str) -> Thing:
        there = self.things[f"/subscriptions/{identifier}"]
        return {
            "id": there["id"],
            "name": identifier,
            "type": "/subscriptions",
            "properties": {"displayName": there["displayName"]},
        }

    def _page(self, request: Request, path: str, found: list[Thing]) -> Answer:
        token = request.query.get("$skiptoken", "")
        start = int(base64.urlsafe_b64decode(token)) if token else 0
        body: Thing = {"value": found[start : start + self.page_size]}
        if len(found) > start + self.page_size:
            further = base64.urlsafe_b64encode(str(start + self.page_size).encode()).decode()
            query = urlencode({**request.query, "$skiptoken": further})
            body["nextLink"] = f"https://{request.host}{request.path}?{query}"
        return Answer(body)


def type_of(path: str) -> str:
    """Return the type of a resource, or of what a list shows."""
    _, provider, rest = path.rpartition("/providers/")
    if not provider:
        kinds = path.strip("/").split("/")[::2]
        return "Microsoft.Resources/" + "/".join(kinds)
    namespace, *kinds = rest.split("/")
    return "/".join((namespace, *kinds[::2]))


def error(status: int, code: str, said: str, headers: dict[str, str] | None = None) -> Answer:
    """An error as Resource Manager writes it."""
    return Answer({"error": {"code": code, "message": said}}, status, headers or {})


def unauthorized(
    code: str = "InvalidAuthenticationToken", said: str = "The access token is invalid."
) -> Answer:
    challenge = (
        'Bearer authorization_uri="https://login.windows.net/", error="invalid_token", '
        f'error_description="{said}"'
    )
    return error(401, code, said, {"WWW-Authenticate": challenge})
