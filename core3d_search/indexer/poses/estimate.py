"""Poses from images: neighbours aligned, places seen again closed into loops, all settled. `estimate_poses` is the
table of contents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.poses.keypoints import Keypoints, guessed_motion, keypoints_of
from core3d_search.indexer.poses.odometry import Motion, Odometry

Floats = npt.NDArray[np.float64]

LONGEST_SIDE_PX = 320
"""Frames are aligned in this size."""
BACK = (1, 2, 4)
"""Each frame is aligned to the one before, and to others that few frames lie between."""
MOST_KEYFRAMES = 120
"""Frames among which places are looked for that were seen before; they are kept in memory, half a megabyte each."""
LOOP_GAP = 8
"""Frames that must lie between for two to be a loop."""
NEAR_M, NEAR_DEGREES = 1.0, 40.0
"""Two keyframes that are this far apart by what is known so far may see the same place."""
NEAREST, ALIKE = 6, 3
"""Candidates for a loop of each keyframe: by place, and by what the picture is like at a glance."""
MOST_LOOPS = 4
"""Loops of one keyframe: more say nothing new."""
LEAST_PATH_M = 0.5
"""Path between the ends of a loop for a drift to be told as a share of it."""


@dataclass(frozen=True)
class Drift:
    """How far odometry alone had gone astray where a place was seen again, the median over `loops`.

    `share` of the path between, None where all paths are too short to say; `metres`, `degrees`; and what is `left` of
    both once all is settled.
    """

    loops: int
    share: float | None
    metres: float
    degrees: float
    left_metres: float
    left_degrees: float


@dataclass(frozen=True, eq=False)
class EstimatedPoses:
    """`poses` (N, 4, 4) world_from_camera, metres, OpenCV axes, the world being the first camera; NaN where lost.

    `path_m` is the length of the camera's path; `drift` None where no place was seen twice.
    """

    poses: Floats
    path_m: float
    drift: Drift | None

    def told(self) -> str:
        """Return a sentence for people: how many frames, how far, and how much it drifts."""
        known = int(np.isfinite(self.poses[:, 0, 0]).sum())
        begin = f"poses estimated from the images for {known} of {len(self.poses)} frames, {self.path_m:.1f} m of path"
        if self.drift is None:
            return f"{begin}; no place was seen again, so that drift cannot be told (1 to 5 % of the path is usual)"
        share = "" if self.drift.share is None else f", {self.drift.share:.1%} of the path between"
        return (
            f"{begin}; at {self.drift.loops} loops odometry had drifted by {self.drift.metres:.2f} m{share}, and "
            f"{self.drift.degrees:.1f} degrees; {self.drift.left_metres:.3f} m and {self.drift.left_degrees:.1f} "
            "degrees are left (medians)"
        )


def estimate_poses(
    read: Callable[[int], Frame], count: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> EstimatedPoses:
    """Return the poses of `count` frames, each given by `read`, whose own poses are not looked at.

    A frame that cannot be read, or aligned with any other, has no pose. `progress` hears how many of all steps are
    done. Raises InputError where no two frames align, MissingDependencyError without Open3D.
    """
    odometry = Odometry()
    every = -(-count // MOST_KEYFRAMES)
    chain, motions, keyframes = _neighbours(odometry, read, count, every, lambda done: progress(done, 2 * count))
    rows = _largest_part(chain, motions)
    if len(rows) < 2:
        raise InputError("no two frames that follow each other show the same place: poses cannot be estimated")
    settled = _settled(odometry, chain, motions, rows)
    loops = _loops(odometry, settled, keyframes, rows, lambda part: progress(count + int(part * count), 2 * count))
    if loops:
        settled = _settled(odometry, settled, motions + loops, rows)
    progress(2 * count, 2 * count)
    path = np.linalg.norm(np.diff(settled[rows][:, :3, 3], axis=0), axis=1)
    return EstimatedPoses(settled, float(path.sum()), _drift(chain, settled, loops))


def _neighbours(
    odometry: Odometry,
    read: Callable[[int], Frame],
    count: int,
    every: int,
    progress: Callable[[int], None],
) -> tuple[Floats, list[Motion], dict[int, Frame]]:
    """Return the chain of poses by odometry alone (N, 4, 4), all motions between neighbours, and the keyframes.

    Where a frame aligns with none of those before, another chain begins, at the identity.
    """
    chain = np.full((count, 4, 4), np.nan)
    motions: list[Motion] = []
    keyframes: dict[int, Frame] = {}
    window: list[Frame] = []
    step = np.eye(4)
    for position in range(count):
        progress(position)
        try:
            frame = read(position).fitted(LONGEST_SIDE_PX)
        except InputError:
            continue  # told where it is read as a frame of the scene
        if window and frame.depth.shape != window[-1].depth.shape:
            continue
        found = _to_earlier(odometry, chain, window, frame, step)
        if found:
            chain[position] = chain[found[0].first] @ found[0].first_from_second
            step = found[0].first_from_second if found[0].first == window[-1].index else np.eye(4)
        else:
            chain[position], step = np.eye(4), np.eye(4)
        motions += found
        window = [*window, frame][-max(BACK) :]
        if position % every == 0:
            keyframes[position] = frame
    return chain, motions, keyframes


def _to_earlier(odometry: Odometry, chain: Floats, window: Sequence[Frame], frame: Frame, step: Floats) -> list[Motion]:
    """Return how `frame` stands to some of the frames before it, the nearest of them first."""
    found: list[Motion] = []
    for back in BACK:
        if back > len(window):
            break
        earlier = window[-back]
        if found:  # where it is by the first
            reached = chain[found[0].first] @ found[0].first_from_second
            guesses = [np.linalg.inv(chain[earlier.index]) @ reached]
        else:
            guesses = [np.eye(4), step]
        motion = odometry.between(earlier, frame, guesses)
        if motion is None and not found:
            guess = guessed_motion(keypoints_of(earlier), keypoints_of(frame))
            motion = None if guess is None else odometry.between(earlier, frame, [guess])
        if motion is not None:
            found.append(motion)
    return found


def _largest_part(chain: Floats, motions: Sequence[Motion]) -> npt.NDArray[np.int64]:
    """Return the rows of the largest set of frames that motions connect, in order."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ends = np.array([(motion.first, motion.second) for motion in motions], np.int64).reshape(-1, 2)
    size = len(chain)
    _, parts = connected_components(coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (size, size)), False)
    return np.flatnonzero(parts == np.bincount(parts).argmax())


