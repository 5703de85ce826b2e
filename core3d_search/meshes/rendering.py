"""Renders a model by ray casting: its own colours under even light, depth, and which node each pixel shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.meshes.model import Floats, Model, face_normals
from core3d_search.meshes.textures import TextureBank
from core3d_search.rays import ray_scene

BACKGROUND = 0.86
"""The grey of what no ray hits."""
SOLID = 0.5
"""A surface at least this opaque is what depth measures; a thing all of glass is still seen, by its nearest surface."""
LAYERS = 6
"""Surfaces that a ray goes through before what lies behind is left out."""
STEP = 1e-4
"""A ray goes on this far behind a surface, as a share of the way so far and in metres."""
AMBIENT, FRONTAL, SKY = 0.66, 0.26, 0.08
"""Light from everywhere, from the camera and from above: a white thing is 0.66 to 1; edges show, colours stay."""


@dataclass(frozen=True, eq=False)
class Viewpoint:
    """A camera: `world_from_camera` (4, 4) with OpenCV axes, `intrinsics` (3, 3), `width` and `height` in pixels."""

    world_from_camera: npt.NDArray[np.float64]
    intrinsics: npt.NDArray[np.float64]
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class Picture:
    """What a camera sees: `rgb` (H, W, 3) uint8, `depth` (H, W) float32 metres along the optical axis, 0 = nothing;
    `node` (H, W) int32 indexes the model's nodes, -1 = nothing."""

    rgb: npt.NDArray[np.uint8]
    depth: Floats
    node: npt.NDArray[np.int32]


class ModelRenderer:
    """A model made ready to be looked at; both sides of every triangle show."""

    def __init__(self, model: Model) -> None:
        self.model = model
        flat = model.corners.reshape(-1, 3)
        self.rays = ray_scene(flat, np.arange(len(flat)).reshape(-1, 3))
        self._bank = TextureBank(model.materials)
        self._color = np.stack([material.color for material in model.materials])
        self._cutoff = np.array([material.cutoff for material in model.materials], np.float32)
        _, areas = face_normals(model.corners)
        self._density = self._bank.density(model.material, model.uvs, areas)

    def picture(self, view: Viewpoint) -> Picture:
        """Return what a camera at `view` sees."""
        directions = view_rays(view).reshape(-1, 3)
        eye = view.world_from_camera[:3, 3].astype(np.float32)
        count = len(directions)
        color, left = np.zeros((count, 3), np.float32), np.ones(count, np.float32)
        depth, node = np.zeros(count, np.float32), np.full(count, -1, np.int32)
        solid = np.zeros(count, bool)
        live, travelled = np.arange(count), np.zeros(count, np.float32)
        for _ in range(LAYERS):
            along = directions[live]
            found = self.rays.intersect(eye + travelled[live, None] * along, along)
            hit = found.triangle >= 0
            live, along, triangle = live[hit], along[hit], found.triangle[hit]
            if not len(live):
                break
            distance = travelled[live] + found.distance[hit]
            shown = self._lit(triangle, found.barycentric[hit], along, distance / view.intrinsics[0, 0])
            color[live] += (left[live] * shown[:, 3])[:, None] * shown[:, :3]
            left[live] *= 1 - shown[:, 3]
            nearest = (shown[:, 3] > 0) & ~solid[live] & ((node[live] < 0) | (shown[:, 3] >= SOLID))
            depth[live[nearest]], node[live[nearest]] = distance[nearest], self.model.node[triangle[nearest]]
            solid[live] |= shown[:, 3] >= SOLID
            travelled[live] = distance * np.float32(1 + STEP) + np.float32(STEP)
            live = live[left[live] > 0.02]
            if not len(live):
                break
        color += left[:, None] * np.float32(BACKGROUND)
        shape = view.height, view.width
        rgb = np.round(np.clip(color, 0, 1) * 255).astype(np.uint8)
        return Picture(rgb.reshape(*shape, 3), depth.reshape(shape), node.reshape(shape))

    def color_at(
        self, triangle: npt.NDArray[np.int32], barycentric: Floats, metres_a_pixel: npt.ArrayLike = 0.0
    ) -> Floats:
        """Return the surface's own colour and opacity (N, 4) in [0, 1], without light, at points of triangles.

        `barycentric` (N, 2) are the weights of corners 1 and 2; textures are blurred to `metres_a_pixel`.
        """
        model = self.model
        u, v = barycentric[:, :1], barycentric[:, 1:]
        material = model.material[triangle]
        color = self._color[material] * _mix(model.tints[triangle], u, v)
        textured = np.flatnonzero(self._bank.textured[material])
        if len(textured):
            own = triangle[textured]
            uv = _mix(model.uvs[own], u[textured], v[textured])
            blur = np.broadcast_to(np.asarray(metres_a_pixel, np.float32), len(triangle))[textured]
            color[textured] *= self._bank.read(material[textured], uv, self._density[own] * blur)
        cutoff = self._cutoff[material]
        color[:, 3] = np.where(cutoff > 0, color[:, 3] >= cutoff, color[:, 3])
        return color

    def _lit(
        self, triangle: npt.NDArray[np.int32], barycentric: Floats, direction: Floats, metres_a_pixel: Floats
    ) -> Floats:
        """Return colour under light and opacity, (N, 4) in [0, 1]."""
        color = self.color_at(triangle, barycentric, metres_a_pixel)
        normal = _mix(self.model.normals[triangle], barycentric[:, :1], barycentric[:, 1:])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        facing = (normal * direction).sum(1) / np.linalg.norm(direction, axis=1)
        upward = -np.sign(facing) * (normal @ self.model.up.astype(np.float32))
        color[:, :3] *= (AMBIENT + FRONTAL * np.abs(facing) + SKY * (0.5 + 0.5 * upward))[:, None]
        return color


def view_rays(view: Viewpoint) -> Floats:
    """Return the world direction of each pixel's ray, (H, W, 3), one metre long along the optical axis."""
    x = (np.arange(view.width) - view.intrinsics[0, 2]) / view.intrinsics[0, 0]
    y = (np.arange(view.height) - view.intrinsics[1, 2]) / view.intrinsics[1, 1]
    local = np.stack([*np.meshgrid(x, y), np.ones((view.height, view.width))], -1)
    return (local @ view.world_from_camera[:3, :3].T).astype(np.float32)


def _mix(values: Floats, u: Floats, v: Floats) -> Floats:
    """Return values at the corners (N, 3, C), mixed by the weights of corners 1 and 2 (N, 1) each: (N, C)."""
    mixed: Floats = values[:, 0] + u * (values[:, 1] - values[:, 0]) + v * (values[:, 2] - values[:, 0])
    return mixed
