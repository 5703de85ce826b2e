"""Finds the mesh files of a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from core3d_search.errors import InputError
from core3d_search.meshes.loading import SUFFIXES

MAX_MODELS = 100_000


def is_mesh_file(path: Path) -> bool:
    """Return whether `path` is a file that ends as mesh files do, and not the mesh of a scan beside it."""
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return False
    scan = path.with_name(re.sub(r"[_.-]?mesh.*$", "", path.stem, flags=re.IGNORECASE) or path.stem)
    return not scan.is_dir()


def mesh_files(folder: Path) -> Iterator[Path]:
    """Yield the mesh files at any depth below `folder`, sorted; hidden ones are skipped, no folder is entered twice.

    Raises InputError for more than `MAX_MODELS`.
    """
    count, entered = 0, set[str]()
    for root, folders, files in os.walk(folder, followlinks=True):
        entered.add(os.path.realpath(root))
        inner = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in inner if os.path.realpath(os.path.join(root, name)) not in entered]
        for name in sorted(files):
            if not name.startswith(".") and is_mesh_file(Path(root) / name):
                count += 1
                if count > MAX_MODELS:
                    raise InputError(f"{folder} holds more than {MAX_MODELS} models; name a smaller folder")
                yield Path(root) / name
