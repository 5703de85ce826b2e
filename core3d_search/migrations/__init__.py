"""Brings a database to the revision that this version of core3d speaks; Alembic is imported only where it must."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from core3d_search.errors import StoreError
from core3d_search.schema.engine import location
from core3d_search.version import __version__

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0003"
"""The newest revision in versions/; here too, so that opening an up-to-date database need not import Alembic."""

_FOLDER = Path(__file__).parent


def revision(connection: Connection) -> str | None:
    """Return the database's revision, None for an empty one.

    Raises StoreError for a database of another program, and for one that a newer core3d has written.
    """
    tables = set(inspect(connection).get_table_names())
    where = location(connection.engine.url)
    if tables and not tables >= {"alembic_version", "store"}:
        names = ", ".join(sorted(tables)[:5])
        raise StoreError(f"{where} belongs to another program (its tables: {names}); choose another with --db")
    if not tables:
        return None
    found = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    if found != HEAD and found not in {path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("*.py")}:
        writer = connection.execute(text("SELECT written_by FROM store")).scalar_one()
        raise StoreError(
            f"{where} was written by core3d {writer} (revision {found}), newer than this core3d {__version__} "
            f"(revision {HEAD}); upgrade with `pip install -U core3d-search`"
        )
    return found


def upgrade(connection: Connection) -> None:
    """Run every missing migration in the transaction that `connection` is in: all of them happen or none."""
    from alembic import command

    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
    connection.execute(text("UPDATE store SET written_by = :version"), {"version": __version__})


def configuration() -> Config:
    """Return Alembic's configuration; a developer adds a revision with `command.revision(configuration(), ...)`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config
