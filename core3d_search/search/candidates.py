"""The scenes that can still hold one of the k best hits, best first: an exact answer without ranking every scene.

A hit is no better than its name allows (scoring.upper_bound), and the vector index gives objects in the order of their
names. So scenes are visited in the order of the best score that they may reach, and the visit ends once k hits are as
good as that of every scene left: the threshold algorithm (Fagin, Lotem, Naor, "Optimal aggregation algorithms for
middleware", PODS 2001, section 4). What is found is what ranking every scene finds, as far as the index gives the true
neighbours.

The probability of a name is sigmoid(scale * (q.x - max over m of n_m.x - margin)), with neutral phrases n_m. As the
greatest n_m.x is at least their mean, (q - mean n).x bounds the contrast from above, and is an inner product that an
index can search for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.query import Phrase
from core3d_search.search.scoring import upper_bound
from core3d_search.search.spaces import EmbeddingSpace, Question

FIRST_BATCH, GROWTH = 64, 4
"""Nearest objects that are asked of an index at first, and how many times more whenever those were not enough."""

SLACK = 1e-5
"""Rounding of float32 inner products."""

Bound = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Probe:
    """What to ask an index for a question: the `vector` whose inner products order the objects, and the `bound` on the
    score of an object, and of all after it, with a given inner product."""

    vector: npt.NDArray[np.float32]
    bound: Bound


def probes(space: EmbeddingSpace, question: Question) -> list[Probe] | None:
    """Return what to ask the index of `space`, one probe for each name that a target may have; None where any object is
    as good as any other."""
    if question.has_reference and not question.mixture:
        return [Probe(space.reference(question), lambda products: upper_bound(np.clip(products + SLACK, 0, 1)))]
    if question.mixture:
        vectors = [space.reference(question)]
    elif names := question.query.target.names:
        vectors = list(space.texts([*names, *space.calibration.neutral_phrases])[: len(names)])  # one look-up for all
    else:
        return None
    calibration = space.calibration
    neutral = space.texts(calibration.neutral_phrases).mean(axis=0)

    def bound(products: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return upper_bound(calibration.probability(products + SLACK, np.zeros((len(products), 1))))

    return [Probe(np.asarray(vector - neutral, np.float32), bound) for vector in vectors]


def scenes_by_bound(
    space: EmbeddingSpace,
    asked: Probe,
    scenes_of: Callable[[list[int]], dict[int, str]],
    ids: npt.NDArray[np.int64] | None = None,
) -> Iterator[tuple[float, str]]:
    """Yield scenes with the best score that a hit in them, or in any scene after them, may reach; bounds descend.

    `scenes_of` names the scenes of objects. `ids` are the only objects that may be targets.
    """
    total = len(space.index) if ids is None else min(len(ids), len(space.index))
    size, seen = FIRST_BATCH, 0
    visited: set[str] = set()
    while seen < total:
        size = min(size, total)
        found = space.index.search(asked.vector[None], size, ids)
        fresh = found.ids[0][seen:]
        bounds = asked.bound(found.similarities[0][seen:].astype(np.float64))
        names = scenes_of(fresh[fresh >= 0].tolist())
        for key, bound in zip(fresh.tolist(), bounds.tolist(), strict=True):
            scene = names.get(key)
            if scene is not None and scene not in visited:
                visited.add(scene)
                yield bound, scene
        if (fresh < 0).any():
            return
        seen, size = size, size * GROWTH


def counts_by_scene(space: EmbeddingSpace, asked: Probe, question: Question, threshold: float) -> dict[int, int]:
    """Return how many objects of each scene (by id) a bare noun names with at least `threshold`.

    For questions that are `bare`: what they ask of an object, its embedding answers alone.
    """
    size, total = 16 * FIRST_BATCH, len(space.index)
    while True:
        found = space.index.search(asked.vector[None], min(size, total))
        near = asked.bound(found.similarities[0].astype(np.float64)) >= threshold
        if size >= total or not near.all():
            break
        size *= GROWTH
    stored = space.store.embeddings_of(space.model, found.ids[0][near & (found.ids[0] >= 0)].tolist())
    compared = (
        space.compare_reference(question, stored.vectors)
        if question.has_reference
        else space.compare_text(question.query.target.noun, stored.vectors)
    )
    scenes, counts = np.unique(stored.scene_ids[upper_bound(compared.probability) >= threshold], return_counts=True)
    return dict(zip(scenes.tolist(), counts.tolist(), strict=True))


def is_bare(target: Phrase) -> bool:
    """Return whether the phrase is a noun and nothing else, so that its score is that of its name."""
    return not (target.attributes or target.relations or target.selectors or target.excluded or target.measures)
