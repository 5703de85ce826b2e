"""An asset library: a folder of single models as one scene, each of them one object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.geometry import level_axes
from core3d_search.indexer.frames import AS_STORED, Frame, ReadOptions
from core3d_search.indexer.known import KnowsParts, Points
from core3d_search.indexer.readers.mesh import MeshReader
from core3d_search.meshes.companions import files_of
from core3d_search.meshes.folders import mesh_files
from core3d_search.meshes.picture_store import PictureStore
from core3d_search.meshes.prepared import PreparedModel
from core3d_search.meshes.rendering import Picture, Viewpoint

VIEWS = 6
"""Frames of each model."""
PITCH_M = 4.0
"""The models stand this far apart, in rows, so that they are not near each other; a larger one reaches further."""


class LibraryReader(KnowsParts):
    """Reads every mesh file at any depth below a folder; z is up, and the models stand in rows.

    A model that cannot be read costs its own frames, which are skipped and reported.
    """

    format = "library"
    layout = "a folder of mesh files, each a single thing"
    suffixes: tuple[str, ...] = ()

    def __init__(self, source: Path, options: ReadOptions = AS_STORED) -> None:
        self.source = source.resolve()
        self.options = options
        self.name = self.source.name
        self.up: npt.NDArray[np.float64] | None = np.array((0.0, 0.0, 1.0))
        self._models = [MeshReader(path, options) for path in mesh_files(source)]
        if not self._models:
            raise InputError(f"{source} holds no mesh file: {MeshReader.layout}")
        self._pictures = PictureStore()
        self._views: dict[int, Viewpoint] = {}
        self._stands: dict[int, Stand] = {}
        columns = int(np.ceil(np.sqrt(len(self._models))))
        self._places = PITCH_M * np.array([(n % columns, n // columns, 0.0) for n in range(len(self._models))])

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether `source` is a folder with a mesh file at any depth."""
        return source.is_dir() and next(mesh_files(source), None) is not None

    @classmethod
    def open(cls, source: Path, options: ReadOptions = AS_STORED) -> LibraryReader:
        """Return the library at `source`; raises InputError where it holds no mesh file."""
        if not source.is_dir():
            raise InputError(f"{source} is no folder; a library is {cls.layout}")
        return cls(source, options)

    def __len__(self) -> int:
        return VIEWS * len(self._models)

    def __getitem__(self, position: int) -> Frame:
        """Return the frame at `position`, of the model `position // VIEWS`; raises InputError naming its file."""
        if not 0 <= position < len(self):
            raise IndexError(position)
        picture, view, place = self._picture(position), self._views[position], self._stands[position // VIEWS]
        pose = np.eye(4)
        pose[:3, :3] = place.turn @ view.world_from_camera[:3, :3]
        pose[:3, 3] = place.turn @ view.world_from_camera[:3, 3] + place.shift
        return Frame(position, picture.rgb, picture.depth, view.intrinsics, pose)

    def files(self) -> Sequence[Path]:
        """Return the models' files and those that they name."""
        return list(dict.fromkeys(file.resolve() for model in self._models for file in files_of(model.source)))

    def parts_are_objects(self) -> bool:
        """Return True: each model is an object."""
        return True

    def part_names(self) -> Sequence[str]:
        """Return the name of each model."""
        return tuple(model.whole_name for model in self._models)

    def part_image(self, position: int) -> npt.NDArray[np.int32]:
        """Return the number of the model where the frame at `position` shows it, (H, W)."""
        shown = self._picture(position).node >= 0
        return np.where(shown, np.int32(position // VIEWS), np.int32(-1))

    def notes(self) -> Sequence[str]:
        """Return nothing: what is judged of each of many models is not told."""
        return ()

    def part_surface(self, part: int) -> Points:
        """Return points and colours spread over a model, where it stands in the scene."""
        self._picture(part * VIEWS)
        place = self._stands[part]
        return place.points, place.colors

    def _picture(self, position: int) -> Picture:
        """Return a picture; all those of its model are made, and what else is asked of it is noted, at the first."""
        number, first = position // VIEWS, position - position % VIEWS
        kept = self._pictures.get(position)
        if kept is not None and number in self._stands:
            return kept
        made = PreparedModel.of(self._models[number].model(), inside=False, count=VIEWS)
        self._stands[number] = _stand(made, self._places[number])
        for offset, view in enumerate(made.views):
            self._views[first + offset] = view
            self._pictures.put(first + offset, made.picture(offset))
        return made.picture(position - first)


@dataclass(frozen=True, eq=False)
class Stand:
    """Where a model stands: `turn` (3, 3), then `shift` (3,); and its surface there, points and colours (P, 3)."""

    turn: npt.NDArray[np.float64]
    shift: npt.NDArray[np.float64]
    points: npt.NDArray[np.float32]
    colors: npt.NDArray[np.uint8]


def _stand(made: PreparedModel, place: npt.NDArray[np.float64]) -> Stand:
    """Return a model upright on the ground at `place` (3,)."""
    turn = level_axes(made.model.up).T
    upright = made.model.corners.reshape(-1, 3) @ turn.T
    low, high = upright.min(0), upright.max(0)
    shift = place - np.array([*(low + high)[:2] / 2, low[2]])
    points, colors = made.surface()
    return Stand(turn, shift, (points @ turn.T + shift).astype(np.float32), colors)
