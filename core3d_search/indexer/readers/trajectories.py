"""Reads lists of poses: TUM's text, CSV tables and Open3D's log; and finds the pose of an image by its time."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers.files import File, read_text

Floats = npt.NDArray[np.float64]

POSITION = ("tx", "ty", "tz")
QUATERNION = ("qx", "qy", "qz", "qw")
ALIASES = {
    "x": "tx", "y": "ty", "z": "tz", "time": "timestamp", "t": "timestamp",
    "image": "file", "filename": "file", "image_name": "file",
    **{f"{word}_{axis}": f"t{axis}" for word in ("pos", "position") for axis in "xyz"},
    **{f"quat_{axis}": f"q{axis}" for axis in "xyzw"},
}  # fmt: skip
"""Other names of columns in the CSV files that people write."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Stored `poses` (N, 4, 4), each with the word that names its image: a time in seconds, a number, a file name."""

    keys: tuple[str, ...]
    poses: Floats

    def __len__(self) -> int:
        return len(self.keys)

    def times(self) -> Floats:
        """Return the keys as numbers (N,), NaN for those that are none."""
        return np.array([_number(key) for key in self.keys])


def read_tum(file: File) -> Trajectory:
    """Return the poses of lines `timestamp tx ty tz qx qy qz qw` (# begins a comment); raises InputError."""
    rows = [line.replace(",", " ").split() for line in _lines(file)]
    bad = next((row for row in rows if len(row) != 8), None)
    if bad is not None or not rows:
        raise InputError(
            f"{file} must hold lines of 8 numbers, timestamp tx ty tz qx qy qz qw; got {' '.join(bad or [])!r}"
        )
    values = _floats([row[1:] for row in rows], file)
    return Trajectory(tuple(row[0] for row in rows), pose_of(values[:, :3], values[:, 3:], file))


def read_csv(file: File) -> Trajectory:
    """Return the poses of a table with a header; raises InputError.

    Columns: one of `timestamp`, `frame` or `file` (else the first), and `tx ty tz qx qy qz qw` (or `x y z` for the
    first three), or the sixteen numbers of a matrix row by row as all other columns.
    """
    lines = _lines(file)
    mark = ";" if lines and ";" in lines[0] and "," not in lines[0] else ","
    rows = [row for row in csv.reader(lines, delimiter=mark) if row]
    if len(rows) < 2:
        raise InputError(f"{file} must hold a header and a line for each pose")
    header = [ALIASES.get(name.strip().lower(), name.strip().lower()) for name in rows[0]]
    body = [row for row in rows[1:] if len(row) == len(header)]
    if len(body) != len(rows) - 1:
        raise InputError(f"{file}: not every line has the {len(header)} values of the header")
    key = next((header.index(name) for name in ("file", "frame", "timestamp") if name in header), 0)
    keys = tuple(row[key].strip() for row in body)
    if all(name in header for name in POSITION + QUATERNION):
        places = [header.index(name) for name in POSITION + QUATERNION]
        values = _floats([[row[place] for place in places] for row in body], file)
        return Trajectory(keys, pose_of(values[:, :3], values[:, 3:], file))
    others = [[value for place, value in enumerate(row) if place != key] for row in body]
    if len(others[0]) != 16:
        raise InputError(
            f"{file} must have the columns {' '.join(POSITION + QUATERNION)} or sixteen for a matrix: {header}"
        )
    return Trajectory(keys, _floats(others, file).reshape(-1, 4, 4))


def read_log(file: File) -> Trajectory:
    """Return the poses of Open3D's log: a line of three integers and four of a matrix each; raises InputError."""
    lines = _lines(file)
    if not lines or len(lines) % 5:
        raise InputError(f"{file} must hold five lines for each pose: three integers and a 4x4 matrix")
    keys = tuple(line.split()[0] for line in lines[::5])
    rows = [line.split() for place, line in enumerate(lines) if place % 5]
    return Trajectory(keys, _floats(rows, file, 4).reshape(-1, 4, 4))


def read_matrices(file: File) -> Floats:
    """Return (N, 4, 4) from lines of sixteen numbers; raises InputError."""
    return _floats([line.split() for line in _lines(file)], file, 16).reshape(-1, 4, 4)


def pose_of(position: Floats, quaternion: Floats, where: object) -> Floats:
    """Return (N, 4, 4) from positions (N, 3) and quaternions (N, 4), x y z w; raises InputError.

    A quaternion of no length, which trackers write when they are lost, gives a pose that is not finite.
    """
    from scipy.spatial.transform import Rotation

    position, quaternion = np.asarray(position, np.float64), np.asarray(quaternion, np.float64)
    lost = ~np.isfinite(quaternion).all(axis=1) | (np.linalg.norm(np.nan_to_num(quaternion), axis=1) < 1e-6)
    if len(lost) and lost.all():
        raise InputError(f"{where}: no quaternion has a length")
    poses = np.tile(np.eye(4), (len(position), 1, 1))
    poses[:, :3, :3] = Rotation.from_quat(np.where(lost[:, None], [0, 0, 0, 1], quaternion)).as_matrix()
    poses[:, :3, 3] = position
    poses[lost] = np.nan
    return poses


def nearest(times: Floats, wanted: Floats, tolerance: float) -> npt.NDArray[np.int64]:
    """Return for each of `wanted` (N,) the position in `times` (M,) of the nearest, -1 where none is within reach."""
    if not len(times) or not len(wanted):
        return np.full(len(wanted), -1)
    order = np.argsort(times, kind="stable")
    after = (
        np.searchsorted(times[order], wanted).clip(1, len(times) - 1) if len(times) > 1 else np.zeros(len(wanted), int)
    )
    before = (after - 1).clip(0)
    closer = np.abs(times[order[before]] - wanted) <= np.abs(times[order[after]] - wanted)
    found = order[np.where(closer, before, after)]
    return np.where(np.abs(times[found] - wanted) <= tolerance, found, -1)


def _lines(file: File) -> list[str]:
    return [line for line in read_text(file).splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _floats(rows: Sequence[Sequence[str]], file: File, length: int | None = None) -> Floats:
    try:
        values = np.array(rows, np.float64)
    except ValueError as error:
        raise InputError(f"{file} holds something else than numbers: {error}") from error
    if values.ndim != 2 or (length is not None and values.shape[1] != length):
        raise InputError(f"{file} must hold lines of {length} numbers")
    return values


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
