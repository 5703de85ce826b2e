"""Indexing: jobs, and how far they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from core3d_search.search.documents import IndexRequest, Job, JobList, to_json
from core3d_search.server.access import READS, WRITES
from core3d_search.server.bodies import Body
from core3d_search.server.problems import ProblemError
from core3d_search.server.service import Service, Shared, answered

router = APIRouter(prefix="/v1", tags=["indexing"])
BODY = Body(IndexRequest, {"folder": {"summary": "A folder of scenes", "value": {"path": "new"}}})

Key = Annotated[str, Path(description="Key of the job.", max_length=64, examples=["8d1c4be29f0a7e36"])]
LOOK_EVERY_S = 0.1
SIGN_OF_LIFE_S = 15.0
"""Seconds without news after which a comment keeps proxies from closing the connection."""


@router.post(
    "/index",
    dependencies=WRITES,
    status_code=202,
    response_model=Job,
    openapi_extra=BODY.openapi,
    operation_id="index",
    summary="Index scans",
)
async def index(request: Request, service: Shared) -> Response:
    """Index the scans in a folder below the served root: one job at a time, the others wait."""
    if service.store.read_only:
        raise ProblemError(403, "the database may not be written here")
    return await answered(service, service.jobs.add, await BODY.of(request), status=202)


@router.get(
    "/jobs",
    dependencies=READS,
    response_model=JobList,
    operation_id="list_jobs",
    summary="List jobs",
)
async def list_jobs(service: Shared) -> Response:
    """List the jobs that are remembered, the newest first."""
    return await answered(service, lambda: JobList(jobs=service.jobs.all()))


@router.get(
    "/jobs/{job_id}",
    dependencies=READS,
    response_model=Job,
    operation_id="get_job",
    summary="How far a job is",
)
async def get_job(job_id: Key, service: Shared) -> Response:
    """Tell how far a job is."""
    return await answered(service, service.jobs.get, job_id)


@router.delete(
    "/jobs/{job_id}",
    dependencies=WRITES,
    response_model=Job,
    operation_id="cancel_job",
    summary="Cancel a job",
)
async def cancel_job(job_id: Key, service: Shared) -> Response:
    """Stop a job; scenes that are finished stay, and frames that are done help the next run."""
    return await answered(service, service.jobs.cancel, job_id)


@router.get(
    "/jobs/{job_id}/events",
    dependencies=READS,
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
            "description": "Events called `job`, each with the job as JSON; the last one says that it is over.",
        }
    },
    operation_id="follow_job",
    summary="Follow a job",
)
async def follow_job(job_id: Key, service: Shared) -> Response:
    """Tell every change of a job as server-sent events, until it is over."""
    service.jobs.get(job_id)
    return StreamingResponse(
        _events(service, job_id), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _events(service: Service, job_id: str) -> AsyncIterator[str]:
    told, last = None, time.monotonic()
    while True:
        try:
            job = service.jobs.get(job_id)
        except ProblemError:  # forgotten meanwhile
            return
        if job is not told:
            told, last = job, time.monotonic()
            yield f"event: job\ndata: {to_json(job)}\n\n"
        elif time.monotonic() - last > SIGN_OF_LIFE_S:
            last = time.monotonic()
            yield ": still there\n\n"
        if job.is_over:
            return
        await asyncio.sleep(LOOK_EVERY_S)
