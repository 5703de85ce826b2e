"""`core3d plan`: a scene from above."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core3d_search.cli import options, output


def plan(
    scene: Annotated[str, typer.Argument(help="The scene's name, as `core3d scenes` lists it.")],
    path: Annotated[Path, typer.Argument(help="The picture to write, e.g. plan.png.", metavar="FILE")],
    query: Annotated[str | None, typer.Option(help="Mark what a search for this text finds.", metavar="TEXT")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    db: options.Database = None,
) -> None:
    """Draw a scene from above: points, boxes, names, a scale; with --query the hits by their ranks."""
    from core3d_search.exports.plan import plan_picture
    from core3d_search.search.searcher import Searcher

    output.refuse_overwriting(path, force)
    with Searcher.open(db) as searcher:
        hits = searcher.search(query, scenes=[scene]) if query else []
        picture = plan_picture(searcher.store, scene, {hit.object_id: rank for rank, hit in enumerate(hits, 1)})
    output.write_picture(picture, path)
    typer.echo(f"{scene} from above in {path}", err=True)
