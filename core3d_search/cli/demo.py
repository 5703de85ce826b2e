"""`core3d demo`: rooms to try everything on, made on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    folder: Annotated[Path, typer.Argument(help="Where the rooms are written; a new or empty folder.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same rooms.")] = 0,
    count: Annotated[int, typer.Option(min=1, help="How many rooms.")] = 3,
) -> None:
    """Write furnished rooms as posed RGB-D scans, with their exact ground truth beside them.

    Example: core3d demo ./scenes && core3d index ./scenes && core3d search "red chair near window"
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    from core3d_search.errors import InputError
    from core3d_search.synthetic import demo_rooms

    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty; name a new folder, so that nothing of yours is overwritten")
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(room: str, done: int, total: int) -> None:
            if room not in tasks:
                tasks[room] = progress.add_task(room, total=total)
            progress.update(tasks[room], completed=done)

        demo_rooms(folder, seed=seed, count=count, progress=show)
    typer.echo(f"{count} rooms in {folder}; next: core3d index {folder}", err=True)
