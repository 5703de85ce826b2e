"""What a data set must hold, where its authors give it away, and on which terms; nothing is fetched here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core3d_search.errors import InputError


@dataclass(frozen=True)
class Source:
    """Where files come from: a `page` of their authors, what to take from there, and the `terms`."""

    what: str
    page: str
    terms: str


@dataclass(frozen=True)
class Need:
    """Files of one scene that must be there: any of `places`, relative to the root, and the source that has them."""

    places: tuple[str, ...]
    source: Source

    def place(self, root: Path) -> Path | None:
        """Return the first of the places that exists below `root`, None where none does."""
        return next((root / place for place in self.places if (root / place).exists()), None)


def found(root: Path, need: Need) -> Path:
    """Return where the needed file or folder is; raises InputError that says where it comes from."""
    place = need.place(root)
    if place is None:
        raise InputError(told_missing(root, [need]))
    return place


def told_missing(root: Path, needs: Sequence[Need]) -> str:
    """Return the message that names each missing file, its source and the terms."""
    lines = [f"{root} lacks files that core3d does not fetch by itself:"]
    for source in dict.fromkeys(need.source for need in needs):
        lines += [f"  {' or '.join(need.places)}" for need in needs if need.source == source]
        lines.append(f"    from {source.page}: {source.what}. Terms: {source.terms}")
    return "\n".join(lines)
