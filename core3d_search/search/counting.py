"""How many objects fit a noun in each scene, from what lies beside a mapped index: thousands at once.

The label of an object is known there, and the probability of its name from both sides (name_bounds.py). Whose score is
surely above the threshold counts, whose is surely below does not, and only the few between are read from the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core3d_search.query.nouns import GENERIC, canonical
from core3d_search.search.answers import SAME_KIND
from core3d_search.search.belief import LEAST_BELIEVED
from core3d_search.search.bounds import is_told_by_labels
from core3d_search.search.index_rows import Floats, Ids
from core3d_search.search.label_groups import LabelGroup, LabelGroups, agreed
from core3d_search.search.name_bounds import Names
from core3d_search.search.scoring import POWERS, weighted
from core3d_search.search.spaces import EmbeddingSpace, Question
from core3d_search.vectors.mapped import MappedIndex


@dataclass(eq=False)
class Tally:
    """How many objects of each scene, by its id, surely fit, and the ids of those that must be looked at."""

    sure: Counter[int] = field(default_factory=Counter)
    unsure: list[int] = field(default_factory=list)


def tallied(
    space: EmbeddingSpace, question: Question, kinds: Collection[str], threshold: float, without: Ids
) -> Tally | None:
    """Return how many objects of `space` reach `threshold`, in all scenes but those `without`.

    None where the question asks for more than a name that labels say, or nothing lies beside the vectors. What is
    labelled as another kind of thing is not counted (answers.counted).
    """
    target, index = question.query.target, space.index
    if not isinstance(index, MappedIndex) or not is_told_by_labels(question, kinds):
        return None
    if target.attributes or target.measures or target.excluded or canonical(target.noun) in GENERIC:
        return None
    tally, names = Tally(), Names(space, index, kinds)
    for group in LabelGroups(index, target.noun) if index.parts else ():
        if group.likeness >= SAME_KIND:
            _add(tally, group, names, target.noun, threshold, without)
    return tally


def _add(tally: Tally, group: LabelGroup, names: Names, noun: str, threshold: float, without: Ids) -> None:
    rows = group.rows
    rows = rows[np.flatnonzero(~np.isin(rows.scenes, without))]
    named = names.of(rows, noun)
    guessed = rows.by_label(group.of.exactly) != group.likeness  # a name that only some scene's own file gave
    sure = _fits(named.least, group, threshold) & ~guessed
    possible = (_fits(named.most, group, threshold) | guessed) & ~sure
    tally.sure.update(rows.scenes[sure].tolist())
    tally.unsure += rows.ids[possible].tolist()


def _fits(probability: Floats, group: LabelGroup, threshold: float) -> npt.NDArray[np.bool_]:
    """Return whether objects of a group reach the threshold where their names have these probabilities."""
    believed = probability * agreed(np.array(group.agreement)) > LEAST_BELIEVED
    return believed & (weighted("target", probability, POWERS) * group.factor >= threshold)
