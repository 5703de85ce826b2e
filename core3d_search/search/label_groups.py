"""Objects of a mapped index by how well their labels agree with a noun."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from core3d_search.query.nouns import likeness
from core3d_search.search.given_names import named_probability
from core3d_search.search.index_rows import Floats, Ids, IndexRows
from core3d_search.search.name_factors import LESS_EXACT, OTHER_LABEL
from core3d_search.search.scoring import POWERS, weighted
from core3d_search.vectors.mapped import MappedIndex

NO_LABEL = -1


@dataclass(frozen=True, eq=False)
class LabelGroup:
    """The objects whose labels are as like the noun as `likeness` says, in scenes where an object bears the very label
    (`exact_beside`), where none does, or in any. `agreement` is what that leaves, in [0, 1]."""

    of: LabelGroups
    likeness: float
    exact_beside: bool | None = None

    @property
    def agreement(self) -> float:
        return LESS_EXACT * self.likeness if self.exact_beside else self.likeness

    @property
    def factor(self) -> float:
        """The label's factor of a score, as it is weighted there."""
        return label_factor(self.agreement)

    @cached_property
    def rows(self) -> IndexRows:
        found = self.of.rows_alike(self.likeness)
        return found if self.exact_beside is None else found[self.of.have_exact(found.scenes) == self.exact_beside]


class LabelGroups:
    """All objects of an index, divided by how well their labels agree with `noun`.

    What has no label is contradicted by none. A label that a scene's own file gave may be the noun's by its words.
    """

    def __init__(self, index: MappedIndex, noun: str) -> None:
        self._index = index
        self.exactly: list[npt.NDArray[np.float64]] = []
        """For each segment (names + 1,) how likely who says the noun means the name; the last is that of no label."""
        self.alike: list[npt.NDArray[np.float64]] = []
        """The same, 1 for names that a file gave and that the noun may mean."""
        for part in index.parts:
            names = part.names.tolist()
            exactly = np.array([*(likeness(noun, name) for name in names), 1.0])
            called = [bool(given) and is_called(noun, name) for name, given in zip(names, part.given, strict=True)]
            self.exactly.append(exactly)
            self.alike.append(np.where(np.array([*called, False]), 1.0, exactly))

    def __iter__(self) -> Iterator[LabelGroup]:
        """Yield the groups, best agreement first."""
        shares = sorted({share for alike in self.alike for share in alike.tolist()})
        groups = [LabelGroup(self, share) for share in shares if share in (0.0, 1.0)]
        groups += [LabelGroup(self, share, beside) for share in shares if 0 < share < 1 for beside in (False, True)]
        yield from sorted(groups, key=lambda group: -group.agreement)

    def rows_alike(self, share: float) -> IndexRows:
        """Return the rows whose labels are as like the noun as `share`."""
        return self.rows_labelled([np.flatnonzero(alike == share) for alike in self.alike])

    @cached_property
    def exact_scenes(self) -> Ids:
        """The scenes with an object that bears the very label, ascending."""
        labels = [np.flatnonzero(exactly[:-1] == 1.0) for exactly in self.exactly]
        return np.unique(self.rows_labelled(labels).scenes)

    def have_exact(self, scenes: Ids) -> npt.NDArray[np.bool_]:
        """Return (N,) whether an object in each of `scenes` (N,) bears the very label."""
        return np.asarray(np.isin(scenes, self.exact_scenes))

    def rows_labelled(self, labels: Sequence[Ids]) -> IndexRows:
        """Return the rows with some labels, given for each segment by their places in `exactly`."""
        found = []
        for number, (part, own) in enumerate(zip(self._index.parts, labels, strict=True)):
            codes = [int(code) if code < len(part.names) else NO_LABEL for code in own.tolist()]
            rows = [part.labelled(code) for code in codes]
            found.append((number, np.sort(np.concatenate([np.zeros(0, np.int64), *rows]))))
        return IndexRows.of(self._index, found)


def label_factor(agreement: float) -> float:
    """Return the factor of a label in a score, of how well it agrees with the noun."""
    return float(weighted("label", np.array([agreed(np.array(agreement))]), POWERS)[0])


def agreed(share: Floats) -> Floats:
    """Return what a label leaves of the probability of a name, as name_factors.py says it."""
    return np.asarray(OTHER_LABEL + (1.0 - OTHER_LABEL) * share)


@lru_cache(maxsize=65536)
def is_called(noun: str, name: str) -> bool:
    """Whether a file that gave an object this name may have meant `noun`."""
    return bool(named_probability(noun, [name])[0] > 0)
