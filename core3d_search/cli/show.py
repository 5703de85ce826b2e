"""`core3d show`: every object of one scene, or every run that was made on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core3d_search.cli import options, output

if TYPE_CHECKING:
    from core3d_search.store import RunRecord, Store


def show(
    scene: Annotated[str, typer.Argument(help="The scene's name, as `core3d scenes` lists it.")],
    runs: Annotated[bool, typer.Option("--runs", help="List the runs on this scene instead of its objects.")] = False,
    sheet: Annotated[
        Path | None, typer.Option(help="Write the pictures of its objects on one sheet instead.", metavar="FILE")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a sheet that is there.")] = False,
    db: options.Database = None,
    as_json: options.Json = False,
) -> None:
    """List the objects of a scene: best label, box in the scan's own coordinates, points, observations."""
    from core3d_search.search.documents import Object, ObjectList
    from core3d_search.store import Store

    with Store.open(db) as store:
        if sheet is not None:
            _write_sheet(store, scene, sheet, force)
            return
        if runs:
            _show_runs(scene, store.runs(scene), as_json)
            return
        table, origin = store.object_table(scene), store.scene(scene).origin
    boxes = [table.box(row).moved(origin) for row in range(len(table))]
    if as_json:
        found = [Object.of(table, row, origin) for row in range(len(table))]
        output.print_json(ObjectList(scene=scene, objects=found, total=len(found)))
        return
    rows = [
        [
            str(table.ids[row]),
            table.labels[row] or "",
            output.metres(boxes[row].center),
            output.metres(table.extents[row]),
            str(table.point_counts[row]),
            str(table.observation_counts[row]),
        ]
        for row in range(len(table))
    ]
    columns = ["id", "label", "center (m)", "size (m)", "points", "seen"]
    output.print_table(columns, rows, right=("id", "points", "seen"))


def _write_sheet(store: Store, scene: str, path: Path, force: bool) -> None:
    from core3d_search.exports.sheet import contact_sheet

    output.refuse_overwriting(path, force)
    output.write_picture(contact_sheet(store, scene), path)
    typer.echo(f"the objects of {scene} in {path}", err=True)


def _show_runs(scene: str, records: list[RunRecord], as_json: bool) -> None:
    if as_json:
        runs = [
            {"run_id": run.id, **{name: value for name, value in vars(run).items() if name != "id"}} for run in records
        ]
        output.print_json({"scene": scene, "runs": runs})
        return
    rows = [
        [
            f"{run.started:%Y-%m-%d %H:%M}",
            run.status,
            f"{run.frame_count - run.skipped_count}/{run.frame_count}",
            str(run.object_count),
            f"{run.seconds:.0f}",
            f"{run.mask_generator} + {run.model.name if run.model else '?'}",
            run.error or "",
        ]
        for run in records
    ]
    output.print_table(["started (UTC)", "status", "frames", "objects", "seconds", "models", "error"], rows)
