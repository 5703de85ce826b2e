"""`core3d demo`: rooms to try everything on, made on the spot."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal

import typer


def demo(
    folder: Annotated[Path, typer.Argument(help="Where the rooms are written; a new or empty folder.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same rooms.")] = 0,
    count: Annotated[int, typer.Option(min=1, help="How many rooms.")] = 3,
    frames: Annotated[int, typer.Option(min=1, help="How many frames a room.")] = 40,
    meshes: Annotated[
        Path | None, typer.Option(help="A folder of 3D models to furnish the rooms with.", show_default="our own")
    ] = None,
    camera: Annotated[
        Literal["good", "worn"],
        typer.Option(help="worn: light, blur, noise, JPEG, and depth with shadows and holes as a Kinect's."),
    ] = "good",
) -> None:
    """Write furnished rooms as posed RGB-D scans, with their exact ground truth beside them.

    The folder appears when all of it is written: a run that is stopped leaves nothing behind.

    Example: core3d demo ./scenes && core3d index ./scenes && core3d search "red chair near window"
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    from core3d_search.synthetic.demo import demo_rooms, model_rooms

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(room: str, done: int, total: int) -> None:
            if room not in tasks:
                tasks[room] = progress.add_task(room, total=total)
            progress.update(tasks[room], completed=done)

        worn = camera == "worn"
        with _stopped_by_signals():
            if meshes is None:
                demo_rooms(folder, seed=seed, count=count, frames=frames, worn=worn, progress=show)
            else:
                model_rooms(folder, meshes, seed=seed, count=count, frames=frames, worn=worn, progress=show)
    typer.echo(f"{count} rooms in {folder}; next: core3d index {folder}", err=True)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Turn a request to end (kill, a closed terminal) into an exception, so that what was begun is cleared away."""

    def stop(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    known = [found for name in ("SIGTERM", "SIGHUP") if (found := getattr(signal, name, None)) is not None]
    before = [signal.signal(number, stop) for number in known]
    try:
        yield
    finally:
        for number, handler in zip(known, before, strict=True):
            signal.signal(number, handler)
