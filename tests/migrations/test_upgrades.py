"""Databases of every revision, older, newer and foreign."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Text, inspect, text
from store_samples import MODEL, write_scene

from core3d_search import migrations
from core3d_search.errors import StoreError
from core3d_search.schema.engine import connect, locate, migrating
from core3d_search.schema.tables import metadata
from core3d_search.store import Store, database

STORED = Path(__file__).parent / "databases"
"""One database a revision, as that revision wrote it; `write_scene` of store_samples at the time filled it."""


def test_head_is_the_newest_file_and_there_is_one_line_of_them() -> None:
    script = ScriptDirectory.from_config(migrations.configuration())
    assert script.get_heads() == [migrations.HEAD]
    assert {path.name.partition("_")[0] for path in Path(migrations.__file__).parent.glob("versions/*.py")} == {
        revision.revision for revision in script.walk_revisions()
    }


def test_migrations_lead_to_the_tables_of_the_code(tmp_path) -> None:
    Store.open(tmp_path / "new.db", create=True).close()
    engine = connect(locate(tmp_path / "new.db"), read_only=True)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        checks = {check["name"] for check in inspect(connection).get_check_constraints("runs")}
    assert checks == {"ck_runs_status"}  # compare_metadata does not look at these
    engine.dispose()


def test_every_revision_has_a_stored_database() -> None:
    script = ScriptDirectory.from_config(migrations.configuration())
    assert {path.stem for path in STORED.glob("*.sql")} == {revision.revision for revision in script.walk_revisions()}


@pytest.mark.parametrize("dump", sorted(STORED.glob("*.sql")), ids=lambda path: path.stem)
def test_a_database_of_every_revision_is_brought_up_to_date_whole(dump: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.executescript(dump.read_text())
    with Store.open(tmp_path / "old.db") as store:
        assert store.check() == []
        assert store.info().revision == migrations.HEAD
        (scene,) = store.scenes()
        assert (scene.name, scene.frame_count, scene.object_count) == ("kitchen", 3, 3)
        assert [item.label for item in store.objects("kitchen", with_points=True)] == [None, "thing 1", "thing 2"]
        assert len(store.observations(store.objects("kitchen")[0].id)) == 2
        assert len(store.embeddings(MODEL).ids) == 3
        with Store.open(tmp_path / "new.db", create=True) as fresh:
            write_scene(fresh)
            assert store.content_checksum() == fresh.content_checksum()


@pytest.mark.parametrize("dump", sorted(STORED.glob("*.sql")), ids=lambda path: path.stem)
def test_objects_of_an_older_database_keep_their_ids_through_the_upgrade_and_the_next_run(
    dump: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.executescript(dump.read_text())
        before = [key for (key,) in old.execute("SELECT id FROM objects ORDER BY id")]
    with Store.open(tmp_path / "old.db") as store:
        assert store.object_table().ids.tolist() == before
        assert store.scene("kitchen").generation == store.generation
        assert write_scene(store) == before


def test_an_older_database_is_copied_before_it_is_changed(tmp_path) -> None:
    for name, backup in (("kept.db", True), ("bare.db", False)):
        with closing(sqlite3.connect(tmp_path / name)) as old:
            old.executescript((STORED / "0002.sql").read_text())
        Store.open(tmp_path / name, backup=backup).close()
        Store.open(tmp_path / name).close()
    assert sorted(path.name for path in tmp_path.glob("*.backup")) == ["kept.db.0002.backup"]
    with closing(sqlite3.connect(tmp_path / "kept.db.0002.backup")) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)
        assert copy.execute("SELECT COUNT(*) FROM objects").fetchone() == (3,)


def test_a_database_that_cannot_be_copied_is_left_as_it_is(tmp_path, monkeypatch) -> None:
    with closing(sqlite3.connect(tmp_path / "old.db")) as old:
        old.executescript((STORED / "0002.sql").read_text())

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(database, "copy", full)
    with pytest.raises(StoreError, match=r"cannot be copied before .*disk is full.*`core3d db upgrade --no-backup`"):
        Store.open(tmp_path / "old.db")
    with closing(sqlite3.connect(tmp_path / "old.db")) as old:
        assert old.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)
    assert not list(tmp_path.glob("*.part"))


def test_a_newer_database_is_refused_with_the_version_that_wrote_it(tmp_path) -> None:
    Store.open(tmp_path / "x.db", create=True).close()
    with closing(sqlite3.connect(tmp_path / "x.db")) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.execute("UPDATE store SET written_by = '7.8.9'")
        newer.execute("CREATE TABLE holograms (id INTEGER)")
    before = (tmp_path / "x.db").read_bytes()
    with pytest.raises(StoreError, match=r"written by core3d 7\.8\.9 \(revision 9999\).*pip install -U core3d-search"):
        Store.open(tmp_path / "x.db")
    assert (tmp_path / "x.db").read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path) -> None:
    with closing(sqlite3.connect(tmp_path / "bank.db")) as other, other:
        other.execute("CREATE TABLE accounts (id INTEGER)")
    before = (tmp_path / "bank.db").read_bytes()
    for create in (False, True):
        with pytest.raises(StoreError, match=r"belongs to another program \(its tables: accounts\)"):
            Store.open(tmp_path / "bank.db", create=create)
    assert (tmp_path / "bank.db").read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path) -> None:
    (tmp_path / "notes.txt").write_text("buy milk\n" * 500)
    for create in (False, True):
        with pytest.raises(StoreError, match="file is not a database; this file is something else"):
            Store.open(tmp_path / "notes.txt", create=create)
    assert (tmp_path / "notes.txt").read_text() == "buy milk\n" * 500


def test_a_missing_an_empty_and_a_folder_database_say_what_to_do(tmp_path) -> None:
    with pytest.raises(StoreError, match=r"no database at .*run `core3d index FOLDER --db"):
        Store.open(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreError, match="run `core3d index"):
        Store.open(tmp_path / "empty.db")
    with pytest.raises(StoreError, match="is a folder"):
        Store.open(tmp_path, create=True)
    with pytest.raises(StoreError, match="check that its folder exists"):
        Store.open(tmp_path / "no" / "folder" / "x.db", create=True)


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path, monkeypatch) -> None:
    def fail(connection) -> None:
        connection.execute(text("CREATE TABLE half_done (id INTEGER)"))
        raise RuntimeError("power cut")

    monkeypatch.setattr(migrations, "upgrade", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        Store.open(tmp_path / "x.db", create=True)
    monkeypatch.undo()
    with Store.open(tmp_path / "x.db", create=True) as store:
        write_scene(store)
    with closing(sqlite3.connect(tmp_path / "x.db")) as whole:
        assert not whole.execute("SELECT * FROM sqlite_master WHERE name = 'half_done'").fetchall()


def test_a_migration_may_copy_and_drop_a_table_without_losing_what_refers_to_it(tmp_path) -> None:
    """SQLite changes a table that way, and DROP TABLE deletes rows, with cascades if they are on."""
    with Store.open(tmp_path / "x.db", create=True) as store:
        write_scene(store)
    engine = connect(locate(tmp_path / "x.db"), read_only=False)
    with migrating(engine) as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("scenes", recreate="always") as scenes:
            scenes.add_column(Column("note", Text))
    engine.dispose()
    with Store.open(tmp_path / "x.db") as store:
        assert store.info().counts["objects"] == 3


def test_a_migration_that_breaks_references_is_undone(tmp_path) -> None:
    with Store.open(tmp_path / "x.db", create=True) as store:
        write_scene(store)
    engine = connect(locate(tmp_path / "x.db"), read_only=False)
    with pytest.raises(StoreError, match="broke references"), migrating(engine) as connection:
        connection.execute(text("DELETE FROM scenes"))
    engine.dispose()
    with Store.open(tmp_path / "x.db") as store:
        assert len(store.scenes()) == 1


def test_opening_a_current_database_imports_neither_alembic_nor_the_orm_nor_faiss(tmp_path) -> None:
    with Store.open(tmp_path / "x.db", create=True) as store:
        write_scene(store)
    asked = (
        "import sys; from core3d_search.store import Store; from core3d_search.vectors import open_index;"
        "store = Store.open(sys.argv[1]); index = open_index(store, store.models()[0]); assert len(index) == 3;"
        "print([name for name in ('alembic', 'sqlalchemy.orm', 'faiss', 'torch') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", asked, str(tmp_path / "x.db")], check=True, capture_output=True)
    assert answer.stdout.decode().strip() == "[]"


def test_a_copied_file_is_the_whole_database_once_its_store_is_closed(tmp_path) -> None:
    with Store.open(tmp_path / "x.db", create=True) as store:
        write_scene(store)
        content = store.content_checksum()
    shutil.copy(tmp_path / "x.db", tmp_path / "y.db")
    with Store.open(tmp_path / "y.db") as store:
        assert store.content_checksum() == content
