"""Finds implementations (readers, mask generators, encoders, vector indexes) by name: ours and other packages'.

Another package registers under the entry-point groups `core3d.readers`, `core3d.masks`, `core3d.encoders` and
`core3d.vectors`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from core3d_search.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

BUILT_IN: dict[str, dict[str, str]] = {
    "core3d.readers": {  # asked in this order: the layout that asks for least comes last
        "scannet": "core3d_search.indexer.readers.scannet:ScannetReader",
        "7scenes": "core3d_search.indexer.readers.seven_scenes:SevenScenesReader",
        "replica": "core3d_search.indexer.readers.replica:ReplicaReader",
        "sens": "core3d_search.indexer.readers.scannet_sens:SensReader",
        "tum": "core3d_search.indexer.readers.tum:TumReader",
        "redwood": "core3d_search.indexer.readers.redwood:RedwoodReader",
        "record3d": "core3d_search.indexer.readers.record3d:Record3DReader",
        "polycam": "core3d_search.indexer.readers.polycam:PolycamReader",
        "nerfstudio": "core3d_search.indexer.readers.nerfstudio:NerfstudioReader",
        "arkitscenes": "core3d_search.indexer.readers.arkitscenes:ArkitScenesReader",
        "colmap": "core3d_search.indexer.readers.colmap:ColmapReader",
        "frames": "core3d_search.indexer.readers.frames_folder:FramesFolderReader",
        "mesh": "core3d_search.indexer.readers.mesh:MeshReader",
    },
    "core3d.masks": {
        "built-in": "core3d_search.indexer.masks.built_in.regions:RegionMaskGenerator",
        "semantic-sam": "core3d_search.indexer.masks.semantic_sam.adapter:SemanticSamMaskGenerator",
        "sam": "core3d_search.indexer.masks.sam:SamMaskGenerator",
        "sam-hq": "core3d_search.indexer.masks.sam:SamHqMaskGenerator",
        "sam2": "core3d_search.indexer.masks.sam:Sam2MaskGenerator",
    },
    "core3d.encoders": {
        "built-in": "core3d_search.encoders.builtin:BuiltinEncoder",
        "open_clip": "core3d_search.encoders.open_clip:OpenClipEncoder",
    },
    "core3d.vectors": {
        "exact": "core3d_search.vectors.exact:ExactIndex",
        "mapped": "core3d_search.vectors.mapped:MappedIndex",
        "faiss": "core3d_search.vectors.faiss:FaissIndex",
        "torch": "core3d_search.vectors.torch:TorchIndex",
        "pgvector": "core3d_search.vectors.pgvector:PgvectorIndex",
        "qdrant": "core3d_search.vectors.qdrant:QdrantIndex",
        "qdrants": "core3d_search.vectors.qdrant:QdrantIndex",
    },
}

INSTALL_HINTS = {"transformers": "pip install 'core3d-search[sam]'"}


def names(group: str) -> list[str]:
    """Return every registered name of `group`, ours first."""
    ours = list(BUILT_IN[group])
    return ours + sorted({point.name for point in _entry_points(group)} - set(ours))


def load(group: str, name: str) -> Any:
    """Return the class registered as `name`.

    Raises InputError for an unknown name and MissingDependencyError where its package is not installed.
    """
    target = BUILT_IN[group].get(name)
    try:
        if target is not None:
            module, attribute = target.split(":")
            return getattr(import_module(module), attribute)
        for point in _entry_points(group):
            if point.name == name:
                return point.load()
    except ModuleNotFoundError as error:
        hint = INSTALL_HINTS.get(error.name or "", f"pip install {error.name}")
        raise MissingDependencyError(f"{name!r} needs the package {error.name!r}: {hint}") from error
    kind = {"core3d.vectors": "vector index"}.get(group, group.removeprefix("core3d."))
    raise InputError(f"no {kind} called {name!r}; there are: {', '.join(names(group))}")


def _entry_points(group: str) -> EntryPoints:
    from importlib.metadata import entry_points  # 30 ms that a search with our own parts does not need

    return entry_points(group=group)
