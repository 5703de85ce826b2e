"""How sure a reading is: how often readings like it meant the right object, in people's own utterances.

certainty = understood * exp(-sum of COSTS of what the reading holds), understood the share of content words that have
a part in it. The costs are fitted on the 1,000 training utterances of Nr3D over their true boxes and labels
(training/fit_certainty.py); `benchmarks/grounding.py` prints how often readings of each certainty are right elsewhere.
A reading that names nothing but a thing has no cost.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from core3d_search.query.meaning import Phrase, Query

_SIDED_RELATIONS = frozenset("left right front behind facing opposite end".split())
_SIDED_ORDERS = frozenset("leftmost rightmost frontmost backmost middle".split())

COSTS: Mapping[str, float] = {
    "attribute": 0.062, "relation": 0.134, "sided": 0.127, "sided, view given": 0.195, "order": 0.118, "inner": 0.123,
}  # fmt: skip
"""Cost of each colour, size or part; each relation or order, and each whose sides depend on a viewer, without and with
a view that the text gives; each thing that is said of an anchor. Negations and words left aside cost no more."""


def certainty(query: Query, understood: float) -> float:
    """Return the certainty in [0, 1] of a reading of which the share `understood` of the content words has a part."""
    cost = sum(COSTS[name] * n for name, n in parts(query).items())
    return understood * math.exp(-cost)


def parts(query: Query) -> Counter[str]:
    """Return how many of each part that has a cost a query holds."""
    target = query.target
    sided = "sided" if query.viewpoint is None else "sided, view given"
    found = Counter({"attribute": len(target.attributes) + len(target.measures)})
    for relation in target.relations:
        found[sided if relation.predicate in _SIDED_RELATIONS else "relation"] += 1
        found["inner"] += sum(_size(anchor) for anchor in relation.anchors)
    for selector in target.selectors:
        found[sided if selector.order in _SIDED_ORDERS else "order"] += 1
        found["inner"] += sum(_size(anchor) for anchor in selector.anchors)
    return found


def _size(phrase: Phrase) -> int:
    """Return how much is said of an anchor."""
    inner = [anchor for relation in phrase.relations for anchor in relation.anchors]
    inner += [anchor for selector in phrase.selectors for anchor in selector.anchors]
    own = len(phrase.attributes) + len(phrase.relations) + len(phrase.selectors)
    return own + sum(map(_size, inner))
