"""One encoder's space: the objects that it embedded, and the texts and pictures that are compared with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core3d_search.encoders import Calibration, load_encoder
from core3d_search.errors import InputError, ModelError
from core3d_search.query import Query
from core3d_search.query.mixture import Term
from core3d_search.search.belief import PhraseMatch
from core3d_search.store import EmbeddingModel, Store
from core3d_search.vectors import VectorIndex, open_index

if TYPE_CHECKING:
    from core3d_search.encoders import Encoder

Vector = npt.NDArray[np.float32]
MOST_TEXTS = 4096
"""Embeddings of texts that stay in memory, at least; a server is asked for new ones every day."""


@dataclass(frozen=True)
class Question:
    """A parsed query, and what its target is compared with: its words, a mixture of phrases, a picture or an object."""

    query: Query
    mixture: tuple[Term, ...] = ()
    image: Any = None
    like: int | None = None

    @property
    def has_reference(self) -> bool:
        """Whether something other than the words of the target says what it looks like."""
        return bool(self.mixture) or self.image is not None or self.like is not None


class EmbeddingSpace:
    """The objects that one encoder embedded, and texts and pictures in the same space."""

    def __init__(
        self, store: Store, model: EmbeddingModel, before: EmbeddingSpace | None = None, vectors: str = "auto"
    ) -> None:
        """Open the space at the database's generation; `before` is the same space at an earlier one, `vectors` the kind
        of index or its address."""
        self.store, self.model = store, model
        self.index: VectorIndex = open_index(store, model, vectors) if before is None else before.index.sync()
        self.calibration = Calibration(
            **{**model.calibration, "neutral_phrases": tuple(model.calibration["neutral_phrases"])}
        )
        self._encoder: Encoder | None = None if before is None else before._encoder
        self._texts: dict[str, Vector] = {} if before is None else before._texts

    def encoder(self) -> Encoder:
        if self._encoder is None:
            self._encoder = load_encoder(self.model.name)
            made = EmbeddingModel.of(self._encoder)
            if made != self.model:
                raise ModelError(f"the stored vectors were made by {self.model}, this machine has {made}: index again")
        return self._encoder

    def texts(self, texts: Sequence[str]) -> Vector:
        """Return (N, D) embeddings of `texts`, from memory or the database where they have been asked before."""
        remembered = self._texts
        known = {text: remembered[text] for text in dict.fromkeys(texts) if text in remembered}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known |= self.store.cached_query_embeddings(missing, self.model)
            fresh = [text for text in missing if text not in known]
            if fresh:
                made = dict(zip(fresh, self.encoder().encode_texts(fresh), strict=True))
                self.store.cache_query_embeddings(made, self.model)
                known |= made
            kept = list(remembered.items())[-MOST_TEXTS:] if len(remembered) > 2 * MOST_TEXTS else remembered
            self._texts = dict(kept) | {text: known[text] for text in missing}  # a new one: others may be reading
        return np.stack([known[text] for text in texts])

    def reference(self, question: Question) -> Vector:
        """Return the unit embedding of the picture, object or mixture that the question refers to."""
        total = np.zeros(self.model.dimension, np.float64)
        if question.mixture:
            weights = np.array([term.weight for term in question.mixture])
            total += weights @ self.texts([term.text for term in question.mixture])
        if question.image is not None:
            total += self.encoder().encode_images([_pixels(question.image)])[0]
        if question.like is not None:
            total += self.store.object(question.like).embedding
        length = float(np.linalg.norm(total))
        if length < 1e-6:
            raise InputError("the terms of the mixture cancel each other out; change a weight")
        return np.asarray(total / length, np.float32)

    def compare_texts(self, texts: Sequence[str], vectors: Vector) -> list[PhraseMatch]:
        """Return how well each of `texts` names each of the objects with `vectors` (N, D)."""
        self.texts([*filter(None, texts), *self.calibration.neutral_phrases])  # one look-up for all
        return [self.compare_text(text, vectors) for text in texts]

    def compare_text(self, text: str, vectors: Vector) -> PhraseMatch:
        if not text:  # "anything near the window": every object fits as well as any other
            return PhraseMatch(np.full(len(vectors), 0.5), np.zeros(len(vectors)))
        similarity = vectors @ self.texts([text])[0]
        return PhraseMatch(self._probability(similarity, vectors), similarity, self.calibration.scale)

    def compare_reference(self, question: Question, vectors: Vector) -> PhraseMatch:
        similarity = vectors @ self.reference(question)
        if question.mixture:
            return PhraseMatch(self._probability(similarity, vectors), similarity)
        probability = np.clip(similarity.astype(np.float64), 0, 1)
        noun = question.query.target.noun
        return PhraseMatch(
            probability * self.compare_text(noun, vectors).probability if noun else probability, similarity
        )

    def _probability(self, similarity: Vector, vectors: Vector) -> npt.NDArray[np.float64]:
        neutral = vectors @ self.texts(self.calibration.neutral_phrases).T
        return self.calibration.probability(similarity, neutral)


def _pixels(image: Any) -> npt.NDArray[np.uint8]:
    if isinstance(image, np.ndarray):
        return image
    from PIL import Image

    try:
        with Image.open(Path(image)) as opened:
            return np.asarray(opened.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{image} cannot be read as an image: {error}") from error
