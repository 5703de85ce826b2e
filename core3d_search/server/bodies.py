"""Bodies of requests: JSON, read strictly by the schema that the OpenAPI document shows."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from core3d_search.server.problems import ProblemError

T = TypeVar("T")


class Body(Generic[T]):
    """The reader of one kind of request; FastAPI's own would bend values, as "10" into 10."""

    def __init__(self, kind: type[T], examples: dict[str, dict[str, Any]] | None = None) -> None:
        self._reader = TypeAdapter(kind)
        self.content: dict[str, Any] = {"schema": self._reader.json_schema(), "examples": examples or {}}
        self.openapi = {"requestBody": {"required": True, "content": {"application/json": self.content}}}

    async def of(self, request: Request) -> T:
        """Return the body of `request`; raises a problem, 422, for what is not JSON or does not fit."""
        kind = media_type(request)
        if kind != "application/json":
            raise ProblemError(422, f"the body must be application/json, got {kind[:100]!r}")
        return self.read(await request.body())

    def read(self, body: bytes) -> T:
        """Return what JSON says; raises RequestValidationError."""
        try:
            return self._reader.validate_json(body)
        except ValidationError as error:
            raise RequestValidationError(error.errors(include_input=False, include_url=False)) from error


def media_type(request: Request) -> str:
    """Return the media type of a body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
