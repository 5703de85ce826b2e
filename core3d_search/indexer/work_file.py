"""The frames that an unfinished run has done, on disk: a killed run goes on from there.

One SQLite file a scene, one row a frame, committed as it is done; arrays as .npz without pickles. It is a cache: a file
that belongs to another input, or is damaged, is thrown away.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError, StoreError
from core3d_search.indexer.detections import PackedMask
from core3d_search.indexer.journal import FrameNote
from core3d_search.indexer.lifting import Observation

SUFFIX = ".work"
LAYOUT = "1"
"""Raised when what a row holds changes: files of another layout are thrown away."""


class WorkFile:
    """The finished frames of one scene at `path`, for the input that `key` names.

    Raises InputError where another process is at work on the scene, StoreError where nothing can be written.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.path = path
        try:
            self._open(key)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise StoreError(
                    f"the work file {path} cannot be made ({error}): check the rights of its folder"
                ) from error
            raise InputError(
                f"{path} is in use: another process indexes this scene; wait for it, or stop it"
            ) from error
        except sqlite3.DatabaseError:  # cut off by a full disk or a power failure: what it held is done again
            self._connection.close()
            path.unlink()
            self._open(key)

    def _open(self, key: str) -> None:
        self._connection = sqlite3.connect(self.path, timeout=1.0, isolation_level=None)
        run = self._connection.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA synchronous = NORMAL")
        run("BEGIN EXCLUSIVE")
        run("CREATE TABLE IF NOT EXISTS input (key TEXT NOT NULL)")
        run("CREATE TABLE IF NOT EXISTS frames (position INTEGER PRIMARY KEY, masks INTEGER, arrays BLOB)")
        wanted = f"{LAYOUT} {key}"
        if run("SELECT key FROM input").fetchall() != [(wanted,)]:
            run("DELETE FROM frames")
            run("DELETE FROM input")
            run("INSERT INTO input VALUES (?)", (wanted,))
        run("COMMIT")

    def add(self, note: FrameNote, observations: Sequence[Observation], mask_count: int) -> None:
        """Keep a frame that is done; raises StoreError on a full disk."""
        row = (note.position, mask_count, packed(note, observations))
        try:
            self._connection.execute("INSERT OR REPLACE INTO frames VALUES (?, ?, ?)", row)
        except sqlite3.Error as error:
            raise StoreError(f"the work file {self.path} cannot be written ({error}): make room on its disk") from error

    def frames(self) -> Iterator[tuple[FrameNote, list[Observation], int]]:
        """Yield the frames that are done, by position: the note, what was observed, of how many masks."""
        for position, masks, blob in self._connection.execute("SELECT * FROM frames ORDER BY position"):
            note, observations = unpacked(position, blob)
            yield note, observations, masks

    def close(self) -> None:
        """Let go of the file, which stays."""
        self._connection.close()

    def remove(self) -> None:
        """Delete the file: the run is done."""
        self.close()
        self.path.unlink(missing_ok=True)


def place_of(database: Path, scene: str) -> Path:
    """Return where the work file of a scene lies: beside the database."""
    name = hashlib.sha256(scene.encode()).hexdigest()[:12]
    return database.with_name(f"{database.name}-{name}{SUFFIX}")


def kept_beside(database: Path) -> list[tuple[Path, int]]:
    """Return the work files beside a database, with how many finished frames each holds."""
    found = []
    for path in sorted(database.parent.glob(f"{database.name}-*{SUFFIX}")):
        try:
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            (count,) = connection.execute("SELECT count(*) FROM frames").fetchone()
            connection.close()
        except sqlite3.Error:
            continue
        found.append((path, int(count)))
    return found


def packed(note: FrameNote, observations: Sequence[Observation]) -> bytes:
    """Return a frame as the bytes of an .npz; exactly what `unpacked` gives back."""
    camera = {"intrinsics": note.intrinsics, "world_from_camera": note.world_from_camera}
    arrays: dict[str, Any] = {key: value for key, value in camera.items() if value is not None}
    arrays["size"] = np.array([note.height, note.width])
    if observations:
        arrays |= {
            "boxes": np.stack([seen.box for seen in observations]),
            "points": np.concatenate([seen.points for seen in observations]),
            "colors": np.concatenate([seen.colors for seen in observations]),
            "point_counts": np.array([len(seen.points) for seen in observations]),
            "mask_boxes": np.array([seen.mask.box for seen in observations]),
            "bits": np.concatenate([seen.mask.bits for seen in observations]),
            "bit_counts": np.array([len(seen.mask.bits) for seen in observations]),
            "whole": np.array([(seen.frame, seen.level, seen.pixel_count, seen.at_border) for seen in observations]),
            "real": np.array([(seen.score, seen.depth_m, seen.sharpness) for seen in observations], np.float64),
        }
        looks = [seen.embedding for seen in observations if seen.embedding is not None]
        if looks:
            arrays["embeddings"] = np.stack(looks)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpacked(position: int, blob: bytes) -> tuple[FrameNote, list[Observation]]:
    """Return the frame at `position` whose `packed` bytes are `blob`."""
    with np.load(io.BytesIO(blob), allow_pickle=False) as file:
        arrays: dict[str, npt.NDArray[Any]] = dict(file)
    height, width = (int(side) for side in arrays["size"])
    note = FrameNote(position, height, width, arrays.get("intrinsics"), arrays.get("world_from_camera"))
    if "boxes" not in arrays:
        return note, []
    points, colors = (np.split(arrays[key], np.cumsum(arrays["point_counts"])[:-1]) for key in ("points", "colors"))
    bits = np.split(arrays["bits"], np.cumsum(arrays["bit_counts"])[:-1])
    looks = arrays.get("embeddings")
    observations = []
    for row, (frame, level, pixel_count, at_border) in enumerate(arrays["whole"].tolist()):
        score, depth_m, sharpness = arrays["real"][row].tolist()
        x0, y0, x1, y1 = arrays["mask_boxes"][row].tolist()
        observations.append(
            Observation(
                frame=frame,
                box=arrays["boxes"][row],
                score=score,
                level=level,
                points=points[row],
                colors=colors[row],
                mask=PackedMask((x0, y0, x1, y1), bits[row]),
                pixel_count=pixel_count,
                at_border=bool(at_border),
                depth_m=depth_m,
                sharpness=sharpness,
                embedding=None if looks is None else looks[row],
            )
        )
    return note, observations


def input_key(*parts: str) -> str:
    """Return the SHA-256 of all that decides what the frames of a scene give."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
