"""What happens when processes are killed, meet, run out of disk or may not write."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from sqlalchemy import event
from store_samples import MODEL, failed_run, scene_record, unit_vectors, write_scene

from core3d_search.errors import StoreError
from core3d_search.store import Store, object_arrays
from core3d_search.vectors import open_index

TESTS = Path(__file__).parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "core3d.db"


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Start Python on `script`, which sees the tests' modules, unmeasured: it is killed or changes its user."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE")}
    environment["PYTHONPATH"] = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_process_killed_in_the_middle_of_a_scene_leaves_the_former_one(path: Path) -> None:
    with Store.open(path, create=True) as store:
        write_scene(store)
        before, generation = store.content_checksum(), store.generation
    killed = start(
        """
        import sys, time
        from sqlalchemy import event
        from store_samples import write_scene
        from core3d_search.store import Store

        store = Store.open(sys.argv[1])

        @event.listens_for(store.database.engine, "before_cursor_execute")
        def stop_when_half_is_written(connection, cursor, statement, *rest):
            if statement.startswith("INSERT INTO embeddings"):
                print("old objects are deleted, new ones are in", flush=True)
                time.sleep(60)

        write_scene(store, count=200, seed=7)
        """,
        path,
    )
    assert killed.stdout.readline(), killed.stderr.read()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with Store.open(path) as store:
        assert store.check() == []
        assert (store.content_checksum(), store.generation) == (before, generation)
        write_scene(store, count=2, seed=7)
        assert store.scene("kitchen").object_count == 2


def test_two_indexers_at_once_on_a_database_that_is_not_there_yet_both_succeed(path: Path) -> None:
    script = """
        import sys
        from store_samples import write_scene
        from core3d_search.store import Store

        with Store.open(sys.argv[1], create=True) as store:
            for number in range(8):
                write_scene(store, f"{sys.argv[2]}-{number}", count=20)
                write_scene(store, f"{sys.argv[2]}-{number}", count=10)
    """
    indexers = [start(script, path, name) for name in ("left", "right")]
    for indexer in indexers:
        _, said = indexer.communicate(timeout=60)
        assert indexer.returncode == 0, said
    with Store.open(path) as store:
        assert len(store.scenes()) == 16
        assert store.generation == 32
        assert len(store.object_table()) == 160
        assert store.check() == []


def test_a_reader_sees_one_state_while_a_writer_replaces_it(path: Path) -> None:
    with Store.open(path, create=True) as reader, Store.open(path) as writer:
        write_scene(writer, count=3)
        with reader.database.reading() as connection:
            before = object_arrays.object_arrays(connection).ids.tolist()
            write_scene(writer, count=5, seed=1)
            assert object_arrays.object_arrays(connection).ids.tolist() == before
        assert len(reader.object_table()) == 5


def test_a_full_disk_is_told_and_leaves_the_former_content(path: Path) -> None:
    with Store.open(path, create=True) as store:
        write_scene(store)
        before = store.content_checksum()

        @event.listens_for(store.database.engine, "begin")
        def fill_the_disk(connection) -> None:
            driver = connection.connection.driver_connection
            driver.execute(f"PRAGMA max_page_count = {driver.execute('PRAGMA page_count').fetchone()[0]}")

        with pytest.raises(StoreError, match=r"core3d\.db: database or disk is full; free some space") as caught:
            write_scene(store, "office", count=400)
        assert isinstance(caught.value.__cause__.orig, sqlite3.OperationalError)
        assert store.content_checksum() == before
        assert [scene.name for scene in store.scenes()] == ["kitchen"]


def test_a_cache_is_skipped_rather_than_waited_for(path: Path) -> None:
    vector = {"red chair": unit_vectors(1)[0]}
    with Store.open(path, create=True) as store:
        write_scene(store)
        with closing(sqlite3.connect(path, isolation_level=None)) as indexer:
            indexer.execute("BEGIN IMMEDIATE")
            assert store.cache_query_embeddings(vector, MODEL) is False
            store.query_readings["request"] = "{}"
            assert store.query_readings.get("request") is None
            assert store.object_table().ids.size == 3, "readers go on"
            indexer.execute("ROLLBACK")
        assert store.cache_query_embeddings(vector, MODEL) is True


def test_a_writer_waits_for_another_and_then_goes_on(path: Path) -> None:
    with Store.open(path, create=True) as store:
        write_scene(store)
        other = start(
            """
            import sqlite3, sys, time
            connection = sqlite3.connect(sys.argv[1], isolation_level=None)
            connection.execute("BEGIN IMMEDIATE")
            print("locked", flush=True)
            time.sleep(0.5)
            connection.execute("COMMIT")
            """,
            path,
        )
        assert other.stdout.readline() == "locked\n"
        write_scene(store, "office")
        other.communicate()
        assert len(store.scenes()) == 2


def test_an_interrupt_in_the_middle_leaves_the_former_content(path: Path) -> None:
    with Store.open(path, create=True) as store:
        write_scene(store)
        before = store.content_checksum()

        def interrupt(connection, cursor, statement, *rest) -> None:
            if statement.startswith("INSERT INTO embeddings"):
                raise KeyboardInterrupt

        event.listen(store.database.engine, "before_cursor_execute", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_scene(store, count=9)
        event.remove(store.database.engine, "before_cursor_execute", interrupt)
        assert store.content_checksum() == before
        write_scene(store, count=9)
        assert store.scene("kitchen").object_count == 9


def test_a_store_opened_read_only_refuses_to_write_and_still_answers(path: Path) -> None:
    with Store.open(path, create=True) as store:
        write_scene(store)
    with Store.open(path, read_only=True) as store:
        assert len(store.object_table()) == 3
        assert store.cache_query_embeddings({"red chair": unit_vectors(1)[0]}, MODEL) is False
        store.query_readings["request"] = "{}"
        assert store.query_readings.get("request") is None
        for change in (
            lambda: write_scene(store),
            lambda: store.remove_scene("kitchen"),
            lambda: store.record_failed_run(scene_record(), failed_run()),
        ):
            with pytest.raises(StoreError, match="was opened read-only"):
                change()


def test_a_database_in_a_folder_that_may_not_be_written_is_searched_from_memory() -> None:
    script = """
        import os, sys
        from store_samples import MODEL, unit_vectors, write_scene
        from core3d_search.store import Store
        from core3d_search.vectors import open_index

        with Store.open("sqlite://", create=True) as store:  # imports what another user may not read
            write_scene(store)
            asked = unit_vectors(1)
            for kind in ("exact", "faiss"):
                open_index(store, MODEL, kind).search(asked, 1)
        if os.geteuid() == 0:
            os.setuid(65534)  # root may write anywhere, so become somebody else
        with Store.open(sys.argv[1]) as store:
            assert store.read_only
            assert len(store.object_table()) == 3
            for kind in ("exact", "faiss"):
                print(open_index(store, MODEL, kind).search(asked, 1).ids.tolist())
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "core3d.db"
        with Store.open(path, create=True) as store:
            write_scene(store)
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        said, failed = start(script, path).communicate(timeout=60)
        assert (said, failed) == ("[[1]]\n[[1]]\n", "")
        assert os.listdir(folder) == [path.name]
        Path(folder).chmod(0o755)


def test_threads_share_a_store(path: Path) -> None:
    with Store.open(path, create=True) as store, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: write_scene(store, f"room-{number}", seed=number), range(8)))
        tables = list(pool.map(store.object_table, [f"room-{number}" for number in range(8)]))
        assert [len(table) for table in tables] == [3] * 8
        index = open_index(store, MODEL, "exact")
        found = list(pool.map(lambda seed: index.search(unit_vectors(1, seed=seed), 1).similarities[0, 0], range(8)))
        assert np.allclose(found, 1)
