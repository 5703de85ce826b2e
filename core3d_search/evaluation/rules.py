"""The published rules by which labels of points are judged: what is left out, and how labels reach the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core3d_search.errors import InputError


@dataclass(frozen=True)
class Rules:
    """One protocol.

    `left_out` are words: a class is not judged where one of them is its name (or, with `by_part`, stands in it).
    `onto` says whose points are labelled: those of the "truth", each from its `neighbours` nearest points of objects,
    or those of the "scan", which then take their truth from the nearest true point. `present_only`: objects choose
    among the judged classes that the truth of their scene holds, else among all. `also_predicted`: the mean takes in
    classes that only predictions hold. `source` is where the rules come from.
    """

    name: str
    left_out: tuple[str, ...]
    by_part: bool
    onto: Literal["truth", "scan"]
    neighbours: int
    present_only: bool
    also_predicted: bool
    source: str

    def judged(self, class_names: Sequence[str]) -> list[int]:
        """Return the positions of the classes that are judged."""

        def is_out(name: str) -> bool:
            return any(word in name if self.by_part else word == name for word in self.left_out)

        return [position for position, name in enumerate(class_names) if not is_out(name)]


CONCEPT_GRAPHS = Rules(
    "conceptgraphs", ("other",), False, "scan", 1, True, False,
    "ConceptGraphs, conceptgraph/scripts/eval_replica_semseg.py, --n_exclude 1; followed by BBQ, KeySG and CORE-3D",
)  # fmt: skip
WITHOUT_STRUCTURE = Rules(
    "conceptgraphs-6", ("other", "floor", "wall", "ceiling", "door", "window"), False, "scan", 1, True, False,
    "ConceptGraphs, the same with --n_exclude 6: structure is not judged",
)  # fmt: skip
HOV_SG = Rules(
    "hov-sg", ("background", "wall", "floor", "ceiling", "door", "window"), True, "truth", 5, False, False,
    "HOV-SG, application/eval/evaluate_sem_seg.py: five neighbours, structure not judged, every class of the scene",
)  # fmt: skip
SCANNET = Rules(
    "scannet", (), False, "truth", 1, False, True,
    "ScanNet, BenchmarkScripts/3d_evaluation/evaluate_semantic_label.py: the vertices of the mesh, all classes",
)  # fmt: skip
KNOWN = Rules(
    "known", (), False, "truth", 1, True, False,
    "ours, for scenes that are exactly known: what the frames show of each thing; structure is not judged",
)  # fmt: skip

RULES = {rules.name: rules for rules in (CONCEPT_GRAPHS, WITHOUT_STRUCTURE, HOV_SG, SCANNET, KNOWN)}


def rules_named(name: str) -> Rules:
    """Return the rules called `name`; raises InputError that lists those there are."""
    if name not in RULES:
        raise InputError(f"no rules called {name!r}; there are: {', '.join(RULES)}")
    return RULES[name]
