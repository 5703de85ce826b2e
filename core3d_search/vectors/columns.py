"""What bounds on scores read of an object beside its vector: its label, colour and box, row by row with the vectors.

Copies of what the database holds, so that thousands of objects are told apart without asking it. They choose what is
looked at; every answer is made of the rows in the database, each verified by its checksum.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core3d_search.store import StoredObjects

COLUMNS = np.dtype(
    [
        ("label", np.int32),
        ("given", np.bool_),
        ("color", np.uint8, 3),
        ("center", np.float32, 3),
        ("extent", np.float32, 3),
        ("rotation", np.float32, (3, 3)),
    ]
)
"""`label` is a position in the names beside the columns, -1 for none; `given` whether the scene's own files gave it;
`color` the dominant one; `center`, `extent` in metres and `rotation` world_from_box as stored."""

NO_LABEL = -1
LONGEST_LABEL = 255

Columns = npt.NDArray[np.void]
Names = npt.NDArray[np.str_]


def columns_of(stored: StoredObjects, ids: npt.NDArray[np.int64]) -> tuple[Columns, Names]:
    """Return the columns (N,) of the objects `ids` (N,), and the names that their labels count."""
    rows = stored.positions(ids)
    columns = np.zeros(len(ids), COLUMNS)
    columns["label"] = NO_LABEL
    there = rows >= 0  # else an indexer wrote in between: the next generation has it right
    rows = rows[there]
    names = sorted({label for label in stored.labels if label is not None})
    code = {name: number for number, name in enumerate(names)} | {None: NO_LABEL}
    labels = np.array([code[label] for label in stored.labels], np.int32)
    columns["label"][there] = labels[rows]
    columns["given"][there] = stored.label_scores[rows] == 1.0
    columns["color"][there] = stored.dominant_colors[rows]
    columns["center"][there] = stored.centers[rows]
    columns["extent"][there] = stored.extents[rows]
    columns["rotation"][there] = stored.rotations[rows]
    return columns, np.array(names, f"U{LONGEST_LABEL}" if not names else None)


def joined(parts: Sequence[tuple[Columns, Names]]) -> tuple[Columns, Names]:
    """Return several columns as one, their labels counted anew."""
    names = np.unique(np.concatenate([own for _, own in parts]))
    renumbered = []
    for columns, own in parts:
        copied = np.array(columns)
        new_code = np.append(np.searchsorted(names, own), NO_LABEL).astype(np.int32)  # the last one is that of -1
        copied["label"] = new_code[copied["label"]]
        renumbered.append(copied)
    return np.concatenate(renumbered), names
