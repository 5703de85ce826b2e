"""`core3d index`: turn scans into searchable objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core3d_search.cli import options, output

if TYPE_CHECKING:
    from core3d_search.indexer.config import IndexConfig
    from core3d_search.indexer.frames import SceneReader
    from core3d_search.indexer.pipeline import Outcome
    from core3d_search.indexer.report import RunReport, StageProgress
    from core3d_search.store import RunRecord, Store

FEW_OBJECTS = 3
"""A scan with fewer objects is one of a single thing, or has something wrong."""


@dataclass(frozen=True)
class RayCluster:
    """Scenes on the machines of a Ray cluster, each with so many cores and GPUs."""

    address: str
    cpus: float
    gpus: float


def index(
    path: Annotated[Path, typer.Argument(help="A folder of scenes, or one scene.", show_default=False)],
    db: options.Database = None,
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
    library: options.Library = False,
    no_check: options.NoCheck = False,
    workers: options.Workers = 1,
    ray: options.Ray = None,
    ray_cpus: options.RayCpus = 1.0,
    ray_gpus: options.RayGpus = 0.0,
    force: Annotated[bool, typer.Option("--force", help="Index again what has not changed.")] = False,
    as_json: options.Json = False,
) -> None:
    """Find the objects of every scene in a folder and store them; scenes that have not changed are skipped."""
    from core3d_search.indexer.readers import Survey, survey
    from core3d_search.indexer.readers.library import LibraryReader

    config = chosen_config(profile, masks, encoder, settings)
    said = options.read_options(depth_scale, camera_axes, invert_poses, up, scale, objects, estimate_poses)
    found = Survey((LibraryReader.open(path, said),), {}) if library else survey(path, format, said)
    scenes = found.scenes
    typer.echo(f"{len(scenes)} scene(s) in {path}, format {', '.join(sorted({s.format for s in scenes}))}", err=True)
    reports: list[RunReport] = []
    failures = {output.shown(source.name): str(error) for source, error in found.broken.items()}
    for error in failures.values():
        typer.echo(error, err=True)
    with writable_store(db) as store:
        try:
            where = workers if ray is None else RayCluster(ray, ray_cpus, ray_gpus)
            for outcome in told_outcomes(scenes, store, db, config, where, force=force, refuse=not no_check):
                if outcome.report is not None:
                    reports.append(outcome.report)
                else:
                    failures[outcome.scene] = _told(outcome)
        except KeyboardInterrupt:
            kept = f"{len(reports)} of {len(scenes)} scenes are done and kept in {store.location}"
            kept += f", and {kept_frames(store)} finished frame(s) of others beside it"
            typer.echo(f"core3d: stopped; {kept}; index again to go on with the rest", err=True)
            raise typer.Exit(130) from None
    if as_json:
        output.print_json({"runs": [report.to_dict() for report in reports], "failed": failures})
    if failures:
        raise typer.Exit(1)


def chosen_config(
    profile: str | None, masks: str | None, encoder: str | None, settings: Sequence[str] | None
) -> IndexConfig:
    """Return the settings that the options ask for; without a profile those of the best one, which is said."""
    from core3d_search.indexer.config import resolve
    from core3d_search.indexer.models import best_profile

    overrides = [f"masks.generator={masks}"] if masks else []
    overrides += [f"encoder.name={encoder}"] if encoder else []
    if profile is None:
        profile = best_profile()
        typer.echo(f"profile {profile} (core3d profiles lists the others)", err=True)
    return resolve(profile, [*overrides, *(settings or [])])


@contextmanager
def writable_store(db: str | None) -> Iterator[Store]:
    """Open or make the database; raises StoreError where it cannot be written."""
    from core3d_search.errors import StoreError
    from core3d_search.store import Store

    with Store.open(db, create=True) as store:
        if store.read_only:
            raise StoreError(f"{store.location} cannot be written: check the rights of the file and its folder")
        yield store


def told_outcomes(
    scenes: Sequence[SceneReader],
    store: Store,
    db: str | None,
    config: IndexConfig,
    where: int | RayCluster,
    *,
    force: bool = False,
    refuse: bool = True,
) -> Iterator[Outcome]:
    """Index `scenes`, say on stderr what became of each, and yield it; `refuse` those that are nonsense.

    `where` is the number of processes here, or a cluster.
    """
    check = partial(_check, refuse=refuse)
    _tell_names(scenes, store)
    with _progress_bar() as progress:
        for outcome in _outcomes(scenes, store, db, config, where, force, check, progress):
            if outcome.report is not None:
                _print_report(outcome.report)
                _print_depth(outcome.report, config)
                _print_notes(scenes, store, outcome.report)
                _print_models(store.runs(outcome.scene)[-1])
            else:
                typer.echo(f"{outcome.scene}: {_told(outcome)}", err=True)
            yield outcome


def _outcomes(
    scenes: Sequence[SceneReader],
    store: Store,
    db: str | None,
    config: IndexConfig,
    where: int | RayCluster,
    force: bool,
    check: Callable[[SceneReader], None] | None,
    progress: StageProgress,
) -> Iterator[Outcome]:
    """Index `scenes` in this process, on several, or on a cluster."""
    if isinstance(where, RayCluster):
        from core3d_search.indexer.ray_cluster import Needs, index_on_ray

        needs = Needs(where.cpus, where.gpus)
        return index_on_ray(scenes, store, config, where.address, needs, force=force, check=check, progress=progress)
    if where > 1 and len(scenes) > 1:
        from core3d_search.indexer.workers import index_on_workers

        return index_on_workers(scenes, db, config, where, force=force, check=check, progress=progress)
    from core3d_search.indexer.pipeline import index_scenes

    return index_scenes(scenes, store, config, force=force, check=check, progress=progress)


def _tell_names(scenes: Sequence[SceneReader], store: Store) -> None:
    """Say which scenes have another name in the database than their files give them."""
    from core3d_search.indexer.write import name_in

    for scene in scenes:
        name = name_in(store, scene)
        if name != scene.name:
            typer.echo(f"{scene.name}: stays {name}, its name in the database; core3d rename changes it", err=True)


def kept_frames(store: Store) -> int:
    """Return how many frames of unfinished scenes are kept for the next run."""
    from core3d_search.indexer.work_file import kept_beside

    return 0 if store.path is None else sum(count for _, count in kept_beside(store.path))


def _print_notes(scenes: Sequence[SceneReader], store: Store, report: RunReport) -> None:
    """Say what a mesh left open and was judged."""
    from core3d_search.indexer.known import knows_parts
    from core3d_search.indexer.write import name_in

    for scene in scenes:
        known = knows_parts(scene)
        if known is not None and name_in(store, scene) == report.scene and not report.unchanged:
            for note in known.notes():
                typer.echo(f"  {note}", err=True)


def _check(reader: SceneReader, *, refuse: bool) -> None:
    """Say where coordinates begin, if not at zero; refuse a scan that is nonsense, and warn of one that is suspect."""
    from core3d_search.indexer.checks.scene import refuse_nonsense
    from core3d_search.indexer.frames import origin_of

    origin = origin_of(reader)
    if origin is not None:
        begin = ", ".join(f"{value:.0f}" for value in origin)
        typer.echo(f"{reader.name}: far from zero, so that points are stored from {begin}, which boxes add", err=True)
    if not refuse:
        return
    for fault in refuse_nonsense(reader).faults:
        typer.echo(f"{reader.name}: warning, {fault.code}: {fault.evidence}; {fault.fix}", err=True)


def _told(outcome: Outcome) -> str:
    """Return the message of what stopped a scene; of a bug also where it arose, for whoever mends it."""
    if not outcome.traceback:
        return str(outcome.error)
    what = f"{type(outcome.error).__name__}: {outcome.error}"
    return f"this is a bug, and the other scenes go on: {what}\n{outcome.traceback}"


@contextmanager
def _progress_bar() -> Iterator[StageProgress]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[tuple[str, str], TaskID] = {}

        def progress(scene: str, stage: str, done: int, total: int, skipped: int = 0) -> None:
            key = (scene, stage)
            if key not in tasks:
                tasks[key] = bars.add_task(escape(f"{scene}: {stage}"), total=total, rate="")
            elapsed = bars.tasks[bars.task_ids.index(tasks[key])].elapsed
            rate = f"{done / elapsed:.1f}/s" if elapsed else ""
            rate += f", {skipped} skipped" if skipped else ""
            bars.update(tasks[key], completed=done, rate=rate, visible=done < total)

        yield progress


def _print_depth(report: RunReport, config: IndexConfig) -> None:
    """Say where a scan is out of the encoder's depth, and which profile knows more."""
    from core3d_search.indexer.depth import depth_note

    note = depth_note(report, config)
    if note is not None:
        typer.echo(f"  warning: {note}", err=True)


