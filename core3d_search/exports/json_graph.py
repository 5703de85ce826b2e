"""The scene graph as JSON; docs/exports.md describes every field."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from core3d_search.exports.scene_graph import SceneGraph
from core3d_search.relations import PREDICATES
from core3d_search.store import Marks
from core3d_search.version import __version__

SCHEMA, SCHEMA_VERSION = "core3d/scene-graph", 1
"""Raised by every change that a reader must know of; fields may be added without."""


def to_json(graph: SceneGraph) -> bytes:
    """Return the scene graph as indented UTF-8."""
    return (json.dumps(document(graph), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def document(graph: SceneGraph) -> dict[str, Any]:
    """Return the scene graph as plain values; boxes are in the scan's own coordinates, the origin added."""
    scene = graph.scene
    told = sorted({relation.predicate for relation in graph.relations})
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "written_by": f"core3d {__version__}",
        "scene": scene.name,
        "frame": {
            "unit": "metre",
            "handedness": "right",
            "up": None if scene.up is None else list(scene.up),
        },
        "objects": [_object(graph, row) for row in range(len(graph.objects))],
        "relations": [dataclasses.asdict(relation) for relation in graph.relations],
        "predicates": {
            name: {"definition": rule.definition, "threshold": rule.threshold, "unit": rule.unit}
            for name, rule in ((name, PREDICATES[name]) for name in told)
        },
    }


def _object(graph: SceneGraph, row: int) -> dict[str, Any]:
    item, table = graph.objects[row], graph.table
    said = graph.marks.get(item.id, Marks())
    return {
        "object_id": item.id,
        "label": item.label,
        "label_score": item.label_score,
        "box": item.box.moved(graph.scene.origin).to_dict(),
        "front": None if item.front is None else list(item.front),
        "color": f"#{bytes(table.dominant_colors[row]).hex()}",
        "point_count": int(table.point_counts[row]),
        "observation_count": item.observation_count,
        "tags": list(said.tags),
        "note": said.note,
        "properties": dict(said.properties),
    }
