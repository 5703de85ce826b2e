"""Puts the parts of a query into words and the factors of a score into `Reason`s with their measured values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core3d_search.datatypes import Reason
from core3d_search.query import Phrase, Relation, Selector
from core3d_search.relations import PREDICATES, Circumstances, ObjectTable
from core3d_search.relations.pairs import Pairs
from core3d_search.relations.table import Array
from core3d_search.relations.viewpoint import describe_views, views

SIDES = frozenset({"front", "behind", "left", "right"})


@dataclass(frozen=True, eq=False)
class Factor:
    """One factor of the score of all N objects of a table.

    `score` (N,) in [0, 1]; `anchors` (N, k) rows of the objects that it was measured against, -1 for none; `measured`
    (name with its unit, values (N,)) for factors that measure the object alone. `texts` replaces `text` where it
    differs from object to object, `notes` are said with every reason.
    """

    kind: str
    text: str
    score: Array
    anchors: Array | None = None
    predicate: str = ""
    around: Circumstances | None = None
    measured: tuple[str, Array] | None = None
    texts: Sequence[str] | None = None
    notes: Mapping[str, str] = field(default_factory=dict)

    def reason(self, table: ObjectTable, row: int, shown: float) -> Reason:
        """Return the factor as it applies to one object, with the value `shown` that it has in the score."""
        values: dict[str, float | str] = {**self.notes}
        ids: tuple[int, ...] = ()
        if self.measured is not None and np.isfinite(self.measured[1][row]):
            values[self.measured[0]] = round(float(self.measured[1][row]), 3)
        if self.anchors is not None and self.anchors[row][0] >= 0:
            ids = tuple(int(table.ids[a]) for a in self.anchors[row])
            pairs = Pairs(table, np.array([row]), self.anchors[row])
            dx, dy = pairs.offset[0, 0]
            values["distance_m"] = round(float(pairs.gap[0].min()), 3)
            values["center_distance_m"] = round(float(pairs.distance[0].min()), 3)
            values["height_difference_m"] = round(float(pairs.rise[0, 0]), 3)
            values["angle_deg"] = round(float(np.degrees(np.arctan2(dy, dx))), 1)
            if self.predicate in PREDICATES:
                rule = PREDICATES[self.predicate]
                values[f"threshold_{rule.unit}"] = round(rule.threshold, 3)
            if self.predicate in SIDES and self.around is not None:
                # the frame of reference is never silent: the share of each hypothesis at this anchor
                found = views(table, self.anchors[row][:1], self.around.frame, self.around.gaze, self.predicate)
                values["frame"] = describe_views(found)
        text = self.text if self.texts is None else self.texts[row]
        return Reason(self.kind, text, shown, ids, values)


def describe(part: Relation | Selector | Phrase) -> str:
    """Return a short reading of a part of a query, for people."""
    if isinstance(part, Phrase):
        looks = [("not " if a.negated else "") + a.value for a in part.attributes]
        said = [describe(relation) for relation in part.relations] + [describe(order) for order in part.selectors]
        return " ".join([*looks, part.noun or "object", *said])
    anchors = " and ".join(f"({describe(a)})" if a.relations or a.selectors else describe(a) for a in part.anchors)
    if isinstance(part, Relation):
        name = part.predicate + (f" [{part.frame}]" if part.frame else "")
    else:
        name = part.order if part.rank == 1 else f"{part.rank}. {part.order}"
    return " ".join(word for word in ("not" if part.negated else "", name, anchors) if word)
