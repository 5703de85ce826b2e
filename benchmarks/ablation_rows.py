"""The rows of benchmarks/ablation.py: the base, and the base with one change each."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

FIVE = {"mask": 0.25, "box": 0.35, "large": 0.25, "huge": 0.15, "surroundings": 0.10}
"""The weights of the paper's five crops in docs/method.md section 2."""


@dataclass(frozen=True)
class Row:
    """A name, `settings` of the config, and what no setting says: levels that the generator is asked for `alone`,
    another test of `merging`, views weighted by how well they show the object instead of equally, or masks of every
    level kept whatever coarser ones cover (`every_level`; a novelty of 1 still drops what one mask covers whole)."""

    name: str
    settings: tuple[str, ...] = ()
    alone: tuple[int, ...] | None = None
    merging: str = ""
    weighted_views: bool = False
    every_level: bool = False

    def to_dict(self) -> dict[str, Any]:
        plain = dataclasses.asdict(self)
        del plain["name"]
        if not self.every_level:
            del plain["every_level"]
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
    Row("masks: novelty 1 (only what is covered whole is dropped)", ("masks.novelty=[1, 1]",)),
    Row("masks: every level whole, no novelty test", every_level=True),
    Row("masks: 3D split off", ("masks.split=false",)),
    Row("masks: 3D split from 0.25 m", ("masks.split_eps_m=0.25",)),
    Row("masks: 3D split from 0.4 m", ("masks.split_eps_m=0.4",)),
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
    Row("views: best four", ("crops.views=4",)),
    Row("views: best six, weighted by what they show", weighted_views=True),
    Row("views: every observation", ("crops.views=0",)),
    Row("views: every observation, weighted", ("crops.views=0",), weighted_views=True),
]


def search() -> list[Row]:
    """Return the values that are tried: most alone, gamma and delta also together."""
    rows = [Row("base: built-in")]
    rows += [Row(f"gamma {value}", (f"fusion.gamma={value}",)) for value in (0.2, 0.25, 0.35, 0.4)]
    rows += [Row(f"delta {value}", (f"fusion.delta={value}",)) for value in (0.2, 0.3, 0.6, 1.0)]
    for gamma, delta in ((0.2, 0.6), (0.25, 0.6), (0.35, 0.6), (0.35, 0.3)):
        rows.append(Row(f"gamma {gamma}, delta {delta}", (f"fusion.gamma={gamma}", f"fusion.delta={delta}")))
    rows += [Row(f"tau {a}, {b}", (f"masks.novelty=[{a}, {b}]",)) for a, b in ((0.1, 0.3), (0.6, 0.8))]
    rows += [
        Row(f"level {level} only", (f"masks.levels=[{level}]", "masks.novelty=[]"), (level,)) for level in (3, 4, 5)
    ]
    rows += [Row(f"DBSCAN reach {value} m", (f"masks.split_eps_m={value}",)) for value in (0.05, 0.1, 0.25, 0.4)]
    rows += [Row(f"DBSCAN growth {value} a metre", (f"masks.split_eps_per_m={value}",)) for value in (0.0, 0.04)]
    rows += [Row(f"DBSCAN {count} points", (f"masks.split_min_points={count}",)) for count in (5, 20)]
    rows.append(Row("3D split off", ("masks.split=false",)))
    rows += [Row(f"absorb {value}", (f"fusion.absorb_overlap={value}",)) for value in (0.5, 0.7)]
    rows += [Row(f"repeat {value}", (f"fusion.repeat_overlap={value}",)) for value in (0.65, 1.0)]
    rows += [Row(f"looks {value}", (f"fusion.min_similarity={value}",)) for value in (0.3, 0.5, 0.7)]
    rows += [Row(f"views {count}", (f"crops.views={count}",)) for count in (3, 4, 5, 8, 10)]
    rows += [
        Row(f"views {count}, weighted", (f"crops.views={count}",), weighted_views=True) for count in (4, 6, 8, 10, 16)
    ]
    rows += [
        Row(f"crops: mask {mask}, box {box}, large {large}", crops(mask=mask, box=box, large=large))
        for mask, box, large in (
            (0.65, 0.35, 0),
            (0.35, 0.65, 0),
            (0.45, 0.45, 0.1),
            (0.4, 0.4, 0.2),
            (0.55, 0.3, 0.15),
        )
    ]
    rows += [Row(f"observations {count}", (f"fusion.min_observations={count}",)) for count in (3, 5)]
    rows += [Row(f"noise {share}", (f"fusion.noise_fraction={share}",)) for share in (0.0, 0.02, 0.1)]
    return rows


SEARCH = search()

THREE = crops(mask=0.4, box=0.4, large=0.2)
CONFIRM = [
    Row("base: built-in"),
    Row("3D split off", ("masks.split=false",)),
    Row("DBSCAN 20 points", ("masks.split_min_points=20",)),
    Row("views 4", ("crops.views=4",)),
    Row("crops: mask 0.4, box 0.4, large 0.2", THREE),
    Row("delta 0.6", ("fusion.delta=0.6",)),
    Row("views 4, three crops", (*THREE, "crops.views=4")),
    Row("views 4, three crops, 3D split off", (*THREE, "crops.views=4", "masks.split=false")),
]
"""What the search found better on some figure and worse on none, asked again on rooms that nothing has seen."""
