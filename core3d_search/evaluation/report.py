"""The outcome of an evaluation as JSON, with all that it depends on, and as a Markdown table beside published rows."""

from __future__ import annotations

import math
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from core3d_search.evaluation.measure import SceneMeasurement
from core3d_search.evaluation.metrics.duplicates import DuplicateScores
from core3d_search.evaluation.metrics.instances import instance_scores
from core3d_search.evaluation.metrics.intervals import bootstrap
from core3d_search.evaluation.metrics.retrieval import accuracy_at
from core3d_search.evaluation.metrics.semantic import mean_of, semantic_scores
from core3d_search.evaluation.published import PUBLISHED
from core3d_search.store import RunRecord
from core3d_search.version import __version__

SEED = 0
"""Of the bootstrap."""
RESAMPLES = 1000
LIBRARIES = ("numpy", "scipy", "scikit-image", "torch", "open_clip_torch", "trimesh", "pillow")


@dataclass(frozen=True)
class Figure:
    """One figure over all scenes, and the 95 % bootstrap interval over the scenes; NaN where there is none."""

    value: float
    low: float = float("nan")
    high: float = float("nan")

    def to_dict(self) -> dict[str, float | None]:
        """Return plain numbers, None for NaN."""
        return {"value": _number(self.value), "low": _number(self.low), "high": _number(self.high)}


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an evaluation gives: `figures` by name, the same of each scene, and what they depend on.

    `notes` are said above the table: what the numbers are worth.
    """

    dataset: str
    rules: str
    rules_source: str
    profile: str
    figures: Mapping[str, Figure]
    scenes: Mapping[str, Mapping[str, float]]
    provenance: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    groups: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON; NaN is None."""
        return {
            "dataset": self.dataset,
            "profile": self.profile,
            "rules": {"name": self.rules, "source": self.rules_source},
            "notes": list(self.notes),
            "figures": {name: figure.to_dict() for name, figure in self.figures.items()},
            "groups": {name: _plain(values) for name, values in self.groups.items()},
            "scenes": {name: _plain(values) for name, values in self.scenes.items()},
            **self.provenance,
        }

    def markdown(self, published: str) -> str:
        """Return a table of our row above the `published` ones of that name, in the columns of ours."""
        rows = PUBLISHED.get(published, ())
        columns = list(self.figures)
        lines = [f"# {self.dataset}, profile {self.profile}", ""]
        lines += [f"Rules: {self.rules} ({self.rules_source}). {len(self.scenes)} scene(s)."]
        lines += [f"**{note}**" for note in self.notes]
        lines += ["", f"| method | {' | '.join(columns)} | source |", f"|---|{'---|' * len(columns)}---|"]
        ours = [_cell(figure) for figure in self.figures.values()]
        lines.append(f"| core3d {__version__}, {self.profile} | {' | '.join(ours)} | measured |")
        for row in rows:
            cells = [f"{row.figures[name]:.3f}" if name in row.figures else "" for name in columns]
            lines.append(f"| {row.method} | {' | '.join(cells)} | {row.source} |")
        if rows:
            lines += ["", "Rows of papers stand as they were published; their scenes and rules may differ from ours."]
        for name, values in self.groups.items():
            lines += ["", f"{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in values.items())]
        lines += ["", "| scene | " + " | ".join(columns) + " |", f"|---|{'---|' * len(columns)}"]
        for scene, values in self.scenes.items():
            cells = [_cell(Figure(values.get(name, float("nan")))) for name in columns]
            lines.append(f"| {scene} | {' | '.join(cells)} |")
        return "\n".join(lines) + "\n"


def summary(
    measured: Sequence[SceneMeasurement], min_points: int
) -> tuple[dict[str, Figure], dict[str, dict[str, float]]]:
    """Return the figures over all scenes, with their intervals, and those of each scene.

    mAcc, mIoU, fmIoU and AP pool the points and instances of all scenes where these share one list of classes; else
    they are means over scenes. The others pool the objects and questions of all scenes. Intervals come from scenes
    drawn again; that of AP, which is costly, from the scenes' own APs.
    """
    of_scene = {one.name: _figures([one], min_points) for one in measured}
    random = np.random.default_rng(SEED)
    figures = {}
    for name, value in _figures(measured, min_points).items():
        if name.startswith("AP"):
            low, high = bootstrap([scene[name] for scene in of_scene.values()], _mean, random, RESAMPLES)
        else:
            low, high = bootstrap(measured, partial(_cheap, name=name), random, RESAMPLES)
        figures[name] = Figure(value, low, high)
    return figures, of_scene


def _figures(measured: Sequence[SceneMeasurement], min_points: int) -> dict[str, float]:
    """Return each figure of some scenes, in the order of the table."""
    parts = [measured] if _share_classes(measured) else [[one] for one in measured]
    found = [
        instance_scores([one.instances for one in part], len(part[0].class_names), min_points).to_dict()
        for part in parts
    ]
    agnostic = instance_scores([one.agnostic for one in measured], 1, min_points)
    return {
        **{name: _cheap(measured, name) for name in ("mAcc", "mIoU", "fmIoU")},
        **{name: _mean([one[name] for one in found]) for name in ("AP", "AP50", "AP25")},
        "AP50 of objects": agnostic.ap50,
        "AP25 of objects": agnostic.ap25,
        **{name: _cheap(measured, name) for name in ("A@1", "A@5", "duplicates", "objects per instance")},
    }


def _cheap(measured: Sequence[SceneMeasurement], name: str) -> float:
    """Return one of the figures that a bootstrap can afford to take a thousand times."""
    if name in ("A@1", "A@5"):
        return accuracy_at([answer for one in measured for answer in one.answers], int(name[2:]), 0.25)
    if name in ("duplicates", "objects per instance"):
        counted = DuplicateScores()
        for one in measured:
            counted += one.duplicates
        return counted.rate if name == "duplicates" else counted.density
    if _share_classes(measured):
        confusions = [np.sum([one.confusion for one in measured], axis=0)]
    else:
        confusions = [one.confusion for one in measured]
    also = measured[0].also_predicted
    return _mean([float(semantic_scores(one, also_predicted=also).to_dict()[name]) for one in confusions])


def _share_classes(measured: Sequence[SceneMeasurement]) -> bool:
    return len({one.class_names for one in measured}) == 1


def _mean(values: Sequence[float]) -> float:
    return mean_of(np.asarray(values, np.float64))


def provenance(
    runs: Mapping[str, RunRecord], truths: Mapping[str, str], seeds: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Return what figures depend on: versions, config, weights, seeds, checksums of the data, cost.

    `runs` and `truths` are by scene: the last complete run, and the checksum of the files of the truth.
    """
    last = next(iter(runs.values()), None)
    costs = {scene: _cost(run) for scene, run in runs.items()}
    return {
        "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": {"core3d": __version__, "python": platform.python_version(), **_libraries()},
        "machine": f"{platform.system()} {platform.machine()}",
        "config": None if last is None else dict(last.config),
        "weights": None
        if last is None
        else {
            "masks": {"name": last.mask_generator, "sha256": last.mask_generator_checksum},
            "encoder": None if last.model is None else {"name": last.model.name, "sha256": last.model.checksum},
        },
        "seeds": {"bootstrap": SEED, **(seeds or {})},
        "data": {
            scene: {"frames": runs[scene].fingerprint if scene in runs else None, "truth": truths.get(scene)}
            for scene in truths
        },
        "cost": {
            "seconds_per_frame": _number(_mean(list(costs.values()))),
            "seconds_per_frame_by_scene": costs,
            "peak_memory_mb": round(peak_memory_mb()),
        },
    }


def peak_memory_mb() -> float:
    """Return the largest memory that this process has held, in MB; 0 where the system does not say (Windows)."""
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def _cost(run: RunRecord) -> float:
    used = max(1, run.frame_count - run.skipped_count)
    return round(sum(run.stage_seconds.values()) / used, 4)


def _libraries() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cell(figure: Figure) -> str:
    if figure.value != figure.value:
        return ""
    interval = "" if figure.low != figure.low else f" ({figure.low:.3f} to {figure.high:.3f})"
    return f"{figure.value:.3f}{interval}"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)


def _plain(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in values.items()}
