"""What `core3d db recall` measures."""

from __future__ import annotations

import pytest
from store_samples import MODEL, write_scene

from core3d_search import vectors
from core3d_search.store import Store
from core3d_search.vectors import mapped, recall
from core3d_search.vectors.recall import measure_recall


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "core3d.db", create=True) as opened:
        for number in range(5):
            write_scene(opened, f"room-{number}", count=20, seed=number)
        yield opened


@pytest.mark.parametrize(("least", "kind"), [(10**6, "exact"), (0, "mapped")])
def test_an_index_that_loses_nothing_has_full_recall(store, monkeypatch, least: int, kind: str) -> None:
    monkeypatch.setattr(vectors, "MAPPED_FROM", least)
    monkeypatch.setattr(recall, "SCENES_AT_ONCE", 2)
    measured = measure_recall(store, MODEL, 30, 7)
    assert (measured.recall, measured.kind, measured.count) == (1.0, kind, 100)
    assert measured.index_ms > 0


def test_what_an_index_loses_is_seen(store, monkeypatch) -> None:
    monkeypatch.setattr(vectors, "MAPPED_FROM", 0)
    candidates = mapped.MappedIndex._candidates
    monkeypatch.setattr(mapped.MappedIndex, "_candidates", lambda self, query, k: candidates(self, query, k)[::2])
    assert measure_recall(store, MODEL, 30, 7).recall < 0.9
