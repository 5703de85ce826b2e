"""Finds the scenes under a folder and opens each with the reader that recognises it."""

from __future__ import annotations

from pathlib import Path

from core3d_search import plugins
from core3d_search.errors import InputError
from core3d_search.indexer.frames import SceneReader

GROUP = "core3d.readers"


def find_scenes(path: Path, format: str | None = None) -> list[SceneReader]:
    """Return the scene at `path`, or one for each scene folder directly inside it, sorted by folder name.

    `format` forces one reader by its name instead of asking every reader whether it recognises the folder.
    Raises InputError where there is none, or two would have the same name.
    """
    path = path.expanduser()
    if not path.exists():
        raise InputError(f"{path} does not exist")
    if not path.is_dir():
        raise InputError(f"{path} is a file; a scene is a folder ({_expected()})")
    reader = reader_for(path, format)
    if reader is not None:
        return [reader.open(path)]
    children = sorted(child for child in path.iterdir() if child.is_dir() and not child.name.startswith("."))
    scenes = [found.open(child) for child in children if (found := reader_for(child, format)) is not None]
    if not scenes:
        raise InputError(f"no scene in {path}: neither the folder itself nor a folder in it is one of: {_expected()}")
    names = [scene.name for scene in scenes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"scenes in {path} share a name: {', '.join(twice)}; give each its own in scene.json")
    return scenes


def reader_for(path: Path, format: str | None = None) -> type[SceneReader] | None:
    """Return the reader that recognises the folder `path`, None where none (or not the forced one) does."""
    candidates = [format] if format else plugins.names(GROUP)
    readers: list[type[SceneReader]] = [plugins.load(GROUP, name) for name in candidates]
    return next((reader for reader in readers if reader.recognises(path)), None)


def _expected() -> str:
    return "; ".join(f"{name}: {plugins.load(GROUP, name).layout}" for name in plugins.names(GROUP))
