"""The usual suspects: ways in which poses, depths and cameras come to be wrong, each undone and measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.checks.reprojection import Agreement, Reading, agreement
from core3d_search.indexer.checks.sample import Sample
from core3d_search.indexer.readers.settings import CAMERA_AXES

Floats = npt.NDArray[np.float64]

POSE_SCALES = (0.001, 0.01, 0.1, 10.0, 100.0, 1000.0)
"""Poses in millimetres, centimetres, decimetres, and metres that were taken for them."""
DEPTH_SCALES = (0.1, 0.2, 0.5, 2.0, 5.0, 10.0, 0.001, 1000.0)
"""TUM's 5000 for 1000 is 5, YCB's 10000 for 1000 is 10."""
CAMERA_SCALES = (0.25, 0.5, 2.0, 4.0)
"""Intrinsics of an image that was shrunk or enlarged afterwards."""
USUAL_DEPTH_M = 2.0
"""The median depth of indoor scans: of two scales that agree equally well, the one that comes nearer is taken."""
WORTHWHILE = 0.02
"""Agreement by which a farther-fetched reading must be better."""

LEAST_OVERLAP = 0.04
"""Of all points, how many must agree: readings that scatter the frames agree on next to nothing."""
ENOUGH = 0.8
"""Agreement from which on no second suspect is looked for."""


@dataclass(frozen=True, eq=False)
class Suspect:
    """One thing that may be wrong, undone: `codes`, the reading without it, and the values that undo it.

    `pose_scale`, `depth_factor`, `camera_scale` are what stored values are multiplied with; `words` tell it.
    """

    codes: tuple[str, ...]
    reading: Reading
    words: str = ""
    inverted: bool = False
    axes_turned: bool = False
    pose_scale: float = 1.0
    depth_factor: float = 1.0
    camera_words: str = ""


def best_suspect(sample: Sample, axes: str) -> tuple[Suspect, Agreement] | None:
    """Return the suspect without which the sample agrees best, and how well; None without pairs.

    `axes` are those that the stored poses were taken to have. Single suspects go before two together.
    """
    depth = sample.depth[sample.depth > 0]
    median = float(np.median(depth)) if len(depth) else USUAL_DEPTH_M
    found: list[tuple[Suspect, Agreement]] = []
    for suspects in (_single(sample, axes), _double(sample, axes)):
        found += [(suspect, agreement(sample, suspect.reading)) for suspect in suspects]
        best = max((a.share for _, a in found if a.overlap >= LEAST_OVERLAP), default=0.0)
        if best >= ENOUGH:
            break
    near = [pair for pair in found if pair[1].overlap >= LEAST_OVERLAP and pair[1].share >= best - WORTHWHILE]
    return min(near, key=lambda pair: _strangeness(pair[0], median), default=None)


def _strangeness(suspect: Suspect, median_depth: float) -> tuple[int, float]:
    """Return what orders suspects that agree equally well: fewer faults, then the more usual depths."""
    return len(suspect.codes), abs(float(np.log(median_depth * suspect.depth_factor / USUAL_DEPTH_M)))


def _single(sample: Sample, axes: str) -> Iterator[Suspect]:
    yield from _pose_suspects(sample, axes)
    poses, cameras = sample.poses, sample.intrinsics
    for scale in POSE_SCALES:
        reading = Reading(_scaled(poses, scale), cameras)
        yield Suspect(("translation-scale",), reading, f"translations times {scale:g}", pose_scale=scale)
    for factor in DEPTH_SCALES:
        yield Suspect(
            ("depth-scale",), Reading(poses, cameras, factor), f"depths times {factor:g}", depth_factor=factor
        )
    for words, turned in _cameras(sample):
        yield Suspect(("intrinsics",), Reading(poses, turned), words, camera_words=words)


def _double(sample: Sample, axes: str) -> Iterator[Suspect]:
    """Yield each turned reading of the poses with each scale of translations or depths."""
    for suspect in _pose_suspects(sample, axes):
        for scale in POSE_SCALES:
            reading = Reading(_scaled(suspect.reading.poses, scale), sample.intrinsics)  # inverting and scaling commute
            yield _joined(suspect, reading, "translation-scale", f"translations times {scale:g}", pose_scale=scale)
        for factor in DEPTH_SCALES:
            reading = Reading(suspect.reading.poses, sample.intrinsics, factor)
            yield _joined(suspect, reading, "depth-scale", f"depths times {factor:g}", depth_factor=factor)


def _pose_suspects(sample: Sample, axes: str) -> Iterator[Suspect]:
    """Yield the readings of the stored matrices as something else than camera-to-world with the declared axes."""
    turn, other = CAMERA_AXES[axes], CAMERA_AXES["opencv" if axes == "opengl" else "opengl"]
    stored = sample.poses @ np.linalg.inv(turn)
    inverse = np.asarray(np.linalg.inv(stored), np.float64)
    transposed = stored.copy()
    transposed[:, :3, :3] = stored[:, :3, :3].transpose(0, 2, 1)
    tried: tuple[tuple[tuple[str, ...], Floats, str, bool, bool], ...] = (
        (("poses-inverted",), inverse @ turn, "poses inverted", True, False),
        (("axes-opengl",), stored @ other, "camera axes turned", False, True),
        (("rotation-transposed",), transposed @ turn, "rotations transposed", False, False),
        (("poses-inverted", "axes-opengl"), inverse @ other, "poses inverted and camera axes turned", True, True),
    )
    for codes, poses, words, inverted, axes_turned in tried:
        yield Suspect(codes, Reading(poses, sample.intrinsics), words, inverted, axes_turned)


def _cameras(sample: Sample) -> Iterator[tuple[str, Floats]]:
    """Yield other intrinsics (F, 3, 3): scaled whole, scaled to a centred image, focal lengths swapped or scaled."""
    cameras, width = sample.intrinsics, sample.depth.shape[2]
    centred = (width - 1) / 2 / float(np.median(cameras[:, 0, 2])) if (cameras[:, 0, 2] > 0).all() else 1.0
    for scale in (*CAMERA_SCALES, *([centred] if abs(centred - 1) > 0.2 else [])):
        yield f"intrinsics times {scale:.3g}", np.diag([scale, scale, 1.0]) @ cameras
    for scale in CAMERA_SCALES:
        yield f"focal lengths times {scale:g}", cameras * np.array([[scale, 1, 1], [1, scale, 1], [1, 1, 1]])
    swapped = cameras.copy()
    swapped[:, 0, 0], swapped[:, 1, 1] = cameras[:, 1, 1], cameras[:, 0, 0]
    yield "fx and fy swapped", swapped


def _joined(suspect: Suspect, reading: Reading, code: str, words: str, **scales: Any) -> Suspect:
    return Suspect(
        (*suspect.codes, code), reading, f"{suspect.words}, {words}", suspect.inverted, suspect.axes_turned, **scales
    )


def _scaled(poses: Floats, scale: float) -> Floats:
    scaled = poses.copy()
    scaled[:, :3, 3] *= scale
    return scaled
