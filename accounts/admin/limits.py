"""What is limited to a row: if that went, it would be about everything."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest

from accounts.states import named


def held(rows: Iterable[Model], request: HttpRequest, site: AdminSite) -> Iterator[str]:
    """Name what must be set otherwise, or ended, before these rows may be deleted.

    A model says by ``limited_by`` which of its many-to-many fields let nothing stand for all.
    """
    for row in rows:
        for relation in row._meta.get_fields(include_hidden=True):
            model: Any = relation.related_model
            if not (relation.auto_created and relation.many_to_many):
                continue
            name = relation.remote_field.name  # type: ignore[union-attr]
            if name not in getattr(model, "limited_by", ()):
                continue
            seen = site.get_model_admin(model).get_queryset(request)
            for one in model._base_manager.filter(**{name: row}).order_by("pk"):
                if not getattr(one, "ended", False):
                    yield _told(one, seen.filter(pk=one.pk).exists())


def _told(one: Model, seen: bool) -> str:
    kind = str(one._meta.verbose_name)
    return f"{kind} {named(one)}, limited to it" if seen else f"{kind} of somebody, limited to it"
