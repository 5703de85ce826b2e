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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import StoreError
from core3d_search.query import Query
from core3d_search.search.scoring import upper_bound
from core3d_search.search.spaces import EmbeddingSpace, Question

FIRST_BATCH, GROWTH = 64, 4
"""Nearest objects that are asked of an index at first, and how many times more whenever those were not enough."""

OF_ONE_OBJECT = frozenset({"color", "material", "shape", "part"})
"""Kinds of attributes that an object has or has not whatever stands around it."""

SLACK = 1e-5
"""Rounding of float32 inner products."""

Ids = npt.NDArray[np.int64]
Bounds = npt.NDArray[np.float64]
Bound = Callable[[Bounds], Bounds]


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


@dataclass(frozen=True, eq=False)
class Bounded:
    """Objects with the best score that each may reach: `bounds` (N,) descending, `ids` and `scenes`, their ids (N,).

    `alone` (N,) is what bounds them without their relations, `similar` (N,) the greatest similarity that they may have:
    it decides between equal scores.
    """

    bounds: Bounds
    ids: Ids
    scenes: Ids
    alone: Bounds
    similar: Bounds

    @classmethod
    def sorted(cls, several: Sequence[Bounded]) -> Bounded:
        """Return all objects of `several` in one order, of equal bounds those first that may be more similar."""
        names = [each.name for each in fields(cls)]
        together = cls(*(np.concatenate([getattr(each, name) for each in several]) for name in names))
        return together[np.lexsort((together.ids, -together.similar, -together.bounds))]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, where: slice | npt.NDArray[Any]) -> Bounded:
        return Bounded(*(getattr(self, each.name)[where] for each in fields(self)))


def from_index(
    space: EmbeddingSpace, asked: Probe, scene_ids: Mapping[str, int], ids: Ids | None = None
) -> Iterator[Bounded]:
    """Yield all objects in the order in which the index has them near, a growing number at a time.

    `scene_ids` are those of the scenes by name. `ids` are the only objects that may be targets.
    """
    total = len(space.index) if ids is None else min(len(ids), len(space.index))
    size, seen = FIRST_BATCH, 0
    while seen < total:
        size = min(size, total)
        found = space.index.search(asked.vector[None], size, ids)
        fresh = found.ids[0][seen:]
        bounds = asked.bound(found.similarities[0][seen:].astype(np.float64))
        names = space.store.scenes_of(fresh[fresh >= 0].tolist())
        owners = np.array([scene_ids.get(names.get(key, ""), -1) for key in fresh.tolist()], np.int64)
        if ((owners < 0) & (fresh >= 0)).any() and space.store.generation == space.index.generation:
            lost = fresh[(owners < 0) & (fresh >= 0)][0]
            raise StoreError(
                f"object {lost} in {space.store.location} is damaged: no complete run filled its scene; see `core3d db "
                "check`, or drop what is damaged with `core3d db repair`"
            )
        if (owners >= 0).any():
            yield Bounded(bounds, fresh, owners, bounds, np.ones(len(bounds)))[owners >= 0]
        if (fresh < 0).any():
            return
        seen, size = size, size * GROWTH


def is_of_single_objects(query: Query) -> bool:
    """Whether each object's score depends on nothing but that object: on no relation, order or group, no size
    among others."""
    target = query.target
    alone = all(attribute.kind in OF_ONE_OBJECT for attribute in target.attributes)
    return alone and not (target.relations or target.selectors or query.viewpoint)
