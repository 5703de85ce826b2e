"""Ray-casts a room into colour, depth and instance images (Open3D RaycastingScene), with light, shadow and texture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.rooms import textures
from core3d_search.rooms.room import Room
from core3d_search.rooms.sensor import noisy_color, noisy_depth
from core3d_search.rooms.trajectory import plan_trajectory

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RenderedFrame:
    """One image of a room; the fields of an indexer frame, and the truth.

    `rgb` (H, W, 3) uint8; `depth` (H, W) float32 metres along the optical axis, 0 = none; `intrinsics` (3, 3) pixels;
    `world_from_camera` (4, 4), OpenCV axes; `instance` (H, W) uint16 object ids, 0 for walls, floor and ceiling.
    """

    index: int
    rgb: npt.NDArray[np.uint8]
    depth: Floats
    intrinsics: npt.NDArray[np.float64]
    world_from_camera: npt.NDArray[np.float64]
    instance: npt.NDArray[np.uint16]


def pinhole(width: int, height: int, horizontal_fov: float) -> npt.NDArray[np.float64]:
    """Return intrinsics (3, 3) with square pixels; pixel (u, v) is centred at u, v."""
    focal = width / 2 / np.tan(horizontal_fov / 2)
    return np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])


def render_room(
    room: Room,
    *,
    frames: int = 30,
    width: int = 480,
    height: int = 360,
    seed: int | None = None,
    noise: bool = True,
    horizontal_fov: float | None = None,
) -> Iterator[RenderedFrame]:
    """Yield `frames` images along a path that shows every object; deterministic for the same arguments.

    `seed` draws path, camera and noise (the room's own seed where not given). `noise=False` gives exact depth and
    instance images and colour without sensor noise. `horizontal_fov` is in radians, 60 to 70 degrees where not given.
    """
    rng = np.random.default_rng([room.seed if seed is None else seed, 3])
    drawn = float(np.deg2rad(rng.uniform(60, 70)))
    intrinsics = pinhole(width, height, drawn if horizontal_fov is None else horizontal_fov)
    renderer = Renderer(room)
    poses = plan_trajectory(room, renderer.occluded, frames, intrinsics, (width, height), rng)
    for index, world_from_camera in enumerate(poses):
        yield renderer.frame(index, world_from_camera, intrinsics, (width, height), rng, noise=noise)


class Renderer:
    """A room made ready for ray casting; thread count 1, so that results and timings do not depend on the machine."""

    def __init__(self, room: Room) -> None:
        import open3d as o3d

        self._tensor = o3d.core.Tensor
        self.room = room
        meshes, instances, surfaces, names = [], [], [], []
        for number, thing in [(0, part) for part in room.structure] + [(item.id, item) for item in room.objects]:
            meshes.append(thing.mesh.corners)
            names.append((thing.mesh.normals, thing.mesh.uvs, thing.mesh.surfaces + len(surfaces)))
            instances.append(np.full(len(thing.mesh.corners), number, np.uint16))
            surfaces += thing.surfaces
        corners = np.concatenate(meshes)
        self._instance = np.concatenate(instances)
        # per triangle: corner 0 and the two edges, so that interpolation is two multiply-adds
        normals = np.concatenate([n for n, _, _ in names])
        uvs = np.concatenate([u for _, u, _ in names])
        attributes = np.concatenate([normals, uvs], -1)
        self._base = np.ascontiguousarray(attributes[:, 0])
        self._along_u = np.ascontiguousarray(attributes[:, 1] - attributes[:, 0])
        self._along_v = np.ascontiguousarray(attributes[:, 2] - attributes[:, 0])
        self._surface = np.concatenate([s for _, _, s in names])
        self._color = np.array([s.color for s in surfaces], np.float32)
        self._second = np.array([s.second for s in surfaces], np.float32)
        self._pattern = np.array([textures.INDEX[s.pattern] for s in surfaces])
        self._tile = np.array([s.tile for s in surfaces], np.float32)
        self._gloss = np.array([s.gloss for s in surfaces], np.float32)
        self._glow = np.array([s.glow for s in surfaces], np.float32)
        self._glass = np.array([s.glass for s in surfaces])
        self._scene = o3d.t.geometry.RaycastingScene(nthreads=1)
        flat = np.ascontiguousarray(corners.reshape(-1, 3), np.float32)
        self._scene.add_triangles(
            o3d.core.Tensor(flat), o3d.core.Tensor(np.arange(len(flat), dtype=np.uint32).reshape(-1, 3))
        )

    def occluded(self, start: npt.ArrayLike, end: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return for segments from `start` to `end` (N, 3) whether anything lies between, ends excluded."""
        a, b = np.broadcast_arrays(np.asarray(start, np.float32), np.asarray(end, np.float32))
        return self._hits(np.concatenate([a, b - a], -1), 0.98)

    def _hits(self, rays: npt.ArrayLike, far: float) -> npt.NDArray[np.bool_]:
        flat = np.ascontiguousarray(rays, np.float32)
        found: npt.NDArray[np.bool_] = self._scene.test_occlusions(self._tensor(flat), 0.0, far).numpy()
        return found

    def frame(
        self,
        index: int,
        world_from_camera: npt.NDArray[np.float64],
        intrinsics: npt.NDArray[np.float64],
        size: tuple[int, int],
        rng: np.random.Generator,
        *,
        noise: bool = True,
    ) -> RenderedFrame:
        """Return the image of `size` (width, height) from a camera."""
        width, height = size
        directions = _directions(intrinsics, size) @ world_from_camera[:3, :3].T.astype(np.float32)
        origin = world_from_camera[:3, 3].astype(np.float32)
        rays = np.empty((height, width, 6), np.float32)
        rays[..., :3] = origin
        rays[..., 3:] = directions
        cast = self._scene.cast_rays(self._tensor(rays))
        depth = cast["t_hit"].numpy()
        triangle = cast["primitive_ids"].numpy()
        hit = np.isfinite(depth)
        triangle = np.where(hit, triangle, 0).astype(np.int64)
        depth = np.where(hit, depth, 0).astype(np.float32)
        instance = np.where(hit, self._instance[triangle], 0).astype(np.uint16)
        uv = cast["primitive_uvs"].numpy()
        mixed = self._base[triangle]
        mixed += uv[..., :1] * self._along_u[triangle]
        mixed += uv[..., 1:] * self._along_v[triangle]
        normal, uv = mixed[..., :3], mixed[..., 3:]
        normal /= np.maximum(np.sqrt(np.einsum("...i,...i", normal, normal)), 1e-9)[..., None]
        flat = cast["primitive_normals"].numpy()
        # which side of a surface is lit is decided by the camera: thin sheets have two
        facing = np.einsum("...i,...i", flat, directions)
        flat = np.where(facing[..., None] > 0, -flat, flat)
        agree = np.einsum("...i,...i", normal, flat)
        normal = np.where(agree[..., None] < 0, -normal, normal)
        surface = self._surface[triangle]
        point = origin + depth[..., None] * directions
        albedo = self._albedo(surface, uv, depth, float(intrinsics[0, 0]))
        light = self._light(point, normal, flat, directions, self._gloss[surface], depth, rng)
        radiance = albedo * light[..., :3] + light[..., 3:] + albedo * self._glow[surface][..., None] * 1.3
        rgb = _develop(radiance, rng, noise=noise)
        if noise:
            slope = np.abs(facing) / np.sqrt(np.einsum("...i,...i", directions, directions))
            dark = albedo.max(-1) < 0.02
            shiny = self._glass[surface] | (self._gloss[surface] > 0.65)
            depth = noisy_depth(depth, slope, dark, shiny, rng)
            rgb = noisy_color(rgb, rng)
        return RenderedFrame(index, rgb, depth, intrinsics, world_from_camera, instance)

    def _albedo(self, surface: npt.NDArray[Any], uv: Floats, depth: Floats, focal: float) -> Floats:
        tile = self._tile[surface]
        bank = textures.bank()
        texel = uv / tile[..., None] * textures.SIZE
        column = texel[..., 0].astype(np.int32) & (textures.SIZE - 1)
        row = texel[..., 1].astype(np.int32) & (textures.SIZE - 1)
        # texels that one pixel covers choose the blur, so that far patterns do not flicker
        covered = depth / focal / tile * textures.SIZE
        level = (covered > 0.9).astype(np.int8) + (covered > 2.2) + (covered > 6)
        mix = bank[level, self._pattern[surface], row, column][..., None]
        return self._color[surface] * (1 - mix) + self._second[surface] * mix

    def _light(
        self, point: Floats, normal: Floats, flat: Floats, view: Floats, gloss: Floats, depth: Floats,
        rng: np.random.Generator,
    ) -> Floats:  # fmt: skip
        """Return the diffuse light (3) and the highlight (3) that reach every pixel, with soft shadows."""
        coarse = (slice(None, None, 2), slice(None, None, 2))
        small_point, small_flat, small_depth = point[coarse], flat[coarse], depth[coarse]
        start = small_point + 2e-3 * small_flat
        offsets = _stratified(small_depth.shape, rng)
        shaded = [self._ambient(start, small_flat, offsets)]
        view_length = np.sqrt(np.einsum("...i,...i", view, view))[..., None]
        view = view / view_length
        for light in self.room.lights:
            disc = light.radius * np.sqrt(offsets[..., :1]) * _disc(offsets[..., 1])
            toward = light.center.astype(np.float32) + disc - start
            blocked = self._hits(np.concatenate([start, toward], -1), 0.97)
            shaded.append(1 - blocked.astype(np.float32))
        soft = _upsample(_smooth(np.stack(shaded, -1), small_point, small_flat), small_point, point, flat)
        sky = 0.5 + 0.5 * normal[..., 2:]
        total = np.zeros((*depth.shape, 6), np.float32)
        day = sum(float(light.power.mean()) for light in self.room.lights)
        bounce = np.float32(0.17 + 0.055 * day)
        total[..., :3] = soft[..., :1] * bounce * (0.72 + 0.4 * sky) * np.array([1.0, 0.985, 0.95], np.float32)
        for k, light in enumerate(self.room.lights):
            toward = light.center.astype(np.float32) - point
            distance2 = np.einsum("...i,...i", toward, toward)[..., None]
            toward /= np.sqrt(distance2)
            cosine = np.clip(np.einsum("...i,...i", toward, normal), 0, 1)[..., None]
            reach = soft[..., k + 1 : k + 2] / (1 + 0.55 * distance2)
            if light.direction is not None:
                reach = reach * np.clip(-(toward @ light.direction.astype(np.float32)), 0, 1)[..., None] * 1.6
            power = light.power.astype(np.float32)
            total[..., :3] += cosine * reach * power
            half = toward - view
            half /= np.maximum(np.sqrt(np.einsum("...i,...i", half, half)), 1e-6)[..., None]
            shine = np.clip(np.einsum("...i,...i", half, normal), 0, 1)
            total[..., 3:] += (gloss * shine**48)[..., None] * reach * power * 0.9
        # a glossy surface also mirrors the bright room at grazing angles (Schlick 1994)
        graze = np.clip(1 + np.einsum("...i,...i", view, normal), 0, 1) ** 5
        total[..., 3:] += (0.28 * gloss * (0.08 + graze))[..., None] * bounce
        return total

    def _ambient(self, start: Floats, flat: Floats, offsets: Floats) -> Floats:
        """Return the openness of each point: one cosine-weighted ray of up to 0.8 m each."""
        ring = _disc(offsets[..., 2])
        lift = np.sqrt(1 - offsets[..., 3:4])
        helper = np.where(np.abs(flat[..., 2:]) < 0.9, np.float32([0, 0, 1]), np.float32([1, 0, 0]))
        side = np.cross(flat, helper)
        side /= np.maximum(np.linalg.norm(side, axis=-1, keepdims=True), 1e-6)
        other = np.cross(flat, side)
        flatness = np.sqrt(offsets[..., 3:4])
        direction = flatness * (ring[..., :1] * side + ring[..., 1:2] * other) + lift * flat
        blocked = self._hits(np.concatenate([start, 0.8 * direction], -1), 1.0)
        return 1 - 0.75 * blocked.astype(np.float32)


def _directions(intrinsics: npt.NDArray[np.float64], size: tuple[int, int]) -> Floats:
    """Return camera rays (H, W, 3) with z = 1, so that the ray length is the depth."""
    u, v = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    x, y = (u - intrinsics[0, 2]) / intrinsics[0, 0], (v - intrinsics[1, 2]) / intrinsics[1, 1]
    return np.stack([x, y, np.ones_like(x)], -1).astype(np.float32)


def _stratified(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Return four numbers in [0, 1) per pixel; every 4 x 4 block covers each evenly."""
    height, width = shape[:2]
    tiles = []
    for _ in range(4):
        block = (rng.permutation(16).reshape(4, 4) + rng.random((4, 4))) / 16
        tiles.append(np.tile(block, (height // 4 + 1, width // 4 + 1))[:height, :width])
    return np.stack(tiles, -1).astype(np.float32)


def _disc(turn: Floats) -> Floats:
    """Return unit vectors (..., 3) in the plane z = 0 for turns in [0, 1)."""
    angle = 2 * np.pi * turn
    return np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], -1).astype(np.float32)


def _smooth(values: Floats, point: Floats, flat: Floats) -> Floats:
    """Average `values` over 4 x 4 neighbours that lie in the same plane."""
    height, width = values.shape[:2]
    total = np.zeros_like(values)
    weight = np.zeros(values.shape[:2], np.float32)
    own = np.einsum("...i,...i", point, flat)
    padded_values = np.pad(values, ((2, 1), (2, 1), (0, 0)), mode="edge")
    padded_points = np.pad(point, ((2, 1), (2, 1), (0, 0)), mode="edge")
    for dy in range(4):
        for dx in range(4):
            window = (slice(dy, dy + height), slice(dx, dx + width))
            off = np.abs(np.einsum("...i,...i", padded_points[window], flat) - own)
            near = (off < 0.012).astype(np.float32)
            total += near[..., None] * padded_values[window]
            weight += near
    return total / np.maximum(weight, 1)[..., None]


def _upsample(values: Floats, coarse_point: Floats, point: Floats, flat: Floats) -> Floats:
    """Return `values` at full resolution, each pixel from the coarse neighbours in its own plane."""
    height, width = point.shape[:2]
    padded_values = np.pad(values, ((0, 1), (0, 1), (0, 0)), mode="edge")
    padded_points = np.pad(coarse_point, ((0, 1), (0, 1), (0, 0)), mode="edge")
    result = np.zeros((height, width, values.shape[-1]), np.float32)
    rows, columns = (height + 1) // 2, (width + 1) // 2
    for y in range(2):
        for x in range(2):
            own_point, own_flat = point[y::2, x::2], flat[y::2, x::2]
            h, w = own_point.shape[:2]
            total = np.zeros((h, w, values.shape[-1]), np.float32)
            weight = np.zeros((h, w), np.float32)
            for dy in range(y + 1):
                for dx in range(x + 1):
                    other = padded_points[dy : dy + rows, dx : dx + columns][:h, :w]
                    off = np.abs(np.einsum("...i,...i", other - own_point, own_flat))
                    near = 1 / (1e-3 + off)
                    total += near[..., None] * padded_values[dy : dy + rows, dx : dx + columns][:h, :w]
                    weight += near
            result[y::2, x::2] = total / weight[..., None]
    return result


def _develop(radiance: Floats, rng: np.random.Generator, *, noise: bool) -> npt.NDArray[np.uint8]:
    """Return linear light as an 8-bit sRGB-like image: exposure, vignetting, a soft shoulder, gamma."""
    height, width = radiance.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    vignette = (1 - 0.10 * (x**2 + y**2) / 2).astype(np.float32)
    middle = float(np.quantile(radiance[::8, ::8].mean(-1), 0.6))
    exposure = np.float32(0.36 / max(middle, 1e-3) * (rng.uniform(0.88, 1.12) if noise else 1.0))
    value = radiance * (exposure * vignette)[..., None]
    value = np.where(value > 0.6, 0.6 + 0.4 * (1 - np.exp(-(value - 0.6) / 0.4)), value)
    encoded: npt.NDArray[np.uint8] = _GAMMA[np.clip(value * 4095, 0, 4095).astype(np.int32)]
    return encoded


_GAMMA = np.round(255 * (np.arange(4096) / 4095) ** (1 / 2.2)).astype(np.uint8)
