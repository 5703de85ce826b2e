"""`core3d view`: scenes in 3D, to search in."""

from __future__ import annotations

from typing import Annotated

import typer

from core3d_search.cli import options


def view(
    scene: Annotated[
        str | None,
        typer.Argument(help="The scene to begin with, as `core3d scenes` lists it.", show_default="the first"),
    ] = None,
    db: options.Database = None,
    query: Annotated[str, typer.Option(help="Search for this text at once.", metavar="TEXT", show_default=False)] = "",
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8334,
    insecure_host: Annotated[
        bool, typer.Option("--insecure-host", help="Let in every machine that reaches --host, without any token.")
    ] = False,
    lang: options.Language = None,
    vectors: options.Vectors = None,
    llm: options.LlmUrl = None,
    llm_model: options.LlmModel = None,
) -> None:
    """Show scenes in 3D in the browser, to search in and to click on, until Ctrl-C.

    Only this machine is let in. viser, which draws, checks no token, so that another --host needs --insecure-host;
    from elsewhere a tunnel is better: ssh -L 8334:127.0.0.1:8334 MACHINE.
    """
    from core3d_search.errors import MissingDependencyError

    parser = options.llm_parser(llm, llm_model)
    try:
        import viser
    except ModuleNotFoundError as error:
        raise MissingDependencyError(f"core3d view needs {error.name}: pip install 'core3d-search[view]'") from error
    del viser
    from core3d_search.search.searcher import Searcher
    from core3d_search.viewer.page import Beginning
    from core3d_search.viewer.run import checked_host, serve

    checked_host(host, insecure_host)
    with Searcher.open(db, llm=parser, language=lang, vectors=vectors) as searcher:
        serve(searcher, host, port, Beginning(scene, query), lambda address: typer.echo(_greeting(address), err=True))


def _greeting(address: str) -> str:
    """Return where to look."""
    return f"core3d shows {address} in a browser; Ctrl-C ends it"
