"""The points of a scene by class, as `core3d segment` has them: what was chosen, and a file of coloured points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.evaluation.segment import Segmentation, segment_scene
from core3d_search.evaluation.segment_files import palette
from core3d_search.exports.ply import ply
from core3d_search.search import documents
from core3d_search.search.documents.things import hex_color
from core3d_search.search.searcher import Searcher


def segmentation(searcher: Searcher, scene: str, asked: documents.SegmentRequest) -> documents.Segmentation:
    """Return the class of each object of a scene. Raises InputError for a class without a name."""
    found = _segmented(searcher, scene, asked)
    colors = palette(len(found.class_names))
    counts = np.bincount(found.classes, minlength=len(found.class_names))
    return documents.Segmentation(
        scene=scene,
        point_count=len(found.points),
        classes=[
            documents.SegmentClass(number, name, hex_color(colors[number]), int(counts[number]))
            for number, name in enumerate(found.class_names)
        ],
        objects=[
            documents.SegmentedObject(key, number, round(cosine, 4))
            for key, (number, cosine) in sorted(found.object_classes.items())
        ],
    )


def segmented_ply(searcher: Searcher, scene: str, asked: documents.SegmentRequest) -> bytes:
    """Return the points as a binary PLY in the colours of their classes, with `class` and `object_id` of each."""
    found = _segmented(searcher, scene, asked)
    colors = palette(len(found.class_names))[found.classes]
    numbers: dict[str, npt.NDArray[np.integer]] = {"class": found.classes, "object_id": found.instances}
    return ply(found.points, colors, searcher.store.scene(scene).origin, "core3d classes, metres", numbers)


def _segmented(searcher: Searcher, scene: str, asked: documents.SegmentRequest) -> Segmentation:
    if blank := [name for name in asked.classes if not name.strip(" -_\t\r\n")]:
        raise InputError(f"the class {blank[0]!r} has no name")
    return segment_scene(searcher.store, scene, asked.classes, encoder=searcher.encoder(scene))
