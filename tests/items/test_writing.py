"""Rows that are added by the hundred are as if each had been saved."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from items.models import Address, Item, Reach
from items.writing import create, insert
from tests.factories import NOW, ItemFactory

pytestmark = pytest.mark.django_db

COLUMNS = ("item_id", "first", "last", "text", "path", "since", "until")


def test_moments_bytes_and_nothing_come_back_as_they_were_given() -> None:
    item, later = ItemFactory(), NOW + timedelta(days=1)
    insert(
        Address,
        COLUMNS,
        [
            (item.pk, b"\x0a\x00\x00\x00", b"\x0a\xff\xff\xff", "10/8 100%s", "Ä", NOW, later),
            (item.pk, bytes(16), b"\xff" * 16, "::/0", "P", NOW, None),
        ],
    )
    one, other = Address.objects.order_by("pk")
    assert (bytes(one.first), bytes(one.last)) == (b"\x0a\x00\x00\x00", b"\x0a\xff\xff\xff")
    assert (one.text, one.path, one.since, one.until) == ("10/8 100%s", "Ä", NOW, later)
    assert (bytes(other.first), other.until, other.item) == (bytes(16), None, item)


def test_each_object_gets_the_key_of_its_own_row_where_several_statements_are_needed() -> None:
    item = ItemFactory()
    reaches = [Reach(item=item, at=NOW, unread={"Part": str(n)}) for n in range(1200)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        create(reaches)
    assert 1 < len(queries) <= 4
    stored = Reach.objects.in_bulk()
    assert len(stored) == 1200
    assert all(stored[one.pk].unread == one.unread for one in reaches)
    reaches[0].unread = {}
    reaches[0].save()  # It is known to be there.
    assert Reach.objects.count() == 1200


def test_an_item_that_is_created_equals_one_that_is_saved() -> None:
    kept = ItemFactory(config={"B": [1, {"a": None}], "A": "ü"}, unread={"Acl": "denied"})
    copy = Item(**{f.attname: getattr(kept, f.attname) for f in Item._meta.concrete_fields})
    copy.pk, copy.uid = None, "another"
    create([copy])
    found = Item.objects.get(uid="another")
    for name in ("config", "unread", "first_seen", "gone_at", "digest", "account_id"):
        assert getattr(found, name) == getattr(kept, name)


def test_nothing_is_asked_for_no_rows() -> None:
    with CaptureQueriesContext(connection) as queries:
        insert(Address, COLUMNS, [])
        create([])
    assert len(queries) == 0


def test_what_points_nowhere_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError):
        create([Reach(item=None, at=NOW)])
