"""Open3D's RGB-D odometry and pose graph: how two frames stand to each other, and all frames together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.checks.reprojection import agreement, as_stored
from core3d_search.indexer.checks.sample import stacked
from core3d_search.indexer.frames import Frame
from core3d_search.open3d import load_open3d

Floats = npt.NDArray[np.float64]

FARTHEST_M = 6.0
"""Depth beyond is too coarse in room cameras to align by."""
COARSE_STEPS, FINE_STEPS = (20, 10, 10, 5), (10, 10)
"""Iterations from an eighth of the size (a quarter for the second) up to the whole."""
COARSE_REACH_M, FINE_REACH_M, HUBER_M = 0.1, 0.05, 0.05
"""Differences of depth beyond which two pixels are no pair, first by colour and depth, then by depth alone."""
SAME_PIXEL_M = 0.05
"""Open3D counts pixels within this for the weight of a motion."""
NEIGHBOURS_AGREE, LOOPS_AGREE = 0.6, 0.75
"""Part of the depths that two frames both see which must agree once they are aligned: wrong ones stay below half."""
NEIGHBOURS_OVERLAP, LOOPS_OVERLAP = 0.15, 0.2
"""Part of all depths that must agree."""


@dataclass(frozen=True, eq=False)
class Motion:
    """How frame `second` stands to frame `first`: `first_from_second` (4, 4), its `information` (6, 6) as Open3D's pose
    graph weighs it, and the `share` of the depths seen by both that agree. `loop`: the two are no neighbours."""

    first: int
    second: int
    first_from_second: Floats
    information: Floats
    share: float
    loop: bool = False


class Odometry:
    """Aligns frames of one size; raises MissingDependencyError where Open3D does not load."""

    def __init__(self) -> None:
        with _one_core():
            self._o3d = load_open3d("--estimate-poses")
        self._methods = self._o3d.t.pipelines.odometry

    def between(self, first: Frame, second: Frame, guesses: Sequence[Floats], *, loop: bool = False) -> Motion | None:
        """Return how `second` stands to `first`, from the best of `guesses` (4, 4); None where they do not align."""
        best: tuple[float, Floats] | None = None
        with self._quiet():
            images = self._image(second), self._image(first)
            camera = self._o3d.core.Tensor(first.intrinsics)
            for guess in guesses:
                found = self._aligned(images, camera, guess)
                if found is None:
                    continue
                share, overlap = agreeing(first, second, found)
                enough = (LOOPS_AGREE, LOOPS_OVERLAP) if loop else (NEIGHBOURS_AGREE, NEIGHBOURS_OVERLAP)
                if share >= enough[0] and overlap >= enough[1] and (best is None or share * overlap > best[0]):
                    best = share * overlap, found
            if best is None:
                return None
            information = self._methods.compute_odometry_information_matrix(
                images[0].depth, images[1].depth, camera, self._o3d.core.Tensor(best[1]), SAME_PIXEL_M, 1.0, FARTHEST_M
            ).numpy()
        return Motion(first.index, second.index, best[1], information, agreeing(first, second, best[1])[0], loop)

    def settled(self, poses: Floats, motions: Sequence[Motion]) -> Floats:
        """Return `poses` (N, 4, 4) moved to agree with all `motions`, whose frames are rows of it; the first stays.

        Loops that contradict the rest are left out (the line process of Choi, Zhou and Koltun, Robust Reconstruction
        of Indoor Scenes, 2015, which Open3D implements).
        """
        graphs = self._o3d.pipelines.registration
        graph = graphs.PoseGraph()
        for pose in poses:
            graph.nodes.append(graphs.PoseGraphNode(pose))
        for motion in motions:
            graph.edges.append(
                graphs.PoseGraphEdge(
                    motion.second, motion.first, motion.first_from_second, motion.information, motion.loop
                )
            )
        option = graphs.GlobalOptimizationOption(SAME_PIXEL_M, 0.25, 1.0, 0)
        with self._quiet():
            graphs.global_optimization(
                graph,
                graphs.GlobalOptimizationLevenbergMarquardt(),
                graphs.GlobalOptimizationConvergenceCriteria(),
                option,
            )
        settled = np.stack([node.pose for node in graph.nodes])
        moved: Floats = poses[0] @ np.linalg.inv(settled[0]) @ settled
        return moved

    def _aligned(self, images: tuple[Any, Any], camera: Any, guess: Floats) -> Floats | None:
        """Return target_from_source: by colour and depth from coarse to fine, then by depth; None without overlap.

        Where colour does not lie on depth (a stock Kinect), the last step takes out what the first was led astray.
        """
        method = self._methods.Method
        for kind, steps, reach in (
            (method.Hybrid, COARSE_STEPS, COARSE_REACH_M),
            (method.PointToPlane, FINE_STEPS, FINE_REACH_M),
        ):
            criteria = [self._methods.OdometryConvergenceCriteria(count) for count in steps]
            losses = self._methods.OdometryLossParams(reach, HUBER_M, 0.1)
            start = self._o3d.core.Tensor(np.ascontiguousarray(guess))
            try:
                found = self._methods.rgbd_odometry_multi_scale(
                    *images, camera, start, 1.0, FARTHEST_M, criteria, kind, losses
                )
            except RuntimeError:  # Open3D's word for too few pixels that fit
                return None
            guess = found.transformation.numpy()
            if not np.isfinite(guess).all():
                return None
        return guess

    def _image(self, frame: Frame) -> Any:
        image = self._o3d.t.geometry.Image
        planes = (np.ascontiguousarray(plane) for plane in (frame.rgb, frame.depth))
        return self._o3d.t.geometry.RGBDImage(*(image(self._o3d.core.Tensor(plane)) for plane in planes))

    def _quiet(self) -> Any:
        utility = self._o3d.utility
        return utility.VerbosityContextManager(utility.VerbosityLevel.Error)


def agreeing(first: Frame, second: Frame, first_from_second: Floats) -> tuple[float, float]:
    """Return which part of the depths that both frames see agrees, and which part of all their depths."""
    sample = stacked({0: first, 1: second}, [(0, 1)])
    if len(sample) < 2:
        return 0.0, 0.0
    reading = as_stored(sample)
    poses = np.stack([np.eye(4), first_from_second])
    found = agreement(sample, type(reading)(poses, reading.intrinsics))
    return found.share, found.overlap


@contextmanager
def _one_core() -> Iterator[None]:
    """Let the libraries that are loaded meanwhile see one core.

    On several, Open3D adds up residuals in the order in which they are ready, and no two runs are alike.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
