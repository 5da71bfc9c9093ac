"""Each provider's stand-in behind one small face, for tests that hold for every technology.

Nothing here names a technology's calls: what a specification asks is seen in what the stand-in is
asked, and refused or cut into pages by that. So a new technology is walked as it is.
"""

import json
from collections import Counter
from dataclasses import replace
from typing import Any, Protocol

import boto3
from botocore import xform_name

from accounts.models import Account
from config.demo import google_company
from config.demo.azure import Azure, error, type_of
from config.demo.azure_login import HOSTS as AZURE_LOGINS
from config.demo.google import Google
from config.demo.google_login import HOSTS as GOOGLE_LOGINS
from config.demo.internet import Answer, Request
from tests.cloud.azure import GIVEN, SUBSCRIPTION
from tests.cloud.azure_things import fill as fill_azure
from tests.cloud.faults import FaultProxy
from tests.cloud.server import MotoCloud
from tests.cloud.spoiling import Spoiler

AWS_ACCOUNT = "222222222222"
SECOND = "second"


class Side(Protocol):
    """What the contract needs of a provider's stand-in."""

    unmade: frozenset[str]
    """Technologies of which there is something though nobody made anything."""

    @property
    def calls(self) -> Counter[str]:
        """What was asked, by the provider's own name of the call; logins are left out."""

    @property
    def paged(self) -> set[str]:
        """Of which of these a further page was asked for."""

    def account(self, type_: str) -> Account:
        """An account of a type, unsaved."""

    def fill(self) -> None:
        """Put something of each technology there."""

    def in_pages(self) -> None:
        """Give lists in two pages or more from now on."""

    def refuse(self, call: str, page: int | None = None) -> None:
        """Deny a call, or a page of it, and nothing else, from now on."""

    def relieve(self) -> None:
        """Refuse nothing, and forget what was asked."""


# -- AWS ------------------------------------------------------------------------------------------

# Asked once for all that is read of an account.
ENTERING = {"AssumeRole", "GetCallerIdentity", "DescribeRegions"}
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "ec2.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


class AwsSide:
    unmade = frozenset({"aws.account", "aws.ec2.vpc", "aws.ec2.security_group"})

    def __init__(self, cloud: MotoCloud, faults: FaultProxy) -> None:
        self.cloud, self.faults = cloud, faults

    @property
    def calls(self) -> Counter[str]:
        return Counter({name: n for name, n in self.faults.calls.items() if name not in ENTERING})

    @property
    def paged(self) -> set[str]:
        return {call.operation for call in self.faults.asked if call.token}

    def account(self, type_: str) -> Account:
        parameters = {"role_name": "Vervet", "external_id": "test", "partition": "aws"}
        return Account(name="prod", type=type_, identifier=AWS_ACCOUNT, parameters=parameters)

    def fill(self) -> None:
        fill_aws(lambda service: self.cloud.client(service, "us-east-1", AWS_ACCOUNT))

    def in_pages(self) -> None:
        for service in ("ec2", "iam"):
            client = boto3.client(service, region_name="us-east-1")
            for name in client.meta.service_model.operation_names:
                if client.can_paginate(xform_name(name)):
                    self.faults.paginate(name, 1)

    def refuse(self, call: str, page: int | None = None) -> None:
        self.faults.add(operation=call, page=page)

    def relieve(self) -> None:
        sizes = dict(self.faults.page_sizes)
        self.faults.reset()
        self.faults.page_sizes.update(sizes)


def fill_aws(client: Any) -> None:
    """Make two of most things; the rest is there by itself. ``client`` makes one of a service."""
    ec2, iam, s3 = client("ec2"), client("iam"), client("s3")
    subnet = ec2.describe_subnets()["Subnets"][0]
    document = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    ec2.create_vpc(CidrBlock="10.9.0.0/16")
    for name in ("ann", "bob"):
        ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, UserData="secret")
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        ec2.create_nat_gateway(SubnetId=subnet["SubnetId"], AllocationId=address)
        ec2.create_vpc_endpoint(VpcId=subnet["VpcId"], ServiceName="com.amazonaws.us-east-1.s3")
        iam.create_user(UserName=name)
        iam.create_access_key(UserName=name)
        iam.create_group(GroupName=f"of-{name}")
        iam.create_role(RoleName=f"for-{name}", AssumeRolePolicyDocument=trust)
        iam.create_policy(PolicyName=f"read-{name}", PolicyDocument=document)
    s3.create_bucket(Bucket="plain")


# -- behind the proxy for the internet ------------------------------------------------------------


