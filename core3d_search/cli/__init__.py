"""The `core3d` command: one file a command; data on stdout, everything else on stderr.

Exit code 0: done; 1: core3d refused, with the reason on stderr; 2: the command line was wrong; 130: Ctrl-C.
"""

from __future__ import annotations

import sys

import typer

from core3d_search.cli import (
    check,
    count,
    database,
    demo,
    doctor,
    formats,
    index,
    mark,
    models,
    scenes,
    search,
    segment,
    show,
    watch,
    weights,
)
from core3d_search.errors import Core3DError

app = typer.Typer(
    name="core3d",
    help="Make 3D scans searchable: index a folder of scenes, then ask for objects in words.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("index")(index.index)
app.command("watch")(watch.watch)
app.command("search")(search.search)
app.command("count")(count.count)
app.command("segment")(segment.segment)
app.command("scenes")(scenes.scenes)
app.command("show")(show.show)
app.command("tag")(mark.tag)
app.command("note")(mark.note)
app.command("rename")(mark.rename)
app.command("demo")(demo.demo)
app.command("check")(check.check)
app.command("formats")(formats.formats)
app.command("doctor")(doctor.doctor)
app.command("profiles")(models.profiles)
app.add_typer(database.app, name="db")
app.add_typer(models.app, name="models")
app.add_typer(weights.app, name="weights")


@app.callback(invoke_without_command=True)
def version(show_version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if show_version:
        from core3d_search.version import __version__

        typer.echo(f"core3d {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; the entry point of the installed `core3d`."""
    try:
        app()
    except Core3DError as error:
        typer.echo(f"core3d: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("core3d: stopped; what was finished before is kept", err=True)
        sys.exit(130)
    except BrokenPipeError:  # the reader of our stdout (head, less) has gone
        sys.stderr.close()
        sys.exit(0)
