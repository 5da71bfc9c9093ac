"""An account is a site, behind an address, entered with a token."""

import re

from django.core.exceptions import ValidationError

from accounts.references import PATTERN, WANTS
from accounts.types.base import AccountType, Parameter, Reachable, Refused
from acme_vervet.api import Failed, get


class Site(AccountType):
    key = "acme"
    label = "Acme site"
    identifier_label = "Site"
    parameters = (
        Parameter("address", "Address", "Where its API answers.", pattern=r"https?://.+"),
        Parameter("token", "Token", "Where its token lies.", pattern=PATTERN, wants=WANTS),
        Parameter("floor", "Floor", "Which doors are read.", default="all", choices=("all", "0")),
    )

    @classmethod
    def check_identifier(cls, identifier: str) -> None:
        if not re.fullmatch(r"[a-z]+-\d+", identifier):
            raise ValidationError({"identifier": f"{identifier!r} is no site, such as zurich-1."})

    @classmethod
    def instructions(cls, account: Reachable) -> str:
        return f"acme token create --site {account.identifier} --read-only"

    @classmethod
    def whoami(cls, account: Reachable) -> str:
        try:
            return str(get(account, "me")["name"])
        except Failed as failed:
            raise Refused(str(failed)) from failed
