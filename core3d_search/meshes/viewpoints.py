"""Where cameras are put so that every surface of a model is seen: inside rooms, around single things."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from core3d_search.meshes.model import Model
from core3d_search.meshes.rendering import Viewpoint
from core3d_search.meshes.sampling import Samples, sample_surface
from core3d_search.rays import RayScene

Doubles = npt.NDArray[np.float64]
THING_PX, THING_FOV, THING_VIEWS = 256, np.deg2rad(38), 8
ROOM_PX, ROOM_FOV, ROOM_VIEWS = (480, 360), np.deg2rad(66), 40
"""60 views of 640x480 gave more on the four rooms that they were chosen on (recall 0.88 for 0.78) and nothing on ten
others (0.81 for 0.82), in twice the time."""
ROOM_SIDE_M, ROOM_HEIGHT_M = 2.0, 1.5
"""What is smaller is no room: two sides and the height."""
EYE_M, STOREY_M, CLEARANCE_M = 1.5, 2.8, 0.3
"""A camera in a room: above the floor, to the next floor, and free space around it."""
MIN_COSINE = 0.12
"""A surface seen at a flatter angle counts as not seen."""


def eyes_inside(model: Model, rays: RayScene) -> Doubles:
    """Return places inside a room where a person could hold a camera, (E, 3); none where the model is no room.

    Such a place has a floor below it, free space about it, and walls in most horizontal directions, most of them some
    way off.
    """
    upright = upright_from_model(model.up)
    low, high = _bounds(model, upright)
    width, depth, height = high - low
    if min(width, depth) < ROOM_SIDE_M or height < ROOM_HEIGHT_M:
        return np.zeros((0, 3))
    step = max(0.45, float(np.sqrt(width * depth / 250)))
    places = np.meshgrid(*(_spread(low[axis], high[axis], step) for axis in (0, 1)), indexing="ij")
    storeys = low[2] + min(EYE_M, 0.6 * height) + STOREY_M * np.arange(max(1, int((height - 0.6) / STOREY_M)))
    grid = np.stack([np.broadcast_to(part, (len(storeys), *places[0].shape)) for part in places], -1)
    heights = np.broadcast_to(storeys[:, None, None], grid.shape[:3])
    eyes = np.concatenate([grid, heights[..., None]], -1).reshape(-1, 3) @ upright
    level, down = _directions_about(16, 0.0) @ upright, _directions_about(8, -0.9) @ upright
    sideways = rays.intersect(eyes[:, None], level).distance
    below = rays.intersect(eyes[:, None], down).distance
    upwards = rays.intersect(eyes[:, None], -down).distance
    free = np.minimum(sideways.min(1), np.minimum(below.min(1), upwards.min(1))) > CLEARANCE_M
    walled = np.isfinite(sideways).mean(1) >= 0.7
    floored = np.isfinite(below).mean(1) >= 0.7
    roomy = np.median(sideways, axis=1) > 0.7
    return eyes[free & walled & floored & roomy]


def upright_from_model(up: npt.ArrayLike) -> Doubles:
    """Return the rotation (3, 3) that turns `up` (3,) to z; row vectors turn back by `@` it."""
    z = np.asarray(up, np.float64)
    x = np.eye(3)[np.argmin(np.abs(z))] if abs(z[2]) < 0.9 else np.array((1.0, 0.0, 0.0))
    x = x - (x @ z) * z
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z])


def look_at(eye: npt.ArrayLike, target: npt.ArrayLike, up: npt.ArrayLike) -> Doubles:
    """Return world_from_camera (4, 4), OpenCV axes, of a camera at `eye` that looks at `target`, upright to `up`."""
    position, direction = np.asarray(eye, np.float64), np.asarray(target, np.float64) - np.asarray(eye, np.float64)
    forward = direction / np.linalg.norm(direction)
    right = np.cross(forward, np.asarray(up, np.float64))
    if np.linalg.norm(right) < 1e-6:  # straight up or down: any side will do
        right = upright_from_model(forward)[0]
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = right, np.cross(forward, right), forward, position
    return pose


def pinhole(width: int, height: int, horizontal_fov: float) -> Doubles:
    """Return intrinsics (3, 3) with square pixels; pixel (u, v) is centred at u, v."""
    focal = width / 2 / np.tan(horizontal_fov / 2)
    return np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])


def viewpoints_around(model: Model, rays: RayScene, count: int = THING_VIEWS) -> list[Viewpoint]:
    """Return `count` cameras around a thing, as near as shows all of it; a person's angle counts most.

    Candidates are compared by which of many points of the surface they see; each next camera adds most to what has
    been seen least (greedy set cover). Deterministic.
    """
    samples = sample_surface(model, 600)
    upright = upright_from_model(model.up)
    corners = model.corners.reshape(-1, 3)
    outline = np.concatenate([corners[:: -(-len(corners) // 4000)], _corners_of(model)]).astype(np.float64)
    low, high = _bounds(model, upright)
    middle = (low + high) / 2 @ upright
    poses, worth = [], []
    for elevation, value in ((25, 1.0), (8, 0.9), (55, 0.7), (-25, 0.5)):
        for direction in _directions_about(12, np.tan(np.deg2rad(elevation)), np.deg2rad(30)) @ upright:
            poses.append(_fitted(middle, direction / np.linalg.norm(direction), outline, model.up))
            worth.append(value)
    eyes = np.stack([pose[:3, 3] for pose in poses])
    seen = _seen(eyes, samples, rays)
    best = _cover(seen * np.array(worth)[:, None], count)
    intrinsics = pinhole(THING_PX, THING_PX, float(THING_FOV))
    return [Viewpoint(poses[number], intrinsics, THING_PX, THING_PX) for number in best]


def _fitted(middle: Doubles, direction: Doubles, outline: Doubles, up: Doubles) -> Doubles:
    """Return the pose of a camera that looks at `middle` from `direction`, as near as keeps `outline` in 88 % of it."""
    pose = look_at(middle + direction, middle, up)
    local = (outline - middle) @ pose[:3, :3]
    limit = 0.88 * np.tan(float(THING_FOV) / 2)
    distance = float((np.abs(local[:, :2]).max(1) / limit - local[:, 2]).max())
    pose[:3, 3] = middle + direction * max(distance, 1e-3)
    return pose


def viewpoints_inside(model: Model, rays: RayScene, eyes: npt.ArrayLike) -> list[Viewpoint]:
    """Return cameras at some of `eyes` (E, 3), chosen as those around a thing are, ordered as one would walk."""
    eyes = np.asarray(eyes, np.float64)
    samples = _samples_by_node(model)
    upright = upright_from_model(model.up)
    chosen = eyes[:: -(-len(eyes) // 90)]
    seen = _seen(chosen, samples, rays)
    width, height = ROOM_PX
    intrinsics = pinhole(width, height, float(ROOM_FOV))
    poses, shown = [], []
    for eye, visible in zip(chosen, seen, strict=True):
        for pitch in (-0.15, -0.5):
            for direction in _directions_about(10, pitch) @ upright:
                pose = look_at(eye, eye + direction, model.up)
                local = (samples.points - eye) @ pose[:3, :3]
                with np.errstate(divide="ignore", invalid="ignore"):
                    pixel = local[:, :2] / local[:, 2:] * intrinsics[0, 0]
                inside = (local[:, 2] > 0.25) & (np.abs(pixel) < 0.92 * np.array(ROOM_PX) / 2).all(1)
                poses.append(pose)
                shown.append(visible * inside * np.clip(3 / np.maximum(local[:, 2], 0.3), 0.2, 1))
    best = _cover(np.stack(shown), ROOM_VIEWS)
    order = _tour(np.stack([np.append(poses[k][:3, 3], 0.7 * poses[k][:3, 2]) for k in best]))
    return [Viewpoint(poses[best[k]], intrinsics, width, height) for k in order]


def _samples_by_node(model: Model) -> Samples:
    """Return points of the surface, more to the area for small nodes, so that a mug counts beside a wall."""
    parts = []
    order = np.argsort(model.node, kind="stable")
    bounds = np.searchsorted(model.node[order], np.arange(len(model.nodes) + 1))
    for first, last in pairwise(bounds):
        if last > first:
            own = np.sort(order[first:last])
            span = float(np.ptp(model.corners[own].reshape(-1, 3), axis=0).max())
            parts.append(sample_surface(model, int(np.clip(40 * span, 12, 1500 / np.sqrt(len(model.nodes)))), own))
    return Samples(
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.triangle for part in parts]),
        np.concatenate([part.barycentric for part in parts]),
    )


def _seen(eyes: Doubles, samples: Samples, rays: RayScene) -> Doubles:
    """Return (E, N) 1 where an eye sees a point and not too flat, else 0."""
    toward = samples.points - eyes[:, None].astype(np.float32)
    distance = np.maximum(np.linalg.norm(toward, axis=-1), 1e-9)
    flat = np.abs((toward * samples.normals).sum(-1)) / distance
    return (~rays.occluded(eyes[:, None], toward, 0.995) & (flat > MIN_COSINE)).astype(np.float64)


def _cover(seen: Doubles, count: int) -> list[int]:
    """Return at most `count` rows of `seen` (C, N), each adding most to the points that were seen least."""
    chosen: list[int] = []
    weight = np.ones(seen.shape[1])
    for _ in range(min(count, len(seen))):
        gain = seen @ weight
        gain[chosen] = -1
        best = int(np.argmax(gain))
        chosen.append(best)
        weight *= 1 - 0.5 * np.minimum(seen[best], 1)
    return chosen


def _tour(places: Doubles) -> list[int]:
    """Return the order that always goes on to the nearest place that is left."""
    left, order = set(range(1, len(places))), [0]
    while left:
        here = places[order[-1]]
        order.append(min(left, key=lambda number: (float(((places[number] - here) ** 2).sum()), number)))
        left.remove(order[-1])
    return order


def _directions_about(count: int, slope: float, first: float = 0.0) -> Doubles:
    """Return `count` directions (count, 3) evenly about z, rising by `slope`."""
    angle = first + 2 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angle), np.sin(angle), np.full(count, slope)], -1)


def _spread(low: float, high: float, step: float) -> Doubles:
    """Return the middles of equal parts of about `step` from `low` to `high`."""
    count = max(1, round((high - low) / step))
    return low + (np.arange(count) + 0.5) * (high - low) / count


def _bounds(model: Model, upright: Doubles) -> tuple[Doubles, Doubles]:
    """Return the lowest and highest coordinates (3,) in upright axes."""
    flat = model.corners.reshape(-1, 3) @ upright.T
    return flat.min(0), flat.max(0)


def _corners_of(model: Model) -> Doubles:
    """Return points at the extremes of the model along 26 directions, (26, 3): thinning must not lose them."""
    flat = model.corners.reshape(-1, 3)
    ways = np.stack(np.meshgrid(*[(-1, 0, 1)] * 3), -1).reshape(-1, 3)
    ways = ways[np.abs(ways).any(1)]
    return flat[np.argmax(flat @ ways.T.astype(np.float32), axis=0)].astype(np.float64)
