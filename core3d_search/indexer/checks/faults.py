"""What can be wrong with a scan, and what a check says about a scene."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CODES = (
    "poses-inverted", "axes-opengl", "rotation-transposed", "translation-scale", "depth-scale", "intrinsics", "up",
    "poses-shuffled", "poses-constant", "registration", "empty-depth", "missing-files",
)  # fmt: skip
"""Every code that a check may give; programs rely on them."""
GOOD, SUSPECT, NONSENSE = "good", "suspect", "nonsense"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: `code` of `CODES`, what was measured, and what mends it.

    `options` are the `ReadOptions` that mend it, by name, empty where no option can. `nonsense`: objects found with
    such a fault would lie in the wrong places, so that the scene should not be indexed.
    """

    code: str
    evidence: str
    fix: str
    options: dict[str, Any] = field(default_factory=dict)
    nonsense: bool = True


@dataclass(frozen=True)
class SceneCheck:
    """What a check says of one scene: faults, the likeliest first, and what was measured (None: nothing to measure).

    `residual_m` and `residual_share` are the median difference of depths between frames, in metres and of the depth;
    `agreeing` which part of the depths agrees; `depth_range_m` the 5th and 95th percentile of depth.
    """

    path: str
    format: str
    faults: tuple[Fault, ...] = ()
    residual_m: float | None = None
    residual_share: float | None = None
    agreeing: float | None = None
    depth_range_m: tuple[float, float] | None = None

    @property
    def verdict(self) -> str:
        """`good`, `suspect` (index it, but look) or `nonsense` (do not index it)."""
        if any(fault.nonsense for fault in self.faults):
            return NONSENSE
        return SUSPECT if self.faults else GOOD

    @property
    def options(self) -> dict[str, Any]:
        """The `ReadOptions` that mend all faults that options can mend."""
        return {name: value for fault in self.faults for name, value in fault.options.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "path": self.path,
            "format": self.format,
            "verdict": self.verdict,
            "faults": [{"code": f.code, "evidence": f.evidence, "fix": f.fix} for f in self.faults],
            "residual_m": None if self.residual_m is None else round(self.residual_m, 4),
            "residual_share": None if self.residual_share is None else round(self.residual_share, 4),
            "agreeing": None if self.agreeing is None else round(self.agreeing, 3),
            "depth_range_m": None if self.depth_range_m is None else [round(value, 2) for value in self.depth_range_m],
        }
