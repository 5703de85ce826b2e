"""Ray casts scenes of loaded models with Embree: texture, one shadowing light, ambient light, highlights, glass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.synthetic import textures

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Patch:
    """Triangles of one thing in one material, in world coordinates.

    `corners`, `normals` (T, 3, 3); `uvs` (T, 3, 2), in metres for a `pattern`, in [0, 1] for a `texture`; `color` and
    `second` linear RGB, which the pattern mixes; `instance` 0 is the room itself.
    """

    instance: int
    corners: Floats
    normals: Floats
    uvs: Floats
    color: Floats
    second: Floats
    pattern: str = "plain"
    tile: float = 0.5
    texture: npt.NDArray[np.uint8] | None = None
    gloss: float = 0.0
    clear: bool = False
    glow: float = 0.0


@dataclass(frozen=True)
class Lamp:
    """A light at `at` (3,) of linear RGB `power`."""

    at: Floats
    power: Floats


class Scene:
    """Patches made ready for ray casting."""

    def __init__(self, patches: Sequence[Patch], lamps: Sequence[Lamp], ambient: float, sky: Floats) -> None:
        from embreex import rtcore_scene
        from embreex.mesh_construction import TriangleMesh

        self._lamps, self._ambient, self._sky = lamps, ambient, sky
        corners = np.concatenate([patch.corners for patch in patches]).astype(np.float32)
        self._embree: Any = rtcore_scene.EmbreeScene()
        self._mesh = TriangleMesh(self._embree, corners)
        edges = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        flat = np.cross(*edges)
        self._flat = flat / (np.linalg.norm(flat, axis=1, keepdims=True) + 1e-12)
        self._normals = np.concatenate([patch.normals for patch in patches]).astype(np.float32)
        self._uvs = np.concatenate([patch.uvs for patch in patches]).astype(np.float32)
        counts = [len(patch.corners) for patch in patches]
        self._patch = np.repeat(np.arange(len(patches)), counts)
        self._patches = patches
        self._instance = np.array([patch.instance for patch in patches], np.uint8)
        self._color = np.array([patch.color for patch in patches], np.float32)
        self._second = np.array([patch.second for patch in patches], np.float32)
        self._pattern = np.array([textures.INDEX[patch.pattern] for patch in patches])
        self._tile = np.array([patch.tile for patch in patches], np.float32)
        self._gloss = np.array([patch.gloss for patch in patches], np.float32)
        self._glow = np.array([patch.glow for patch in patches], np.float32)
        self._clear = np.array([patch.clear for patch in patches])
        self._textured = np.array([patch.texture is not None for patch in patches])

    def render(self, origin: Floats, directions: Floats, bounces: int = 2) -> tuple[Floats, npt.NDArray[np.uint8]]:
        """Return radiance (N, 3) and instance (N,) along rays from `origin` (3,) or (N, 3) in `directions` (N, 3)."""
        count = len(directions)
        origins = np.ascontiguousarray(np.broadcast_to(origin, (count, 3)), np.float32)
        found = self._embree.run(origins, directions, output=1)
        radiance = np.tile(self._sky, (count, 1)).astype(np.float32)
        instance = np.zeros(count, np.uint8)
        hit = np.flatnonzero(found["primID"] >= 0)
        if not len(hit):
            return radiance, instance
        triangle = found["primID"][hit]
        patch = self._patch[triangle]
        instance[hit] = self._instance[patch]
        u, v = found["u"][hit][:, None], found["v"][hit][:, None]
        view = directions[hit] / np.linalg.norm(directions[hit], axis=1, keepdims=True)
        point = origins[hit] + found["tfar"][hit][:, None] * directions[hit]
        flat = self._flat[triangle]
        flat = flat * np.where((flat * view).sum(1, keepdims=True) > 0, -1, 1).astype(np.float32)
        corner = self._normals[triangle]
        normal = (1 - u - v) * corner[:, 0] + u * corner[:, 1] + v * corner[:, 2]
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        wrong = (normal * flat).sum(1, keepdims=True)
        normal = np.where(np.abs(wrong) < 0.2, flat, normal * np.sign(wrong)).astype(np.float32)
        place = self._uvs[triangle]
        uv = (1 - u - v) * place[:, 0] + u * place[:, 1] + v * place[:, 2]
        albedo = self._albedo(patch, uv)
        shaded = self._light(point, flat, normal, view, albedo, self._gloss[patch])
        shaded += self._glow[patch][:, None] * albedo
        clear = np.flatnonzero(self._clear[patch])
        if bounces and len(clear):
            behind, _ = self.render(point[clear] + 1e-3 * view[clear], view[clear], bounces - 1)
            graze = (1 - np.abs((view[clear] * normal[clear]).sum(1, keepdims=True))) ** 3
            shaded[clear] = (0.2 + 0.6 * graze) * shaded[clear] + (0.8 - 0.6 * graze) * behind
        radiance[hit] = shaded
        return radiance, instance

    def _albedo(self, patch: npt.NDArray[np.intp], uv: Floats) -> Floats:
        bank = textures.bank()[0]
        size = textures.SIZE
        texel = np.floor(uv / self._tile[patch][:, None] * size).astype(np.int64) & (size - 1)
        mix = bank[self._pattern[patch], texel[:, 1], texel[:, 0]][:, None]
        albedo: Floats = self._color[patch] + (self._second[patch] - self._color[patch]) * mix
        for index in np.unique(patch[self._textured[patch]]):
            rows = np.flatnonzero(patch == index)
            image = self._patches[index].texture
            assert image is not None
            height, width = image.shape[:2]
            column = (np.floor(uv[rows, 0] * width).astype(np.int64)) % width
            row = (np.floor((1 - uv[rows, 1]) * height).astype(np.int64)) % height
            albedo[rows] = (image[row, column].astype(np.float32) / 255) ** 2.2
        return albedo

    def _light(
        self, point: Floats, flat: Floats, normal: Floats, view: Floats, albedo: Floats, gloss: Floats
    ) -> Floats:
        up = normal[:, 2:]
        start = point + 2e-3 * flat
        light = self._ambient * (0.75 + 0.25 * up) * np.ones(3, np.float32)
        shine = np.zeros_like(light)
        for lamp in self._lamps:
            toward = lamp.at - start
            distance = np.linalg.norm(toward, axis=1, keepdims=True)
            lit = self._embree.run(
                start, toward * np.float32(0.98), dists=np.ones(len(start), np.float32), query="OCCLUDED"
            )
            seen = (lit < 0).astype(np.float32)[:, None]
            toward /= distance
            fall = seen / (1 + 0.3 * distance**2)
            light += lamp.power * fall * np.maximum((toward * normal).sum(1, keepdims=True), 0)
            half = toward - view
            half /= np.linalg.norm(half, axis=1, keepdims=True) + 1e-9
            spark = np.maximum((half * normal).sum(1, keepdims=True), 0) ** 32
            shine += lamp.power * fall * spark * gloss[:, None]
        result: Floats = (albedo * light + 0.6 * shine).astype(np.float32)
        return result
