"""A folder that appears complete or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core3d_search.errors import InputError


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target` to write into; it becomes `target` when the block ends.

    Where the block is left by an exception (Ctrl-C too) it is deleted, with the parents that were made for it. Only a
    process that is killed outright leaves it: hidden, never at `target`. Raises InputError where `target` is a file,
    is not empty, or cannot be made.
    """
    target = target.expanduser().absolute()
    _refuse_what_is_there(target)
    made = [parent for parent in (target, *target.parents) if not parent.exists()][1:]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent))
    except OSError as error:
        raise InputError(f"cannot write to {target.parent}: {error.strerror}; name a folder elsewhere") from error
    try:
        work.chmod(0o777 & ~_umask())  # mkdtemp's own mode shuts out everybody else
        yield work
        _refuse_what_is_there(target)
        if target.exists():
            target.rmdir()
        work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        for parent in made:
            if not any(parent.iterdir()):
                parent.rmdir()
        raise


def _refuse_what_is_there(target: Path) -> None:
    if target.is_dir():
        if any(target.iterdir()):
            raise InputError(f"{target} is not empty; name a new folder, so that nothing of yours is overwritten")
    elif target.exists():
        raise InputError(f"{target} is a file; name a new folder")


def _umask() -> int:
    import os

    mask = os.umask(0)
    os.umask(mask)
    return mask
