"""Exact search with PyTorch, for a CUDA GPU where FAISS sees none: one matrix product and one top-k."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Matches
from core3d_search.vectors.exact import (
    ExactIndex,
    candidates_with_ties,
    check_queries,
    exact_matches,
    positions_of,
    ranked,
)


class TorchIndex(ExactIndex):
    """All vectors on one device, "cuda" where there is one unless told. `ids` (N,) ascending, `vectors` (N, D) unit."""

    def __init__(
        self,
        ids: npt.NDArray[np.int64],
        vectors: npt.NDArray[np.float32],
        generation: int,
        device: str | None = None,
    ) -> None:
        import torch

        super().__init__(ids, vectors, generation)
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._columns = torch.tensor(vectors, device=self.device).T

    def search(self, queries: npt.NDArray[np.float32], k: int, ids: npt.ArrayLike | None = None) -> Matches:
        check_queries(queries, self._vectors.shape[1])
        if ids is not None:
            chosen = positions_of(self._ids, ids)
            return exact_matches(queries, self._ids[chosen], self._vectors[chosen], k)
        candidates = candidates_with_ties(self._nearest, queries, k, len(self))
        return ranked(queries, self._ids, self._vectors, candidates, k)

    def _nearest(
        self, queries: npt.NDArray[np.float32], n: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        import torch

        best = torch.topk(torch.tensor(queries, device=self.device) @ self._columns, n, dim=1)
        return best.values.cpu().numpy(), best.indices.cpu().numpy()
