"""Lists of classes: those of published data sets, and those that people give in a file or on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from core3d_search.errors import InputError

PUBLISHED = ("replica", "scannet20", "scannet200")
MOST_CLASSES = 10_000
"""Names in one list: more than any data set has; a larger file is something else."""


@dataclass(frozen=True)
class ClassList:
    """Class `names`, and the `numbers` that the data set's own files give them."""

    names: tuple[str, ...]
    numbers: tuple[int, ...]


def published(name: str) -> ClassList:
    """Return the class list of a data set, one of PUBLISHED, as its authors publish it."""
    text = (resources.files("core3d_search.evaluation") / "classes" / f"{name}.txt").read_text(encoding="utf-8")
    pairs = [line.split(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return ClassList(tuple(name for _, name in pairs), tuple(int(number) for number, _ in pairs))


def named_classes(said: str) -> tuple[str, ...]:
    """Return the classes that `said` means: a published list's name, a file of one name a line, or a,b,c.

    Empty lines and what follows a # are passed over; of a name that comes twice the first one counts. Raises
    InputError where no name is left or the file cannot be read.
    """
    if said in PUBLISHED:
        return published(said).names
    path = Path(said).expanduser()
    if "," not in said and path.is_file():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read as a list of classes, one a line: {error}") from error
        names = [line.partition("#")[0].strip() for line in lines]
    elif Path(said).suffix and "," not in said:
        raise InputError(f"there is no file {path}; give a file of class names, one a line, or names: chair,table")
    else:
        names = [name.strip() for name in said.split(",")]
    kept = tuple(dict.fromkeys(name for name in names if name))
    if not 1 <= len(kept) <= MOST_CLASSES:
        raise InputError(f"{said!r} gives {len(kept)} classes; between 1 and {MOST_CLASSES} can be told apart")
    return kept
