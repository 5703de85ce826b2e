"""Model weights on disk: a local file, the folder of `CORE3D_WEIGHTS`, or a download that can be resumed.

Nothing is ever redistributed: a file comes from the address at which its authors published it.

The transfer itself is ours, over urllib: pooch throws away what has arrived when a connection breaks (tried: three
requests from the first byte where ours asks for the rest), and files here have up to a gigabyte; huggingface_hub
continues, but fetches from its hub only. The lock is filelock's, the place platformdirs'.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from core3d_search.errors import ModelError

ENVIRONMENT_VARIABLE = "CORE3D_WEIGHTS"
FILE_SUFFIXES = (".pth", ".pt", ".bin", ".safetensors")  # a path that does not exist and ends so is meant as a file
BLOCK = 1 << 20  # bytes
TIMEOUT = 30.0  # seconds without a byte
ATTEMPTS = 5
RANGE_NOT_SATISFIABLE = 416

Progress = Callable[[int, int | None], None]  # bytes done, bytes in all where known


@dataclass(frozen=True)
class PublishedWeights:
    """A weights file as its authors published it: file name, address and, where known, the SHA-256 it must have."""

    name: str
    url: str
    sha256: str | None = None


def find_weights(
    published: PublishedWeights, local: Path | str | None = None, progress: Progress | None = None
) -> Path:
    """Return the path of `published`, downloading it if there is no copy.

    Looked for in this order: `local`, `$CORE3D_WEIGHTS`, the cache folder. Either of the first two is the file itself
    or a folder that holds it under its published name, or converted, with the suffix `.safetensors`; a download goes to
    the folder of `$CORE3D_WEIGHTS` or the cache. `progress` is called as bytes arrive. Raises ModelError that says
    which file to fetch and where to put it.
    """
    if local is not None:
        local = Path(local).expanduser()
        found = _existing(local, published)
        if found is None:
            raise ModelError(f"there are no weights at {local}: {_by_hand(published, _target(local, published))}")
        return found
    place = weights_folder()
    found = _existing(place, published)
    if found is not None:
        return found
    if place.suffix in FILE_SUFFIXES:
        raise ModelError(f"{ENVIRONMENT_VARIABLE} names {place}, which is no file: {_by_hand(published, place)}")
    return download(published, place / published.name, progress)


def weights_at_hand(published: PublishedWeights) -> Path | None:
    """Return where `find_weights` would find `published` without a download; None where it is not on this machine."""
    return _existing(weights_folder(), published)


def weights_folder() -> Path:
    """Return `$CORE3D_WEIGHTS`, else the user's cache folder for core3d."""
    if named := os.environ.get(ENVIRONMENT_VARIABLE):
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("core3d", appauthor=False) / "weights"


def remembered_sha256(path: Path) -> str | None:
    """Return the SHA-256 that the file at `path` had when it was first downloaded, None where that is not known."""
    note = _note(path)
    words = note.read_text(encoding="utf-8").split() if note.is_file() else []
    return words[0] if words else None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def download(published: PublishedWeights, target: Path, progress: Progress | None = None) -> Path:
    """Fetch `published` to `target` and return it; what an interrupted download left behind is continued.

    Until all bytes are there and have the expected SHA-256 they stand beside it as `*.part`. Where the SHA-256 was not
    published, that of the first download is kept beside the file as `*.sha256`, and a later download must have it too.
    Raises ModelError.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _only_one_process(part):
            if not target.is_file():
                _fetch(published.url, part, progress)
                _verify(published, part, target)
                os.replace(part, target)
    except (OSError, HTTPException) as error:
        reason = f"{published.url} could not be downloaded ({error})"
        raise ModelError(f"{reason}: {_by_hand(published, target)}") from error
    return target


def _fetch(url: str, part: Path, progress: Progress | None) -> None:
    """Append to `part` until it is whole; a connection that breaks while bytes arrive is taken up again."""
    for attempt in range(ATTEMPTS):
        before = _size(part)
        try:
            _append(url, part, progress)
            return
        except HTTPError as error:
            if error.code != RANGE_NOT_SATISFIABLE or before == 0:
                raise
            if error.headers.get("Content-Range") == f"bytes */{before}":
                return  # whole already: only the renaming was interrupted
            part.unlink()  # longer than what is published: not the same file
        except (OSError, HTTPException):
            if _size(part) == before or attempt == ATTEMPTS - 1:
                raise


def _append(url: str, part: Path, progress: Progress | None) -> None:
    """Request the bytes that `part` lacks and append them; raises ConnectionError where they end early."""
    have = _size(part)
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with build_opener(KeepsHttps).open(request, timeout=TIMEOUT) as response:
        continues = response.status == 206
        if not continues:
            have = 0
        total = _length(response, have)
        with part.open("ab" if continues else "wb") as file:
            while block := response.read(BLOCK):
                file.write(block)
                have += len(block)
                if progress is not None:
                    progress(have, total)
    if total is not None and have < total:
        raise ConnectionError(f"the connection closed after {have} of {total} bytes")


def _length(response: HTTPResponse, have: int) -> int | None:
    length = response.headers.get("Content-Length")
    return None if length is None else have + int(length)


class KeepsHttps(HTTPRedirectHandler):
    """Follows redirects, but not from an encrypted address to one that is not."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the request to `newurl`; raises URLError where that would leave https."""
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise URLError(f"{req.full_url} redirects to {newurl}, which is not encrypted: refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _verify(published: PublishedWeights, part: Path, target: Path) -> None:
    """Hold `part` to the published SHA-256, else to that of the first download, which it may be itself."""
    actual = sha256_of(part)
    expected = published.sha256 or remembered_sha256(target)
    if expected is None:
        _note(target).write_text(f"{actual}  {target.name}\n", encoding="utf-8")
    elif actual != expected:
        part.unlink()
        raise ModelError(
            f"{published.url} gave a file with SHA-256 {actual} instead of {expected}: it is damaged or was replaced, "
            "and was removed; try again, and do not use a copy that differs"
            + ("" if published.sha256 else f" (if its authors say that they replaced it, remove {_note(target)})")
        )


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


@contextmanager
def _only_one_process(part: Path) -> Iterator[None]:
    """Hold the right to write `part`; a second process waits, and then finds the file."""
    from filelock import FileLock

    lock = part.with_suffix(".lock")
    with FileLock(lock):
        yield
    lock.unlink(missing_ok=True)  # whoever waits on it finds the finished file


def _existing(place: Path, published: PublishedWeights) -> Path | None:
    if place.is_file():
        return place
    names = (published.name, Path(published.name).with_suffix(".safetensors").name)
    return next((place / name for name in names if (place / name).is_file()), None)


def _target(place: Path, published: PublishedWeights) -> Path:
    return place if place.suffix in FILE_SUFFIXES else place / published.name


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _by_hand(published: PublishedWeights, target: Path) -> str:
    return (
        f"fetch {published.url} by hand and put it at {target}, or set {ENVIRONMENT_VARIABLE} to the file "
        f"or to the folder that holds {published.name}"
    )
