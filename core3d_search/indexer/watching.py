"""Says which scans of a folder are complete and new or changed: those whose files have kept still for a while."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Signature = frozenset[tuple[str, int, int]]
"""Path, size in bytes and time of change in nanoseconds of each file that belongs to a scan."""


@dataclass
class Settling:
    """What is known of each scan: since when its files are as they are, and as what they were last worked on.

    `settle` is for how many seconds nothing of a scan may change before it counts as complete. Time is counted by
    the caller's clock from when a state was first seen: a copy may carry the times of its original.
    """

    settle: float
    _seen: dict[Path, tuple[Signature, float]] = field(default_factory=dict)
    _taken: dict[Path, Signature] = field(default_factory=dict)

    def take(self, listing: Mapping[Path, Signature], now: float) -> list[Path]:
        """Return the scans of `listing` that have settled and differ from when they were last returned, in its order.

        `now` is in seconds and never goes back. A scan that is no longer listed is forgotten.
        """
        self._seen = {source: seen for source, seen in self._seen.items() if source in listing}
        self._taken = {source: taken for source, taken in self._taken.items() if source in listing}
        settled = []
        for source, signature in listing.items():
            if source not in self._seen or self._seen[source][0] != signature:
                self._seen[source] = (signature, now)
            if self._taken.get(source) != signature and now - self._seen[source][1] >= self.settle:
                self._taken[source] = signature
                settled.append(source)
        return settled

    @property
    def waiting(self) -> bool:
        """Whether a scan that was listed is yet to be returned, so that it is worth listing again."""
        return any(self._taken.get(source) != signature for source, (signature, _) in self._seen.items())


def signatures(sources: Sequence[Path], aside: Callable[[Path], bool] = lambda _: False) -> dict[Path, Signature]:
    """Return what the files of each of `sources` are now, by source.

    To a folder belongs everything in it; to a file (a mesh, an archive) also what lies beside it and below and is of
    no other source: materials and textures. Files that `aside` is true of, such as the database, count for nothing.
    """
    known = set(sources)
    beside: dict[Path, Signature] = {}
    found = {}
    for source in sources:
        if source.is_dir():
            found[source] = frozenset(_files(source, set(), aside))
            continue
        if source.parent not in beside:
            beside[source.parent] = frozenset(_files(source.parent, known, aside))
        found[source] = beside[source.parent] | frozenset(_state(source))
    return found


def _files(folder: Path, without: set[Path], aside: Callable[[Path], bool]) -> Iterator[tuple[str, int, int]]:
    """Yield the state of each file at any depth in `folder`, but for those that are, or lie in, one of `without`."""
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if Path(root, name) not in without]
        for name in names:
            path = Path(root, name)
            if path not in without and not aside(path):
                yield from _state(path)


def _state(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield path, size and time of change of a file; nothing where it has just gone."""
    try:
        status = path.stat()
    except OSError:
        return
    yield str(path), status.st_size, status.st_mtime_ns
