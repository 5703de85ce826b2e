"""`core3d eval`: the tables of papers, on data that is here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core3d_search.cli import options, output

MOST_SHOWN = 80
"""Characters of the settings that are part of a table's name; result.json has all of them."""


def evaluate(
    dataset: Annotated[
        str,
        typer.Argument(
            help="replica, scannet, sr3d, nr3d, scanrefer, openlex3d, rooms (generated), or folder (any scenes with a "
            "ground_truth.json).",
            show_default=False,
        ),
    ],
    root: Annotated[Path, typer.Argument(help="Where the data lies; rooms are written there.", show_default=False)],
    profile: options.Profile = None,
    masks: options.Masks = None,
    encoder: options.Encoder = None,
    settings: options.Settings = None,
    scenes: options.Scenes = None,
    rules: Annotated[
        str | None, typer.Option(help="Rules: conceptgraphs, conceptgraphs-6, hov-sg, scannet, known.")
    ] = None,
    classes: Annotated[int, typer.Option(help="ScanNet's list of classes: 20 or 200.")] = 20,
    queries: Annotated[
        Path | None, typer.Option(help="The texts of sr3d, nr3d, scanrefer.", show_default="found below ROOT")
    ] = None,
    true_boxes: Annotated[
        bool, typer.Option("--true-boxes", help="Language alone: choose among the true boxes and labels.")
    ] = False,
    rooms: Annotated[int, typer.Option(min=1, help="How many generated rooms.")] = 20,
    first_seed: Annotated[int, typer.Option(help="Seed of the first generated room.")] = 1000,
    frames: Annotated[int, typer.Option(min=1, help="Frames of a generated room.")] = 30,
    indexed: Annotated[
        bool, typer.Option("--indexed", help="Take the database's objects as they are; index nothing.")
    ] = False,
    note: Annotated[list[str] | None, typer.Option(help="Said above the table; repeatable.", metavar="TEXT")] = None,
    needs: Annotated[bool, typer.Option("--needs", help="Only list the files that are read.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder of result.json and table.md.", show_default="eval-DATASET-PROFILE")
    ] = None,
    db: Annotated[
        str | None, typer.Option("--db", help="Database of the maps.", show_default="in the folder of --out")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Index the scenes of a data set, compare them with the truth, and print a table beside the published rows.

    Nothing is fetched: a file that is missing is named with its source and terms. What is indexed is kept, so that a
    run that was stopped goes on. Example: core3d eval rooms ./rooms --rooms 3
    """
    from core3d_search.evaluation.tables import DATASETS, REFERRING

    if dataset not in DATASETS:
        raise typer.BadParameter(f"no data set {dataset!r}; there are: {', '.join(DATASETS)}")
    if needs:
        _print_needs(dataset, root, scenes, classes, as_json)
        return
    from core3d_search.cli.evaluate_jobs import Job

    if dataset in REFERRING and true_boxes:
        job = Job(dataset, root, "true boxes", out, db, indexed, tuple(note or ()))
        job.finish(job.true_boxes(queries, scenes), f"{dataset}, true boxes", as_json)
        return
    from core3d_search.cli.index import chosen_config
    from core3d_search.indexer.models import best_profile

    profile = profile or best_profile()
    config = chosen_config(profile, masks, encoder, settings)
    said = [*([f"masks {masks}"] if masks else []), *([f"encoder {encoder}"] if encoder else []), *(settings or [])]
    shown = ", ".join([profile, *said])
    if len(shown) > MOST_SHOWN:
        shown = f"{profile} with {len(said)} settings changed"
    job = Job(dataset, root, shown, out, db, indexed, tuple(note or ()), config)
    if dataset in REFERRING:
        job.finish(job.own_maps(queries, scenes), dataset, as_json)
    elif dataset == "openlex3d":
        job.openlex3d(scenes, as_json)
    else:
        seeds = {"first_room": first_seed, "rooms": rooms} if dataset == "rooms" else None
        names = job.write_rooms(rooms, first_seed, frames) if dataset == "rooms" and not scenes else scenes
        job.finish(job.segmentation(names, classes, rules, seeds), dataset, as_json)


def _print_needs(dataset: str, root: Path, scenes: list[str] | None, classes: int, as_json: bool) -> None:
    from core3d_search.evaluation.tables import needs_of

    listed = [
        {"files": list(need.places), "here": need.place(root) is not None, "from": need.source.page,
         "what": need.source.what, "terms": need.source.terms}
        for need in needs_of(dataset, root, scenes, classes)
    ]  # fmt: skip
    if as_json:
        output.print_json({"dataset": dataset, "needs": listed})
        return
    rows = [[" or ".join(map(str, each["files"])), "here" if each["here"] else "missing"] for each in listed]  # type: ignore[call-overload]
    output.print_table(["file or folder below ROOT", ""], rows)
    for what, page, terms in dict.fromkeys((str(e["what"]), str(e["from"]), str(e["terms"])) for e in listed):
        typer.echo(f"{what}: {page}. Terms: {terms}")