def _print_models(run: RunRecord) -> None:
    typer.echo(f"  masks: {run.mask_generator}, SHA-256 {run.mask_generator_checksum}; encoder: {run.model}", err=True)


def _print_report(report: RunReport) -> None:
    if report.unchanged:
        typer.echo(f"{report.scene}: unchanged ({report.objects} objects); --force indexes it again", err=True)
        return
    used = report.frames - len(report.skipped)
    worked_on = max(1, used - report.resumed)
    typer.echo(
        f"{report.scene}: {report.objects} objects from {report.observations} observations in {used} frames, "
        f"{report.seconds_per_frame:.2f} s a frame (by stage, on all threads: "
        + ", ".join(f"{stage} {seconds / worked_on:.3f}" for stage, seconds in report.seconds.items())
        + ")",
        err=True,
    )
    for note in report.notes:
        typer.echo(f"  {note}", err=True)
    if report.resumed:
        typer.echo(f"  {report.resumed} of these frames were finished before, by a run that was interrupted", err=True)
    if report.objects < FEW_OBJECTS:
        few = "no objects" if not report.objects else f"only {report.objects} object(s)"
        typer.echo(f"  warning: {few} found; core3d check tells whether the scan agrees with itself", err=True)
    for skipped in report.skipped:
        typer.echo(f"  skipped frame {skipped.position}: {skipped.reason}", err=True)
