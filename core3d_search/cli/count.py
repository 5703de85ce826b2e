"""`core3d count`: how many."""

from __future__ import annotations

from typing import Annotated

import typer

from core3d_search.cli import options, output


def count(
    text: Annotated[str, typer.Argument(help='What to count, e.g. "chairs near a window".')],
    db: options.Database = None,
    scene: options.Scenes = None,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="The least score that counts.")] = options.THRESHOLD,
    lang: options.Language = None,
    vectors: options.Vectors = None,
    llm: options.LlmUrl = None,
    llm_model: options.LlmModel = None,
    as_json: options.Json = False,
) -> None:
    """Count the objects that fit a text, in all and by scene."""
    from core3d_search.search.asking import count as counted
    from core3d_search.search.documents import CountRequest
    from core3d_search.search.searcher import Searcher

    with Searcher.open(db, llm=options.llm_parser(llm, llm_model), language=lang, vectors=vectors) as searcher:
        found = counted(searcher, CountRequest(text, scene, threshold))
    if as_json:
        output.print_json(found)
        return
    typer.echo(str(found.count))
    for name, number in found.counts.items():
        typer.echo(f"{number:>5}  {name}", err=True)
