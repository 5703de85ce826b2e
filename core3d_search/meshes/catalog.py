"""Names from the `catalog.json` of an asset library, where a model's own file and folder have only a key."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

LEVELS = 3
"""Folders above a model that are looked into."""


def catalog_name(path: Path) -> str:
    """Return the `name` of the entry whose `path` is this model's, "" where no catalogue above it names it.

    A catalogue is a list of objects with `path`, relative to its own folder, and `name`.
    """
    path = path.resolve()
    for folder in list(path.parents)[:LEVELS]:
        file = folder / "catalog.json"
        if file.is_file():
            return _names(file, file.stat().st_mtime_ns).get(path.relative_to(folder).as_posix(), "")
    return ""


@lru_cache(maxsize=4)
def _names(file: Path, changed: int) -> dict[str, str]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    listed = entries if isinstance(entries, list) else []
    return {
        entry["path"]: entry["name"]
        for entry in listed
        if isinstance(entry, dict) and isinstance(entry.get("path"), str) and isinstance(entry.get("name"), str)
    }
