"""Search 3D scans in words: the public names, loaded when first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from core3d_search.version import __version__

if TYPE_CHECKING:
    from core3d_search.grounding import LabelledObject, ground
    from core3d_search.query import Query, parse

_HOME = {
    "LabelledObject": "core3d_search.grounding",
    "ground": "core3d_search.grounding",
    "Query": "core3d_search.query",
    "parse": "core3d_search.query",
}

__all__ = ["LabelledObject", "Query", "__version__", "ground", "parse"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
