"""POST /v1/search."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from core3d_search.search.asking import ask
from core3d_search.search.documents import SearchAnswer, SearchRequest
from core3d_search.server.access import READS
from core3d_search.server.bodies import Body, media_type
from core3d_search.server.examples import QUESTIONS
from core3d_search.server.pictures import uploaded_image
from core3d_search.server.problems import ProblemError
from core3d_search.server.service import Service, Shared, answered

router = APIRouter(prefix="/v1", tags=["search"])
LARGEST_PART = 1 << 20
"""Bytes of the part `request`; the image has the whole body's limit."""
JSON = Body(SearchRequest, QUESTIONS)
FORM: dict[str, Any] = {
    "schema": {
        "type": "object",
        "required": ["image"],
        "additionalProperties": False,
        "properties": {
            "image": {
                "type": "string",
                "format": "binary",
                "description": "A JPEG, PNG or WebP: find what looks like it.",
            },
            "request": {
                "type": "string",
                "description": "The same JSON as without an image; its text refines.",
                "contentMediaType": "application/json",
            },
        },
    }
}
BODY = {"required": True, "content": {"application/json": JSON.content, "multipart/form-data": FORM}}


@router.post(
    "/search",
    dependencies=READS,
    response_model=SearchAnswer,
    openapi_extra={"requestBody": BODY},
    operation_id="search",
    summary="Rank objects",
)
async def search(request: Request, service: Shared) -> Response:
    """Rank the objects of all scenes by a text, an object that they look like, an image, or several of these.

    A text beside an image or `like` refines: "but red", "near a window". Nothing above the threshold is an answer too.
    """
    if media_type(request) == "multipart/form-data":
        return await _with_image(request, service)
    asked = await JSON.of(request)
    return await answered(service, lambda: ask(service.searcher, asked).document())


async def _with_image(request: Request, service: Service) -> Response:
    form = await _form(request)
    try:
        unknown = sorted(set(form) - {"image", "request"})
        if unknown:
            raise ProblemError(422, f"the form has parts 'image' and 'request', got {unknown[0][:100]!r} too")
        image, said = form.get("image"), form.get("request", "{}")
        if not isinstance(image, UploadFile) or not isinstance(said, str):
            raise ProblemError(422, "the form needs a file 'image' and may have a text 'request'")
        data = await image.read()
    finally:
        await form.close()
    asked, most = JSON.read(said.encode("utf-8", "replace")), service.settings.limits.image_pixels
    return await answered(service, lambda: ask(service.searcher, asked, uploaded_image(data, most)).document())


async def _form(request: Request) -> FormData:
    """Return the parts of a form; raises a problem, 422, for one that is cut or malformed."""
    try:
        return await request.form(max_files=1, max_fields=1, max_part_size=LARGEST_PART)
    except ProblemError:
        raise
    except HTTPException as error:
        raise ProblemError(422, f"the form cannot be read: {error.detail}") from error
