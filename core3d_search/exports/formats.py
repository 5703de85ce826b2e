"""The formats that a scene is written in, by the ending of their files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core3d_search.errors import InputError
from core3d_search.exports.gltf import to_glb
from core3d_search.exports.json_graph import to_json
from core3d_search.exports.ply import to_ply
from core3d_search.exports.scene_graph import SceneGraph, scene_graph
from core3d_search.exports.surface import Surface
from core3d_search.exports.table_csv import to_csv
from core3d_search.exports.usd import to_usd
from core3d_search.store import Store


@dataclass(frozen=True)
class ExportFormat:
    """How a scene is written: the file's ending without dot, its media type, what makes its bytes, and whether that
    takes the objects' points."""

    name: str
    media_type: str
    write: Callable[[SceneGraph], bytes]
    with_points: bool


FORMATS: dict[str, ExportFormat] = {
    "json": ExportFormat("json", "application/json", to_json, with_points=False),
    "csv": ExportFormat("csv", "text/csv", to_csv, with_points=False),
    "ply": ExportFormat("ply", "application/octet-stream", to_ply, with_points=True),
    "glb": ExportFormat("glb", "model/gltf-binary", to_glb, with_points=True),
    "usd": ExportFormat("usd", "model/vnd.usd", to_usd, with_points=True),
}
"""The formats by name."""


def export_scene(store: Store, scene: str, format: str, surface: Surface | None = None) -> bytes:
    """Return the scene called `scene` as a file of a format in `FORMATS`.

    A `surface` (`indexer.surface_mesh.fused_surface`) is shown in the place of points, in glTF only. The same scene
    gives the same bytes. Raises InputError for an unknown format, StoreError for an unknown scene,
    MissingDependencyError where the package is missing that writes it.
    """
    if format not in FORMATS:
        raise InputError(f"no export format {format!r}; there are: {', '.join(FORMATS)}")
    if surface is not None:
        if format != "glb":
            raise InputError(f"a surface is written as .glb, not as .{format}")
        return to_glb(scene_graph(store, scene, with_points=True), surface)
    chosen = FORMATS[format]
    return chosen.write(scene_graph(store, scene, with_points=chosen.with_points))
