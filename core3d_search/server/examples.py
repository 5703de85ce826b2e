"""Examples of requests and answers in the OpenAPI document; a test reads each by its own schema."""

from __future__ import annotations

from typing import Any

QUESTIONS: dict[str, dict[str, Any]] = {
    "words": {"summary": "In words", "value": {"text": "red chair near window", "k": 5}},
    "refined": {"summary": "Like an object, refined", "value": {"like": 5, "text": "but red", "explain": True}},
    "filtered": {
        "summary": "Filtered, second page",
        "value": {"text": "chair", "scenes": ["kitchen-2"], "tag": "mine", "k": 20, "offset": 20, "threshold": 0.2},
    },
}
BOX: dict[str, Any] = {
    "center": [4.497, 2.6, 0.447],
    "extent": [0.524, 0.41, 0.82],
    "rotation": [[0.994, -0.11, 0.0], [0.11, 0.994, 0.0], [0.0, 0.0, 1.0]],
}
OBJECT: dict[str, Any] = {
    "object_id": 86,
    "scene": "living-room-1",
    "label": "chair",
    "label_score": 0.93,
    "box": BOX,
    "color": "#b02a24",
    "point_count": 1480,
    "observation_count": 12,
}
ANSWER: dict[str, Any] = {
    "schema_version": 1,
    "query": "red chair near window",
    "hits": [
        {
            "scene": "living-room-1",
            "object_id": 86,
            "label": "chair",
            "score": 0.939798,
            "similarity": 0.9992,
            "box": BOX,
            "reasons": [
                {"kind": "target", "text": "chair", "score": 0.981, "anchor_ids": [], "values": {}},
                {"kind": "attribute", "text": "red", "score": 1.0, "anchor_ids": [], "values": {}},
                {
                    "kind": "relation",
                    "text": "near window",
                    "score": 0.958,
                    "anchor_ids": [74],
                    "values": {"distance_m": 0.174, "threshold_m": 0.5},
                },
            ],
        }
    ],
    "offset": 0,
    "next_offset": None,
    "answer": None,
    "explanation": None,
}
COUNTS = {"schema_version": 1, "query": "chairs", "count": 5, "counts": {"kitchen-2": 3, "living-room-1": 2}}
VOCABULARY = {"schema_version": 1, "labels": ["chair", "table", "window"], "tags": ["mine"]}
PLACE: dict[str, Any] = {
    "scene": "living-room-1",
    "format": "frames",
    "path": "living-room-1",
    "up": [0.0, 0.0, 1.0],
    "origin": None,
    "frame_count": 40,
    "object_count": 42,
    "indexed": "2026-11-25T02:01:58+00:00",
}
PAGE = {"total": 1, "offset": 0, "next_offset": None}
SCENES = {"schema_version": 1, "scenes": [PLACE], **PAGE}
SAID: dict[str, Any] = {"tags": ["mine"], "note": "broken leg", "properties": {"price": 3.5}}
SCENE = {"schema_version": 1, **PLACE, "labels": {"chair": 2, "window": 1}, **SAID}
OBJECTS = {"schema_version": 1, "scene": "living-room-1", "objects": [OBJECT], **PAGE}
CARD = {
    "schema_version": 1,
    **OBJECT,
    "front": None,
    "views": [{"frame": 12, "box": [120.0, 88.0, 210.5, 240.0], "visible_fraction": 0.92}],
    "has_thumbnail": True,
    "neighbours": [
        {
            "object_id": 74,
            "label": "window",
            "relations": {"near": 0.91},
            "distance_m": 0.174,
            "center_distance_m": 1.19,
            "height_difference_m": -1.043,
        }
    ],
    **SAID,
}
PLAN = {
    "schema_version": 1,
    "scene": "living-room-1",
    "low": [0.0, 0.0],
    "high": [5.2, 4.1],
    "outlines": [
        {
            "object_id": 86,
            "label": "chair",
            "color": "#b02a24",
            "corners": [[4.2, 2.4], [4.8, 2.4], [4.8, 2.8], [4.2, 2.8]],
            "low_m": 0.03,
            "high_m": 0.86,
        }
    ],
}
SEGMENTATION = {
    "schema_version": 1,
    "scene": "living-room-1",
    "point_count": 1480,
    "classes": [{"number": 0, "name": "chair", "color": "#f24949", "point_count": 1480}],
    "objects": [{"object_id": 86, "number": 0, "similarity": 0.9417}],
}
MARKS = {"schema_version": 1, "scene": None, "object_id": 86, **SAID}
HEALTH = {"schema_version": 1, "status": "ok", "version": "0.1.0"}
JOB: dict[str, Any] = {
    "schema_version": 1,
    "job_id": "8d1c4be29f0a7e36",
    "path": "new/office",
    "state": "running",
    "created": "2026-11-25T02:10:00+00:00",
    "started": "2026-11-25T02:10:01+00:00",
    "finished": None,
    "scene": "office",
    "stage": "masks",
    "done": 12,
    "total": 40,
    "runs": [],
    "failed": None,
    "error": None,
}
JOBS = {"schema_version": 1, "jobs": [JOB]}

ANSWERS: dict[str, dict[str, Any]] = {
    "search": ANSWER,
    "count": COUNTS,
    "vocabulary": VOCABULARY,
    "list_scenes": SCENES,
    "get_scene": SCENE,
    "list_objects": OBJECTS,
    "get_plan": PLAN,
    "segment_scene": SEGMENTATION,
    "get_object": CARD,
    "put_tags": MARKS,
    "index": JOB,
    "list_jobs": JOBS,
    "get_job": JOB,
    "cancel_job": JOB,
    "health": HEALTH,
}
"""By the id of the operation."""
