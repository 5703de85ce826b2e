"""`core3d search`: ask for objects in words, by a photo, or by an object already found."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core3d_search.cli import options, output

if TYPE_CHECKING:
    from core3d_search.datatypes import Hit, Reason
    from core3d_search.search.searcher import Judge, Searcher
    from core3d_search.search.second_opinion import SecondOpinion

UNITS = {"_m": " m", "_deg": "°"}
"""How the units that end the keys of measured values are written for people."""


def search(
    text: Annotated[str, typer.Argument(help='What to find, e.g. "red chair near window".')] = "",
    db: options.Database = None,
    k: Annotated[int, typer.Option("-k", min=1, help="At most this many hits.")] = 10,
    scene: options.Scenes = None,
    image: Annotated[Path | None, typer.Option(help="Find what looks like this photo; the text then refines.")] = None,
    like: Annotated[int | None, typer.Option(help="Find what looks like this object.", metavar="OBJECT_ID")] = None,
    label: Annotated[str | None, typer.Option(help="Only objects with this label.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only objects that bear this tag, or whose scene does.")] = None,
    min_size: Annotated[float | None, typer.Option(help="Only boxes whose longest side is at least this (m).")] = None,
    within: Annotated[
        str | None,
        typer.Option(help="Only objects within r metres of a point, in the scan's own coordinates.", metavar="X,Y,Z,R"),
    ] = None,
    relation_frame: Annotated[
        Literal["viewer", "anchor", "room"] | None, typer.Option(help="Whose left, right, front and behind.")
    ] = None,
    per_scene: Annotated[bool, typer.Option("--per-scene", help='"The largest" of each scene, not of all.')] = False,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="The least score of a hit.")] = options.THRESHOLD,
    near_misses: Annotated[bool, typer.Option("--near-misses", help="Also show what stays below.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say how the text was understood.")] = False,
    lang: options.Language = None,
    vectors: options.Vectors = None,
    llm: options.LlmUrl = None,
    llm_model: options.LlmModel = None,
    verify: options.Verify = None,
    verify_model: options.VerifyModel = None,
    batch: Annotated[Path | None, typer.Option(help="A file with one query a line; - reads stdin.")] = None,
    draw: Annotated[Path | None, typer.Option(help="Write a picture of the first hit in its best frame.")] = None,
    as_json: options.Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV: one hit a line.")] = False,
) -> None:
    """Rank the objects of all scenes by a text, with the reasons for each rank.

    Nothing above the threshold is an answer too: it prints no hit and exits with 0.
    """
    from core3d_search.search.asking import ask
    from core3d_search.search.documents import SearchAnswers, SearchRequest
    from core3d_search.search.searcher import Searcher

    if batch is None and not text and image is None and like is None:
        raise typer.BadParameter("say what to find: a text, --image, --like or --batch")
    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other")
    queries = [text] if batch is None else _lines(batch)
    with Searcher.open(db, llm=options.llm_parser(llm, llm_model), language=lang, vectors=vectors) as searcher:
        requests = [
            SearchRequest(
                query,
                k=k,
                scenes=scene,
                like=like,
                label=label,
                tag=tag,
                min_size=min_size,
                within=_sphere(within),
                relation_frame=relation_frame,
                per_scene=per_scene,
                threshold=0.0 if near_misses else threshold,
                explain=explain,
            )
            for query in queries
        ]
        opinion = options.second_opinion(verify, verify_model or llm_model)
        judges = [_judge(searcher, request.text, opinion) for request in requests]
        answers = [
            ask(searcher, request, image, answer_below=threshold, judge=judge)
            for request, judge in zip(requests, judges, strict=True)
        ]
        if draw is not None:
            _draw(searcher, answers[0].hits, draw)
    if as_json:
        documents = [asked.document() for asked in answers]
        output.print_json(documents[0] if batch is None else SearchAnswers(documents))
    elif as_csv:
        _print_csv(queries, [asked.hits for asked in answers])
    else:
        for asked in answers:
            if batch is not None:
                typer.echo(f"# {asked.request.text}")
            if explain:
                typer.echo(asked.explanation.text)
            elif asked.explanation.query.unparsed:
                typer.echo(f"left aside, not understood: {', '.join(asked.explanation.query.unparsed)}", err=True)
            if asked.answer is not None:
                typer.echo(asked.answer.text)
            _print_hits(asked.hits, threshold)


def _judge(searcher: Searcher, text: str, opinion: SecondOpinion | None) -> Judge | None:
    if opinion is None or not text.strip():
        return None
    from core3d_search.cli.second_opinion import judge_for

    return judge_for(searcher, text, opinion)


def _lines(path: Path) -> list[str]:
    from core3d_search.errors import InputError

    try:
        content = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as a list of queries: {error}") from error
    return [line.strip() for line in content.splitlines() if line.strip()]


def _sphere(within: str | None) -> tuple[float, float, float, float] | None:
    if within is None:
        return None
    try:
        x, y, z, radius = (float(part) for part in within.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"--within takes x,y,z,radius in metres, got {within!r}") from error
    return x, y, z, radius


def _print_hits(hits: Sequence[Hit], threshold: float) -> None:
    if not hits:
        typer.echo(f"nothing like that here (no score reaches {threshold:.2f}; --near-misses shows the best below)")
    for rank, hit in enumerate(hits, 1):
        below = "  (below the threshold)" if hit.score < threshold else ""
        typer.echo(f"{rank}. {hit.scene} · {hit.label or 'object'} #{hit.object_id} · score {hit.score:.2f}{below}")
        typer.echo(f"   center {output.metres(hit.box.center)} m · size {output.metres(hit.box.extent)} m")
        for reason in hit.reasons:
            typer.echo(f"   {reason.score:.4f}  {_reason_line(reason)}")


def _reason_line(reason: Reason) -> str:
    """Return a reason with its anchors and measured values: `near window #4 · distance 0.32 m · threshold 1 m`."""
    parts = [reason.text + "".join(f" #{anchor}" for anchor in reason.anchor_ids)]
    for key, value in reason.values.items():
        if isinstance(value, str):
            parts += [f"{key} {value}"] if value else []
        else:
            name, suffix = next(
                ((key.removesuffix(end), unit) for end, unit in UNITS.items() if key.endswith(end)), (key, "")
            )
            parts.append(f"{name.replace('_', ' ')} {value:.2f}{suffix}")
    return " · ".join(parts)


def _print_csv(queries: Sequence[str], answers: Sequence[Sequence[Hit]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    box = ["center_x", "center_y", "center_z", "size_x", "size_y", "size_z"]
    writer.writerow(["query", "rank", "scene", "object_id", "label", "score", "similarity", *box, "reasons"])
    for query, hits in zip(queries, answers, strict=True):
        for rank, hit in enumerate(hits, 1):
            numbers = [f"{value:.4f}" for value in (hit.score, hit.similarity, *hit.box.center, *hit.box.extent)]
            reasons = "; ".join(reason.text for reason in hit.reasons)
            writer.writerow([query, rank, hit.scene, hit.object_id, hit.label or "", *numbers, reasons])


def _draw(searcher: Searcher, hits: Sequence[Hit], path: Path) -> None:
    from core3d_search.indexer.drawing import draw_answer

    if hits:
        draw_answer(searcher.store, hits[0], path)
        typer.echo(f"picture: {path}", err=True)
