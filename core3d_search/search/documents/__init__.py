"""What core3d says to other programs: one JSON shape for the command line, HTTP, its client and agents.

Every answer is an object, never a bare array, and carries `schema_version`. Plain frozen dataclasses, so that a command
loads nothing for them; pydantic reads and checks them where that is needed (server, client). docs/json.md has the
whole mapping.
"""

from core3d_search.search.documents.form import SCHEMA_VERSION, Document, to_json, versioned
from core3d_search.search.documents.hits import (
    Answer,
    Box,
    Counts,
    Explanation,
    Hit,
    Reason,
    SearchAnswer,
    SearchAnswers,
)
from core3d_search.search.documents.requests import CountRequest, IndexRequest, SearchRequest, TagsRequest
from core3d_search.search.documents.service import Health, Job, JobList, Problem, RunReport, SkippedFrame
from core3d_search.search.documents.things import (
    Marks,
    Neighbour,
    Object,
    ObjectCard,
    ObjectList,
    Outline,
    Plan,
    Scene,
    SceneCard,
    SceneList,
    View,
    Vocabulary,
)

__all__ = [
    "SCHEMA_VERSION",
    "Answer",
    "Box",
    "CountRequest",
    "Counts",
    "Document",
    "Explanation",
    "Health",
    "Hit",
    "IndexRequest",
    "Job",
    "JobList",
    "Marks",
    "Neighbour",
    "Object",
    "ObjectCard",
    "ObjectList",
    "Outline",
    "Plan",
    "Problem",
    "Reason",
    "RunReport",
    "Scene",
    "SceneCard",
    "SceneList",
    "SearchAnswer",
    "SearchAnswers",
    "SearchRequest",
    "SkippedFrame",
    "TagsRequest",
    "View",
    "Vocabulary",
    "to_json",
    "versioned",
]
