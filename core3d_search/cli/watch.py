"""`core3d watch`: index scans as they appear in a folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core3d_search.cli import options

if TYPE_CHECKING:
    from core3d_search.indexer.frames import ReadOptions, SceneReader


def watch(
    path: Annotated[Path, typer.Argument(help="The folder in which scans appear.", show_default=False)],
    db: options.Database = None,
    settle: Annotated[
        float, typer.Option(min=0.0, help="Seconds for which nothing of a scan may change before it is indexed.")
    ] = 2.0,
    profile: options.Profile = None,
    masks: options.Masks = None,
    encoder: options.Encoder = None,
    settings: options.Settings = None,
    format: options.Format = None,
    depth_scale: options.DepthScale = None,
    camera_axes: options.CameraAxes = None,
    invert_poses: options.InvertPoses = None,
    up: options.Up = None,
    scale: options.Scale = None,
    estimate_poses: options.EstimatePoses = False,
    objects: options.Objects = None,
    no_check: options.NoCheck = False,
    workers: options.Workers = 1,
) -> None:
    """Index new and changed scans as they appear in a folder, until Ctrl-C; one that is being copied is waited for."""
    from core3d_search.cli.index import chosen_config, kept_frames, told_outcomes, writable_store
    from core3d_search.errors import InputError

    if not path.expanduser().is_dir():
        raise InputError(f"{path} is not a folder: name the one in which scans appear, making it first if need be")
    config = chosen_config(profile, masks, encoder, settings)
    said = options.read_options(depth_scale, camera_axes, invert_poses, up, scale, objects, estimate_poses)
    done: set[str] = set()
    failed: set[str] = set()
    with writable_store(db) as store:
        try:
            names: dict[str, Path] = {}
            for sources in _settled(path.expanduser(), format, settle, store.path):
                scenes = list(_opened(sources, format, said, names, failed))
                if not scenes:
                    continue
                for outcome in told_outcomes(scenes, store, db, config, workers, refuse=not no_check):
                    (failed if outcome.report is None else done).add(outcome.scene)
                    (done if outcome.report is None else failed).discard(outcome.scene)
        except KeyboardInterrupt:
            kept = f"{len(done)} scene(s) are indexed and kept in {store.location}, {len(failed)} could not be"
            kept += f", and {kept_frames(store)} finished frame(s) of others beside it"
            typer.echo(f"core3d: stopped; {kept}; watch or index again to go on", err=True)
            raise typer.Exit(130) from None


def _settled(path: Path, format: str | None, settle: float, database: Path | None) -> Iterator[list[Path]]:
    """Yield, for ever, the scans below `path` that are complete and new or changed, as often as there are any.

    Raises MissingDependencyError without watchfiles.
    """
    from core3d_search.errors import MissingDependencyError
    from core3d_search.indexer.readers import find_sources
    from core3d_search.indexer.watching import Settling, signatures

    try:
        import watchfiles
    except ModuleNotFoundError as error:
        raise MissingDependencyError("core3d watch needs watchfiles: pip install 'core3d-search[watch]'") from error

    def of_database(file: Path) -> bool:
        return database is not None and file.name.startswith(database.name) and file.parent.samefile(database.parent)

    settling = Settling(settle)
    pause = max(50, min(1000, int(settle * 250)))  # milliseconds: a scan is seen to settle a quarter late at most
    typer.echo(f"watching {path}; Ctrl-C ends it", err=True)
    first = True  # what came before watchfiles looked is no change to it
    for changes in watchfiles.watch(path, watch_filter=None, debounce=pause, rust_timeout=pause, yield_on_timeout=True):
        if first or changes or settling.waiting:
            first = False
            listing = signatures(find_sources(path, format), of_database)
            if sources := settling.take(listing, time.monotonic()):
                yield sources


def _opened(
    sources: Sequence[Path], format: str | None, said: ReadOptions, names: dict[str, Path], failed: set[str]
) -> Iterator[SceneReader]:
    """Yield the scene at each of `sources` and say which cannot be used, now in `failed`.

    `names` collects where each name is from.
    """
    from core3d_search.errors import InputError
    from core3d_search.indexer.readers import survey

    for source in sources:
        failed.add(str(source))
        try:
            found = survey(source, format, said)
        except InputError as error:  # it has gone meanwhile
            typer.echo(str(error), err=True)
            continue
        for fault in found.broken.values():
            typer.echo(f"{fault}; it is tried again when its files change", err=True)
        for scene in found.scenes:
            other = names.setdefault(scene.name, source)
            if other != source and other.exists():
                typer.echo(f"{source} has the name of {other}, {scene.name}; give it its own in scene.json", err=True)
                continue
            names[scene.name] = source
            failed.discard(str(source))
            yield scene
