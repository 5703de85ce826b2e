"""Triangles with normals, texture coordinates and surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Mesh:
    """T separate triangles: `corners` and `normals` (T, 3, 3), `uvs` (T, 3, 2) in metres, `surfaces` (T,) indices.

    Normals belong to corners, so that round shapes shade smoothly; their sign carries no meaning.
    """

    corners: Floats
    normals: Floats
    uvs: Floats
    surfaces: npt.NDArray[np.int32]

    @staticmethod
    def concatenate(meshes: Sequence[Mesh]) -> Mesh:
        """Return one mesh of all triangles, in order."""
        return Mesh(
            np.concatenate([mesh.corners for mesh in meshes]),
            np.concatenate([mesh.normals for mesh in meshes]),
            np.concatenate([mesh.uvs for mesh in meshes]),
            np.concatenate([mesh.surfaces for mesh in meshes]),
        )

    def moved(self, rotation: npt.ArrayLike, translation: npt.ArrayLike) -> Mesh:
        """Return the mesh after `rotation` (3, 3), then `translation` (3,)."""
        turn = np.asarray(rotation, np.float32)
        corners = self.corners @ turn.T + np.asarray(translation, np.float32)
        return Mesh(corners.astype(np.float32), self.normals @ turn.T, self.uvs, self.surfaces)


def turn_z(angle: float) -> npt.NDArray[np.float64]:
    """Return the rotation by `angle` radians about z."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def turn_x(angle: float) -> npt.NDArray[np.float64]:
    """Return the rotation by `angle` radians about x."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def turn_y(angle: float) -> npt.NDArray[np.float64]:
    """Return the rotation by `angle` radians about y."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
