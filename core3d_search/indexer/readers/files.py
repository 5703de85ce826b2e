"""Reads the bytes of scans from folders and archives, within stated bounds: never a pipe, a device or a bomb."""

from __future__ import annotations

import json
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core3d_search.errors import InputError

MAX_TEXT_BYTES = 256 << 20
"""The longest text or JSON file that is read: a trajectory of a day at 30 poses a second has 0.2 GB."""
MAX_IMAGE_BYTES = 256 << 20
"""The longest image file that is read; a 16-bit depth image of the largest size that is accepted has 0.2 GB."""
MAX_ARCHIVE_MEMBERS = 1_000_000
ZIP_ERRORS = (
    OSError, ValueError, EOFError, RuntimeError, NotImplementedError,
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error,
)  # fmt: skip
"""What zipfile raises for damaged, encrypted and unknown archives."""


class MissingFileError(InputError):
    """A file that a scene needs is not there."""


@dataclass(eq=False)
class Archive:
    """A zip file whose members are read in place: nothing is unpacked, so that no name in it can lead elsewhere."""

    path: Path
    _zip: zipfile.ZipFile | None = field(default=None, repr=False)

    def members(self) -> dict[str, Member]:
        """Return the members by name; raises InputError."""
        infos = self._opened().infolist()
        if len(infos) > MAX_ARCHIVE_MEMBERS:
            raise InputError(f"{self.path} holds {len(infos)} files, more than the {MAX_ARCHIVE_MEMBERS} that are read")
        return {info.filename: Member(self, info.filename, info.file_size) for info in infos if not info.is_dir()}

    def read(self, name: str, limit: int) -> bytes:
        """Return a member's content, at most `limit` bytes; raises InputError."""
        try:
            with self._opened().open(name) as file:
                content = file.read(limit + 1)
        except KeyError as error:
            raise MissingFileError(f"{self.path}: {name} is missing") from error
        except ZIP_ERRORS as error:
            raise InputError(f"{self.path}: {name} cannot be read: {error}") from error
        if len(content) > limit:
            raise InputError(f"{self.path}: {name} is longer than the {limit} bytes that are read of such a file")
        return content

    def _opened(self) -> zipfile.ZipFile:
        if self._zip is None:
            require_file(self.path)
            try:
                self._zip = zipfile.ZipFile(self.path)
            except ZIP_ERRORS as error:
                raise InputError(f"{self.path} is not a readable zip archive: {error}") from error
        return self._zip

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_zip": None}  # an open file does not travel to another process


@dataclass(frozen=True, eq=False)
class Member:
    """One file in an archive; `size` is its length as the archive declares it."""

    archive: Archive
    name: str
    size: int

    def __str__(self) -> str:
        return f"{self.archive.path}: {self.name}"


File = Path | Member
"""Where bytes come from; `str(file)` names it in messages."""


def read_bytes(file: File, limit: int = MAX_IMAGE_BYTES) -> bytes:
    """Return the content of a file of at most `limit` bytes; raises InputError."""
    if isinstance(file, Member):
        return file.archive.read(file.name, limit)
    size = require_file(file)
    if size > limit:
        raise InputError(f"{file} has {size} bytes; at most {limit} are read of such a file")
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}") from error


def read_text(file: File, limit: int = MAX_TEXT_BYTES) -> str:
    """Return a text of at most `limit` bytes; what is not UTF-8 becomes replacement marks. Raises InputError."""
    return read_bytes(file, limit).decode("utf-8-sig", errors="replace")


def read_json_object(file: File) -> dict[str, Any]:
    """Return the JSON object in a file; raises InputError for any other content."""
    try:
        value = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:  # RecursionError: nested too deep to be a scan's
        raise InputError(f"{file} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{file} must hold a JSON object, got {type(value).__name__}")
    return value


def require_file(path: Path) -> int:
    """Return the length of a regular file; raises InputError for what is missing, a pipe, a device or a folder."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise MissingFileError(f"{path} is missing") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path} is no regular file")
    return status.st_size


def files_under(*places: Path) -> list[Path]:
    """Return the regular files directly in those of `places` that are folders, and those that are files themselves."""
    return [file for place in places for file in (_inside(place) if place.is_dir() else [place]) if file.is_file()]


def folder_called(source: Path, names: Iterable[str]) -> Path | None:
    """Return the first folder in `source` of these lower-case names, however it is capitalised; None without."""
    try:
        there = {place.name.lower(): place for place in _inside(source) if place.is_dir()}  # of RGB and rgb the latter
    except InputError:
        return None
    return next((there[name] for name in names if name in there), None)


def numbered(files: Iterable[Path]) -> dict[int, Path]:
    """Return files by the last number in their names, such as 12 for `frame000012.jpg`, in rising order."""
    found = {int(digits[-1]): file for file in sorted(files) if (digits := re.findall(r"\d+", file.stem))}
    return dict(sorted(found.items()))


def inside(file: Any, named_by: Path) -> str:
    """Return a relative path that stays in the scene's folder; raises InputError for any other."""
    if not isinstance(file, str) or not file or Path(file).is_absolute() or ".." in Path(file).parts or "\0" in file:
        raise InputError(f"{named_by} names {file!r}; only files in the scene's own folder are read")
    return file


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror or error}") from error
