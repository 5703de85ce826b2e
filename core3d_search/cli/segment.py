"""`core3d segment`: which class each point of a scene, or each vertex of a mesh of it, belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core3d_search.cli import options, output

if TYPE_CHECKING:
    from core3d_search.evaluation.segment import Segmentation
    from core3d_search.store import Store

MOST_ROWS = 20


def segment(
    scene: Annotated[str, typer.Argument(help="The scene's name, as `core3d scenes` lists it.")],
    classes: Annotated[
        str,
        typer.Option(
            help="Classes to choose from: names as chair,table, a file of one a line, or replica, scannet20, "
            "scannet200; `truth` takes those of the scan's own ground_truth.json.",
            metavar="FILE|a,b,c",
            show_default=False,
        ),
    ],
    mesh: Annotated[
        Path | None,
        typer.Option(help="Label the vertices of this mesh of the scene instead of the objects' points."),
    ] = None,
    reach: Annotated[
        float, typer.Option(help="Metres from the nearest object up to which a vertex has a label.")
    ] = 0.1,
    score: Annotated[
        bool, typer.Option("--score", help="Compare with the scan's own ground_truth.json: mAcc, mIoU, fmIoU.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the files that are written.", show_default="SCENE-segments")
    ] = None,
    db: options.Database = None,
    as_json: options.Json = False,
) -> None:
    """Give every point a class and an object: coloured PLY files, arrays of numbers, and their legend.

    Each object takes the class whose name its embedding is nearest to. Floors and walls are no objects.
    """
    from core3d_search.evaluation.segment import read_vertices, segment_scene
    from core3d_search.evaluation.segment_files import legend, write_segmentation
    from core3d_search.store import Store

    with Store.open(db) as store:
        names = _class_names(store, scene, classes)
        found = segment_scene(store, scene, names, read_vertices(mesh) if mesh else None, reach)
        origin = store.scene(scene).origin
        scores = _scores(store, scene, names) if score else None
    folder = out or Path(f"{scene}-segments")
    write_segmentation(found, folder, scene, origin)
    if as_json:
        output.print_json(legend(found, scene, origin) | {"folder": str(folder), "scores": scores})
        return
    _print(found, folder, scores)


def _class_names(store: Store, scene: str, said: str) -> tuple[str, ...]:
    from core3d_search.evaluation.class_lists import named_classes

    if said != "truth":
        return named_classes(said)
    from core3d_search.evaluation.datasets.known import read_truth

    truth = read_truth(_reader(store, scene))
    return tuple(truth.class_names[number] for number in truth.present())


def _scores(store: Store, scene: str, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the scores against the truth of the scan; classes that `names` lack are not judged."""
    from core3d_search.evaluation.run import score_classes

    return score_classes(store, _reader(store, scene), scene, names)


def _reader(store: Store, scene: str) -> Any:
    from core3d_search.indexer.readers import find_scenes

    (reader,) = find_scenes(Path(store.scene(scene).path))
    return reader


def _print(found: Segmentation, folder: Path, scores: dict[str, Any] | None) -> None:
    import numpy as np

    counts = np.bincount(found.classes[found.classes >= 0], minlength=len(found.class_names))
    order = [int(number) for number in np.argsort(-counts, kind="stable") if counts[number]]
    rows = [[found.class_names[number], f"{counts[number]}"] for number in order[:MOST_ROWS]]
    output.print_table(["class", "points"], rows, right=["points"])
    if len(order) > MOST_ROWS:
        typer.echo(f"and {len(order) - MOST_ROWS} more classes, in {folder / 'legend.json'}")
    if scores is not None:
        told = ", ".join(f"{name} {scores[name]:.3f}" for name in ("mAcc", "mIoU", "fmIoU"))
        typer.echo(f"{told} over {scores['classes']} classes that the frames show")
    typer.echo(f"{int((found.classes >= 0).sum())} of {len(found.points)} points labelled; files in {folder}", err=True)
