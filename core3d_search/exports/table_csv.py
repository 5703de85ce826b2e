"""The objects of a scene as a table: CSV as RFC 4180 has it, UTF-8, one row an object, metres."""

from __future__ import annotations

import csv
import io

from core3d_search.exports.scene_graph import SceneGraph
from core3d_search.store import Marks

COLUMNS = (
    "scene", "object_id", "label", "label_score", "center_x", "center_y", "center_z",
    "extent_x", "extent_y", "extent_z",
    *(f"rotation_{row}{column}" for row in range(3) for column in range(3)),
    "color", "point_count", "observation_count", "tags", "note",
)  # fmt: skip


def to_csv(graph: SceneGraph) -> bytes:
    """Return the table; boxes are in the scan's own coordinates, the origin added, tags separated by semicolons."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(COLUMNS)
    for row, item in enumerate(graph.objects):
        box, said = item.box.moved(graph.scene.origin), graph.marks.get(item.id, Marks())
        rows.writerow(
            [
                _text(graph.scene.name), item.id, _text(item.label or ""), item.label_score,
                *box.center.tolist(), *box.extent.tolist(), *box.rotation.reshape(-1).tolist(),
                f"#{bytes(graph.table.dominant_colors[row]).hex()}", int(graph.table.point_counts[row]),
                item.observation_count, _text(";".join(said.tags)), _text(said.note),
            ]
        )  # fmt: skip
    return file.getvalue().encode()


def _text(value: str) -> str:
    """Return `value` so that no spreadsheet takes it for a formula (OWASP, CSV injection)."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
