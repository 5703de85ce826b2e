"""Tells whether the files of a scene have changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def checksum_of_files(root: Path, paths: Iterable[Path], said: str = "") -> str:
    """Return the SHA-256 over the names (relative to `root`) and contents of `paths`, and over `said`."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{Path(os.path.relpath(path, root)).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    digest.update(said.encode())
    return digest.hexdigest()
