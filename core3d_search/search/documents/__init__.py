"""What core3d says to other programs: one JSON shape for the command line, HTTP, its client and agents.

Every answer is an object, never a bare array, and carries `schema_version`. Plain frozen dataclasses, so that a command
loads nothing for them; pydantic reads and checks them where that is needed (server, client). docs/json.md has the
whole mapping.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core3d_search.search.documents.form import SCHEMA_VERSION as SCHEMA_VERSION
    from core3d_search.search.documents.form import Document as Document
    from core3d_search.search.documents.form import to_json as to_json
    from core3d_search.search.documents.form import versioned as versioned
    from core3d_search.search.documents.hits import Answer as Answer
    from core3d_search.search.documents.hits import Box as Box
    from core3d_search.search.documents.hits import Counts as Counts
    from core3d_search.search.documents.hits import Explanation as Explanation
    from core3d_search.search.documents.hits import Hit as Hit
    from core3d_search.search.documents.hits import Reason as Reason
    from core3d_search.search.documents.hits import SearchAnswer as SearchAnswer
    from core3d_search.search.documents.hits import SearchAnswers as SearchAnswers
    from core3d_search.search.documents.requests import CountRequest as CountRequest
    from core3d_search.search.documents.requests import IndexRequest as IndexRequest
    from core3d_search.search.documents.requests import SearchRequest as SearchRequest
    from core3d_search.search.documents.requests import SegmentRequest as SegmentRequest
    from core3d_search.search.documents.requests import TagsRequest as TagsRequest
    from core3d_search.search.documents.service import Health as Health
    from core3d_search.search.documents.service import Job as Job
    from core3d_search.search.documents.service import JobList as JobList
    from core3d_search.search.documents.service import Problem as Problem
    from core3d_search.search.documents.service import RunReport as RunReport
    from core3d_search.search.documents.service import SkippedFrame as SkippedFrame
    from core3d_search.search.documents.things import Marks as Marks
    from core3d_search.search.documents.things import Neighbour as Neighbour
    from core3d_search.search.documents.things import Object as Object
    from core3d_search.search.documents.things import ObjectCard as ObjectCard
    from core3d_search.search.documents.things import ObjectList as ObjectList
    from core3d_search.search.documents.things import Outline as Outline
    from core3d_search.search.documents.things import Plan as Plan
    from core3d_search.search.documents.things import Scene as Scene
    from core3d_search.search.documents.things import SceneCard as SceneCard
    from core3d_search.search.documents.things import SceneList as SceneList
    from core3d_search.search.documents.things import Segmentation as Segmentation
    from core3d_search.search.documents.things import SegmentClass as SegmentClass
    from core3d_search.search.documents.things import SegmentedObject as SegmentedObject
    from core3d_search.search.documents.things import View as View
    from core3d_search.search.documents.things import Vocabulary as Vocabulary

_PARTS = ("form", "hits", "requests", "things", "service")
"""Modules in the order of how often they are asked for: a search loads no more than the first three."""


def __getattr__(name: str) -> Any:
    for part in _PARTS if not name.startswith("_") else ():
        module = import_module(f"{__name__}.{part}")
        if name in vars(module):
            return vars(module)[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
