"""Scenes, what is in them, and files of them for other programs."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from core3d_search.exports import FORMATS, export_scene
from core3d_search.search import catalogue
from core3d_search.search.documents import ObjectList, Plan, SceneCard, SceneList, Segmentation, SegmentRequest
from core3d_search.server.access import READS
from core3d_search.server.bodies import Body
from core3d_search.server.problems import ProblemError
from core3d_search.server.segmenting import segmentation, segmented_ply
from core3d_search.server.service import Shared, answered

router = APIRouter(prefix="/v1/scenes", tags=["scenes"], dependencies=READS)

Name = Annotated[str, Path(description="Name of the scene.", max_length=255, examples=["kitchen-2"])]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="How many to pass over.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many.")]
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
CLASSES = Body(
    SegmentRequest, {"rooms": {"summary": "Three classes", "value": {"classes": ["chair", "table", "plant"]}}}
)


@router.get("", response_model=SceneList, operation_id="list_scenes", summary="List scenes")
async def list_scenes(service: Shared, offset: Offset = 0, limit: Limit = 100) -> Response:
    """List the scenes, by name."""
    return await answered(service, catalogue.scene_list, service.store, service.path_of, offset, limit)


@router.get("/{scene}", response_model=SceneCard, operation_id="get_scene", summary="Describe a scene")
async def get_scene(scene: Name, service: Shared) -> Response:
    """Describe one scene: what is in it, and what people say about it."""
    return await answered(service, catalogue.scene_card, service.store, scene, service.path_of)


@router.get(
    "/{scene}/objects",
    response_model=ObjectList,
    operation_id="list_objects",
    summary="List the objects of a scene",
)
async def list_objects(
    scene: Name,
    service: Shared,
    offset: Offset = 0,
    limit: Limit = 100,
    label: Annotated[str | None, Query(max_length=255, description="Only objects with this label.")] = None,
    tag: Annotated[
        str | None,
        Query(min_length=1, max_length=64, description="Only objects that bear this tag, or whose scene does."),
    ] = None,
) -> Response:
    """List the objects of a scene, by id."""

    def found() -> ObjectList:
        return catalogue.object_list(service.store, scene, offset=offset, limit=limit, label=label, tag=tag)

    return await answered(service, found)


@router.get(
    "/{scene}/plan",
    response_model=Plan,
    operation_id="get_plan",
    summary="See a scene from above",
)
async def get_plan(scene: Name, service: Shared) -> Response:
    """Give the outlines of a scene's objects as seen from above."""
    return await answered(service, catalogue.scene_plan, service.searcher, scene)


@router.get(
    "/{scene}/export.{format}",
    response_class=Response,
    responses={
        200: {"content": {each.media_type: BINARY for each in FORMATS.values()}, "description": "The file"},
        501: {"description": "The package that writes this format is missing on the server"},
    },
    operation_id="export_scene",
    summary="Get a scene as a file",
)
async def export(
    scene: Name,
    service: Shared,
    format: Annotated[str, Path(description="One of " + ", ".join(FORMATS), examples=["json"], max_length=16)],
) -> Response:
    """Give a scene as a file for other programs; docs/exports.md describes each format."""
    if format not in FORMATS:
        raise ProblemError(404, f"no format {format[:16]!r}; there are: {', '.join(FORMATS)}")
    data = await service.work(export_scene, service.store, scene, format)
    return _file(data, FORMATS[format].media_type, f"{_file_name(scene)}.{format}")


@router.post(
    "/{scene}/segment",
    response_model=Segmentation,
    openapi_extra=CLASSES.openapi,
    operation_id="segment_scene",
    summary="Give every object a class",
)
async def segment(scene: Name, request: Request, service: Shared) -> Response:
    """Choose for each object of a scene, and so for its points, the class whose name it is nearest to."""
    return await answered(service, segmentation, service.searcher, scene, await CLASSES.of(request))


@router.post(
    "/{scene}/segment.ply",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": BINARY}, "description": "A binary PLY"}},
    openapi_extra=CLASSES.openapi,
    operation_id="segment_points",
    summary="Get the points of a scene by class",
)
async def segment_points(scene: Name, request: Request, service: Shared) -> Response:
    """Give the points in the colours of their classes, with `class` (the number) and `object_id` of each."""
    data = await service.work(segmented_ply, service.searcher, scene, await CLASSES.of(request))
    return _file(data, "application/octet-stream", f"{_file_name(scene)}-classes.ply")


def _file_name(scene: str) -> str:
    """Return a scene's name as every system takes it for a file's."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", scene).strip("._")[:100] or "scene"


def _file(data: bytes, media_type: str, name: str) -> Response:
    return Response(data, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
