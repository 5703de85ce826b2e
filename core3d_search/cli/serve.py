"""`core3d serve`: search by HTTP, and a page to search in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core3d_search.cli import options

if TYPE_CHECKING:
    from core3d_search.server.settings import ServerSettings


def serve(
    db: options.Database = None,
    host: Annotated[
        str, typer.Option(help="Where to listen. Other machines reach 0.0.0.0; that needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8333,
    root: Annotated[
        list[Path] | None,
        typer.Option(help="A folder whose scans clients may have indexed; repeat for several.", show_default="none"),
    ] = None,
    lang: options.Language = None,
    vectors: options.Vectors = None,
    llm: options.LlmUrl = None,
    llm_model: options.LlmModel = None,
) -> None:
    """Serve the database by HTTP, with a web page to search in, until Ctrl-C.

    Only this machine is let in, unless --host says otherwise and $CORE3D_TOKEN (reads and writes) or
    $CORE3D_READ_TOKEN (reads) holds a secret that every request must bear. /openapi.json describes every end point.
    """
    from core3d_search.errors import MissingDependencyError
    from core3d_search.server.settings import ServerSettings

    tokens = os.environ.get("CORE3D_TOKEN"), os.environ.get("CORE3D_READ_TOKEN")
    settings = ServerSettings(db, host, port, tuple(root or ()), *tokens).checked()
    parser = options.llm_parser(llm, llm_model)
    try:
        import fastapi
        import prometheus_client
        import python_multipart
        import uvicorn
    except ModuleNotFoundError as error:
        raise MissingDependencyError(f"core3d serve needs {error.name}: pip install 'core3d-search[serve]'") from error
    del fastapi, prometheus_client, python_multipart, uvicorn
    from core3d_search.server.run import serve as run
    from core3d_search.server.service import Service

    run(
        Service(settings, parser, lang, vectors=vectors),
        lambda address: typer.echo(_greeting(address, settings), err=True),
    )


def _greeting(address: str, settings: ServerSettings) -> str:
    """Return where the server is, and who may use it."""
    if settings.token or settings.read_token:
        who = "for whoever sends the token"
        if not settings.is_local:
            who += "; it is not encrypted: put a proxy with TLS before it where the network is not yours"
    else:
        who = "for this machine only"
    return f"core3d serves {address} {who}; Ctrl-C ends it"
