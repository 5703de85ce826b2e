"""Meshes as scenes: a model's file, rendered from viewpoints that show every surface of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.frames import AS_STORED, Frame, ReadOptions
from core3d_search.indexer.known import KnowsParts, Points
from core3d_search.meshes.catalog import catalog_name
from core3d_search.meshes.companions import files_of
from core3d_search.meshes.folders import is_mesh_file
from core3d_search.meshes.loading import SUFFIXES, load_model, scene_name
from core3d_search.meshes.model import Model
from core3d_search.meshes.names import words
from core3d_search.meshes.prepared import PreparedModel, prepared


class MeshReader(KnowsParts):
    """Reads a GLB, glTF, OBJ, PLY, STL, OFF, DAE or USD file.

    World coordinates are the file's own, in metres. Rooms are seen from inside, single things from around. The file is
    loaded when the first frame, the number of frames or `up` is asked for.
    """

    format = "mesh"
    layout = "a .glb, .gltf, .obj, .ply, .stl, .off, .dae, .usd or .usdz file with triangles"
    suffixes = SUFFIXES

    def __init__(self, source: Path, options: ReadOptions = AS_STORED) -> None:
        if not self.recognises(source):
            raise InputError(f"{source} is no mesh file that can be read; known are {', '.join(SUFFIXES)}")
        self.source = source.resolve()
        self.options = options
        self.name = scene_name(source)

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether `source` is a file that ends as mesh files do, and not the mesh of a scan beside it."""
        return is_mesh_file(source)

    @classmethod
    def open(cls, source: Path, options: ReadOptions = AS_STORED) -> MeshReader:
        """Return the scene in a file; raises InputError."""
        return cls(source, options)

    @property
    def up(self) -> npt.NDArray[np.float64]:
        """The unit direction against gravity."""
        return self._prepared().model.up

    @property
    def origin(self) -> npt.NDArray[np.float64]:
        """Where frames are measured from, (3,) metres in the file's world: zero, but for models far from zero."""
        return np.array(self._prepared().model.origin)

    def notes(self) -> Sequence[str]:
        """Return what the file left open and was judged."""
        return self._prepared().model.notes

    def __len__(self) -> int:
        return len(self._prepared().views)

    def __getitem__(self, position: int) -> Frame:
        """Return the frame at `position`; raises InputError naming the file where it cannot be read."""
        if position < 0 or position >= len(self):
            raise IndexError(position)
        view, picture = self._prepared().views[position], self._prepared().picture(position)
        return Frame(position, picture.rgb, picture.depth, view.intrinsics, view.world_from_camera)

    def files(self) -> Sequence[Path]:
        """Return the file and those that it names: materials, textures, buffers."""
        return files_of(self.source)

    def parts_are_objects(self) -> bool:
        """Return whether the parts are the objects: as `options` say, else where the model is no room."""
        if self.options.objects is None:
            return not self._prepared().is_room
        return self.options.objects != "masks"

    def part_names(self) -> Sequence[str]:
        """Return the names of the nodes, or that of the whole model."""
        if self._is_whole():
            return (self.whole_name,)
        return tuple(node if words(node) else "" for node in self._prepared().model.nodes)

    def part_image(self, position: int) -> npt.NDArray[np.int32]:
        """Return the node that each pixel shows, (H, W)."""
        nodes = self._prepared().picture(position).node
        return np.minimum(nodes, 0) if self._is_whole() else nodes

    def part_surface(self, part: int) -> Points:
        """Return points and colours spread over a node, or the whole model."""
        made = self._prepared()
        return made.surface(None if self._is_whole() else np.flatnonzero(made.model.node == part))

    @property
    def whole_name(self) -> str:
        """The name of the model as a whole: a catalogue's, and that of the file or folder."""
        return f"{catalog_name(self.source)} {self.name}".strip()

    def model(self) -> Model:
        """Return the model as it is in its file, in metres; raises InputError naming the file."""
        return load_model(self.source, scale=self.options.scale, up=self.options.up)

    def _is_whole(self) -> bool:
        kind = self.options.objects
        return kind == "whole" or (kind is None and not self._prepared().is_room)

    def _prepared(self) -> PreparedModel:
        try:
            changed = self.source.stat().st_mtime_ns
        except OSError as error:
            raise InputError(f"{self.source} cannot be read: {error.strerror}") from error
        return prepared(self.source, changed, self.options.scale, self.options.up)
