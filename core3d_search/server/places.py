"""Paths that clients name: below the served roots or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core3d_search.server.problems import ProblemError


def place_below(roots: Sequence[Path], said: str) -> Path:
    """Return the existing file or folder that a client means, links followed; `roots` are absolute, links followed.

    Raises a problem: 403 without roots, else 404, the same for what lies outside as for what is not there.
    """
    if not roots:
        raise ProblemError(403, "this server indexes nothing: it was started without --root FOLDER")
    for root in roots:
        try:
            place = (root / said).resolve()
            if is_below([root], place) and place.exists():
                return place
        except (OSError, ValueError, RuntimeError):  # too long, a NUL, links in a circle
            continue
    raise ProblemError(404, "there is no such path below the served roots")


def is_below(roots: Sequence[Path], place: Path) -> bool:
    """Whether `place`, links followed, is one of `roots` or in one of them."""
    return any(place.resolve().is_relative_to(root) for root in roots)


def shown(roots: Sequence[Path], place: Path) -> str | None:
    """Return `place` relative to its root, as clients are told it; None outside of all."""
    for root in roots:
        if place.resolve().is_relative_to(root):
            return place.resolve().relative_to(root).as_posix()
    return None
