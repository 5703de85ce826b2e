"""Places that two frames have in common, by what they look like: a first guess where nothing else gives one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.frames import Frame
from core3d_search.indexer.surfaces import back_project

Floats = npt.NDArray[np.float64]

MOST = 300
"""Keypoints of a frame."""
RATIO = 0.85
"""A match is taken where the next best is so much worse (Lowe's test)."""
TRIES, REACH_M, REACH_SHARE = 400, 0.04, 0.015
"""Triples of matches that are tried, and how far apart two points may lie that are one: noise grows with depth."""
LEAST_MATCHES = 12


@dataclass(frozen=True, eq=False)
class Keypoints:
    """K places of a frame with depth: `points` (K, 3) in camera coordinates, binary `descriptors` (K, 256)."""

    points: Floats
    descriptors: npt.NDArray[np.bool_]


def keypoints_of(frame: Frame) -> Keypoints:
    """Return ORB keypoints (Rublee et al. 2011) of a frame, those that have a depth."""
    from skimage.feature import ORB

    grey = frame.rgb.astype(np.float64) @ (0.299 / 255, 0.587 / 255, 0.114 / 255)
    detector = ORB(n_keypoints=MOST, fast_threshold=0.04)
    try:
        detector.detect_and_extract(grey)
    except (RuntimeError, ValueError, IndexError):  # nothing to be seen: a blank wall
        return Keypoints(np.zeros((0, 3)), np.zeros((0, 256), bool))
    rows, columns = np.round(detector.keypoints).astype(int).T
    rows, columns = rows.clip(0, frame.depth.shape[0] - 1), columns.clip(0, frame.depth.shape[1] - 1)
    points = back_project(frame.depth, frame.intrinsics)[rows, columns].astype(np.float64)
    deep = frame.depth[rows, columns] > 0
    return Keypoints(points[deep], np.asarray(detector.descriptors, bool)[deep])


def guessed_motion(first: Keypoints, second: Keypoints) -> Floats | None:
    """Return first_from_second (4, 4) that brings most matches together, None where too few agree; deterministic."""
    from skimage.feature import match_descriptors

    if min(len(first.points), len(second.points)) < LEAST_MATCHES:
        return None
    matches = match_descriptors(first.descriptors, second.descriptors, metric="hamming", max_ratio=RATIO)
    if len(matches) < LEAST_MATCHES:
        return None
    target, source = first.points[matches[:, 0]], second.points[matches[:, 1]]
    reach = REACH_M + REACH_SHARE * target[:, 2]
    rng = np.random.default_rng(len(matches))
    triples = np.stack([rng.choice(len(matches), 3, replace=False) for _ in range(TRIES)])
    rotations, shifts = rigid_fits(source[triples], target[triples])
    moved = source @ rotations.transpose(0, 2, 1) + shifts[:, None]
    close = np.linalg.norm(moved - target, axis=-1) < reach
    best = close[int(close.sum(1).argmax())]
    if best.sum() < LEAST_MATCHES:
        return None
    rotation, shift = rigid_fits(source[best][None], target[best][None])
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = rotation[0], shift[0]
    return motion


def rigid_fits(source: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Return rotations (B, 3, 3) and shifts (B, 3) that bring `source` (B, P, 3) onto `target`, by least squares.

    Kabsch 1976, with the sign of Umeyama 1991 that rules out mirrors.
    """
    from_middle, to_middle = source.mean(1, keepdims=True), target.mean(1, keepdims=True)
    left, _, right = np.linalg.svd((source - from_middle).transpose(0, 2, 1) @ (target - to_middle))
    sign = np.sign(np.linalg.det(left @ right))
    right[:, 2] *= sign[:, None]
    rotations = (left @ right).transpose(0, 2, 1)
    shifts = to_middle[:, 0] - np.einsum("bij,bj->bi", rotations, from_middle[:, 0])
    return rotations, shifts
