"""Names objects: the most similar of a list of class names (paper section 3.4, docs/method.md section 4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core3d_search.encoders import Encoder
from core3d_search.indexer.config import LabelConfig
from core3d_search.query.nouns import NOUNS, canonical


class Labeller:
    """Compares embeddings with the names of `config`, else of the encoder, else of everyday indoor things."""

    def __init__(self, encoder: Encoder, config: LabelConfig) -> None:
        everyday = sorted({canonical(noun) for noun in NOUNS})
        self.vocabulary: Sequence[str] = config.vocabulary or encoder.vocabulary or everyday
        self._encoder = encoder
        self._texts = encoder.encode_texts(list(self.vocabulary))
        self._neutral = encoder.encode_texts(list(encoder.calibration.neutral_phrases))

    def labels(self, embeddings: Sequence[npt.NDArray[np.float32]]) -> list[tuple[str, float]]:
        """Return for each unit embedding (D,) the nearest name and its calibrated probability in [0, 1]."""
        if not len(embeddings):
            return []
        matrix = np.stack(embeddings)
        similarities = matrix @ self._texts.T
        best = similarities.argmax(axis=1)
        chosen = similarities[np.arange(len(matrix)), best]
        scores = self._encoder.calibration.probability(chosen, matrix @ self._neutral.T)
        return [(self.vocabulary[name], float(score)) for name, score in zip(best, scores, strict=True)]
