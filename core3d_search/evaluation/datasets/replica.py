"""Replica: NICE-SLAM's renderings for the frames, the semantic meshes of the original download for the truth.

A vertex has the class and the object of the face that it is a corner of (of several faces, the last one): so HOV-SG's
evaluation reads these meshes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core3d_search.errors import InputError
from core3d_search.evaluation.class_lists import published
from core3d_search.evaluation.datasets.needs import Need, Source, found
from core3d_search.evaluation.datasets.ply import column, read_ply, vertices
from core3d_search.evaluation.metrics.semantic import NOTHING
from core3d_search.evaluation.truth import SceneTruth, Thing
from core3d_search.geometry import fit_box
from core3d_search.indexer.frames import SceneReader
from core3d_search.indexer.readers.checksums import checksum_of_files
from core3d_search.indexer.readers.files import read_json_object

SCENES = ("room0", "room1", "room2", "office0", "office1", "office2", "office3", "office4")
"""The eight scenes of the tables (CORE-3D section 4, ConceptGraphs, HOV-SG)."""
RENDERINGS = Source(
    "Replica.zip (12 GB), by its scripts/download_replica.sh",
    "https://github.com/cvg/nice-slam",
    "those of Replica below; the renderings are NICE-SLAM's, who took them over from iMAP",
)
MESHES = Source(
    "the scenes with their habitat/ folders, by its download.sh",
    "https://github.com/facebookresearch/Replica-Dataset",
    "the Replica research terms in its LICENSE: research and education, no redistribution",
)
STUFF = frozenset({"other", "wall", "floor", "ceiling"})


def needs(scene: str) -> list[Need]:
    """Return the files that the evaluation of `scene` reads, relative to the root."""
    original = f"{scene[:-1]}_{scene[-1]}"
    folders = (f"{original}/habitat", f"{scene}/habitat", f"Replica-Dataset/{original}/habitat")
    return [
        Need((f"{scene}/results",), RENDERINGS),
        Need((f"{scene}/traj.txt",), RENDERINGS),
        Need(tuple(f"{folder}/mesh_semantic.ply" for folder in folders), MESHES),
        Need(tuple(f"{folder}/info_semantic.json" for folder in folders), MESHES),
    ]


def read_truth(root: Path, scene: str, reader: SceneReader) -> SceneTruth:
    """Return the truth of `scene` below `root`; raises InputError that says what is missing or wrong."""
    mesh, info = (found(root, need) for need in needs(scene)[2:])
    names = published("replica").names
    number = {name: position for position, name in enumerate(names)}
    document = read_json_object(info)
    try:
        class_of = {int(entry["id"]): str(entry.get("class_name", "other")) for entry in document["objects"]}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{info}: 'objects' must each have an id and a class_name ({error})") from error
    ply = read_ply(mesh)
    points = vertices(ply, mesh)
    corners = column(ply, mesh, "face", "vertex_indices", "vertex_index").astype(np.int64)
    owner = np.full(len(points), NOTHING, np.int64)
    owner[corners] = column(ply, mesh, "face", "object_id").astype(np.int64)[:, None]
    top = max(int(owner.max(initial=0)), max(class_of, default=0))
    class_of_object = np.full(top + 2, NOTHING, np.int64)
    for key, name in class_of.items():
        if 0 <= key <= top:
            class_of_object[key] = number.get(name, number["other"])
    classes = class_of_object[owner]  # position -1, a vertex of no face, is NOTHING
    instances = np.where(classes == NOTHING, 0, owner + 1)
    things = {}
    for key in np.unique(instances[instances > 0]).tolist():
        label = names[int(classes[instances == key][0])]
        if label not in STUFF:
            things[key] = Thing(label, fit_box(points[instances == key], (0, 0, 1)))
    checksum = checksum_of_files(mesh.parent, [mesh, info])
    return SceneTruth(reader.name, points.astype(np.float32), classes, instances, names, things, checksum, STUFF)
