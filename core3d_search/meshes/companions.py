"""The files that a model's file names: materials, textures, buffers, layers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from core3d_search.meshes.loading import USD

_MATERIALS = re.compile(rb"^\s*mtllib[ \t]+(\S.*?)\s*$", re.MULTILINE)
_MAPS = re.compile(rb"^\s*map_\w+[ \t]+(\S.*?)\s*$", re.MULTILINE | re.IGNORECASE)
_COLLADA = re.compile(rb"<init_from>\s*(?:<ref>)?\s*([^<]+?)\s*<")


def files_of(path: Path) -> list[Path]:
    """Return `path` and the files in or below its folder that it names and that are there, each once."""
    folder = path.resolve().parent
    found = [path]
    for name in _named(path):
        file = (folder / name.replace("\\", "/")).resolve()
        if file.is_file() and file.is_relative_to(folder) and file not in found:
            found.append(file)
    return found


def _named(path: Path) -> Iterator[str]:
    suffix = path.suffix.lower()
    if suffix == ".obj":
        for library in _texts(_MATERIALS, path):
            yield library
            yield from _texts(_MAPS, path.parent / library)
    elif suffix == ".gltf":
        try:
            document = json.loads(path.read_bytes())
            entries = [*document.get("buffers", []), *document.get("images", [])]
            uris = [entry.get("uri", "") for entry in entries]
        except (OSError, ValueError, AttributeError, RecursionError):
            return
        yield from (unquote(uri) for uri in uris if uri and not uri.startswith("data:"))
    elif suffix == ".dae":
        yield from (unquote(text) for text in _texts(_COLLADA, path))
    elif suffix in USD and suffix != ".usdz":
        yield from _layers(path)


def _texts(pattern: re.Pattern[bytes], path: Path) -> list[str]:
    try:
        return [found.decode("utf-8", "replace") for found in pattern.findall(path.read_bytes())]
    except OSError:
        return []


def _layers(path: Path) -> Iterator[str]:
    """Yield the layers and assets of a USD stage; none without usd-core."""
    try:
        from pxr import Tf, UsdUtils
    except ModuleNotFoundError:
        return
    try:
        layers, assets, _ = UsdUtils.ComputeAllDependencies(str(path))
    except Tf.ErrorException:
        return
    yield from (layer.realPath for layer in layers)
    yield from assets
