"""`core3d tag`, `core3d note`, `core3d rename`: what people say about scenes and objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core3d_search.cli import options, output

if TYPE_CHECKING:
    from core3d_search.store import Marks

About = Annotated[str, typer.Argument(help="An object's id, or a scene's name.", metavar="OBJECT|SCENE")]


def tag(
    about: About,
    tags: Annotated[list[str] | None, typer.Argument(help="Tags to add; none only shows what is there.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="A tag to take away; repeat for several.")] = None,
    db: options.Database = None,
    as_json: options.Json = False,
) -> None:
    """Tag an object or a scene; `core3d search --tag TAG` finds it. Tags stay when the scene is indexed again."""
    from core3d_search.store import Store

    with Store.open(db) as store:
        marks = store.tag(_meant(about), tags or (), remove or ()) if tags or remove else store.marks(_meant(about))
    _print(about, marks, as_json)


def note(
    about: About,
    text: Annotated[str | None, typer.Argument(help="The new note; empty removes it; none shows it.")] = None,
    put: Annotated[
        list[str] | None, typer.Option("--set", help="A property, NAME=VALUE (JSON or text).", metavar="NAME=VALUE")
    ] = None,
    db: options.Database = None,
    as_json: options.Json = False,
) -> None:
    """Write a note and properties on an object or a scene. They stay when the scene is indexed again."""
    from core3d_search.store import Store

    with Store.open(db) as store:
        marks = store.marks(_meant(about))
        if text is not None or put:
            properties = {**marks.properties, **dict(_property(each) for each in put or ())}
            marks = store.note(_meant(about), marks.note if text is None else text, properties)
    _print(about, marks, as_json)


def rename(
    scene: Annotated[str, typer.Argument(help="The scene's name, as `core3d scenes` lists it.")],
    new: Annotated[str, typer.Argument(help="Its new name.")],
    db: options.Database = None,
) -> None:
    """Give a scene another name.

    It keeps the name when its folder is indexed again, whatever its scene.json says. If the folder is moved too, it is
    added anew, under the name in its files.
    """
    from core3d_search.store import Store

    with Store.open(db) as store:
        store.rename_scene(scene, new)
    typer.echo(f"{scene}: now {new}", err=True)


def _meant(about: str) -> str | int:
    return int(about) if about.isdecimal() else about


def _property(said: str) -> tuple[str, Any]:
    name, equals, value = said.partition("=")
    if not name or not equals:
        raise typer.BadParameter(f"--set takes NAME=VALUE, got {said!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _print(about: str, marks: Marks, as_json: bool) -> None:
    if as_json:
        from core3d_search.search import documents

        output.print_json(documents.Marks.of(_meant(about), marks))
        return
    typer.echo(f"tags: {', '.join(marks.tags) or 'none'}")
    if marks.note:
        typer.echo(f"note: {marks.note}")
    for name, value in marks.properties.items():
        typer.echo(f"{name}: {value if isinstance(value, str) else json.dumps(value)}")
