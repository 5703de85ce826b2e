"""`core3d db`: look after the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core3d_search.cli import options, output

app = typer.Typer(help="Look after the database: check, repair, backup, upgrade, remove ...", no_args_is_help=True)


@app.command("info")
def info(db: options.Database = None, as_json: options.Json = False) -> None:
    """Show where the database is, its revision, size and counts."""
    from core3d_search.store import Store

    with Store.open(db) as store:
        facts = store.info()
    if as_json:
        output.print_json(facts)
        return
    size = "on a server" if facts.size_bytes is None else f"{facts.size_bytes / 1e6:.1f} MB"
    rows = [
        ["database", facts.url],
        ["size", size],
        ["revision", f"{facts.revision}, last written by core3d {facts.written_by}"],
        ["generation", str(facts.generation)],
        ["encoders", ", ".join(str(model) for model in facts.models)],
        *([table.replace("_", " "), str(count)] for table, count in facts.counts.items()),
    ]
    output.print_table(["what", "value"], rows)


@app.command("check")
def check(db: options.Database = None, as_json: options.Json = False) -> None:
    """Read everything that is stored and say what is damaged; exit code 1 where something is."""
    from core3d_search.store import Store

    with Store.open(db) as store:
        faults = store.check()
        checksum = None if faults else store.content_checksum()
    if as_json:
        output.print_json({"faults": faults, "content_checksum": checksum})
    else:
        typer.echo("\n".join(faults) or f"whole; content checksum {checksum}")
    if faults:
        raise typer.Exit(1)


@app.command("remove")
def remove(
    scene: Annotated[str, typer.Argument(help="The scene's name, as `core3d scenes` lists it.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    db: options.Database = None,
) -> None:
    """Remove one scene with its objects, tags and notes from the database; the scan itself stays untouched."""
    from core3d_search.store import Store

    with Store.open(db) as store:
        count = store.scene(scene).object_count
        if not yes:
            typer.confirm(f"Remove scene {scene} with {count} objects from {store.location}?", abort=True, err=True)
        store.remove_scene(scene)
    typer.echo(f"{scene}: removed", err=True)


@app.command("backup")
def backup(
    target: Annotated[Path, typer.Argument(help="The copy; must not exist yet.")],
    db: options.Database = None,
) -> None:
    """Copy the database while others may be using it."""
    from core3d_search.store import Store

    with Store.open(db) as store:
        store.backup(target)
    typer.echo(f"{target} written", err=True)


@app.command("repair")
def repair(db: options.Database = None, as_json: options.Json = False) -> None:
    """Drop what is damaged, and say which scenes to index again."""
    from core3d_search.store import Store

    with Store.open(db) as store:
        done = store.repair()
    if as_json:
        output.print_json(done)
        return
    for table, count in done.dropped.items():
        typer.echo(f"{table.replace('_', ' ')}: {count} damaged")
    for scene in done.scenes:
        typer.echo(f"{scene}: removed; index it again")
    if not done.dropped and not done.scenes:
        typer.echo("nothing was damaged")


@app.command("upgrade")
def upgrade(
    backup: Annotated[bool, typer.Option(help="Copy an older database before it is changed.")] = True,
    db: options.Database = None,
) -> None:
    """Bring an older database up to date, as every command does that opens it."""
    from core3d_search.store import Store

    with Store.open(db, backup=backup) as store:
        typer.echo(f"{store.location}: revision {store.info().revision}", err=True)


@app.command("thumbnails")
def thumbnails(
    scenes: options.Scenes = None,
    db: options.Database = None,
) -> None:
    """Make the small pictures of objects that have none, from their scans; exit code 1 where a scan is gone.

    Indexing makes them; this is for scenes that were indexed before it did.
    """
    from core3d_search.errors import InputError
    from core3d_search.indexer.config import ThumbnailConfig
    from core3d_search.indexer.thumbnails import add_missing
    from core3d_search.store import Store

    failed = False
    with Store.open(db) as store:
        for scene in scenes or [each.name for each in store.scenes()]:
            try:
                typer.echo(f"{scene}: {add_missing(store, ThumbnailConfig(), scene)} made", err=True)
            except InputError as error:
                failed = True
                typer.echo(f"{scene}: {error}", err=True)
    if failed:
        raise typer.Exit(1)


@app.command("recall")
def recall(
    queries: Annotated[
        int, typer.Option(help="Stored vectors, drawn by a fixed seed, that are asked for.", min=1)
    ] = 100,
    k: Annotated[int, typer.Option("-k", help="Nearest ones of each.", min=1)] = 10,
    vectors: options.Vectors = None,
    db: options.Database = None,
    as_json: options.Json = False,
) -> None:
    """Measure how many of the true nearest neighbours the vector index finds, and how long it takes."""
    from core3d_search.store import Store
    from core3d_search.vectors.recall import measure_recall

    with Store.open(db) as store:
        measured = [measure_recall(store, model, queries, k, vectors or "auto") for model in store.models()]
    if as_json:
        output.print_json({"measured": measured})
        return
    rows = [
        [each.model, each.kind, str(each.count), f"{each.recall:.4f}", f"{each.index_ms:.2f}", f"{each.exact_ms:.2f}"]
        for each in measured
    ]
    columns = ["encoder", "index", "vectors", f"recall@{k}", "ms a query", "ms exact"]
    output.print_table(columns, rows, right=columns[2:])


@app.command("export")
def export(
    target: Annotated[Path, typer.Argument(help="The new file; must not exist yet.")],
    scenes: options.Scenes = None,
    db: options.Database = None,
) -> None:
    """Copy scenes, or all, from a database on a server or in a file into a new file of their own.

    The file is a database itself: it can be searched, and imported elsewhere with the same ids.
    """
    from uuid import uuid4

    from core3d_search.errors import StoreError
    from core3d_search.store import Store

    if target.exists():
        raise StoreError(f"{target} exists already; name a new file")
    draft = target.with_name(f".{target.name}.{uuid4().hex}.part")
    try:
        with Store.open(db) as store, Store.open(draft, create=True) as made:
            done = store.copy_to(made, scenes)
            made.vacuum()
        draft.replace(target)
    finally:
        for left in draft.parent.glob(f"{draft.name}*"):
            left.unlink()
    typer.echo(f"{target}: {len(done.scenes)} scenes, {done.object_count} objects", err=True)


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="A file that `export` wrote, or the path or URL of any database.")],
    scenes: options.Scenes = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put scenes in the place of those of that name.")] = False,
    new_ids: Annotated[bool, typer.Option("--new-ids", help="Number objects anew where their ids are taken.")] = False,
    db: options.Database = None,
) -> None:
    """Copy scenes, or all, of another database into this one; it is made where there is none.

    Objects keep their ids, tags and notes. Nothing is changed where a row is damaged, or an id or a name is taken.
    """
    from core3d_search.store import Store

    with Store.open(source, read_only=True) as other, Store.open(db, create=True) as store:
        done = other.copy_to(store, scenes, replace=replace, fresh_ids=new_ids)
    typer.echo(f"{store.location}: {len(done.scenes)} scenes, {done.object_count} objects added", err=True)


@app.command("vacuum")
def vacuum(db: options.Database = None) -> None:
    """Give the space of removed scenes back to the disk."""
    from core3d_search.store import Store

    with Store.open(db) as store:
        store.vacuum()
