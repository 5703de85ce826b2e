"""Every engine keeps the contract, and all of them agree."""

from __future__ import annotations

import numpy as np
import pytest

from core3d_search.testing.vectors import VectorIndexContract, sample
from core3d_search.vectors import mapped, segments
from core3d_search.vectors.exact import ExactIndex
from core3d_search.vectors.faiss import FaissIndex
from core3d_search.vectors.mapped import MappedIndex


def torch_index(ids: np.ndarray, vectors: np.ndarray, generation: int):
    from core3d_search.vectors.torch import TorchIndex

    return TorchIndex(ids, vectors, generation, device="cpu")


class TestExactIndex(VectorIndexContract):
    @pytest.fixture
    def build(self):
        return ExactIndex


class TestFaissIndex(VectorIndexContract):
    @pytest.fixture
    def build(self):
        return FaissIndex.build


class TestReloadedFaissIndex(VectorIndexContract):
    @pytest.fixture
    def build(self):
        return lambda ids, vectors, generation: FaissIndex.from_bytes(
            FaissIndex.build(ids, vectors, generation).to_bytes(), generation
        )


class TestMappedIndex(VectorIndexContract):
    @pytest.fixture
    def build(self):
        return MappedIndex.build


class TestMappedIndexOfLists(VectorIndexContract):
    """Lists that are all looked into: what the lists may lose is measured elsewhere."""

    @pytest.fixture
    def build(self, monkeypatch):
        monkeypatch.setattr(segments, "LISTS_FROM", 100)
        monkeypatch.setattr(segments, "LEAST_PROBED", 1000)
        monkeypatch.setattr(mapped, "EXACT_FILTER", 20)
        return MappedIndex.build


class TestTorchIndex(VectorIndexContract):
    @pytest.fixture
    def build(self):
        return torch_index


@pytest.mark.gpu
class TestFaissIndexOnTheGpu(VectorIndexContract):
    @pytest.fixture
    def build(self):
        faiss = pytest.importorskip("faiss")
        if not faiss.get_num_gpus():
            pytest.skip("FAISS sees no GPU")

        def build(ids, vectors, generation):
            index = FaissIndex.build(ids, vectors, generation)
            assert index.on_gpu
            return index

        return build


@pytest.mark.gpu
class TestTorchIndexOnTheGpu(VectorIndexContract):
    @pytest.fixture
    def build(self):
        torch = pytest.importorskip("torch")
        if not torch.cuda.is_available():
            pytest.skip("PyTorch sees no CUDA device")
        from core3d_search.vectors.torch import TorchIndex

        return TorchIndex


@pytest.mark.parametrize("other", [FaissIndex.build, torch_index, MappedIndex.build], ids=["faiss", "torch", "mapped"])
def test_engines_agree_to_the_last_bit(other) -> None:
    ids, vectors = sample(3000, 64)
    vectors[1500:1600] = vectors[:100]
    queries = vectors[90:130]
    truth, found = ExactIndex(ids, vectors, 1).search(queries, 12), other(ids, vectors, 1).search(queries, 12)
    assert np.array_equal(found.ids, truth.ids)
    assert found.similarities.tobytes() == truth.similarities.tobytes()
