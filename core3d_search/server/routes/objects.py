"""Single objects: their cards, pictures, points and tags."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from core3d_search.errors import NotFoundError
from core3d_search.search.catalogue import object_card
from core3d_search.search.documents import Marks, ObjectCard, TagsRequest
from core3d_search.server.access import READS, WRITES
from core3d_search.server.bodies import Body
from core3d_search.server.pictures import frame_picture, points_ply
from core3d_search.server.problems import ProblemError
from core3d_search.server.service import Service, Shared, answered

router = APIRouter(prefix="/v1/objects", tags=["objects"])
TAGS = Body(TagsRequest, {"tags": {"summary": "Two tags", "value": {"tags": ["mine", "to sell"]}}})

Key = Annotated[int, Path(ge=1, le=2**63 - 1, description="Key of the object.", examples=[5])]
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}}, "description": "The picture"},
    304: {"description": "It has not changed: what If-None-Match names is still right"},
}


@router.get(
    "/{object_id}",
    dependencies=READS,
    response_model=ObjectCard,
    operation_id="get_object",
    summary="Describe an object",
)
async def get_object(object_id: Key, service: Shared) -> Response:
    """Describe one object: box, label, tags, the frames that show it, its neighbours and how it lies to them."""
    return await answered(service, object_card, service.searcher, object_id)


@router.get(
    "/{object_id}/thumbnail.webp",
    dependencies=READS,
    response_class=Response,
    responses=PICTURE,
    operation_id="get_thumbnail",
    summary="Get the small picture of an object",
)
async def thumbnail(object_id: Key, request: Request, service: Shared) -> Response:
    """Give the small picture that was made when the scene was indexed."""

    def make() -> bytes:
        picture = service.store.thumbnail(object_id)
        if picture is None:
            raise NotFoundError(
                f"object {object_id} has no thumbnail; `core3d db thumbnails` makes those that are missing"
            )
        return picture

    return await _picture(request, service, make)


@router.get(
    "/{object_id}/frame.webp",
    dependencies=READS,
    response_class=Response,
    responses=PICTURE,
    operation_id="get_frame",
    summary="Get the frame that shows an object, its box drawn",
)
async def frame(
    object_id: Key,
    request: Request,
    service: Shared,
    anchors: Annotated[
        list[Annotated[int, Query(ge=1, le=2**63 - 1)]] | None,
        Query(max_length=8, description="Other objects whose boxes are drawn too: anchor_ids of a reason."),
    ] = None,
) -> Response:
    """Give the frame that shows an object best, read from its scan, with its box drawn."""
    return await _picture(request, service, lambda: frame_picture(service.store, object_id, anchors or ()))


@router.get(
    "/{object_id}/points.ply",
    dependencies=READS,
    response_class=Response,
    responses={
        200: {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "description": "A binary PLY",
        }
    },
    operation_id="get_points",
    summary="Get the points of an object",
)
async def points(object_id: Key, service: Shared) -> Response:
    """Give the coloured points of an object, in metres, in the scan's own coordinates."""
    data = await service.work(points_ply, service.searcher, object_id)
    name = f'attachment; filename="object-{object_id}.ply"'
    return Response(data, media_type="application/octet-stream", headers={"Content-Disposition": name})


@router.put(
    "/{object_id}/tags",
    dependencies=WRITES,
    response_model=Marks,
    openapi_extra=TAGS.openapi,
    operation_id="put_tags",
    summary="Replace the tags of an object",
)
async def put_tags(object_id: Key, request: Request, service: Shared) -> Response:
    """Replace all tags of an object; they stay when its scene is indexed again."""
    if service.store.read_only:
        raise ProblemError(403, "the database may not be written here")
    asked = await TAGS.of(request)

    def replaced() -> Marks:
        with service.tagging:
            before = service.store.marks(object_id).tags
            kept = {tag.strip().lower() for tag in asked.tags}
            return Marks.of(object_id, service.store.tag(object_id, asked.tags, set(before) - kept))

    return await answered(service, replaced)


async def _picture(request: Request, service: Service, make: Any) -> Response:
    """Return a picture that a browser keeps until the database changes."""
    stamp = f'"{await service.work(lambda: service.store.generation)}"'
    headers = {"ETag": stamp, "Cache-Control": "private, no-cache"}
    if stamp in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(await service.work(make), media_type="image/webp", headers=headers)
