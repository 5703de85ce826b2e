"""The HTTP application: `create_app(service)` is its table of contents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import is_dataclass
from functools import partial
from typing import Any

from fastapi import Depends, FastAPI, Request
from pydantic import TypeAdapter

from core3d_search.search import documents
from core3d_search.search.documents import Problem
from core3d_search.server import problems
from core3d_search.server.examples import ANSWERS
from core3d_search.server.middleware import Door
from core3d_search.server.routes import counting, indexing, objects, pages, scenes, searching
from core3d_search.server.service import Service
from core3d_search.version import __version__

SUMMARY = "Search 3D scans in words."
DESCRIPTION = """Finds objects in 3D scans: "red chair near window" over every indexed scene, with the reasons.

Errors are problems as RFC 9457 has them. Lengths are metres, boxes are in the scan's own coordinates. Every document
carries `schema_version`; keys may be added without a new version, so leave those that you do not know."""
PROBLEMS = {
    401: "No token, or a wrong one, where the server asks for one",
    403: "The token may not do this, or a page of another site asks",
    404: "Nothing of this name or key",
    408: "The body did not come in time",
    413: "The body is too large",
    421: "The server is not called so",
    422: "The request does not fit, or cannot be read as what it claims to be",
    503: "Too much at once, too slow, or the database cannot be read",
}


def create_app(service: Service) -> FastAPI:
    """Return the application that serves `service`, and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.warm()
        yield
        service.close()

    app = FastAPI(
        title="core3d",
        summary=SUMMARY,
        description=DESCRIPTION,
        version=__version__,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        docs_url=None,  # their pages fetch scripts from elsewhere
        redoc_url=None,
        dependencies=[Depends(known_query)],
        responses={status: _told(text) for status, text in PROBLEMS.items()},
    )
    app.state.service, app.state.access = service, service.access
    problems.install(app, service.store.location)
    for part in (searching, counting, scenes, objects, indexing, pages):
        app.include_router(part.router)
    app.openapi = partial(_described, app, app.openapi)  # type: ignore[method-assign]
    app.add_middleware(Door, settings=service.settings, metrics=service.metrics)
    return app


def known_query(request: Request) -> None:
    """Refuse parameters of the query that the end point does not have: a misspelt filter would filter nothing."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    known = {each.alias for each in getattr(dependant, "query_params", ())}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        there = f"; there are: {', '.join(sorted(known))}" if known else ""
        raise problems.ProblemError(422, f"no parameter {unknown[0][:100]!r} here{there}")


def _described(app: FastAPI, generate: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the OpenAPI document, made when it is first asked for and completed: examples, whose nulls FastAPI drops,
    the media type of problems, and what inherited keys mean."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    generated = generate()
    for name, schema in generated["components"]["schemas"].items():
        for base in getattr(documents, name, object).__mro__[1:]:
            inherited = TypeAdapter(base).json_schema()["properties"] if is_dataclass(base) else {}
            for key, field in inherited.items():
                schema["properties"][key].setdefault("description", field.get("description"))
    for methods in generated["paths"].values():
        for operation in methods.values():
            for status, told in operation["responses"].items():
                if status.startswith(("4", "5")) and "content" in told:
                    told["content"] = {problems.MEDIA_TYPE: told["content"].pop("application/json")}
            if operation["operationId"] in ANSWERS:
                status = next(status for status in operation["responses"] if status.startswith("2"))
                answer = operation["responses"][status]["content"]["application/json"]
                answer["example"] = ANSWERS[operation["operationId"]]
    return generated


def _told(text: str) -> dict[str, object]:
    return {"description": text, "model": Problem}
