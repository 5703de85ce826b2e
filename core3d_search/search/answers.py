"""Answers in one line: yes or no, how many, where, in which scene, how large, how far apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core3d_search.datatypes import Hit
from core3d_search.query import Query
from core3d_search.query.nouns import GENERIC, canonical, likeness
from core3d_search.relations import PREDICATES, Circumstances, ObjectTable
from core3d_search.relations.pairs import Pairs
from core3d_search.search.measured import Tables, distance_line, measure_line, name_of, nearest_pair, number_line

COUNTED = frozenset({"count", "most", "more", "fewer", "equal"})
"""What is asked of numbers."""
SAME_KIND = 0.6
"""Likeness of a label from which a thing is counted under a name: a floor lamp is a lamp, a bench no chair."""
SURE = 0.5
"""The least score of a relation that says where a thing is."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a question is answered with.

    `text` says it in one line; `hits` are the first objects; `count` how many objects fit in all scenes asked,
    `counts` in each of them; `most` the scene with the most of them, None where there is none or several have as many.
    """

    query: Query
    text: str
    hits: tuple[Hit, ...]
    count: int
    counts: dict[str, int]
    most: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "aim": self.query.aim,
            "text": self.text,
            "count": self.count,
            "counts": self.counts,
            "most": self.most,
        }


def conclude(
    query: Query, hits: Sequence[Hit], k: int, scenes: Sequence[str], tables: Tables, others: Sequence[Hit] = ()
) -> Answer:
    """Return the answer that all `hits`, best first, give to `query` over `scenes`.

    `others` are the hits of what the query compares them with, `tables` gives the objects of a scene.
    """
    if query.aim in COUNTED:
        hits = counted(query, hits)
        others = [] if query.other is None else counted(Query(query.other), others)
    if query.aim == "distance" and (pair := nearest_pair(hits, others)) is not None:
        hits = [pair[0], *(hit for hit in hits if hit is not pair[0])]
        others = [pair[1]]
    counts = dict.fromkeys(scenes, 0) | Counter(hit.scene for hit in hits)
    ordered = Counter(counts).most_common(2)
    lead = ordered and ordered[0][1] > (ordered[1][1] if len(ordered) > 1 else 0)
    most = ordered[0][0] if lead else None
    line = _line(query, hits, counts, most, tables, others)
    return Answer(query, line, tuple(hits[:k]), len(hits), counts, most)


def counted(query: Query, hits: Sequence[Hit]) -> list[Hit]:
    """Return those of `hits` that are counted: not what may be meant, but is labelled as another kind of thing.

    Only where labels are a factor of the name, as they are for names that labels of the database have.
    """
    noun = query.target.noun
    if not noun or canonical(noun) in GENERIC:
        return list(hits)

    def other(hit: Hit) -> bool:
        labelled = hit.label is not None and any(reason.kind == "label" for reason in hit.reasons)
        return labelled and likeness(noun, hit.label or "") < SAME_KIND

    return [hit for hit in hits if not other(hit)]


def _line(
    query: Query, hits: Sequence[Hit], counts: dict[str, int], most: str | None, tables: Tables, others: Sequence[Hit]
) -> str:
    if query.aim in ("more", "fewer", "equal"):
        return number_line(query, hits, others)
    if query.aim == "count":
        found = [f"{name} {n}" for name, n in sorted(counts.items()) if n]
        return f"{len(hits)}" + (f" ({', '.join(found)})" if len(counts) > 1 and found else "")
    if query.aim == "most":
        return f"{most}: {counts[most]}" if most is not None else "none" if not hits else "several have as many"
    if not hits:
        return "no, nothing like that here" if query.aim == "exists" else "nothing like that here"
    if query.aim == "distance":
        pair = nearest_pair(hits[:1], others)
        return "no scene has both" if pair is None else distance_line(pair, tables)
    if query.aim not in ("find", "exists", "where"):
        return measure_line(query, hits, tables)
    place = f"{name_of(hits[0])} in {hits[0].scene}{whereabouts(tables(hits[0].scene), hits[0])}"
    return f"yes: {place}" if query.aim == "exists" else place


def whereabouts(table: ObjectTable, hit: Hit) -> str:
    """Return where an object of `table` is, after its scene: ", on the desk #4" or ", near the door #1 (0.3 m)"."""
    row = int(np.flatnonzero(table.ids == hit.object_id)[0])
    others = np.array([k for k, label in enumerate(table.labels) if k != row and label], dtype=np.intp)
    if not len(others):
        return ""
    pairs = Pairs(table, np.array([row]), others)
    for name in ("on", "inside"):
        score = PREDICATES[name].score(pairs, Circumstances())[0]
        k = int(score.argmax())
        if score[k] >= SURE and pairs.rise[0, k] > 0:
            return f", {name} the {table.labels[others[k]]} #{table.ids[others[k]]}"
    k = int(pairs.gap[0].argmin())
    return f", {pairs.gap[0, k]:.1f} m from the {table.labels[others[k]]} #{table.ids[others[k]]}"
