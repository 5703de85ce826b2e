"""Finds the scenes under a folder and opens each with the reader that recognises it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core3d_search import plugins
from core3d_search.errors import InputError
from core3d_search.indexer.frames import AS_STORED, ReadOptions, SceneReader
from core3d_search.indexer.poses import POSES_BY
from core3d_search.indexer.readers.checksums import checksum_of_files
from core3d_search.indexer.readers.posed_images import PosedImagesReader
from core3d_search.indexer.readers.zipped import is_zipped, unpacked

GROUP = "core3d.readers"
MAX_DEPTH = 12
"""Folders below the one that was asked for; no data set nests its scenes deeper than four."""
MAX_FOLDERS = 100_000
"""Folders looked into before the search is refused: a home folder or a whole disk, not a folder of scans."""


def find_scenes(path: Path, format: str | None = None, options: ReadOptions | None = None) -> list[SceneReader]:
    """Return the scene at `path`, or every scene at any depth below it, sorted by path.

    A scene is not searched for further scenes; hidden folders are skipped. `format` forces one reader by its name
    instead of asking every reader; `options` go above what each scene's own files say.
    Raises InputError where there is none, one is broken, or two would have the same name.
    """
    found = survey(path, format, options)
    for error in found.broken.values():
        raise error
    return list(found.scenes)


@dataclass(frozen=True, eq=False)
class Survey:
    """The scenes that were found and, by their path, those that cannot be opened, with the reason."""

    scenes: tuple[SceneReader, ...]
    broken: dict[Path, InputError]


def survey(path: Path, format: str | None = None, options: ReadOptions | None = None) -> Survey:
    """Return the scenes at or below `path` as `find_scenes` does, and those that are broken beside them.

    A `.zip` is unpacked first, into the cache (zipped.py); one that only lies in `path` is left alone.
    Raises InputError where there is neither, or two would have the same name.
    """
    path = path.expanduser()
    if not path.exists():
        raise InputError(f"{path} does not exist")
    if is_zipped(path) and reader_for(path, format) is None:
        path = unpacked(path)
    scenes: list[SceneReader] = []
    broken: dict[Path, InputError] = {}
    for source, reader in _recognised(path, _readers(format), set(), broken):
        try:
            scenes.append(reader.open(source, options or AS_STORED))
        except InputError as error:
            broken[source] = error
        except Exception as error:  # one odd scene, or a plug-in's bug, must not hide the others
            broken[source] = InputError(f"{source} cannot be opened: {type(error).__name__}: {error}")
    if not scenes and not broken and not path.is_dir():
        raise InputError(f"{path} is a file that no reader knows; a scene is one of: {_expected()}")
    if not scenes and not broken:
        raise InputError(f"no scene in {path}: neither the folder itself nor a folder in it is one of: {_expected()}")
    names = [scene.name for scene in scenes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"scenes in {path} share a name: {', '.join(twice)}; give each its own in scene.json")
    return Survey(tuple(scenes), broken)


def find_sources(path: Path, format: str | None = None) -> list[Path]:
    """Return where the scenes at or below `path` lie, sorted and unopened, and the folders that cannot be looked into.

    Empty where there is none; raises InputError as `survey` does for a whole disk.
    """
    broken: dict[Path, InputError] = {}
    found = [source for source, _ in _recognised(path, _readers(format), set(), broken)]
    return sorted([*found, *broken])


def reader_for(path: Path, format: str | None = None) -> type[SceneReader] | None:
    """Return the reader that recognises the folder or file `path`, None where none (or not the forced one) does."""
    return next((reader for reader in _readers(format) if reader.recognises(path)), None)


def fingerprint(reader: SceneReader) -> str:
    """Return the SHA-256 over the names and contents of the scene's files, and the options that were given for it.

    Options in the scene's own files are part of those files; without others the value is that of the files alone.
    """
    root = reader.source if reader.source.is_dir() else reader.source.parent
    said = reader.options.said()
    if estimates_poses(reader):
        said["poses"] = POSES_BY
    return checksum_of_files(root, reader.files(), json.dumps(said, sort_keys=True) if said else "")


def estimates_poses(reader: SceneReader) -> bool:
    """Return whether a reader finds the poses of its frames from their images."""
    return isinstance(reader, PosedImagesReader) and reader.estimates_poses


def _readers(format: str | None) -> list[type[SceneReader]]:
    return [plugins.load(GROUP, name) for name in ([format] if format else plugins.names(GROUP))]


def _recognised(
    path: Path,
    readers: Sequence[type[SceneReader]],
    entered: set[Path],
    broken: dict[Path, InputError],
    depth: int = 0,
) -> Iterator[tuple[Path, type[SceneReader]]]:
    """Yield each source at or below `path` with the reader that recognises it, sorted by path.

    `entered` collects the folders looked into, by their real path, so that links cannot lead in circles; `broken`
    those that cannot be.
    """
    reader = next((reader for reader in readers if reader.recognises(path)), None)
    if reader is not None:
        yield path, reader
        return
    if depth > MAX_DEPTH or not path.is_dir() or (real := path.resolve()) in entered:
        return
    entered.add(real)
    if len(entered) > MAX_FOLDERS:
        raise InputError(f"more than {MAX_FOLDERS} folders up to {path}; name a folder nearer to the scans")
    endings = tuple(ending for reader in readers for ending in reader.suffixes)
    try:
        children = sorted(path.iterdir())
    except OSError as error:
        broken[path] = InputError(f"{path} cannot be looked into: {error.strerror or error}")
        return
    for child in children:
        if not child.name.startswith(".") and (child.name.lower().endswith(endings) or child.is_dir()):
            yield from _recognised(child, readers, entered, broken, depth + 1)


def _expected() -> str:
    return "; ".join(f"{name}: {plugins.load(GROUP, name).layout}" for name in plugins.names(GROUP))
