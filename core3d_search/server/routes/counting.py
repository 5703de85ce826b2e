"""POST /v1/count, and what filters may name."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from core3d_search.search.asking import count as counted
from core3d_search.search.catalogue import vocabulary as known
from core3d_search.search.documents import CountRequest, Counts, Vocabulary
from core3d_search.server.access import READS
from core3d_search.server.bodies import Body
from core3d_search.server.service import Shared, answered

router = APIRouter(prefix="/v1", tags=["search"], dependencies=READS)
BODY = Body(CountRequest, {"words": {"summary": "In words", "value": {"text": "chairs near a window"}}})


@router.post(
    "/count",
    response_model=Counts,
    openapi_extra=BODY.openapi,
    operation_id="count",
    summary="Count objects",
)
async def count(request: Request, service: Shared) -> Response:
    """Count the objects that fit a text, in all and by scene."""
    return await answered(service, counted, service.searcher, await BODY.of(request))


@router.get(
    "/vocabulary",
    response_model=Vocabulary,
    operation_id="vocabulary",
    summary="Labels and tags",
)
async def vocabulary(service: Shared) -> Response:
    """List the labels and tags that there are."""
    return await answered(service, known, service.store)