def _settled(odometry: Odometry, poses: Floats, motions: Sequence[Motion], rows: npt.NDArray[np.int64]) -> Floats:
    """Return poses (N, 4, 4) that agree with all motions among `rows`, NaN elsewhere."""
    place = {int(row): number for number, row in enumerate(rows)}
    inner = [
        Motion(place[m.first], place[m.second], m.first_from_second, m.information, m.share, m.loop)
        for m in motions
        if m.first in place and m.second in place
    ]
    settled = np.full_like(poses, np.nan)
    settled[rows] = odometry.settled(np.linalg.inv(poses[rows[0]]) @ poses[rows], inner)
    return settled


def _loops(
    odometry: Odometry,
    poses: Floats,
    keyframes: dict[int, Frame],
    rows: npt.NDArray[np.int64],
    progress: Callable[[float], None],
) -> list[Motion]:
    """Return motions between keyframes that are no neighbours and see the same place."""
    known = sorted(set(keyframes) & set(rows.tolist()))
    looks: dict[int, Keypoints] = {}

    def look(position: int) -> Keypoints:
        if position not in looks:
            looks[position] = keypoints_of(keyframes[position])
        return looks[position]

    closed: dict[int, int] = dict.fromkeys(known, 0)
    loops: list[Motion] = []
    pairs = _candidates(poses, keyframes, known)
    for done, (first, second) in enumerate(pairs):
        progress(done / len(pairs))
        if max(closed[first], closed[second]) >= MOST_LOOPS:
            continue
        guess = guessed_motion(look(first), look(second))
        guesses = [np.linalg.inv(poses[first]) @ poses[second], *([] if guess is None else [guess])]
        motion = odometry.between(keyframes[first], keyframes[second], guesses, loop=True)
        if motion is not None:
            loops.append(motion)
            closed[first] += 1
            closed[second] += 1
    return loops


