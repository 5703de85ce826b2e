"""Where a person would hold the camera to scan a room so that everything is seen several times."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core3d_search.synthetic.room import Room

Floats = npt.NDArray[np.float64]
CLEARANCE = 0.3
"""The camera stays this far, in metres, from walls and from furniture that reaches its height."""


CLEAR_PIXELS = 70
"""An object this large in the image counts as seen well."""


def look_at(eye: npt.ArrayLike, target: npt.ArrayLike, roll: float = 0.0) -> Floats:
    """Return world_from_camera (4, 4), OpenCV axes, of a camera at `eye` that looks at `target`, rolled in radians."""
    position = np.asarray(eye, np.float64)
    forward = np.asarray(target, np.float64) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    c, s = np.cos(roll), np.sin(roll)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2] = c * right + s * down, c * down - s * right, forward
    pose[:3, 3] = position
    return pose


def plan_trajectory(
    room: Room,
    occluded: Callable[[npt.ArrayLike, npt.ArrayLike], npt.NDArray[np.bool_]],
    count: int,
    intrinsics: Floats,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> list[Floats]:
    """Return `count` poses in walking order.

    Handheld candidates (1.2 to 1.7 m high, in free space, looking slightly down at the furniture) are drawn; the set
    is chosen greedily so that each next frame adds most to the objects seen least; a short tour orders it.
    """
    eyes = _free_places(room, max(60, 2 * count), rng)
    candidates = [_candidate(room, eye, rng) for eye in eyes for _ in range(6)]
    seen = _visibility(room, np.stack(candidates), occluded, intrinsics, size)
    counts = np.zeros(seen.shape[1])
    left = np.ones(len(candidates), bool)
    chosen: list[int] = []
    for _ in range(count):
        gain = seen @ (0.5**counts) + 0.01 * seen.sum(1)
        if not left.any():
            left[:] = True
        best = int(np.argmax(np.where(left, gain, -1)))
        left[best] = False
        chosen.append(best)
        counts += seen[best]
    return [candidates[k] for k in _tour(np.stack([candidates[k] for k in chosen]), chosen)]


def _free_places(room: Room, count: int, rng: np.random.Generator) -> Floats:
    """Return camera positions (count, 3) clear of walls and of what reaches their height."""
    w, d, _ = room.size
    solids = np.concatenate([item.solids for item in room.objects]) if room.objects else np.zeros((0, 7))
    places: list[Floats] = []
    clearance = CLEARANCE
    while len(places) < count:
        for _ in range(400):
            eye = rng.uniform((clearance, clearance, 1.2), (w - clearance, d - clearance, 1.7))
            offset = eye[:2] - solids[:, :2]
            c, s = np.cos(solids[:, 4]), np.sin(solids[:, 4])
            x, y = c * offset[:, 0] + s * offset[:, 1], c * offset[:, 1] - s * offset[:, 0]
            gap = np.maximum(np.abs(x) - solids[:, 2], np.abs(y) - solids[:, 3])
            level = (solids[:, 5] < eye[2] + clearance) & (solids[:, 6] > eye[2] - 0.5)
            if not (level & (gap < clearance)).any():
                places.append(eye)
                if len(places) == count:
                    break
        clearance *= 0.8  # a crammed room: come closer rather than give up
    return np.stack(places)


def _candidate(room: Room, eye: Floats, rng: np.random.Generator) -> Floats:
    """Return one pose that looks at a drawn object, or across the room."""
    if room.objects and rng.random() < 0.85:
        target = room.objects[int(rng.integers(len(room.objects)))].box.center.copy()
        target += rng.normal(0, 0.25, 3)
    else:
        target = rng.uniform((0, 0, 0.3), (*room.size[:2], 1.2))
    offset = target - eye
    flat = max(float(np.hypot(*offset[:2])), 0.05)
    target[:2] = eye[:2] + offset[:2] / max(float(np.hypot(*offset[:2])), 1e-6) * flat
    pitch = np.clip(np.arctan2(offset[2], flat), np.deg2rad(-50), np.deg2rad(18))
    target[2] = eye[2] + flat * np.tan(pitch)
    return look_at(eye, target, float(rng.normal(0, np.deg2rad(2.0))))


def _visibility(
    room: Room,
    poses: Floats,
    occluded: Callable[[npt.ArrayLike, npt.ArrayLike], npt.NDArray[np.bool_]],
    intrinsics: Floats,
    size: tuple[int, int],
) -> Floats:
    """Return how well each pose sees each object (poses, objects) in [0, 1]: sample points in view and unhidden."""
    if not room.objects:
        return np.zeros((len(poses), 0))
    points = np.stack([_samples(item.vertices) for item in room.objects])
    camera_from_world = np.linalg.inv(poses)
    local = np.einsum("pij,onj->poni", camera_from_world[:, :3, :3], points) + camera_from_world[:, None, None, :3, 3]
    depth = local[..., 2]
    pixel = local[..., :2] / np.maximum(depth, 1e-6)[..., None] * intrinsics[0, 0] + intrinsics[:2, 2]
    inside = (depth > 0.4) & (depth < 4.5) & (pixel > 4).all(-1) & (pixel < np.array(size) - 4).all(-1)
    which = np.argwhere(inside)
    eyes = poses[which[:, 0], :3, 3]
    goals = points[which[:, 1], which[:, 2]]
    toward = goals - eyes
    near = eyes + toward * (1 - 0.03 / np.linalg.norm(toward, axis=1, keepdims=True))
    free = ~occluded(eyes, near)
    seen = np.zeros(inside.shape)
    seen[tuple(which[free].T)] = 1
    # a thing that stays small in the image is hardly seen
    extent = np.array([np.linalg.norm(item.box.extent) for item in room.objects])
    pixels = intrinsics[0, 0] * extent / np.maximum(depth.mean(-1), 0.4)
    weights: Floats = np.clip(seen.mean(-1) * 1.6, 0, 1) * np.clip(pixels / CLEAR_PIXELS, 0.1, 1)
    return weights


def _samples(vertices: npt.NDArray[np.float32]) -> Floats:
    """Return 12 corners spread over a mesh."""
    return np.asarray(vertices[np.linspace(0, len(vertices) - 1, 12).astype(int)], np.float64)


def _tour(poses: Floats, names: list[int]) -> list[int]:
    """Return the names in the order of a short open tour over position and viewing direction."""
    place = np.concatenate([poses[:, :3, 3], 0.8 * poses[:, :3, 2]], 1)
    distance = np.linalg.norm(place[:, None] - place[None], axis=-1)
    order = [0]
    rest = set(range(1, len(names)))
    while rest:
        nearest = min(rest, key=lambda k: (distance[order[-1], k], k))
        order.append(nearest)
        rest.remove(nearest)
    return [names[k] for k in order]
