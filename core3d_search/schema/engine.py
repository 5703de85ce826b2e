"""Where the database is, how it is connected to, and what its failures mean in words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import QueuePool, SingletonThreadPool

from core3d_search.errors import StoreError

ENVIRONMENT_VARIABLE = "CORE3D_DB"
DEFAULT_PATH = Path("core3d.db")
WRITER_LOCK = 0x636F726533640001
"""Number of the PostgreSQL advisory lock that a writing transaction holds: "core3d" and 1."""

BUSY_TIMEOUT_S = 60.0
"""How long a writer waits for another one; a scene's transaction takes well under a second."""


def locate(url_or_path: str | os.PathLike[str] | None) -> URL:
    """Return where the database is: as given, else the environment's CORE3D_DB, else ./core3d.db.

    Anything with "://" is an SQLAlchemy URL, anything else a path of a SQLite file.
    """
    given = os.fspath(url_or_path or os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_PATH)
    if "://" not in given:
        return URL.create("sqlite", database=str(Path(given).expanduser().absolute()))
    try:
        return make_url(given)
    except ArgumentError as error:
        raise StoreError(f"{given!r} is not a database URL: {error}") from error


def sqlite_path(url: URL) -> Path | None:
    """Return the SQLite file behind `url`; None for a database in memory or on a server."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database).absolute()


def location(url: URL) -> str:
    """Return the database's place for messages: the path of the file, or the URL without its password."""
    return str(sqlite_path(url) or url.render_as_string(hide_password=True))


def may_write(path: Path) -> bool:
    """Return whether the SQLite file at `path` can be changed: it, and its folder for the side files."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def connect(url: URL, *, read_only: bool) -> Engine:
    """Return an engine for `url`; on SQLite with cascades on, write-ahead log, and real transactions.

    Transactions begin as told by the execution option `writes`: a SQLite writer asks for the lock at once (BEGIN
    IMMEDIATE) and waits for it, instead of failing halfway through.
    """
    if url.get_backend_name() != "sqlite":
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")  # psycopg 3
        try:
            return create_engine(url, pool_pre_ping=True)
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise StoreError(f"no driver for {url.drivername!r} databases: {error}; install it with pip") from error
    path = sqlite_path(url)

    def open_file() -> sqlite3.Connection:
        name = ":memory:" if path is None else path.as_uri() + _open_mode(path, read_only)
        connection = sqlite3.connect(name, uri=True, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
        connection.isolation_level = None  # the driver leaves BEGIN to us
        connection.execute("PRAGMA foreign_keys = ON")
        if not read_only and path is not None:
            connection.execute("PRAGMA synchronous = NORMAL")  # whole after a crash, given the write-ahead log
        return connection

    pool = SingletonThreadPool if path is None else QueuePool
    engine = create_engine(url, creator=open_file, poolclass=pool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _open_mode(path: Path, read_only: bool) -> str:
    """Return the query of a SQLite file URI.

    A database with a write-ahead log can only be read where its side files can be made; in a folder that is
    read-only nobody else writes either, so there it is opened as immutable.
    """
    if not read_only:
        return "?mode=rwc"
    has_log = path.with_name(path.name + "-wal").exists()
    return "?mode=ro" if has_log or os.access(path.parent, os.W_OK) else "?mode=ro&immutable=1"


@contextmanager
def transaction(engine: Engine, *, writes: bool) -> Iterator[Connection]:
    """One transaction, all or nothing; without `writes` one snapshot of the database."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":  # whose transactions are snapshots anyway
            connection.execution_options(writes=writes)
        elif not writes:
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            if writes and engine.dialect.name == "postgresql":  # one writer at a time, as SQLite has it
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
            yield connection


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """One writing transaction with SQLite's cascades off: a migration that changes a table there copies and drops it,
    and the drop would take every row that refers to it along."""
    if engine.dialect.name != "sqlite":
        with transaction(engine, writes=True) as connection:
            yield connection
        return
    with engine.connect() as connection:
        connection.execution_options(writes=True)
        driver = _driver_of(connection)
        driver.execute("PRAGMA journal_mode = WAL")  # kept in the file: readers and one writer at the same time
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise StoreError("the migration broke references between tables; the database is as it was before")
        finally:
            driver.execute("PRAGMA foreign_keys = ON")


@contextmanager
def without_waiting(connection: Connection) -> Iterator[None]:
    """Let a SQLite write fail at once where another process is writing."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = _driver_of(connection)
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")


def compact(engine: Engine) -> None:
    """Run VACUUM, which allows no transaction around it."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            _driver_of(connection).execute("VACUUM")
        else:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")


def copy(engine: Engine, target: Path) -> None:
    """Copy a SQLite database to a new file by its online backup, which tolerates writers."""
    with engine.connect() as connection, closing(sqlite3.connect(target)) as made:
        _driver_of(connection).backup(made)


def size_bytes(path: Path) -> int:
    """Return the size of a SQLite file and of the log of what is not in it yet."""
    return sum(file.stat().st_size for file in (path, path.with_name(path.name + "-wal")) if file.exists())


def _driver_of(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


@contextmanager
def as_store_errors(where: object) -> Iterator[None]:
    """Turn what the driver raises inside the block into a StoreError about the database at `where`."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(_explain(error.orig, where)) from error
    except sqlite3.Error as error:
        raise StoreError(_explain(error, where)) from error


_ADVICE = {
    "database or disk is full": "free some space and run the same command again: the former content is unchanged",
    "disk i/o error": "check the disk, then run `core3d db check`: the last complete transaction is kept",
    "database is locked": "another process is writing for longer than usual: wait for it and run the same again",
    "readonly database": "give yourself write permission on the file and its folder, or choose another with --db",
    "unable to open database file": "check that its folder exists and that you may read and write there",
    "file is not a database": "this file is something else: choose another with --db",
    "malformed": "the file is damaged: restore a copy, or delete it and run `core3d index` again",
}


SERVER_GONE = (
    "no answer from the server: once it runs at this address, do the same again; what was not finished is as it was"
)
"""The advice for whoever was connected to a server that went away, or is not there yet."""


def _explain(error: Any, where: object) -> str:
    said = str(error).strip()
    advice = next((advice for symptom, advice in _ADVICE.items() if symptom in said.lower()), "see `core3d db check`")
    if _is_of_a_server(error):
        advice = SERVER_GONE
    return f"database {where}: {said}; {advice}"


def _is_of_a_server(error: Any) -> bool:
    """Return whether a driver of a server says that it was cut off, or that what it did was undone.

    PostgreSQL's classes: none or 08 for connections, 40 for what was rolled back, 57 for a server that goes or comes.
    """
    if isinstance(error, sqlite3.Error) or not any(base.__name__ == "OperationalError" for base in type(error).mro()):
        return False
    state = getattr(error, "sqlstate", None)
    return state is None or state[:2] in ("08", "40", "57")
