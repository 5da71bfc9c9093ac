"""The indexes by which PostgreSQL finds a text anywhere in a configuration, a name or an id."""

from typing import Any

from django.db import DatabaseError, transaction

# By the expressions that "contains, in any capitals" is made of.
TEXTS = ("config", "name", "uid", "full_name")
TABLES = {"items_item": "item_texts", "items_historicalitem": "revision_texts"}


def make_indexes(connection: Any) -> str:
    """Make what is missing; return why that could not be. On SQLite there is nothing to make."""
    if connection.vendor != "postgresql":
        return ""
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        return str(error).strip()
    columns = ", ".join(f"upper({name}::text) gin_trgm_ops" for name in TEXTS)
    with connection.cursor() as cursor:
        for table, index in TABLES.items():
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {table} USING gin ({columns})")
    return ""


def missing(connection: Any) -> list[str]:
    """Return the indexes that are not there, though their tables are."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE tablename = ANY(%s) UNION ALL "
            "SELECT indexname FROM pg_indexes WHERE indexname = ANY(%s)",
            [[*TABLES], [*TABLES.values()]],
        )
        there = {name for (name,) in cursor.fetchall()}
    return [index for table, index in TABLES.items() if table in there and index not in there]
