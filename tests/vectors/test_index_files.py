"""The FAISS file is a cache: used when it is the database's own and of now, else noticed and made anew."""

from __future__ import annotations

import logging
import os
import shutil

import numpy as np
import pytest
from store_samples import MODEL, OTHER_MODEL, unit_vectors, write_scene

from core3d_search import vectors
from core3d_search.errors import InputError, ModelError
from core3d_search.store import Store
from core3d_search.vectors import open_index
from core3d_search.vectors.exact import ExactIndex
from core3d_search.vectors.faiss import FaissIndex, index_path
from core3d_search.vectors.mapped import MappedIndex
from core3d_search.vectors.torch import TorchIndex


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "core3d.db", create=True) as opened:
        write_scene(opened, count=40)
        yield opened


@pytest.fixture
def loads(monkeypatch) -> list[int]:
    """How often a file's bytes were handed to FAISS."""
    calls: list[int] = []
    load = FaissIndex.from_bytes.__func__

    def counted(cls, written, generation):
        calls.append(len(written))
        return load(cls, written, generation)

    monkeypatch.setattr(FaissIndex, "from_bytes", classmethod(counted))
    return calls


def answers(store: Store) -> None:
    """Assert that the index knows all that the database knows now."""
    truth = open_index(store, MODEL, "exact").search(unit_vectors(5, seed=3), 6)
    index = open_index(store, MODEL, "faiss")
    found = index.search(unit_vectors(5, seed=3), 6)
    assert np.array_equal(found.ids, truth.ids)
    assert index.generation == store.generation


def test_the_file_is_written_once_and_then_read(store: Store, loads: list[int]) -> None:
    answers(store)
    assert loads == []
    written = index_path(store, MODEL).stat()
    answers(store)
    assert loads == [written.st_size]
    assert index_path(store, MODEL).stat().st_mtime_ns == written.st_mtime_ns
    assert sorted(os.listdir(store.path.parent))[-1] == index_path(store, MODEL).name


def test_deleting_the_file_loses_nothing(store: Store) -> None:
    answers(store)
    index_path(store, MODEL).unlink()
    answers(store)
    assert index_path(store, MODEL).exists()


def test_a_file_from_before_a_change_is_noticed(store: Store, loads: list[int], caplog) -> None:
    answers(store)
    write_scene(store, "office", count=7, seed=2)
    with caplog.at_level(logging.INFO):
        answers(store)
    assert loads == []
    assert "covers generation 1, the database is at 2: rebuilt" in caplog.text
    store.remove_scene("office")
    answers(store)
    assert loads == []


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "foreign", "folder"])
def test_a_file_that_is_not_the_databases_own_never_reaches_faiss(
    store: Store, loads: list[int], caplog, tmp_path, damage: str
) -> None:
    answers(store)
    path = index_path(store, MODEL)
    whole = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(whole[:-1])
    elif damage == "flipped":
        path.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "foreign":  # the sound index of another database with as many objects
        with Store.open(tmp_path / "other.db", create=True) as other:
            write_scene(other, count=40, seed=8)
            open_index(other, MODEL, "faiss")
            shutil.copy(index_path(other, MODEL), path)
    else:
        path.unlink()
        path.mkdir()
    answers(store)
    assert loads == []
    assert "rebuilt" in caplog.text
    if damage != "folder":
        answers(store)
        assert len(loads) == 1, "the new file is sound"


def test_a_file_without_the_databases_word_is_not_read(store: Store, loads: list[int], tmp_path) -> None:
    answers(store)
    shutil.copy(store.path, tmp_path / "before.db")
    with Store.open(tmp_path / "fresh.db", create=True) as fresh:
        write_scene(fresh, count=40)
        shutil.copy(index_path(store, MODEL), index_path(fresh, MODEL))
        answers(fresh)
    assert loads == []


def test_a_file_that_cannot_be_written_is_done_without(store: Store, monkeypatch, caplog) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    answers(store)
    assert "cannot be kept ([Errno 28] No space left on device): it stays in memory" in caplog.text
    assert not [name for name in os.listdir(store.path.parent) if "faiss" in name], "no draft is left behind"


def test_each_model_has_its_own_file(store: Store) -> None:
    write_scene(store, "office", count=5, seed=1, model=OTHER_MODEL)
    assert len(open_index(store, MODEL, "faiss")) == 40
    assert len(open_index(store, OTHER_MODEL, "faiss")) == 5
    assert index_path(store, MODEL) != index_path(store, OTHER_MODEL)


def test_a_query_by_a_model_that_the_database_does_not_know_is_refused(store: Store) -> None:
    for kind in ("auto", "exact", "faiss", "torch"):
        with pytest.raises(ModelError, match="no embeddings by toy/other"):
            open_index(store, OTHER_MODEL, kind)


def test_few_vectors_are_searched_in_memory_and_many_from_mapped_files(store: Store, monkeypatch) -> None:
    assert isinstance(open_index(store, MODEL), ExactIndex)
    assert isinstance(open_index(store, MODEL, "torch"), TorchIndex)
    monkeypatch.setattr(vectors, "MAPPED_FROM", 40)
    assert isinstance(open_index(store, MODEL), MappedIndex)


def test_an_unknown_kind_is_told_with_those_there_are(store: Store) -> None:
    with pytest.raises(InputError, match="no vector index called 'hnsw'; there are: exact, mapped, faiss, torch"):
        open_index(store, MODEL, "hnsw")


def test_a_database_in_memory_has_its_index_in_memory() -> None:
    with Store.open("sqlite://", create=True) as store:
        write_scene(store)
        assert index_path(store, MODEL) is None
        assert len(open_index(store, MODEL, "faiss")) == 3
