"""The page on which somebody changes the own password."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from accounts.ledger import enter
from accounts.states import state


@transaction.atomic
def own_password(request: HttpRequest) -> HttpResponse:
    """Show and do what Django's page does, and enter that it was done."""
    person: Any = request.user
    before = state(person, "password")
    answer: HttpResponse = admin.site.password_change(request)
    after = state(person, "password")
    if before != after:
        enter(person, "changed password", person, before, after)
    return answer
