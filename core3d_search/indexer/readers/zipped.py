"""Zipped scenes: a .zip that was named is unpacked into the user's cache folder, within stated bounds."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path, PurePosixPath

from core3d_search.errors import InputError
from core3d_search.indexer.readers.files import MAX_ARCHIVE_MEMBERS, ZIP_ERRORS, require_file
from core3d_search.indexer.readers.settings import clean_name

MAX_BYTES = 100 << 30
"""The largest content that is unpacked: an hour of RGB-D at 640x480 and 30 frames a second has about 60 GB."""
MAX_RATIO, FREE_RATIO_BYTES = 50, 256 << 20
"""Content may be so many times the size of its archive, and small ones so large anyhow: raw depth shrinks to a tenth,
a bomb to a thousandth."""
SPARE_BYTES = 1 << 30
"""What is left free on the disk."""
BLOCK = 1 << 20


def is_zipped(path: Path) -> bool:
    """Return whether `path` is a file that ends in .zip."""
    return path.suffix.lower() == ".zip" and path.is_file()


def unpacked(path: Path) -> Path:
    """Return the folder, called as the archive at `path`, that its content lies in; made once, and kept in the cache.

    The folder stays until the cache is emptied; an archive that has changed is unpacked anew. Raises InputError for
    what is no archive, is larger than the bounds above or the disk, is encrypted, or names files outside of itself.
    """
    from platformdirs import user_cache_path

    require_file(path)
    status = path.resolve().stat()
    key = hashlib.sha256(f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}".encode(errors="surrogateescape"))
    place = user_cache_path("core3d", appauthor=False) / "unpacked" / key.hexdigest()[:32]
    done = place / (clean_name(path.stem).replace("/", "_").lstrip(".") or "scene")
    if done.is_dir():
        return done
    shutil.rmtree(place, ignore_errors=True)  # what an interrupted run left
    begun = place / ".begun"
    try:
        begun.mkdir(parents=True)
        with zipfile.ZipFile(path) as archive:
            _unpack(archive, _accepted(archive, path, place, status.st_size), begun, path)
        begun.rename(done)
    except ZIP_ERRORS as error:
        shutil.rmtree(place, ignore_errors=True)
        raise InputError(f"{path} cannot be unpacked: {error}") from error
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    return done


def _accepted(archive: zipfile.ZipFile, path: Path, place: Path, size: int) -> list[zipfile.ZipInfo]:
    """Return the files of an archive of `size` bytes that may be unpacked at `place`; raises InputError."""
    files = [info for info in archive.infolist() if not info.is_dir()]
    if len(files) > MAX_ARCHIVE_MEMBERS:
        raise InputError(f"{path} holds {len(files)} files, more than the {MAX_ARCHIVE_MEMBERS} that are unpacked")
    for info in files:
        name = PurePosixPath(info.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in info.filename:
            raise InputError(f"{path} names {info.filename!r}; only files inside the archive's own folder are unpacked")
    total = sum(info.file_size for info in files)
    limit = min(MAX_BYTES, max(MAX_RATIO * size, FREE_RATIO_BYTES))
    if total > limit:
        raise InputError(f"{path} holds {total:,} bytes, more than the {limit:,} that are unpacked of such an archive")
    if total > shutil.disk_usage(place).free - SPARE_BYTES:
        raise InputError(f"{path} holds {total:,} bytes, for which {place} has no room; unpack it elsewhere")
    return files


def _unpack(archive: zipfile.ZipFile, files: list[zipfile.ZipInfo], folder: Path, path: Path) -> None:
    """Write files below `folder`, each at most as long as it was declared; links come out as plain files."""
    for info in files:
        target = folder / PurePosixPath(info.filename.replace("\\", "/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        left = info.file_size
        with archive.open(info) as source, target.open("wb") as sink:
            while block := source.read(BLOCK):
                left -= len(block)
                if left < 0:
                    raise InputError(f"{path}: {info.filename} is longer than it says")
                sink.write(block)
