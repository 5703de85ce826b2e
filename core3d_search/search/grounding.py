"""Which of these labelled objects is meant: the search engine over a list of names and boxes, without embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core3d_search.datatypes import Hit
from core3d_search.query import Query, parse
from core3d_search.query.lexicon import ADJECTIVES
from core3d_search.query.nouns import GENERIC, canonical, likeness
from core3d_search.query.words import singular
from core3d_search.relations import ObjectTable
from core3d_search.search.answers import Answer, conclude
from core3d_search.search.ranking import Match, PhraseMatch, rank, rank_scenes
from core3d_search.search.scoring import POWERS, THRESHOLD

STRUCTURE = frozenset({"wall", "floor", "ceiling", "object"})
"""Labels that "thing" or "one" rarely means."""
FIT = 0.12
"""A part of a description that scores less, on the average, does not fit: 0.2 % of right answers are below."""
OTHER_NUMBER = 0.85
"""What remains of "books" for a label "book" where another object is labelled "books"."""
LESS_EXACT = 0.23
"""What remains of a related label where another object has the name that was said. Synonyms are one name: labels of one
scene may mix them without loss."""


@dataclass(frozen=True)
class LabelledObject:
    """A named object: box `center` and full `extent` in metres, z up; `color` RGB 0..255; `front` a direction.

    `rotation` (3, 3) world_from_box, `material` ("wood") where somebody knows.
    """

    id: int
    label: str
    center: Sequence[float]
    extent: Sequence[float]
    color: Sequence[float] | None = None
    front: Sequence[float] | None = None
    rotation: Sequence[Sequence[float]] | None = None
    material: str | None = None


def ground(text: str, objects: Sequence[LabelledObject], *, threshold: float | None = None) -> list[Hit]:
    """Return the objects that `text` describes, best first; an empty list when nothing fits.

    Nothing fits when no object has such a name, or when all that was said is contrary to the best one: its score, as
    the geometric mean of the parts of the description, stays below `FIT`. A given `threshold` on the score replaces
    that rule. Never raises on free text.
    """
    table = table_of(objects)
    query = parse(text, vocabulary={o.label.lower() for o in objects})
    if threshold is None:
        target = query.target
        threshold = FIT ** (1 + len(target.attributes) + len(target.relations) + len(target.selectors))
    return rank(query, table, label_match(table), threshold=threshold, presumed=True)


def answer_labelled(text: str, scenes: Mapping[str, Sequence[LabelledObject]], *, k: int = 10) -> Answer:
    """Return the answer to `text` over scenes of labelled objects, with the scores and the threshold of a Searcher."""
    tables = {name: table_of(objects, name) for name, objects in scenes.items()}
    names = {o.label.lower() for objects in scenes.values() for o in objects}
    query = parse(text, vocabulary=names, scenes=list(scenes))
    asked = [name for name in scenes if query.scene in (None, name)]
    pairs = [(tables[name], label_match(tables[name])) for name in asked]
    kinds = {canonical(name) for name in names}

    def fitting(meant: Query) -> list[Hit]:
        return rank_scenes(meant, pairs, threshold=THRESHOLD, powers=POWERS, kinds=kinds)

    others = [] if query.other is None else fitting(Query(query.other))
    return conclude(query, fitting(query), k, asked, tables.__getitem__, others)


def table_of(objects: Sequence[LabelledObject], scene: str = "") -> ObjectTable:
    """Return the objects as a table, in their order."""
    unknown = (np.nan, np.nan, np.nan)
    n = len(objects)
    return ObjectTable(
        ids=np.array([o.id for o in objects], dtype=np.int64),
        centers=np.array([o.center for o in objects], dtype=np.float64).reshape(n, 3),
        extents=np.array([o.extent for o in objects], dtype=np.float64).reshape(n, 3),
        colors=np.array([unknown if o.color is None else o.color for o in objects], dtype=np.float64).reshape(n, 3),
        fronts=np.array([unknown if o.front is None else o.front for o in objects], dtype=np.float64).reshape(n, 3),
        rotations=np.array([np.eye(3) if o.rotation is None else o.rotation for o in objects]).reshape(n, 3, 3),
        labels=tuple(o.label for o in objects),
        materials=tuple(o.material for o in objects),
        scene=scene,
    )


def label_match(table: ObjectTable) -> Match:
    """Return a matcher that compares nouns with the labels of `table`."""
    labels = [(label or "").lower() for label in table.labels]
    kinds = sorted(set(labels))
    column = np.array([kinds.index(label) for label in labels], dtype=np.intp)

    def compared(text: str) -> PhraseMatch:
        noun = text.lower()
        words = noun.split()
        while len(words) > 1 and words[0] in ADJECTIVES and " ".join(words) not in kinds:
            words = words[1:]
        noun = " ".join(words)
        if not noun or (noun in ADJECTIVES and noun not in kinds):
            scores = np.array([0.05 if canonical(k) in STRUCTURE else 0.5 for k in kinds])
        else:
            scores = np.array([likeness(noun, kind) for kind in kinds])
            if canonical(noun) in GENERIC:
                scores = np.where([k != noun and canonical(k) in STRUCTURE for k in kinds], 0.05, scores)
            if scores.max(initial=0.0) == 1.0:
                # somebody who knows the labels calls a thing by its own
                scores = np.where(scores < 1.0, LESS_EXACT * scores, 1.0)
                if noun in kinds:
                    number = [kind != noun and singular(kind) == singular(noun) for kind in kinds]
                    scores = np.where(number, OTHER_NUMBER * scores, scores)
        probability = scores[column] if len(column) else np.zeros(0)
        return PhraseMatch(probability, probability)

    return lambda texts: [compared(text) for text in texts]
