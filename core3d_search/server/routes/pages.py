"""The page for people, and what machines ask of a service: health and metrics."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from fastapi import APIRouter, Response

from core3d_search.search.documents import Health
from core3d_search.server.access import READS
from core3d_search.server.metrics import MEDIA_TYPE
from core3d_search.server.service import Shared, answered
from core3d_search.version import __version__

router = APIRouter()

FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/plan.js": ("plan.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
"""What the page is made of: no other file is ever opened for a path."""


@lru_cache(len(FILES))
def _content(name: str) -> bytes:
    return files("core3d_search.server").joinpath("page", name).read_bytes()


def _serve(path: str, name: str, media_type: str) -> None:
    async def page() -> Response:
        return Response(_content(name), media_type=media_type, headers={"Cache-Control": "no-cache"})

    router.add_api_route(path, page, methods=["GET"], include_in_schema=False, name=name)


for _path, (_name, _media_type) in FILES.items():
    _serve(_path, _name, _media_type)


@router.get(
    "/v1/health",
    response_model=Health,
    tags=["service"],
    operation_id="health",
    summary="Is it up?",
)
async def health(service: Shared) -> Response:
    """Say that the database answers; needs no token."""

    def alive() -> Health:
        _ = service.store.generation
        return Health(status="ok", version=__version__)

    return await answered(service, alive)


@router.get(
    "/metrics",
    dependencies=READS,
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "In Prometheus' text form"}
    },
    tags=["service"],
    operation_id="metrics",
    summary="What the server counts",
)
async def metrics(service: Shared) -> Response:
    """Give counts and seconds of requests, and what the process takes."""
    return Response(await service.work(service.metrics.text), headers={"Content-Type": MEDIA_TYPE})
