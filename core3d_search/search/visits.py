"""What to rank for a question, and in which order: scenes or single objects, best bound first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice

import numpy as np

from core3d_search.search.belief import MOST_TARGETS
from core3d_search.search.bounds import bounded_objects
from core3d_search.search.candidates import Bounded, Ids, from_index, probes
from core3d_search.search.scene_rows import SceneRows
from core3d_search.search.spaces import EmbeddingSpace, Question

READ_TOGETHER = 5
"""Scenes whose rows are read in one statement."""

FIRST_RANKED, GROWTH = 32, 4
"""Single objects that are ranked at first, and how many times more at each further step."""

Spaced = tuple[EmbeddingSpace, Bounded]


@dataclass(frozen=True)
class SceneVisit:
    """A scene with the best score that a hit in it or in any later one may reach, and the greatest similarity that goes
    with such a score."""

    bound: float
    similar: float
    scene: str


@dataclass(frozen=True, eq=False)
class ObjectVisit:
    """Objects of one space, with the best score that one of them or of any later ones may reach, and the greatest
    similarity that goes with such a score."""

    bound: float
    similar: float
    space: EmbeddingSpace
    ids: Ids


class Visits:
    """The visits of one question over some spaces.

    `naming` are the scenes to rank first and whole, as their own files give an object the name that is asked for;
    `filled` all scenes that have objects; what cannot reach `least` may be left out. With `ids` only these objects are
    asked for. `kinds` are the usual names of all labels.
    """

    def __init__(
        self,
        rows: SceneRows,
        spaces: Collection[EmbeddingSpace],
        question: Question,
        kinds: Collection[str],
        naming: Sequence[str],
        filled: Sequence[str],
        least: float,
        ids: Ids | None = None,
    ) -> None:
        self._rows, self._spaces, self._question, self._kinds = rows, spaces, question, kinds
        self._naming, self._filled, self._least, self._allowed = naming, filled, least, ids

    def of_scenes(self) -> Iterator[SceneVisit]:
        """Yield the scenes to rank; with ids only those that have one of these objects."""
        yield from (SceneVisit(1.0, 1.0, name) for name in self._naming)
        visited = {self._rows.ids[name] for name in self._naming}
        for _, found in self._objects():
            if found is None:
                yield from self._others()
                return
            columns = found.bounds.tolist(), found.similar.tolist(), found.scenes.tolist()
            for bound, similar, scene in zip(*columns, strict=True):
                if scene not in visited:
                    visited.add(scene)
                    yield SceneVisit(bound, similar, self._rows.names[scene])

    def of_scenes_read_ahead(self) -> Iterator[SceneVisit]:
        """Yield the same; the rows of the next few are read together, which takes half the time."""
        visits = self.of_scenes()
        while some := list(islice(visits, READ_TOGETHER)):
            self._rows.read([visit.scene for visit in some])
            yield from some

    def of_objects(self) -> Iterator[SceneVisit | ObjectVisit]:
        """Yield what to rank for a question of single objects; whole scenes where their files name an object."""
        yield from (SceneVisit(1.0, 1.0, name) for name in self._naming)
        known = np.array([self._rows.ids[name] for name in self._naming], np.int64)
        size = FIRST_RANKED
        for space, found in self._objects():
            if space is None or found is None:
                yield from self._others()
                return
            found = found[~np.isin(found.scenes, known)]
            start = 0
            while start < len(found):
                some = found[start : start + size]
                yield ObjectVisit(float(some.bounds[0]), float(some.similar[0]), space, some.ids)
                start, size = start + size, min(size * GROWTH, MOST_TARGETS)

    def _others(self) -> Iterator[SceneVisit]:
        naming = set(self._naming)
        return (SceneVisit(1.0, 1.0, name) for name in self._filled if name not in naming)

    def _objects(self) -> Iterator[tuple[EmbeddingSpace | None, Bounded | None]]:
        """Yield all objects, those of several spaces in turns, bounds descending from one group to the next; nothing
        (None) where any object is as good as any other."""
        each = []
        for space in self._spaces:
            bounded = bounded_objects(space, self._question, self._kinds, self._rows.turns, self._least, self._allowed)
            if bounded is None:
                asked = probes(space, self._question)
                if asked is None:
                    yield None, None
                    return
                each += [_with(space, from_index(space, one, self._rows.ids, self._allowed)) for one in asked]
            else:
                each.append(_with(space, bounded))
        yield from each[0] if len(each) == 1 else _in_turns(each)


def _with(space: EmbeddingSpace, groups: Iterator[Bounded]) -> Iterator[Spaced]:
    return ((space, group) for group in groups)


def _in_turns(several: Sequence[Iterator[Spaced]]) -> Iterator[Spaced]:
    """Yield the objects of several orders in one order, each object once."""

    def singly(groups: Iterator[Spaced]) -> Iterator[Spaced]:
        return ((space, group[n : n + 1]) for space, group in groups for n in range(len(group)))

    seen: set[int] = set()
    together: list[Bounded] = []
    last: EmbeddingSpace | None = None
    for space, one in merge(*map(singly, several), key=lambda pair: -float(pair[1].bounds[0])):
        if last is not None and together and (space is not last or len(together) == FIRST_RANKED):
            yield last, Bounded.sorted(together)
            together = []
        last = space
        if int(one.ids[0]) not in seen:
            seen.add(int(one.ids[0]))
            together.append(one)
    if last is not None and together:
        yield last, Bounded.sorted(together)