def _candidates(poses: Floats, keyframes: dict[int, Frame], known: Sequence[int]) -> list[tuple[int, int]]:
    """Return pairs of keyframes that may see the same place, the likeliest first."""
    if len(known) < 2:
        return []
    placed = poses[list(known)]
    metres = np.linalg.norm(placed[:, None, :3, 3] - placed[:, :3, 3], axis=-1)
    degrees = np.degrees(np.arccos(np.clip(placed[:, :3, 2] @ placed[:, :3, 2].T, -1, 1)))
    apart = metres / NEAR_M + degrees / NEAR_DEGREES
    glances = np.stack([_glance(keyframes[position]) for position in known])
    unlike = 1 - glances @ glances.T
    too_near = np.abs(np.subtract.outer(known, known)) <= LOOP_GAP
    pairs: dict[tuple[int, int], float] = {}
    for order, most, reach in ((apart, NEAREST, 2.0), (unlike, ALIKE, np.inf)):
        values = np.where(too_near, np.inf, order)
        for row in range(len(known)):
            for column in np.argsort(values[row], kind="stable")[:most].tolist():
                if values[row, column] < reach:
                    pair = min(known[row], known[column]), max(known[row], known[column])
                    pairs.setdefault(pair, float(apart[row, column]))
    return sorted(pairs, key=lambda pair: (pairs[pair], pair))


def _glance(frame: Frame) -> Floats:
    """Return what a frame is like at a glance: its brightness and depth in 16x12 parts, a unit vector."""
    small = frame.fitted(16)
    planes = [small.rgb.mean(axis=2).ravel(), np.minimum(small.depth, 5.0).ravel()]
    unit = [(plane - plane.mean()) / (np.linalg.norm(plane - plane.mean()) + 1e-9) for plane in planes]
    joined: Floats = np.concatenate(unit) / np.sqrt(2)
    return joined.astype(np.float64)


def _drift(chain: Floats, settled: Floats, loops: Sequence[Motion]) -> Drift | None:
    """Return how far the `chain` of odometry is off at `loops`, and the poses that are `settled`."""
    if not loops:
        return None
    before = np.array([_off(chain, loop) for loop in loops])
    after = np.array([_off(settled, loop) for loop in loops])
    steps = np.linalg.norm(np.diff(settled[:, :3, 3], axis=0), axis=1)
    walked = np.concatenate([[0.0], np.cumsum(np.nan_to_num(steps))])
    paths = np.array([walked[loop.second] - walked[loop.first] for loop in loops])
    far = paths >= LEAST_PATH_M
    share = float(np.median(before[far, 0] / paths[far])) if far.any() else None
    return Drift(len(loops), share, *np.median(before, axis=0).tolist(), *np.median(after, axis=0).tolist())


def _off(poses: Floats, loop: Motion) -> tuple[float, float]:
    """Return by how many metres and degrees poses differ from what a loop says."""
    return apart(np.linalg.inv(poses[loop.first]) @ poses[loop.second], loop.first_from_second)


def apart(one: Floats, other: Floats) -> tuple[float, float]:
    """Return the metres and degrees between two motions (4, 4)."""
    between = np.linalg.inv(one) @ other
    cosine = np.clip((np.trace(between[:3, :3]) - 1) / 2, -1, 1)
    return float(np.linalg.norm(between[:3, 3])), float(np.degrees(np.arccos(cosine)))
