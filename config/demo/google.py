"""A stand-in of Google Cloud: answers the calls of its discovery documents from plain data.

``google.project("acme-prod")`` makes a project, ``google.put("compute.v1", "projects/acme-prod/
global/firewalls/ssh", {...})`` something in it. What a path holds is what lists above it show.
"""

import base64
import functools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from accounts.types.gcp_session import description
from config.demo.google_login import HOSTS, Logins, refused
from config.demo.internet import Answer, Request, Site
from items.watchers.gcp.descriptions import methods, permission, resolved

APIS = (
    "apikeys.v2",
    "appengine.v1",
    "bigquery.v2",
    "cloudfunctions.v2",
    "cloudkms.v1",
    "cloudresourcemanager.v3",
    "compute.v1",
    "container.v1",
    "dataproc.v1",
    "dns.v1",
    "essentialcontacts.v1",
    "iam.v1",
    "logging.v2",
    "monitoring.v3",
    "orgpolicy.v2",
    "pubsub.v1",
    "run.v1",
    "run.v2",
    "secretmanager.v1",
    "serviceusage.v1",
    "sqladmin.v1",
    "storage.v1",
)
# These tell errors in the older form, with a reason for each beside the code.
OLDER = ("bigquery.v2", "compute.v1", "dns.v1", "sqladmin.v1", "storage.v1")
REASONS = {"PERMISSION_DENIED": "forbidden", "NOT_FOUND": "notFound", "UNAUTHENTICATED": "required"}
POLICY = re.compile(r"(:getIamPolicy|/getIamPolicy|/iam)$")
# Lists beside the one that a call is made for.
ASIDE = {"unreachable", "unreachables", "missingZones", "warnings"}
NOTHING = {"code": "NO_RESULTS_ON_PAGE", "message": "There are no results for scope on this page."}
REGIONS = ("global", "europe-west1", "us-central1")
Thing = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """One call of a discovery document."""

    api: str
    name: str
    described: Mapping[str, Any]
    path: re.Pattern[str]

    @property
    def verb(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def reply(self) -> Mapping[str, Any]:
        return resolved(self.api, self.described["response"])

    @property
    def field(self) -> str:
        """The list in its answer; empty where there is none."""
        if self.verb == "aggregatedList":
            return "items"
        lists = [
            name
            for name, schema in self.reply["properties"].items()
            if schema.get("type") == "array" and name not in ASIDE
        ]
        return lists[0] if lists and self.verb in ("list", "search", "compute") else ""

    @property
    def size(self) -> str:
        """What its argument for the size of a page is called."""
        known = self.described.get("parameters", {})
        return next((name for name in ("maxResults", "pageSize") if name in known), "")


class Google:
    """What is there, who may log in, and what is refused; ``sites()`` are for the internet."""

    def __init__(self) -> None:
        self.logins = Logins()
        self.projects: dict[str, Thing] = {}
        self.things: dict[tuple[str, str], Thing] = {}
        """By host and path: ``("pubsub.googleapis.com", "/v1/projects/acme/topics/t")``."""
        self.policies: dict[tuple[str, str], Thing] = {}
        self.denied: set[str] = set()
        """Permissions that nobody has."""
        self.disabled: set[tuple[str, str]] = set()
        """A project and the host of an API that is not enabled in it."""
        self.deleted: set[str] = set()
        self.unreachable: set[str] = set()
        """Scopes or locations that do not answer."""
        self.page_size = 500
        self.calls: Counter[str] = Counter()

    def sites(self) -> dict[str, Site]:
        return {"*.googleapis.com": self.answer}

    # -- what is there ------------------------------------------------------------------------

    def project(self, identifier: str, parent: str = "", **fields: Any) -> Thing:
        """Make a project; in it every API is enabled."""
        number = str(100000000000 + len(self.projects))
        self.projects[identifier] = self.put(
            "cloudresourcemanager.v3",
            f"projects/{identifier}",
            {
                "name": f"projects/{number}",
                "projectId": identifier,
                "displayName": identifier.replace("-", " ").capitalize(),
                "state": "ACTIVE",
                "createTime": "2024-02-01T08:00:00Z",
                "etag": f'W/"{number}"',
                **({"parent": parent} if parent else {}),
                **fields,
            },
        )
        self.put("compute.v1", f"projects/{identifier}", {"name": identifier, "id": number})
        return self.projects[identifier]

    def put(self, api: str, path: str, thing: Thing) -> Thing:
        """Put something at a path of an API, as ``projects/p/topics/t``; return what is kept.

        What a service says of each of its things is filled in: kind, id, links, names.
        """
        host, base = _address(api)
        where = f"{base}{path}"
        last = path.rpartition("/")[2]
        if api == "compute.v1":
            own: Thing = {
                "id": str(7_000_000_000_000_000_000 + len(self.things)),
                "name": last,
                "selfLink": f"https://www.googleapis.com{where}",
                "creationTimestamp": "2025-03-01T01:02:03.456-08:00",
            }
            scope = path.split("/")[2:4]
            if scope[:1] in (["zones"], ["regions"]):
                link = "/".join(where.split("/")[:-2])
                own[scope[0].removesuffix("s")] = f"https://www.googleapis.com{link}"
        elif api in ("bigquery.v2", "dataproc.v1"):
            own = {}
        elif api in ("storage.v1", "dns.v1", "sqladmin.v1") or api in ("logging.v2",):
            own = {"name": last}
        else:
            own = {"name": path}
        self.things[host, where] = own | thing
        return self.things[host, where]

    def remove(self, api: str, path: str) -> None:
        host, base = _address(api)
        del self.things[host, f"{base}{path}"]

    def policy(self, api: str, path: str, *bindings: Thing, **fields: Any) -> None:
        """Set who may do what with the thing at a path."""
        host, base = _address(api)
        policy = {"version": 1, "etag": "BwYbL1x0Zq8=", "bindings": list(bindings)}
        self.policies[host, f"{base}{path}"] = policy | fields

    # -- answering ----------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        """Answer one request as the host that it is for."""
        if request.host in HOSTS:
            return self.logins.answer(request)
        method, path = self.method(request), self._path(request)
        if method is None:
            return Answer(b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", 404)
        self.calls[method.described["id"]] += 1
        return self._refusal(method, path, request) or self._found(method, path, request)

    def method(self, request: Request) -> Method | None:
        """Return the call that a request makes; None where its host answers no such."""
        known = _methods(request.host, request.method)
        path = unquote(request.path)
        return next((one for one in known if one.path.fullmatch(path)), None)

    def _path(self, request: Request) -> str:
        """Return a request's path; a project may be named by its number, too."""
        numbers = self._numbers()

        def by_id(named: re.Match[str]) -> str:
            return f"/projects/{numbers.get(named[1], named[1])}"

        return re.sub(r"/projects/(\d+)", by_id, unquote(request.path))

    def _refusal(self, method: Method, path: str, request: Request) -> Answer | None:
        if self.logins.whose(request) is None:
            said = "Request had invalid authentication credentials."
            return _error(method, 401, "UNAUTHENTICATED", said)
        named = re.search(r"/projects/([^/:]+)", path)
        project = named[1] if named else request.query.get("project", "")
        if project in self.deleted:
            said = f"Permission denied on resource project {project}."
            return _error(method, 403, "PERMISSION_DENIED", said, "CONSUMER_INVALID", project)
        if project and project not in self.projects:
            return self._no_project(method, project)
        if (project, request.host) in self.disabled:
            said = (
                f"{request.host} API has not been used in project {project} before or it is "
                "disabled."
            )
            return _error(method, 403, "PERMISSION_DENIED", said, "SERVICE_DISABLED", project)
        needed = permission(method.api, method.name)
        if needed in self.denied:
            said = f"Required '{needed}' permission for '{path.partition('/projects/')[2]}'"
            return _error(method, 403, "PERMISSION_DENIED", said)
        return None

    def _no_project(self, method: Method, project: str) -> Answer:
        if method.api == "compute.v1":
            said = f"The resource 'projects/{project}' was not found"
            return _error(method, 404, "NOT_FOUND", said)
        said = "The caller does not have permission"
        return _error(method, 403, "PERMISSION_DENIED", said)

    def _found(self, method: Method, path: str, request: Request) -> Answer:
        if method.verb == "getIamPolicy":
            where = (request.host, POLICY.sub("", path))
            if where not in self.things:
                return _error(method, 404, "NOT_FOUND", f"{path} was not found.")
            return Answer(self.policies.get(where) or {"etag": "ACAB"})
        if method.field:
            return self._page(method, path, request)
        thing = self.things.get((request.host, path))
        if thing is None:
            return _error(method, 404, "NOT_FOUND", f"The resource '{path}' was not found")
        return Answer(thing)

    def _page(self, method: Method, path: str, request: Request) -> Answer:
        token = request.query.get("pageToken", "")
        try:
            start = int(base64.urlsafe_b64decode(token)) if token else 0
        except ValueError:
            return _error(method, 400, "INVALID_ARGUMENT", "Invalid value for pageToken.")
        size = min(self.page_size, int(request.query.get(method.size, self.page_size)))
        found = self._listed(method, path, request)
        if "pageToken" not in method.described.get("parameters", {}):
            size = len(found)
        shown, more = found[start : start + size], len(found) > start + size
        body: Thing = {}
        if kind := method.reply["properties"].get("kind", {}).get("default"):
            body["kind"] = kind
        if method.verb == "aggregatedList":
            body["items"] = self._scoped(method, path, shown)
        elif shown:
            body[method.field] = [_as_listed(method, thing) for _, thing in shown]
        away = sorted(self.unreachable)
        key = next((key for key in ASIDE & method.reply["properties"].keys()), "")
        if away and key and key != "warnings" and method.verb != "aggregatedList":
            body[key] = away
        if more:
            body["nextPageToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        return Answer(body)

    def _listed(self, method: Method, path: str, request: Request) -> list[tuple[str, Thing]]:
        """Return what stands below a path, in the order in which it was put there."""
        if method.verb == "aggregatedList":
            below = re.escape(path).replace("/aggregated/", r"/(?:global|(?:zones|regions)/[^/]+)/")
        else:
            below = re.escape(path.removesuffix(":compute")).replace(r"/\-/", "/[^/]+/")
        pattern = re.compile(f"{below}/[^/]+")
        found = [
            (where, thing)
            for (host, where), thing in list(self.things.items())
            if host == request.host and pattern.fullmatch(where)
        ]
        if path.endswith("/locations") and not found:
            return [(one, {"locationId": one, "name": f"{path[4:]}/{one}"}) for one in REGIONS]
        if path.endswith("/regions") and not found:
            return [(one, {"name": one}) for one in REGIONS if one != "global"]
        if "parent" in request.query:
            parent = request.query["parent"]
            found = [one for one in found if one[1].get("parent") == parent]
        if "project" in request.query:  # A bucket tells by number whose it is.
            project, numbers = request.query["project"], self._numbers()
            found = [
                one for one in found if numbers.get(str(one[1].get("projectNumber"))) == project
            ]
        return found

    def _numbers(self) -> dict[str, str]:
        """Return the projects' ids by their numbers."""
        return {one["name"].partition("/")[2]: key for key, one in self.projects.items()}

    def _scoped(self, method: Method, path: str, shown: list[tuple[str, Thing]]) -> Thing:
        """Return an aggregated list: what is shown by zone and region, and where nothing is."""
        scopes: Thing = {}
        for where, thing in shown:
            scope = where.partition("/projects/")[2].partition("/")[2].rsplit("/", 2)[0]
            held = scopes.setdefault(scope, {})
            held.setdefault(path.rpartition("/")[2], []).append(thing)
        scopes.setdefault("global", {"warning": NOTHING})
        for scope in self.unreachable:
            scopes[scope] = {"warning": {"code": "UNREACHABLE", "message": "Not reached."}}
        return scopes


def _as_listed(method: Method, thing: Thing) -> Thing:
    """Return a thing as its list shows it: some lists show a part."""
    shown = method.reply["properties"][method.field]["items"]
    return (
        thing if "$ref" in shown else {k: v for k, v in thing.items() if k in shown["properties"]}
    )


def _error(
    method: Method, status: int, code: str, message: str, reason: str = "", project: str = ""
) -> Answer:
    """An error as the service writes it; ``reason`` and ``project`` are told in an ErrorInfo."""
    host = _address(method.api)[0]
    details = (
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "googleapis.com",
            "metadata": {"service": host, "consumer": f"projects/{project}"},
        },
    )
    said = refused(status, code, message, *(details if reason else ()))
    if method.api in OLDER:
        older = (
            "accessNotConfigured" if reason == "SERVICE_DISABLED" else REASONS.get(code, "invalid")
        )
        said.body["error"]["errors"] = [{"message": message, "domain": "global", "reason": older}]
    return said


@functools.cache
def _address(api: str) -> tuple[str, str]:
    """Return the host of an API, and what every path there begins with."""
    described = description(api)
    base = described["servicePath"]
    if not base:
        some = next(iter(methods(api).values()))["path"]
        version = re.match(r"(?:\w+/)?v\d\w*/", some)
        base = version[0] if version else ""
    return urlsplit(described["rootUrl"]).hostname or "", f"/{base}"


@functools.cache
def _methods(host: str, http_method: str) -> list[Method]:
    """Return the calls that a host answers."""
    found = []
    for api in APIS:
        described = description(api)
        if urlsplit(described["rootUrl"]).hostname != host:
            continue
        for name, method in methods(api).items():
            if method["httpMethod"] == http_method and "response" in method:
                path = "/" + described["servicePath"] + (method.get("flatPath") or method["path"])
                pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
                found.append(Method(api, name, method, re.compile(pattern)))
    # What ends in ":getIamPolicy" is no thing of this name.
    return sorted(found, key=lambda method: ":" not in method.path.pattern)
