"""The text tower of the built-in encoder, in NumPy alone so that a search starts at once."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

UNKNOWN = 0
"""Row of the word table for a word that training never saw; word i of the list has row i + 1."""

LAST_POSITIONS = 4
"""Words are told apart by their place from the end (the noun comes last in English); earlier ones share the last."""

NGRAM_LENGTHS = (3, 4)


def words_of(text: str) -> list[str]:
    """Return the words of `text`: lower case, without accents and punctuation."""
    folded = unicodedata.normalize("NFKD", text).lower()
    return re.findall(r"[a-z0-9]+", "".join(c for c in folded if not unicodedata.combining(c)))


def ngram_rows(word: str, table_size: int) -> list[int]:
    """Return the rows of the hashed table for the character n-grams of `word`, its ends marked.

    They carry a misspelt, plural or compound word to the neighbourhood of its stem (as in Bojanowski et al. 2017,
    section 3.2). CRC-32 is the hash: fast, in the standard library, and the same everywhere.
    """
    marked = f"<{word}>"
    ngrams = (marked[i : i + n] for n in NGRAM_LENGTHS for i in range(max(1, len(marked) - n + 1)))
    return [zlib.crc32(ngram.encode()) % table_size for ngram in ngrams]


class TextTower:
    """Phrases to unit vectors: word + n-gram vectors, gated by place, pooled by attention, then two layers.

    `tensors`, all float: words (W + 1, E), ngrams (B, E), place_gain and place_shift (LAST_POSITIONS, E),
    attention (E, E), attention_query (E,), hidden (H, E) with hidden_bias (H,), output (D, H) with output_bias (D,),
    and linear (D, E) beside the two layers.
    """

    def __init__(self, words: Sequence[str], tensors: Mapping[str, npt.NDArray[np.floating]]) -> None:
        self._row_of = {word: row for row, word in enumerate(words, start=UNKNOWN + 1)}
        self._tensors = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
        self.dimension = len(self._tensors["output"])

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of N phrases; one without any word counts as one unknown word."""
        embeddings = np.zeros((len(texts), self.dimension), np.float32)
        for embedding, text in zip(embeddings, texts, strict=True):
            embedding[:] = self._encode_one(words_of(text) or [""])
        return embeddings

    def _encode_one(self, words: list[str]) -> npt.NDArray[np.float32]:
        t = self._tensors
        ngrams = [t["ngrams"][ngram_rows(word, len(t["ngrams"]))].mean(axis=0) for word in words]
        vectors = t["words"][[self._row_of.get(word, UNKNOWN) for word in words]] + ngrams
        places = np.minimum(np.arange(len(words))[::-1], LAST_POSITIONS - 1)
        vectors = vectors * (1 + t["place_gain"][places]) + t["place_shift"][places]
        weights = np.exp(np.tanh(vectors @ t["attention"].T) @ t["attention_query"])
        pooled = weights @ vectors / weights.sum()
        hidden = np.maximum(t["hidden"] @ pooled + t["hidden_bias"], 0)
        output = t["output"] @ hidden + t["output_bias"]
        if "linear" in t:  # built-in/1 has none
            output = output + t["linear"] @ pooled
        return np.asarray(output / np.linalg.norm(output), np.float32)
