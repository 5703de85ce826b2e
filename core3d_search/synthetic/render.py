"""Ray-casts a room into colour, depth and instance images, with light, shadow and texture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.meshes.model import Material, face_normals
from core3d_search.meshes.textures import TextureBank
from core3d_search.rays import ray_scene
from core3d_search.synthetic import textures
from core3d_search.synthetic.mesh import Mesh
from core3d_search.synthetic.room import Room
from core3d_search.synthetic.sensor import noisy_color, noisy_depth
from core3d_search.synthetic.shading import Seen, arriving_light, develop, dot, illuminate
from core3d_search.synthetic.surfaces import Surface
from core3d_search.synthetic.trajectory import plan_trajectory

Floats = npt.NDArray[np.float32]
BAND = 30
"""Rows that are shaded together."""


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
    """A room made ready for ray casting; one thread, so that figures do not depend on the machine's cores."""

    def __init__(self, room: Room) -> None:
        self.room = room
        things: list[tuple[int, Mesh, tuple[Surface, ...]]] = [(0, part.mesh, part.surfaces) for part in room.structure]
        things += [(item.id, item.mesh, item.surfaces) for item in room.objects]
        surfaces = [surface for _, _, own in things for surface in own]
        offsets = np.cumsum([0, *(len(own) for _, _, own in things)])
        mesh = Mesh.concatenate([mesh for _, mesh, _ in things])
        self._instance = np.concatenate([np.full(len(mesh.corners), k, np.uint16) for k, mesh, _ in things])
        self._surface = np.concatenate(
            [mesh.surfaces + first for (_, mesh, _), first in zip(things, offsets, strict=False)]
        )
        # normal and texture coordinates of each triangle: at corner 0, and their changes along its two edges
        attributes = np.concatenate([mesh.normals, mesh.uvs], -1)
        changes = attributes[:, 1:] - attributes[:, :1]
        self._attributes = np.ascontiguousarray(np.concatenate([attributes[:, :1], changes], 1).reshape(-1, 15))
        self._color = np.array([surface.color for surface in surfaces], np.float32).T.copy()
        self._change = np.array([surface.second for surface in surfaces], np.float32).T - self._color
        self._pattern = np.array([textures.INDEX[surface.pattern] for surface in surfaces], np.int32)
        self._tile = np.array([surface.tile for surface in surfaces], np.float32)
        self._gloss = np.array([surface.gloss for surface in surfaces], np.float32)
        self._glow = np.array([surface.glow for surface in surfaces], np.float32)
        self._glass = np.array([surface.glass for surface in surfaces])
        self._images = TextureBank([Material(texture=surface.texture) for surface in surfaces])
        self._density = self._images.density(self._surface, mesh.uvs, face_normals(mesh.corners)[1])
        corners = mesh.corners.reshape(-1, 3)
        self._scene = ray_scene(corners, np.arange(len(corners)).reshape(-1, 3))

    def occluded(self, start: npt.ArrayLike, end: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return for segments from `start` to `end` (N, 3) whether anything lies between; the last 2 % are ignored."""
        a, b = np.broadcast_arrays(np.asarray(start, np.float32), np.asarray(end, np.float32))
        return self._scene.occluded(a, b - a, 0.98)

    def _hits(self, start: Floats, direction: Floats, far: float) -> npt.NDArray[np.bool_]:
        return self._scene.occluded(np.moveaxis(start, 0, -1), np.moveaxis(direction, 0, -1), far)

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
        """Return the image of `size` (width, height) that a camera sees."""
        width, height = size
        turn = world_from_camera[:3, :3].astype(np.float32)
        origin = world_from_camera[:3, 3].astype(np.float32)[:, None, None]
        direction = _directions(turn, intrinsics, size)
        found = self._scene.intersect(origin[:, 0, 0], np.moveaxis(direction, 0, -1))
        hit = found.triangle >= 0
        depth = np.where(hit, found.distance, 0).astype(np.float32)
        triangle = np.where(hit, found.triangle, 0)
        instance = np.where(hit, self._instance[triangle], 0).astype(np.uint16)
        flat = np.ascontiguousarray(np.moveaxis(found.normal, -1, 0))
        # thin sheets have two sides: the lit one is the one that the camera sees
        facing = dot(flat, direction)
        flat *= np.where(facing > 0, np.float32(-1), np.float32(1))
        point: Floats = np.add(origin, depth * direction, dtype=np.float32)
        arriving = arriving_light(point, flat, self.room.lights, self._hits, rng)
        length: Floats = np.sqrt(dot(direction, direction), dtype=np.float32)
        radiance = np.empty_like(point)
        poor = np.zeros((2, height, width), bool)
        # in bands, so that the many images in between stay in the processor's cache
        for first in range(0, height, BAND):
            rows = slice(first, first + BAND)
            surface = self._surface[triangle[rows]]
            normal, uv = self._interpolate(triangle[rows], found.barycentric[rows])
            normal *= np.where(dot(normal, flat[:, rows]) < 0, np.float32(-1), np.float32(1))
            seen = Seen(point[:, rows], normal, direction[:, rows] / length[rows])
            albedo = self._albedo(surface, uv, depth[rows], float(intrinsics[0, 0]))
            self._lay_images(albedo, surface, uv, depth[rows] * self._density[triangle[rows]] / intrinsics[0, 0])
            gloss = self._gloss[surface]
            diffuse, highlight = illuminate(seen, arriving[:, rows], gloss, self.room.lights)
            diffuse += np.float32(1.3) * self._glow[surface]
            radiance[:, rows] = diffuse * albedo + highlight
            poor[0, rows] = albedo.max(0) < 0.02
            poor[1, rows] = self._glass[surface] | (gloss > 0.65)
        rgb = develop(radiance, rng, noise=noise)
        if noise:
            cosine: Floats = np.divide(np.abs(facing), length, dtype=np.float32)
            depth = noisy_depth(depth, cosine, poor[0], poor[1], rng)
            rgb = noisy_color(rgb, rng)
        return RenderedFrame(index, rgb, depth, intrinsics, world_from_camera, instance)

    def _interpolate(self, triangle: npt.NDArray[np.int32], barycentric: Floats) -> tuple[Floats, Floats]:
        """Return the unit normals (3, H, W) and texture coordinates (2, H, W) in metres at the hits."""
        values = np.ascontiguousarray(self._attributes[triangle.ravel()].T).reshape(3, 5, *triangle.shape)
        mixed = values[0]
        mixed += values[1] * np.ascontiguousarray(barycentric[..., 0])
        mixed += values[2] * np.ascontiguousarray(barycentric[..., 1])
        normal = mixed[:3]
        normal /= np.sqrt(dot(normal, normal)) + np.float32(1e-9)
        return normal, mixed[3:]

    def _lay_images(
        self, albedo: Floats, surface: npt.NDArray[np.int32], uv: Floats, texels_a_pixel: npt.NDArray[np.floating]
    ) -> None:
        """Multiply `albedo` (3, H, W) by the images of surfaces that have one."""
        own = self._images.textured[surface]
        if own.any():
            texels = self._images.read(surface[own], np.ascontiguousarray(uv[:, own].T), texels_a_pixel[own])
            albedo[:, own] *= (texels[:, :3] ** np.float32(2.2)).T

    def _albedo(self, surface: npt.NDArray[np.int32], uv: Floats, depth: Floats, focal: float) -> Floats:
        """Return the reflected part of the light, (3, H, W): the surface's two colours, mixed by its pattern."""
        scale = textures.SIZE / self._tile[surface]
        # floor, not truncation: coordinates may be negative; the mask wraps
        column = np.floor(uv[0] * scale).astype(np.int32) & (textures.SIZE - 1)
        row = np.floor(uv[1] * scale).astype(np.int32) & (textures.SIZE - 1)
        # the texels that one pixel covers choose the blur, so that far patterns do not flicker
        covered = depth * scale / np.float32(focal)
        level = (covered > 0.9).astype(np.int32) + (covered > 2.2) + (covered > 6)
        bank = textures.bank()
        texel = ((level * bank.shape[1] + self._pattern[surface]) * textures.SIZE + row) * textures.SIZE + column
        mix = bank.ravel()[texel]
        return np.stack([self._color[k][surface] + self._change[k][surface] * mix for k in range(3)])


def _directions(turn: Floats, intrinsics: npt.NDArray[np.float64], size: tuple[int, int]) -> Floats:
    """Return world rays (3, H, W) of a camera with z = 1 in its own frame, so that the ray length is the depth."""
    x = ((np.arange(size[0]) - intrinsics[0, 2]) / intrinsics[0, 0]).astype(np.float32)
    y = ((np.arange(size[1]) - intrinsics[1, 2]) / intrinsics[1, 1]).astype(np.float32)
    along_row, along_column = turn[:, :1] * x, turn[:, 1:2] * y + turn[:, 2:]
    return along_row[:, None, :] + along_column[:, :, None]
