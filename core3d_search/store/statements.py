"""What every aggregate does with rows: insert them with their checksums, read them checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, insert, select, text, update

from core3d_search.errors import StoreError
from core3d_search.schema.checksums import is_whole, sealed, stored
from core3d_search.schema.engine import location
from core3d_search.schema.tables import store
from core3d_search.version import __version__

AnyRow = Row[Any]

MOST_BOUND = 500
"""Values that one statement is given; SQLite before 3.32 takes 999."""


def generation(connection: Connection) -> int:
    """Return the number that every change of searchable content raises."""
    return int(connection.execute(select(store.c.generation)).scalar_one())


def raise_generation(connection: Connection) -> int:
    """Count a change of searchable content; return the new generation."""
    connection.execute(update(store).values(generation=store.c.generation + 1, written_by=__version__))
    return generation(connection)


def insert_rows(connection: Connection, table: Table, made: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of a table whose rows carry checksums."""
    if made:  # without rows SQLAlchemy would insert one of defaults
        connection.execute(insert(table), [sealed(table, row) for row in made])


def update_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Replace the row of a table with visible keys that has the id of `row`."""
    connection.execute(update(table).where(table.c.id == row["id"]).values(sealed(table, row)))


def new_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """Return `count` ids that `table` has never used; of a table whose keys are never used twice."""
    if connection.dialect.name == "sqlite":
        last = last_id(connection, table)
        return list(range(last + 1, last + count + 1))
    sequence = func.pg_get_serial_sequence(table.name, "id")
    drawn = select(func.nextval(sequence)).select_from(func.generate_series(1, count))
    return sorted(int(key) for key in connection.execute(drawn).scalars())


def last_id(connection: Connection, table: Table) -> int:
    """Return the greatest id that `table` has ever used, 0 for none; of a table whose keys are never used twice."""
    if connection.dialect.name == "sqlite":
        used = text("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = :name")
        return int(connection.execute(used, {"name": table.name}).scalar_one())
    used = text("SELECT COALESCE(pg_sequence_last_value(CAST(pg_get_serial_sequence(:name, 'id') AS regclass)), 0)")
    return int(connection.execute(used, {"name": table.name}).scalar_one())


def checked_rows(
    connection: Connection,
    table: Table,
    wanted: Select[Any],
    named: Callable[[AnyRow], str],
    fault: str = "it does not match its checksum",
) -> Iterator[AnyRow]:
    """Yield the rows of `wanted`, a select of `stored(table)` and what else comes after those.

    Raises StoreError for a row that is not what was written; `named` says what it belongs to.
    """
    width = len(stored(table))
    for row in connection.execute(wanted):
        if not is_whole(row[:width]):
            raise damaged(connection, named(row), fault)
        yield row


def damaged(connection: Connection, what: str, why: str) -> StoreError:
    """Return the error for `what` that is not as it was written."""
    remedy = "index the scene again with --force, or drop what is damaged with `core3d db repair`"
    return StoreError(f"{what} in {location(connection.engine.url)} is damaged: {why}; {remedy}")
