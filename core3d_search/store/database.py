"""One database, opened and brought up to date: where it is, and transactions on it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from core3d_search import migrations
from core3d_search.errors import StoreError
from core3d_search.schema.engine import (
    as_store_errors,
    connect,
    copy,
    locate,
    location,
    may_write,
    migrating,
    sqlite_path,
    transaction,
    without_waiting,
)

log = logging.getLogger(__name__)


class Database:
    """An open database, safe to share between threads."""

    def __init__(self, engine: Engine, *, read_only: bool) -> None:
        self.engine = engine
        self.path = sqlite_path(engine.url)
        self.location = location(engine.url)
        self.read_only = read_only

    @classmethod
    def open(
        cls, url_or_path: str | os.PathLike[str] | None, *, create: bool, read_only: bool, backup: bool = True
    ) -> Database:
        """Open and bring up to date the database that `Store.open` describes."""
        url = locate(url_or_path)
        path = sqlite_path(url)
        if path is not None:
            if path.is_dir():
                raise StoreError(f"{path} is a folder; --db names the database file itself")
            if not create and not (path.exists() and path.stat().st_size):
                raise StoreError(f"no database at {path}: run `core3d index FOLDER --db {path}` first")
            read_only = read_only or (path.exists() and not may_write(path))
        database = cls(connect(url, read_only=read_only), read_only=read_only)
        try:
            database._bring_up_to_date(create, backup)
        except BaseException:
            database.close()
            raise
        return database

    def _bring_up_to_date(self, create: bool, backup: bool) -> None:
        with self.reading() as connection:
            found = migrations.revision(connection)
        if found == migrations.HEAD:
            return
        if found is None and not create:
            raise StoreError(f"database {self.location} is empty: run `core3d index FOLDER --db {self.location}` first")
        if self.read_only:
            raise StoreError(
                f"database {self.location} has revision {found} and must be brought to {migrations.HEAD}, but may not "
                "be written: open it once with the right to write"
            )
        if backup and found is not None and self.path is not None:
            self._keep_copy(self.path, found)
        with as_store_errors(self.location), migrating(self.engine) as connection:
            if migrations.revision(connection) != migrations.HEAD:  # else another process was faster
                migrations.upgrade(connection)

    def _keep_copy(self, path: Path, revision: str) -> None:
        """Copy the file to `<name>.<revision>.backup`, in one step; an earlier copy of that name is left alone."""
        target = path.with_name(f"{path.name}.{revision}.backup")
        if target.exists():
            return
        draft = target.with_name(f"{target.name}.{uuid4().hex}.part")
        try:
            with as_store_errors(target):
                copy(self.engine, draft)
            os.replace(draft, target)
        except (OSError, StoreError) as error:
            draft.unlink(missing_ok=True)
            raise StoreError(
                f"{path} has revision {revision} and cannot be copied before it is brought up to date: {error}; make "
                "room, or run `core3d db upgrade --no-backup`"
            ) from error
        log.info("%s: a copy of revision %s is kept", target, revision)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot of the database."""
        with as_store_errors(self.location), transaction(self.engine, writes=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes, all or nothing."""
        if self.read_only:
            raise StoreError(f"{self.location} was opened read-only: check the rights of the file and its folder")
        with as_store_errors(self.location), transaction(self.engine, writes=True) as connection:
            yield connection

    def write_if_free(self, write: Callable[[Connection], None]) -> bool:
        """Do what a reader can do without; return whether it was done, False where it would mean to wait or fail."""
        if self.read_only:
            return False
        try:
            with self.engine.connect() as connection, without_waiting(connection):
                connection.execution_options(writes=True)
                with connection.begin():
                    write(connection)
        except DBAPIError:
            return False
        return True
