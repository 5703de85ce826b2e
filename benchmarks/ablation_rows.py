"""The rows of benchmarks/ablation.py: the base, and the base with one change each."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from typing import Any

FIVE = {"mask": 0.25, "box": 0.35, "large": 0.25, "huge": 0.15, "surroundings": 0.10}
"""The weights of the paper's five crops in docs/method.md section 2."""


@dataclass(frozen=True)
class Row:
    """A name, `settings` of the config, and what no setting says: levels that the generator is asked for `alone`,
    another test of `merging`, views weighted by how well they show the object instead of equally."""

    name: str
    settings: tuple[str, ...] = ()
    alone: tuple[int, ...] | None = None
    merging: str = ""
    weighted_views: bool = False

    def to_dict(self) -> dict[str, Any]:
        plain = dataclasses.asdict(self)
        del plain["name"]
        return plain


def crops(**weights: float) -> tuple[str, ...]:
    """Return the settings of these crop weights, 0 for those left out."""
    return tuple(f"crops.{kind}_weight={weights.get(kind, 0.0)}" for kind in FIVE)


def without(kind: str) -> tuple[str, ...]:
    """Return the five crops without one, the weights of the others as they are."""
    return crops(**{key: value for key, value in FIVE.items() if key != kind})


ROWS = [
    Row("base: built-in"),
    *(
        Row(f"masks: level {level} only", (f"masks.levels=[{level}]", "masks.novelty=[]"), alone=(level,))
        for level in (2, 4, 6)
    ),
    Row("masks: all levels, no novelty test", ("masks.novelty=[1, 1]",)),
    Row("masks: 3D split off", ("masks.split=false",)),
    *(Row(f"crops: {kind} alone", crops(**{kind: 1.0})) for kind in ("mask", "box", "large", "huge")),
    Row("crops: the paper's five", crops(**FIVE)),
    *(Row(f"crops: five without {kind}", without(kind)) for kind in FIVE),
    Row("crops: five at equal weights", crops(**dict.fromkeys(FIVE, 0.2))),
    Row("crops: two less surroundings", crops(mask=0.5, box=0.5, surroundings=0.1)),
    Row(
        "merge: off",
        ("fusion.gamma=1", "fusion.repeat_overlap=1", "fusion.absorb_overlap=1", "fusion.min_observations=1"),
    ),
    Row("merge: one side is enough", merging="one-sided"),
    Row("merge: by IoU instead", merging="iou"),
    Row("merge: parts are not absorbed", ("fusion.absorb_overlap=1",)),
    Row("merge: looks must agree (cosine 0.5)", ("fusion.min_similarity=0.5",)),
    Row("merge: looks must agree (cosine 0.7)", ("fusion.min_similarity=0.7",)),
    Row("views: best one", ("crops.views=1",)),
    Row("views: best six, weighted by what they show", weighted_views=True),
    Row("views: every observation", ("crops.views=0",)),
    Row("views: every observation, weighted", ("crops.views=0",), weighted_views=True),
]


def search() -> list[Row]:
    """Return the values that are tried, one setting at a time and gamma with delta together."""
    rows = [Row("base: built-in")]
    for gamma, delta in itertools.product((0.2, 0.25, 0.3, 0.35, 0.4), (0.2, 0.4, 0.6, 1.0)):
        rows.append(Row(f"gamma {gamma}, delta {delta}", (f"fusion.gamma={gamma}", f"fusion.delta={delta}")))
    for first, second in itertools.product((0.1, 0.3, 0.6), (0.3, 0.5, 0.8)):
        rows.append(Row(f"tau {first}, {second}", (f"masks.novelty=[{first}, {second}]",)))
    for reach, growth in itertools.product((0.05, 0.1, 0.15, 0.25), (0.0, 0.02)):
        settings = (f"masks.split_eps_m={reach}", f"masks.split_eps_per_m={growth}")
        rows.append(Row(f"DBSCAN {reach} m, {growth} a metre", settings))
    rows += [Row(f"DBSCAN {count} points", (f"masks.split_min_points={count}",)) for count in (5, 20)]
    rows += [Row(f"absorb {value}", (f"fusion.absorb_overlap={value}",)) for value in (0.4, 0.5, 0.7)]
    rows += [Row(f"repeat {value}", (f"fusion.repeat_overlap={value}",)) for value in (0.65, 1.0)]
    rows += [Row(f"views {count}", (f"crops.views={count}",)) for count in (3, 10)]
    rows += [Row(f"looks {value}", (f"fusion.min_similarity={value}",)) for value in (0.3, 0.5, 0.6, 0.7, 0.8)]
    return rows


SEARCH = search()
