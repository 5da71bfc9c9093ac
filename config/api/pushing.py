"""Configurations that a program sends: recorded, with history and rules, like any others."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.describing import taken
from accounts.api.given import KEY, checked
from accounts.api.once import once
from accounts.api.problems import Conflict
from accounts.ledger import enter
from accounts.models import Account
from accounts.seeing import visible
from config import pipeline
from items.api import ItemViewSet
from items.claiming import Busy
from items.models import LeaseLost
from items.watchers import watchers
from items.watchers.base import SHAPE_ERRORS, Row
from items.watchers.terms import Snapshot

MOST = 500


class PushSerializer(serializers.Serializer[Any]):
    account = serializers.IntegerField(**KEY)
    technology = serializers.CharField(max_length=100)
    place = serializers.CharField(max_length=50, help_text="Its region, or global.")
    items: Any = serializers.ListField(
        child=serializers.DictField(),
        min_length=1,
        max_length=MOST,
        help_text="Configurations, as the cloud would describe them.",
    )


class PushedSerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField()
    found = serializers.IntegerField()
    created = serializers.IntegerField()
    changed = serializers.IntegerField()


class ItemsViewSet(ItemViewSet):
    """What is there, and what was."""

    def needs(self) -> str:
        return "accounts.push_account" if self.request.method == "POST" else super().needs()

    @once(whole=False)
    @taken(
        request=PushSerializer,
        responses={200: PushedSerializer},
        examples=[
            OpenApiExample(
                "One security group",
                {
                    "account": 1,
                    "technology": "aws.ec2.security_group",
                    "place": "eu-west-1",
                    "items": [{"GroupId": "sg-1", "GroupName": "web"}],
                },
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Send configurations. Sent again they change nothing; what is not sent is not gone."""
        given = checked(PushSerializer, request)
        account = _account(request, given["account"])
        found = _snapshots(account, given)
        try:
            run = pipeline.push(account.pk, given["technology"], found)
        except (Busy, LeaseLost) as reason:
            raise Conflict(str(reason)) from reason
        told = {"run": run.pk, "found": run.found, "created": run.created, "changed": run.changed}
        if run.created or run.changed:
            enter(
                request.user, "sent configurations", account, None, {**given, "items": len(found)}
            )
        return Response(told)


def _account(request: Request, pk: int) -> Account:
    rows = visible(Account.objects.filter(archived_at=None), request.user, "push")
    account = rows.filter(pk=pk).first()
    if account is None:
        raise PermissionDenied("It is archived, or not yours to send configurations of.")
    return account


def _snapshots(account: Account, given: dict[str, Any]) -> list[Snapshot]:
    """Return what was sent in its canonical form; refuse what is not of the technology's shape."""
    technology = given["technology"]
    if technology not in watchers or watchers[technology].account_type != account.type:
        raise ValidationError({"technology": f"Choose one of {account.type}."})
    watcher = watchers[technology]()
    found: dict[str, Snapshot] = {}
    for number, config in enumerate(given["items"]):
        try:
            one = watcher.snapshot(account, Row(given["place"], config))
        except SHAPE_ERRORS as error:
            said = f"It has not the shape of {technology}: {error!r}"[:300]
            raise ValidationError({f"items.{number}": said}) from error
        if len(one.uid) > 500:
            raise ValidationError({f"items.{number}": "Its id is longer than 500 characters."})
        found[one.uid] = one
    return list(found.values())
