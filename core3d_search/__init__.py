"""Search 3D scans in words: the public names, loaded when first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from core3d_search.version import __version__

if TYPE_CHECKING:
    from core3d_search.datatypes import Box3D, Hit, Reason
    from core3d_search.errors import Core3DError
    from core3d_search.query import Query, parse
    from core3d_search.search.explanation import Explanation
    from core3d_search.search.grounding import LabelledObject, ground
    from core3d_search.search.searcher import Searcher

_HOME = {
    "Box3D": "core3d_search.datatypes",
    "Core3DError": "core3d_search.errors",
    "Explanation": "core3d_search.search.explanation",
    "Hit": "core3d_search.datatypes",
    "LabelledObject": "core3d_search.search.grounding",
    "ground": "core3d_search.search.grounding",
    "Query": "core3d_search.query",
    "Reason": "core3d_search.datatypes",
    "Searcher": "core3d_search.search.searcher",
    "parse": "core3d_search.query",
}

__all__ = [
    "Box3D",
    "Core3DError",
    "Explanation",
    "Hit",
    "LabelledObject",
    "Query",
    "Reason",
    "Searcher",
    "__version__",
    "ground",
    "parse",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
