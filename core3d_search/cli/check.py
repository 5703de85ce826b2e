"""`core3d check`: does a scan agree with itself, and if not, what is wrong and what mends it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core3d_search.cli import options, output
from core3d_search.errors import InputError

if TYPE_CHECKING:
    from core3d_search.indexer.checks.faults import SceneCheck
    from core3d_search.indexer.frames import SceneReader


def check(
    path: Annotated[Path, typer.Argument(help="A folder of scenes, or one scene.", show_default=False)],
    format: Annotated[str | None, typer.Option(help="Force a reader; core3d formats lists them.")] = None,
    depth_scale: options.DepthScale = None,
    camera_axes: options.CameraAxes = None,
    invert_poses: options.InvertPoses = None,
    up: options.Up = None,
    scale: options.Scale = None,
    estimate_poses: options.EstimatePoses = False,
    picture: Annotated[
        Path | None,
        typer.Option(help="Draw pairs of frames and where they agree; of several scenes the first.", metavar="FILE"),
    ] = None,
    fix: Annotated[
        str | None, typer.Option(help="auto: write what mends it into scene.json, where that is sure.", metavar="auto")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Tell whether poses, depths, cameras and colours of scans fit each other; exit code 1 where one is nonsense."""
    from core3d_search.indexer.checks.picture import draw_check
    from core3d_search.indexer.checks.scene import check_scene
    from core3d_search.indexer.readers import survey

    if fix not in (None, "auto"):
        raise typer.BadParameter(f"--fix knows 'auto' only, got {fix!r}")
    said = options.read_options(depth_scale, camera_axes, invert_poses, up, scale, estimate_poses=estimate_poses)
    found = survey(path, format, said)
    checks = [_broken(source, error) for source, error in found.broken.items()]
    for reader in found.scenes:
        checked = check_scene(reader)
        if fix and checked.options:
            checked = _mended(reader, checked)
        checks.append(checked)
    if picture is not None and found.scenes:
        draw_check(found.scenes[0], picture)
    if as_json:
        output.print_json({"scenes": [checked.to_dict() for checked in checks]})
    else:
        for checked in checks:
            _print(checked)
    if any(checked.verdict == "nonsense" for checked in checks):
        raise typer.Exit(1)


def _broken(source: Path, error: InputError) -> SceneCheck:
    """Return the check of a scene that cannot be opened."""
    from core3d_search.indexer.checks.faults import Fault, SceneCheck
    from core3d_search.indexer.readers import reader_for

    reader = reader_for(source)
    fault = Fault("missing-files", str(error), "complete the scan; core3d formats lists the files of each format")
    return SceneCheck(str(source), reader.format if reader else "", (fault,))


def _mended(reader: SceneReader, checked: SceneCheck) -> SceneCheck:
    """Write what mends a scene into its scene.json, if it is good with it; return the check of what is there then."""
    from core3d_search.indexer.checks.scene import check_scene
    from core3d_search.indexer.frames import ReadOptions

    mended = type(reader).open(reader.source, ReadOptions(**checked.options).over(reader.options))
    again = check_scene(mended)
    words = ", ".join(f"{name} {value}" for name, value in checked.options.items())
    if again.verdict != "good":
        typer.echo(f"{checked.path}: not mended, with {words} it is still {again.verdict}", err=True)
        return checked
    if not reader.source.is_dir():
        typer.echo(f"{checked.path}: index it with {words}; a single file has no scene.json", err=True)
        return checked
    _write_settings(reader.source / "scene.json", checked.options)
    typer.echo(f"{checked.path}: mended, {words} now stands in scene.json", err=True)
    return again


def _write_settings(path: Path, said: dict[str, Any]) -> None:
    """Add settings to a scene.json, keeping what else it says; raises InputError."""
    from core3d_search.indexer.readers.files import read_json_object

    values = {**(read_json_object(path) if path.exists() else {}), **said}
    try:
        path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error


def _print(checked: SceneCheck) -> None:
    measured = "" if checked.agreeing is None else f", {checked.agreeing:.0%} of the depths agree between frames"
    if checked.residual_m is not None and checked.residual_share is not None:
        measured += f" (median difference {checked.residual_m:.2g} m, {checked.residual_share:.1%})"
    typer.echo(output.shown(f"{checked.path} ({checked.format}): {checked.verdict}{measured}", 1000))
    for fault in checked.faults:
        typer.echo(output.shown(f"  {fault.code}: {fault.evidence}", 1000))
        typer.echo(output.shown(f"    to mend it: {fault.fix}", 1000))
