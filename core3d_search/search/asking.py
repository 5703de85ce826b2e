"""One question, asked and answered whole: the hits of a page, the answer to a question, how the text was understood.

The command line, the server and agents all ask through here, so that the same request gives the same document.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Hit
from core3d_search.errors import InputError
from core3d_search.search import documents
from core3d_search.search.answers import Answer
from core3d_search.search.documents import SearchRequest
from core3d_search.search.explanation import Explanation
from core3d_search.search.searcher import Judge, Searcher


@dataclass(frozen=True, eq=False)
class Asked:
    """What a request was answered with; `more` says that there are further hits behind those of this page."""

    request: SearchRequest
    hits: tuple[Hit, ...]
    more: bool
    answer: Answer | None
    explanation: Explanation

    def document(self) -> documents.SearchAnswer:
        """Return the answer as other programs get it."""
        request = self.request
        return documents.SearchAnswer(
            query=request.text,
            hits=tuple(documents.Hit.of(hit) for hit in self.hits),
            offset=request.offset,
            next_offset=request.offset + request.k if self.more else None,
            answer=None if self.answer is None else documents.Answer.of(self.answer),
            explanation=documents.Explanation.of(self.explanation) if request.explain else None,
        )


def ask(
    searcher: Searcher,
    request: SearchRequest,
    image: str | os.PathLike[str] | npt.NDArray[np.uint8] | None = None,
    *,
    answer_below: float | None = None,
    judge: Judge | None = None,
) -> Asked:
    """Return what `searcher` answers to `request`; `image` is what the hits shall look like. Raises as it does.

    `answer_below` is the threshold of the answer to a question where it differs from that of the hits. `judge` gives a
    second opinion on hits, e.g. a model's (second_opinion.py): it may lower, drop and reorder them.
    """
    hits = searcher.search(
        request.text,
        k=request.offset + request.k + 1,  # one more tells whether there is another page
        scenes=request.scenes,
        image=image,
        like=request.like,
        label=request.label,
        tag=request.tag,
        min_size=request.min_size,
        within=request.within,
        relation_frame=request.relation_frame,
        per_scene=request.per_scene,
        threshold=request.threshold,
    )
    if judge is not None:
        hits = judge(hits, request.threshold)
    page = tuple(hits[request.offset : request.offset + request.k])
    explanation = searcher.explain(request.text)
    answer = None
    if explanation.query.aim != "find":
        threshold = request.threshold if answer_below is None else answer_below
        answer = searcher.answer(
            request.text, scenes=request.scenes, per_scene=request.per_scene, threshold=threshold, judge=judge
        )
    return Asked(request, page, len(hits) > request.offset + request.k, answer, explanation)


def count(searcher: Searcher, request: documents.CountRequest) -> documents.Counts:
    """Return how many objects fit; raises InputError for an empty text."""
    if not request.text.strip():
        raise InputError("say what to count")
    counts = searcher.count(request.text, scenes=request.scenes, threshold=request.threshold)
    return documents.Counts(query=request.text, count=sum(counts.values()), counts=counts)


def checked_request(kind: type[Any], values: dict[str, Any]) -> Any:
    """Return a request of `kind` from plain values; raises InputError that names what does not fit."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_python(values, strict=False)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise InputError(f"the request cannot be read: {faults}") from error
