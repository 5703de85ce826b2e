"""A 3D model as plain arrays: triangles, what covers them, and the named nodes that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Material:
    """What covers a surface: `color` (4,) float32, sRGB and opacity in [0, 1], times `texture` where there is one.

    `texture` (H, W, 4) uint8 sRGB and opacity; its first row is at v = 1, and it repeats. Opacity below `cutoff` is no
    surface at all; above it, it is mixed with what lies behind.
    """

    color: Floats = field(default_factory=lambda: np.array((0.8, 0.8, 0.8, 1), np.float32))
    texture: npt.NDArray[np.uint8] | None = None
    cutoff: float = 0.0

    @property
    def is_opaque(self) -> bool:
        """Whether nothing can be seen through it."""
        return float(self.color[3]) > 0.999 and (self.texture is None or int(self.texture[..., 3].min()) == 255)


@dataclass(frozen=True, eq=False)
class Model:
    """T triangles in metres, in the axes of their file; `up` (3,) is the unit direction against gravity there.

    `corners` and unit `normals` (T, 3, 3), `uvs` (T, 3, 2), `tints` (T, 3, 4) sRGB and opacity in [0, 1], which the
    material's colour is multiplied by; `material` and `node` (T,) index `materials` and `nodes`, the names that the
    file gives. `notes` say, for people, what the file left open and was judged. `origin` (3,) metres is what to add to
    corners for the file's own coordinates: zero, but for models far from zero, where 32-bit corners would be coarse.
    """

    name: str
    corners: Floats
    normals: Floats
    uvs: Floats
    tints: Floats
    material: npt.NDArray[np.int32]
    node: npt.NDArray[np.int32]
    materials: tuple[Material, ...]
    nodes: tuple[str, ...]
    up: npt.NDArray[np.float64]
    notes: tuple[str, ...] = ()
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __len__(self) -> int:
        return len(self.corners)

    @property
    def bounds(self) -> npt.NDArray[np.float64]:
        """The lowest and highest coordinates of all corners, (2, 3) metres."""
        flat = self.corners.reshape(-1, 3)
        return np.stack([flat.min(0), flat.max(0)]).astype(np.float64)

    def scaled(self, factor: float) -> Model:
        """Return the model `factor` times as large, about the origin."""
        x, y, z = self.origin
        return replace(self, corners=self.corners * np.float32(factor), origin=(x * factor, y * factor, z * factor))

    def with_area(self) -> Model:
        """Return the model without triangles that have no area or are not finite: they show nothing, and stretch it."""
        finite = np.asarray(np.isfinite(self.corners).all((1, 2)))
        areas = face_normals(np.where(finite[:, None, None], self.corners, np.float32(0)))[1]
        keep = finite & (areas > 0)
        if keep.all():
            return self
        per_triangle = ("corners", "normals", "uvs", "tints", "material", "node")
        return replace(self, **{name: getattr(self, name)[keep] for name in per_triangle})

    def moved(self, rotation: npt.ArrayLike, translation: npt.ArrayLike) -> Model:
        """Return the model after `rotation` (3, 3), then `translation` (3,); `up` turns with it."""
        turn = np.asarray(rotation, np.float64)
        corners = self.corners @ turn.T.astype(np.float32) + np.asarray(translation, np.float32)
        normals = self.normals @ turn.T.astype(np.float32)
        return replace(self, corners=corners.astype(np.float32), normals=normals, up=turn @ self.up)

    @staticmethod
    def concatenate(models: Sequence[Model], name: str) -> Model:
        """Return all triangles of `models` (at least one, with one `up`) as one model; nodes stay apart."""
        material, node = [], []
        first_material = first_node = 0
        for model in models:
            material.append(model.material + np.int32(first_material))
            node.append(model.node + np.int32(first_node))
            first_material += len(model.materials)
            first_node += len(model.nodes)
        return Model(
            name,
            np.concatenate([model.corners for model in models]),
            np.concatenate([model.normals for model in models]),
            np.concatenate([model.uvs for model in models]),
            np.concatenate([model.tints for model in models]),
            np.concatenate(material),
            np.concatenate(node),
            tuple(material for model in models for material in model.materials),
            tuple(node for model in models for node in model.nodes),
            models[0].up,
            tuple(note for model in models for note in model.notes),
        )

    @staticmethod
    def joined(parts: Sequence[Model], keys: Sequence[str], name: str) -> Model:
        """Return `parts` as one model with one node for all parts that share a key; no triangle where there is none."""
        if not parts:
            none, empty = np.zeros(0, np.int32), np.zeros((0, 3, 3), np.float32)
            tints = np.zeros((0, 3, 4), np.float32)
            return Model(name, empty, empty, empty[..., :2], tints, none, none, (), (), np.array((0.0, 1.0, 0.0)))
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        names = {key: part.nodes[0] for part, key in zip(reversed(parts), reversed(keys), strict=True)}
        whole = Model.concatenate(parts, name)
        renumbered = np.array([numbers[key] for key in keys], np.int32)
        return replace(whole, node=renumbered[whole.node], nodes=tuple(names[key] for key in numbers))


def face_normals(corners: Floats) -> tuple[Floats, Floats]:
    """Return the unit normals (T, 3) of triangles (T, 3, 3) by the right-hand rule, and their areas (T,)."""
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(cross, axis=1)
    return (cross / np.maximum(length, 1e-20)[:, None]).astype(np.float32), (length / 2).astype(np.float32)
