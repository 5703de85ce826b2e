"""The few primitives that every piece is built from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core3d_search.synthetic.mesh import Floats, Mesh
from core3d_search.synthetic.surfaces import Surface

Triple = tuple[float, float, float]


class Shape:
    """A piece under construction, in its own frame: x to the right of who looks at its front, front at -y, z up.

    `solids` holds the axis-aligned bounds (2, 3) of every part, for collision tests finer than one box.
    """

    def __init__(self) -> None:
        self.surfaces: list[Surface] = []
        self.meshes: list[Mesh] = []
        self.solids: list[npt.NDArray[np.float64]] = []

    def mesh(self) -> Mesh:
        """Return every part as one mesh."""
        return Mesh.concatenate(self.meshes)

    def bounds(self) -> npt.NDArray[np.float64]:
        """Return the axis-aligned bounds (2, 3) of the whole shape."""
        solids = np.stack(self.solids)
        return np.stack([solids[:, 0].min(0), solids[:, 1].max(0)])

    def add(self, other: Shape, at: Triple = (0, 0, 0), rotation: npt.ArrayLike | None = None) -> None:
        """Add a copy of `other`, turned and then moved."""
        turn = np.eye(3) if rotation is None else np.asarray(rotation)
        indices = np.array([self._index(surface) for surface in other.surfaces], np.int32)
        for part in other.meshes:
            moved = part.moved(turn, at)
            self._append(Mesh(moved.corners, moved.normals, moved.uvs, indices[moved.surfaces]))

    def box(self, surface: Surface, size: Triple, at: Triple, *, turn: npt.ArrayLike | None = None) -> None:
        """Add a sharp box of `size`, its bottom centre at `at`, turned about that point."""
        extent = np.array(size)
        corners = _CUBE_CORNERS * extent
        uvs = np.empty((12, 3, 2))
        for axis in range(3):
            a, b = [(1, 2), (0, 2), (0, 1)][axis]
            rows = slice(4 * axis, 4 * axis + 4)
            # the grain runs along the longer side of each face
            uvs[rows] = corners[rows][..., [a, b] if size[a] >= size[b] else [b, a]]
        corners[..., 2] += extent[2] / 2
        mesh = Mesh(corners.astype(np.float32), _CUBE_NORMALS, uvs.astype(np.float32), self._surface(surface, 12))
        self._append(mesh.moved(np.eye(3) if turn is None else turn, at))

    def cushion(
        self, surface: Surface, size: Triple, at: Triple, radius: float, *, turn: npt.ArrayLike | None = None
    ) -> None:
        """Add a box whose edges are rounded by `radius`, its bottom centre at `at`."""
        half = np.array(size) / 2
        radius = float(min(radius, half.min() * 0.999))
        steps = np.array([-1, -0.94, -0.8, -0.6, 0.6, 0.8, 0.94, 1.0])
        piece = Shape()
        for axis in range(3):
            a, b = [(1, 2), (2, 0), (0, 1)][axis]
            for sign in (-1.0, 1.0):
                grid = np.zeros((8, 8, 3))
                # rounded corners need samples inside the radius: place the outer steps there
                for other, index in ((a, np.arange(8)[:, None]), (b, np.arange(8)[None, :])):
                    inner = half[other] - radius
                    offsets = np.where(np.abs(steps) < 0.7, np.sign(steps) * inner, 0)
                    rim = np.sign(steps) * (inner + radius * (np.abs(steps) - 0.6) / 0.4)
                    grid[..., other] = np.where(np.abs(steps) < 0.7, offsets, rim)[index]
                grid[..., axis] = sign * half[axis]
                core = np.clip(grid, -(half - radius), half - radius)
                direction = grid - core
                direction /= np.maximum(np.linalg.norm(direction, axis=-1, keepdims=True), 1e-9)
                piece.sheet(surface, core + radius * direction, normals=direction, uv=grid[..., [a, b]])
        merged = Mesh.concatenate(piece.meshes)
        corners = merged.corners + np.array([0, 0, half[2]], np.float32)
        mesh = Mesh(corners, merged.normals, merged.uvs, self._surface(surface, len(corners)))
        self._append(mesh.moved(np.eye(3) if turn is None else turn, at))

    def sheet(
        self,
        surface: Surface,
        points: npt.ArrayLike,
        *,
        normals: npt.ArrayLike | None = None,
        uv: npt.ArrayLike | None = None,
    ) -> None:
        """Add a smooth sheet through a grid of `points` (N, M, 3)."""
        grid = np.asarray(points, np.float64)
        if normals is None:
            across = np.cross(np.gradient(grid, axis=0), np.gradient(grid, axis=1))
            normals = across / np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-12)
        if uv is None:
            u = np.concatenate([np.zeros((1, grid.shape[1])), np.linalg.norm(np.diff(grid, axis=0), axis=-1)]).cumsum(0)
            v = np.concatenate([np.zeros((grid.shape[0], 1)), np.linalg.norm(np.diff(grid, axis=1), axis=-1)], 1)
            uv = np.stack([u, v.cumsum(1)], -1)

        def triangles(values: npt.NDArray[np.float64]) -> Floats:
            a, b, c, d = values[:-1, :-1], values[1:, :-1], values[1:, 1:], values[:-1, 1:]
            both = np.stack([np.stack([a, b, c], 2), np.stack([a, c, d], 2)], 2)
            return both.reshape(-1, 3, values.shape[-1]).astype(np.float32)

        corners = triangles(grid)
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=-1)
        keep = area > 1e-10
        if keep.any():
            mesh = Mesh(
                corners, triangles(np.asarray(normals)), triangles(np.asarray(uv)), self._surface(surface, len(corners))
            )
            self._append(Mesh(mesh.corners[keep], mesh.normals[keep], mesh.uvs[keep], mesh.surfaces[keep]))

    def lathe(
        self,
        surface: Surface,
        profile: Sequence[tuple[float, float]],
        at: Triple,
        *,
        segments: int = 20,
        crease: bool = False,
        turn: npt.ArrayLike | None = None,
        stretch: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        """Turn a `profile` of (radius, height) about z at `at`; `crease` keeps its edges sharp."""
        angles = np.linspace(0, 2 * np.pi, segments + 1)
        line = np.asarray(profile, np.float64)
        slope = np.gradient(line, axis=0) if not crease else None
        piece = Shape()
        stretches = np.array([stretch[0], stretch[1], 1.0])
        length = np.concatenate([[0], np.linalg.norm(np.diff(line, axis=0), axis=1).cumsum()])
        radius = max(float(line[:, 0].max()), 1e-6)
        pieces = (
            [(line[i : i + 2], None, length[i : i + 2]) for i in range(len(line) - 1)]
            if crease
            else [(line, slope, length)]
        )
        for part, direction, lengths in pieces:
            step = np.tile(part[1] - part[0], (2, 1)) if direction is None else direction
            ring = np.stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)], -1)
            points = part[:, None, :1] * ring[None] + np.array([0, 0, 1.0]) * part[:, None, 1:]
            normals = step[:, None, 1:] * ring[None] - np.array([0, 0, 1.0]) * step[:, None, :1]
            normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
            uv = np.stack(np.broadcast_arrays(lengths[:, None], (angles * radius)[None]), -1)
            piece.sheet(surface, points * stretches, normals=normals / stretches, uv=uv)
        merged = Mesh.concatenate(piece.meshes)
        mesh = Mesh(merged.corners, merged.normals, merged.uvs, self._surface(surface, len(merged.corners)))
        self._append(mesh.moved(np.eye(3) if turn is None else turn, at))

    def cylinder(
        self,
        surface: Surface,
        radius: float,
        height: float,
        at: Triple,
        *,
        top: float | None = None,
        segments: int = 16,
        turn: npt.ArrayLike | None = None,
    ) -> None:
        """Add a closed cylinder, or a cone frustum with radius `top`, its bottom centre at `at`."""
        end = radius if top is None else top
        profile = [(0.0, 0.0), (radius, 0.0), (end, height), (0.0, height)]
        self.lathe(surface, profile, at, segments=segments, crease=True, turn=turn)

    def ball(
        self, surface: Surface, radius: float, at: Triple, *, stretch: Triple = (1, 1, 1), segments: int = 18
    ) -> None:
        """Add an ellipsoid centred at `at`."""
        angles = np.linspace(-np.pi / 2, np.pi / 2, segments // 2 + 1)
        profile = [(radius * float(np.cos(a)), radius * stretch[2] * float(np.sin(a))) for a in angles]
        self.lathe(surface, profile, at, segments=segments, stretch=(stretch[0], stretch[1]))

    def tube(
        self, surface: Surface, path: npt.ArrayLike, radius: float, *, segments: int = 8, closed: bool = False
    ) -> None:
        """Sweep a circle of `radius` along `path` (N, 3), with flat ends."""
        line = np.asarray(path, np.float64)
        if closed:
            line = np.concatenate([line, line[:1]])
        tangent = np.gradient(line, axis=0)
        if closed:
            tangent[0] = tangent[-1] = line[1] - line[-2]
        tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
        start = np.eye(3)[np.argmin(np.abs(tangent[0]))]
        sides = []
        for direction in tangent:
            start = start - direction * (start @ direction)
            start = start / max(float(np.linalg.norm(start)), 1e-9)
            sides.append(start)
        side = np.stack(sides)
        other = np.cross(tangent, side)
        angles = np.linspace(0, 2 * np.pi, segments + 1)
        ring = np.cos(angles)[None, :, None] * side[:, None] + np.sin(angles)[None, :, None] * other[:, None]
        points = line[:, None] + radius * ring
        if not closed:
            points = np.concatenate([line[:1, None] + 0 * ring[:1], points, line[-1:, None] + 0 * ring[-1:]])
            ring = np.concatenate([ring[:1], ring, ring[-1:]])
        self.sheet(surface, points, normals=ring)

    def slab(
        self,
        surface: Surface,
        outline: npt.ArrayLike,
        thickness: float,
        at: Triple,
        *,
        turn: npt.ArrayLike | None = None,
    ) -> None:
        """Add a plate whose star-shaped `outline` (N, 2) lies in x and y, `thickness` high, from `at` upwards."""
        ring = np.asarray(outline, np.float64)
        ring = np.concatenate([ring, ring[:1]])
        centre = np.broadcast_to(ring[:-1].mean(0), ring.shape)
        piece = Shape()

        def lift(flat: npt.NDArray[np.float64], height: float) -> npt.NDArray[np.float64]:
            return np.concatenate([flat, np.full((len(flat), 1), height)], 1)

        for height in (0.0, thickness):
            points = np.stack([lift(centre, height), lift(ring, height)])
            normal = np.broadcast_to([0.0, 0, 1], points.shape)
            piece.sheet(surface, points, normals=normal, uv=points[..., :2])
        edge = np.gradient(ring, axis=0)
        outward = np.stack([edge[:, 1], -edge[:, 0], np.zeros(len(ring))], -1)
        outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
        piece.sheet(surface, np.stack([lift(ring, 0), lift(ring, thickness)]), normals=np.stack([outward, outward]))
        merged = Mesh.concatenate(piece.meshes)
        mesh = Mesh(merged.corners, merged.normals, merged.uvs, self._surface(surface, len(merged.corners)))
        self._append(mesh.moved(np.eye(3) if turn is None else turn, at))

    def _index(self, surface: Surface) -> int:
        for index, known in enumerate(self.surfaces):
            if known is surface or known == surface:
                return index
        self.surfaces.append(surface)
        return len(self.surfaces) - 1

    def _surface(self, surface: Surface, count: int) -> npt.NDArray[np.int32]:
        return np.full(count, self._index(surface), np.int32)

    def _append(self, mesh: Mesh) -> None:
        self.meshes.append(mesh)
        points = mesh.corners.reshape(-1, 3).astype(np.float64)
        self.solids.append(np.stack([points.min(0), points.max(0)]))


def _cube() -> tuple[npt.NDArray[np.float64], Floats]:
    """Return the corners (12, 3, 3) of the unit cube's triangles, axis by axis, and their normals."""
    corners, normals = np.zeros((3, 2, 2, 3, 3)), np.zeros((3, 2, 2, 3, 3), np.float32)
    ring = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    for axis in range(3):
        across = [k for k in range(3) if k != axis]
        for side, sign in enumerate((-0.5, 0.5)):
            quad = np.full((4, 3), sign)
            quad[:, across] = ring
            corners[axis, side] = quad[[[0, 1, 2], [0, 2, 3]]]
            normals[axis, side, ..., axis] = 2 * sign
    return corners.reshape(12, 3, 3), normals.reshape(12, 3, 3)


_CUBE_CORNERS, _CUBE_NORMALS = _cube()
