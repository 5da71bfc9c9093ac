"""Bring shipped views into the database, without undoing what an editor changed."""

from collections.abc import Iterator
from importlib import resources
from types import ModuleType
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from audits.loading import Loaded, of_each
from audits.models import SavedView
from audits.plain_yaml import NotPlain, read_yaml
from audits.unpacking import PackError

FOLDER = "views"
# What a file may say of a view, and what it is where it says nothing.
FIELDS: dict[str, Any] = {
    "name": "",
    "notes": "",
    "page": SavedView.Page.QUERY,
    "address": "",
    "technology": "",
    "condition": "",
    "columns": [],
}
PACK = "pack"
"""Under this name what was shipped last says whose it is."""


def load_views(dry_run: bool = False) -> list[Loaded]:
    """Bring the views of every pack in; return what changed. Twice changes nothing.

    Three ways meet, field by field, as with rules. A view that left its pack goes, unless an
    editor changed it: then it is ours.
    """
    with transaction.atomic():
        done = of_each(_load)
        if dry_run:
            transaction.set_rollback(True)
    return done


def shipped_views(package: ModuleType) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (key, fields) for every view of a pack; raise PackError with the file's name."""
    folder = resources.files(package) / FOLDER
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            try:
                (text,) = read_yaml(file.read_text("utf-8")).documents
                for view in text["views"]:
                    yield view["key"], _checked(view)
            except NotPlain as error:
                raise PackError(f"{package.__name__}/{FOLDER}/{file.name}, {error}") from error
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise PackError(f"{package.__name__}/{FOLDER}/{file.name}: {error!r}") from error


def _checked(view: dict[str, Any]) -> dict[str, Any]:
    unknown = set(view) - {"key", *FIELDS}
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    fields = FIELDS | {name: one for name, one in view.items() if name != "key"}
    columns = [
        {"title": title, "path": path.strip()} for title, path in (fields["columns"] or {}).items()
    ]
    texts = {name: str(one).strip() for name, one in fields.items() if name != "columns"}
    return texts | {"columns": columns}


def _load(pack: str, package: ModuleType) -> Iterator[Loaded]:
    views = {str(view.key): view for view in SavedView.objects.exclude(key=None)}
    seen = set()
    for key, fields in shipped_views(package):
        seen.add(key)
        view = views.get(key)
        holder = view.shipped.get(PACK) if view is not None else None
        if holder and holder != pack:
            problem = f"The pack {holder} has a view {key} already; the first one keeps it."
            yield Loaded(key, "left out", problems=(problem,))
        elif view is not None:
            yield from _follow(view, pack, fields)
        elif SavedView.objects.filter(name=fields["name"]).exists():
            problem = f"There is a view named {fields['name']} already."
            yield Loaded(key, "left out", problems=(problem,))
        else:
            SavedView.objects.create(key=key, shipped={PACK: pack, **fields}, **fields)
            yield Loaded(key, "new")
    for key, view in views.items():
        if key not in seen and view.shipped.get(PACK) == pack:
            yield _leave(view)


def _follow(view: SavedView, pack: str, fields: dict[str, Any]) -> Iterator[Loaded]:
    before = view.shipped
    if before == {PACK: pack, **fields}:
        return
    followed = tuple(
        name
        for name in fields
        if getattr(view, name) == before.get(name) and before.get(name) != fields[name]
    )
    for name in followed:
        setattr(view, name, fields[name])
    view.shipped = {PACK: pack, **fields}
    view.save()
    yield Loaded(str(view.key), "updated" if followed else "kept", followed)


def _leave(view: SavedView) -> Loaded:
    key = str(view.key)
    shipped = {name: one for name, one in view.shipped.items() if name != PACK}
    unchanged = {name: getattr(view, name) for name in shipped} == shipped
    if not (unchanged and _deleted(view)):
        view.key, view.shipped = None, {}
        view.save()
    return Loaded(key, "retired")


def _deleted(view: SavedView) -> bool:
    """Delete a view that nobody is told by; say whether that was so."""
    try:
        with transaction.atomic():
            view.delete()
    except ProtectedError:
        return False
    return True
