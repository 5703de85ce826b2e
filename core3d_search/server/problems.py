"""Errors as RFC 9457 has them: application/problem+json with type, title, status and detail."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from core3d_search.errors import (
    Core3DError,
    InputError,
    MissingDependencyError,
    ModelError,
    NotFoundError,
    StoreError,
)
from core3d_search.search.documents import to_json

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
STATUS: tuple[tuple[type[Core3DError], int], ...] = (
    (NotFoundError, 404),
    (InputError, 422),
    (MissingDependencyError, 501),
    (ModelError, 503),
    (StoreError, 503),
    (Core3DError, 500),
)
"""The HTTP status of each error, the first that fits."""


class ProblemError(HTTPException):
    """A request that is refused, with the status and the words to say so."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))


def problem(
    status: int, detail: str, *, errors: list[dict[str, Any]] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the response that tells a problem."""
    phrase = HTTPStatus(status).phrase
    said: dict[str, Any] = {
        "type": "about:blank",
        "title": phrase,
        "status": status,
        "detail": detail,
    }
    if errors is not None:
        said["errors"] = errors
    content = to_json(said).encode("utf-8", "replace")
    return Response(content, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def install(app: FastAPI, location: str) -> None:
    """Let `app` tell every error as a problem; the database's place, `location`, is not told."""

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem(error.status_code, str(error.detail), headers=error.headers)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem(422, "the request does not fit", errors=told(error.errors()))

    async def ours(_: Request, error: Exception) -> Response:
        status = next(status for kind, status in STATUS if isinstance(error, kind))
        if status >= 500:
            log.error("%s: %s", type(error).__name__, error)
        return problem(status, str(error).replace(location, "the database"))

    async def bug(_: Request, error: Exception) -> Response:
        log.error("a request failed", exc_info=error)
        return problem(500, "this is a bug of core3d; its log has the details")

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Core3DError, ours)
    app.add_exception_handler(Exception, bug)


def told(faults: Any) -> list[dict[str, Any]]:
    """Return what is wrong where, without what was sent."""
    return [{"loc": [str(part) for part in fault["loc"]], "msg": str(fault["msg"])} for fault in faults]
