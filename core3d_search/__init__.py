"""Search 3D scans in words. These are the public names, each loaded when it is first used.

    from core3d_search import Searcher

    with Searcher.open("core3d.db") as searcher:
        for hit in searcher.search("red chair near window", k=5):
            print(hit.scene, hit.object_id, hit.score, hit.box.center)

- `Searcher` asks a database; `Hit`, `Reason`, `Box3D` are what it answers, `Answer` the line to a question.
- `Explanation`, `Query`, `parse`: how a text is understood. `ground`, `LabelledObject`: the same engine over boxes of
  your own, without any perception.
- `Store` reads and writes the database: scenes, objects, pictures, tags. `SceneObject` is one object with its points.
- `Core3DError` and its kinds `InputError`, `StoreError`, `NotFoundError`, `ModelError`, `MissingDependencyError`:
  everything that is refused.

`core3d_search.client.Client` asks `core3d serve` by HTTP. What indexes and what is plugged in: docs/extending.md,
`core3d_search.testing`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from core3d_search.version import __version__

if TYPE_CHECKING:
    from core3d_search.datatypes import Box3D, Hit, Reason, SceneObject
    from core3d_search.errors import (
        Core3DError,
        InputError,
        MissingDependencyError,
        ModelError,
        NotFoundError,
        StoreError,
    )
    from core3d_search.query import Query, parse
    from core3d_search.search.answers import Answer
    from core3d_search.search.explanation import Explanation
    from core3d_search.search.grounding import LabelledObject, ground
    from core3d_search.search.searcher import Searcher
    from core3d_search.store import Store

_HOME = {
    "Answer": "core3d_search.search.answers",
    "Box3D": "core3d_search.datatypes",
    "Core3DError": "core3d_search.errors",
    "Explanation": "core3d_search.search.explanation",
    "Hit": "core3d_search.datatypes",
    "InputError": "core3d_search.errors",
    "LabelledObject": "core3d_search.search.grounding",
    "MissingDependencyError": "core3d_search.errors",
    "ModelError": "core3d_search.errors",
    "NotFoundError": "core3d_search.errors",
    "Query": "core3d_search.query",
    "Reason": "core3d_search.datatypes",
    "SceneObject": "core3d_search.datatypes",
    "Searcher": "core3d_search.search.searcher",
    "Store": "core3d_search.store",
    "StoreError": "core3d_search.errors",
    "ground": "core3d_search.search.grounding",
    "parse": "core3d_search.query",
}

__all__ = [
    "Answer",
    "Box3D",
    "Core3DError",
    "Explanation",
    "Hit",
    "InputError",
    "LabelledObject",
    "MissingDependencyError",
    "ModelError",
    "NotFoundError",
    "Query",
    "Reason",
    "SceneObject",
    "Searcher",
    "Store",
    "StoreError",
    "__version__",
    "ground",
    "parse",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names too before they are loaded: `help` and completion look here."""
    return sorted({*globals(), *_HOME})