class OverHttps:
    """What the stand-ins of Google Cloud and Azure share: requests are seen on their way."""

    def __init__(self, spoiler: Spoiler, logins: tuple[str, ...]) -> None:
        self.calls: Counter[str] = Counter()
        self.paged: set[str] = set()
        self._site, self._logins, self._token = spoiler.site, logins, spoiler.token
        self._refused: set[tuple[str, int | None]] = set()
        self._pages = False
        spoiler.site = self._answer

    def named(self, request: Request) -> str:
        """The provider's name of what is asked; empty: not known."""
        raise NotImplementedError

    def empty_page(self, request: Request, whole: Answer) -> Answer | None:
        """The first page of a list, with nothing in it; None: this is not given in pages."""
        raise NotImplementedError

    def denial(self, request: Request) -> Answer:
        """What the provider says to who may not ask this."""
        raise NotImplementedError

    def in_pages(self) -> None:
        self._pages = True

    def refuse(self, call: str, page: int | None = None) -> None:
        self._refused.add((call, page))

    def relieve(self) -> None:
        self._refused.clear()
        self.calls.clear()
        self.paged.clear()

    def _answer(self, request: Request) -> Answer:
        if request.host in self._logins:
            return self._site(request)
        call = self.named(request)
        self.calls[call] += 1
        page = 2 if request.query.get(self._token) == SECOND else 1
        if page == 2:
            self.paged.add(call)
            query = {name: one for name, one in request.query.items() if name != self._token}
            request = replace(request, query=query)
        if self._refused & {(call, page), (call, None)}:
            return self.denial(request)
        whole = self._site(request)
        if not self._pages or page == 2 or whole.status != 200:
            return whole
        return self.empty_page(request, whole) or whole


class GoogleSide(OverHttps):
    unmade = frozenset({"gcp.project", "gcp.compute.project", "gcp.organization"})

    def __init__(self, google: Google, spoiler: Spoiler) -> None:
        super().__init__(spoiler, GOOGLE_LOGINS)
        self.google = google
        google.projects.clear()
        google.things.clear()
        google.project(google_company.PROJECT)
        about = {"displayName": "halden.example", "state": "ACTIVE"}
        google.put("cloudresourcemanager.v3", google_company.ORGANIZATION, about)

    def account(self, type_: str) -> Account:
        of = {"gcp": google_company.PROJECT, "gcp.organization": google_company.ORGANIZATION}
        return Account(name="prod", type=type_, identifier=of[type_], parameters={})

    def fill(self) -> None:
        self.google.projects.clear()
        google_company.found(self.google)

    def named(self, request: Request) -> str:
        method = self.google.method(request)
        return str(method.described["id"]) if method else ""

    def empty_page(self, request: Request, whole: Answer) -> Answer | None:
        method = self.google.method(request)
        if not method or not method.field or "pageToken" not in method.described["parameters"]:
            return None
        body = {key: one for key, one in whole.body.items() if key != method.field}
        if method.verb == "aggregatedList":
            body["items"] = {}
        return replace(whole, body=body | {"nextPageToken": SECOND})

    def denial(self, request: Request) -> Answer:
        said = {"code": 403, "message": "Permission denied", "status": "PERMISSION_DENIED"}
        return Answer({"error": said}, 403)


# A list whose answer has no next link by Azure's own description.
NEVER_PAGED = ("microsoft.security/pricings",)


class AzureSide(OverHttps):
    unmade = frozenset({"azure.subscription", "azure.security.policies"})

    def __init__(self, azure: Azure, spoiler: Spoiler) -> None:
        super().__init__(spoiler, AZURE_LOGINS)
        self.azure = azure

    def account(self, type_: str) -> Account:
        return Account(name="prod", type=type_, identifier=SUBSCRIPTION, parameters=GIVEN)

    def fill(self) -> None:
        fill_azure(self.azure)

    def named(self, request: Request) -> str:
        return type_of(request.path)

    def empty_page(self, request: Request, whole: Answer) -> Answer | None:
        if not isinstance(whole.body, dict) or not isinstance(whole.body.get("value"), list):
            return None
        if self.named(request).lower() in NEVER_PAGED:
            return None
        query = "&".join(f"{name}={one}" for name, one in request.query.items())
        further = f"https://{request.host}{request.path}?{query}&{self._token}={SECOND}"
        return replace(whole, body={"value": [], "nextLink": further})

    def denial(self, request: Request) -> Answer:
        return error(403, "AuthorizationFailed", "You may not read this.")
