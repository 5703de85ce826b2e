"""Figures that papers report, with where each stands; shown beside ours, never mixed with them.

Read from the papers or, where said, from what others state of them. Class lists, renderings, encoders and excluded
classes differ between papers even on one data set: docs/evaluation.md says how.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedRow:
    """One method's figures, in [0, 1], by the names of our tables, and their source."""

    method: str
    figures: Mapping[str, float]
    source: str


def _row(method: str, source: str, **figures: float) -> PublishedRow:
    return PublishedRow(method, {name.replace("_at_", "@"): value for name, value in figures.items()}, source)


CORE3D = "arXiv 2509.24528"
BBQ = f"BBQ, as reported in {CORE3D}"
HOVSG = "arXiv 2403.17846v2, table I"
KEYSG = "arXiv 2510.01049v1, table I"
DUALMAP = "arXiv 2506.01950v4, table II"
OVO = "arXiv 2411.15043, as stated by Ov3R, its table of Replica with true geometry"

PUBLISHED: Mapping[str, tuple[PublishedRow, ...]] = {
    "replica": (
        _row("CORE-3D", CORE3D, mAcc=0.38, mIoU=0.29, fmIoU=0.56),
        _row("CORE-3D, SAM's masks", CORE3D, mAcc=0.32, mIoU=0.22, fmIoU=0.37),
        _row("CORE-3D, level 2 only", CORE3D, mAcc=0.34, mIoU=0.25, fmIoU=0.51),
        _row("CORE-3D, level 6 only", CORE3D, mAcc=0.26, mIoU=0.11, fmIoU=0.14),
        _row("BBQ-CLIP", BBQ, mAcc=0.38, mIoU=0.27, fmIoU=0.48),
        _row("ConceptGraphs", f"as reported in {CORE3D}", mAcc=0.36, mIoU=0.18, fmIoU=0.15),
        _row("ConceptGraphs", f"as reported in {KEYSG}", mAcc=0.4063, fmIoU=0.3595),
        _row("HOV-SG, ViT-H-14", HOVSG, mAcc=0.304, mIoU=0.231, fmIoU=0.386),
        _row("HOV-SG", f"as reported in {KEYSG}", mAcc=0.3807, fmIoU=0.4016),
        _row("KeySG", KEYSG, mAcc=0.4581, fmIoU=0.4616),
        _row("DualMap", f"{DUALMAP}; structure left out", mAcc=0.4024, mIoU=0.2538, fmIoU=0.5207),
        _row("OVO-mapping", OVO, mAcc=0.358, mIoU=0.265),
    ),
    "scannet": (
        _row("CORE-3D", CORE3D, mAcc=0.61, mIoU=0.36, fmIoU=0.46),
        _row("CORE-3D, SAM's masks", CORE3D, mAcc=0.43, mIoU=0.27, fmIoU=0.42),
        _row("CORE-3D, level 2 only", CORE3D, mAcc=0.54, mIoU=0.32, fmIoU=0.43),
        _row("CORE-3D, level 6 only", CORE3D, mAcc=0.17, mIoU=0.09, fmIoU=0.16),
        _row("BBQ-CLIP", BBQ, mAcc=0.56, mIoU=0.34, fmIoU=0.36),
        _row("ConceptGraphs", f"as reported in {CORE3D}", mAcc=0.52, mIoU=0.26, fmIoU=0.29),
        _row("HOV-SG, ViT-H-14", f"{HOVSG}; five other scenes", mAcc=0.431, mIoU=0.222, fmIoU=0.303),
        _row("DualMap", f"{DUALMAP}; 200 classes, five other scenes", mAcc=0.3794, mIoU=0.1604, fmIoU=0.3288),
        _row("OVO-mapping", "arXiv 2411.15043, as stated by a reproduction; five other scenes",
             mAcc=0.505, mIoU=0.381, fmIoU=0.576),
    ),
    "sr3d": (
        _row("CORE-3D", CORE3D, **{"A_at_0.1": 0.418, "A_at_0.25": 0.356}),
        _row("BBQ", f"as reported in {CORE3D}", **{"A_at_0.1": 0.342, "A_at_0.25": 0.227}),
        _row("ConceptGraphs", f"as reported in {CORE3D}", **{"A_at_0.1": 0.133, "A_at_0.25": 0.062}),
    ),
    "nr3d": (
        _row("KeySG", "arXiv 2510.01049v1, table IV", **{"A_at_0.1": 0.304}),
        _row("BBQ", "as reported in arXiv 2510.01049v1, table IV", **{"A_at_0.1": 0.283}),
        _row("ConceptGraphs", "as reported in arXiv 2510.01049v1, table IV", **{"A_at_0.1": 0.160}),
    ),
    "nr3d, true boxes": (
        _row("Transcrib3D, GPT-4", "whole test set, with true labels", accuracy=0.702),
        _row("LaSP, no VLM", "whole test set, with true labels", accuracy=0.657),
        _row("CSVG", "whole test set, with true labels", accuracy=0.592),
        _row("BBQ, GPT-4o", "its eight rooms", accuracy=0.686),
        _row("chance among the right label", "whole test set", accuracy=0.381),
    ),
    "sr3d, true boxes": (
        _row("Transcrib3D", "whole test set, with true labels", accuracy=0.984),
        _row("NS3D", "whole test set, with true labels", accuracy=0.969),
        _row("LaSP", "whole test set, with true labels", accuracy=0.951),
        _row("chance among the right label", "whole test set", accuracy=0.441),
    ),
}  # fmt: skip
