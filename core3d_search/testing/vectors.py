"""What every vector index promises; a test class inherits it and gives a `build` fixture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core3d_search.datatypes import Matches
from core3d_search.errors import ModelError
from core3d_search.vectors import VectorIndex

Build = Callable[[np.ndarray, np.ndarray, int], VectorIndex]


def oracle(queries: np.ndarray, ids: np.ndarray, vectors: np.ndarray, k: int) -> list[list[tuple[int, float]]]:
    """Return for each query the `k` nearest as (id, similarity), sorted in plain Python."""
    answers = []
    for query in queries.astype(np.float64):
        scored = [
            (float(np.float32(sum(query * vector))), int(key))
            for key, vector in zip(ids, vectors.astype(np.float64), strict=True)
        ]
        scored.sort(key=lambda pair: (-round(pair[0], 6), pair[1]))
        answers.append([(key, similarity) for similarity, key in scored[:k]])
    return answers


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return `vectors` (N, D) brought to length 1, float32."""
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def sample(count: int, dimension: int = 16, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return ascending ids with gaps, and unit vectors."""
    generator = np.random.default_rng(seed)
    ids = np.cumsum(generator.integers(1, 5, count)).astype(np.int64)
    return ids, unit(generator.normal(size=(count, dimension)))


def assert_agrees(found: Matches, expected: list[list[tuple[int, float]]]) -> None:
    """Check ids, similarities and empty places against what `oracle` answers."""
    for ids, similarities, pairs in zip(found.ids, found.similarities, expected, strict=True):
        known = ids[: len(pairs)]
        assert known.tolist() == [key for key, _ in pairs]
        assert np.allclose(similarities[: len(pairs)], [similarity for _, similarity in pairs], atol=1e-6)
        assert (ids[len(pairs) :] == -1).all()


class VectorIndexContract:
    """Inherit as `class TestX(VectorIndexContract)` with a fixture `build`: `(ids, vectors, generation) -> index`."""

    def test_finds_the_nearest_best_first(self, build: Build) -> None:
        ids, vectors = sample(300)
        _, queries = sample(7, seed=1)
        found = build(ids, vectors, 1).search(queries, 10)
        assert found.ids.shape == (7, 10)
        assert (str(found.ids.dtype), str(found.similarities.dtype)) == ("int64", "float32")
        assert (np.diff(found.similarities, axis=1) <= 0).all()
        assert_agrees(found, oracle(queries, ids, vectors, 10))

    def test_agrees_with_plain_python_on_anything(self, build: Build) -> None:
        """Few directions, so that there are many ties; filters with ids that are not there; k beyond the count."""
        for seed in range(40):
            generator = np.random.default_rng(seed)
            count, k = int(generator.integers(0, 40)), int(generator.integers(0, 45))
            ids = np.sort(generator.choice(200, count, replace=False)).astype(np.int64)
            vectors = np.eye(4, dtype=np.float32)[generator.integers(0, 4, count)]
            queries = unit(generator.normal(size=(2, 4)))
            chosen = None if seed % 2 else generator.integers(0, 200, generator.integers(0, 60))
            kept = np.ones(count, bool) if chosen is None else np.isin(ids, chosen)
            found = build(ids, vectors, 1).search(queries, k, chosen)
            assert found.ids.shape == (2, k)
            assert_agrees(found, oracle(queries, ids[kept], vectors[kept], k))

    def test_equal_vectors_come_by_id_and_no_tie_is_cut_by_chance(self, build: Build) -> None:
        ids = np.arange(100, 5100, dtype=np.int64)
        vectors = np.tile(unit(np.ones((1, 24))), (5000, 1))
        vectors[4000] = unit(np.arange(1, 25)[None])[0]
        found = build(ids, vectors, 1).search(unit(np.arange(1, 25)[None]), 5)
        assert found.ids.tolist() == [[4100, 100, 101, 102, 103]]
        assert len(set(found.similarities[0, 1:].tolist())) == 1

    def test_more_than_there_are_fill_up_with_none(self, build: Build) -> None:
        ids, vectors = sample(3)
        found = build(ids, vectors, 1).search(vectors[:1], 5)
        assert sorted(found.ids[0, :3].tolist()) == ids.tolist()
        assert found.ids[0, 3:].tolist() == [-1, -1]
        assert found.similarities[0, 3:].tolist() == [-1, -1]

    def test_an_empty_index_answers_none(self, build: Build) -> None:
        index = build(np.zeros(0, np.int64), np.zeros((0, 16), np.float32), 1)
        assert len(index) == 0
        assert index.search(sample(2)[1], 3).ids.tolist() == [[-1] * 3] * 2

    def test_a_filter_races_its_objects_only(self, build: Build) -> None:
        ids, vectors = sample(200)
        index = build(ids, vectors, 1)
        for chosen in (ids[50:60], ids[[3, 3, 199]], [], [10**9], np.append(ids[:4], 10**9)):
            kept = np.isin(ids, chosen)
            assert_agrees(index.search(vectors[:3], 5, chosen), oracle(vectors[:3], ids[kept], vectors[kept], 5))

    def test_remembers_its_generation_and_size(self, build: Build) -> None:
        index = build(*sample(17), 42)
        assert (len(index), index.generation) == (17, 42)

    def test_a_query_of_another_space_is_refused(self, build: Build) -> None:
        index = build(*sample(5), 1)
        for wrong in (np.ones((1, 15), np.float32), np.ones(16, np.float32)):
            with pytest.raises(ModelError, match="16 numbers each: encode the query with the encoder that"):
                index.search(wrong, 1)

    def test_the_same_question_gets_the_same_answer_alone_and_in_company(self, build: Build) -> None:
        ids, vectors = sample(500)
        _, queries = sample(20, seed=3)
        index = build(ids, vectors, 1)
        together = index.search(queries, 8)
        for row, query in enumerate(queries):
            alone = index.search(query[None], 8)
            assert np.array_equal(alone.ids[0], together.ids[row])
            assert alone.similarities.tobytes() == together.similarities[row].tobytes()
