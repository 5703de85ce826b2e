"""The `core3d` command: one file a command; data on stdout, everything else on stderr.

Exit code 0: done; 1: core3d refused, with the reason on stderr; 2: the command line was wrong; 130: Ctrl-C.
"""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperGroup

from core3d_search.errors import Core3DError

COMMANDS = {
    "index": "index.index",
    "watch": "watch.watch",
    "search": "search.search",
    "count": "count.count",
    "segment": "segment.segment",
    "eval": "evaluate.evaluate",
    "scenes": "scenes.scenes",
    "show": "show.show",
    "export": "export.export",
    "plan": "plan.plan",
    "serve": "serve.serve",
    "view": "view.view",
    "mcp": "mcp.mcp",
    "tag": "mark.tag",
    "note": "mark.note",
    "rename": "mark.rename",
    "demo": "demo.demo",
    "check": "check.check",
    "formats": "formats.formats",
    "doctor": "doctor.doctor",
    "profiles": "models.profiles",
    "db": "database.app",
    "models": "models.app",
    "weights": "weights.app",
}
"""Each command, and the file of this folder with the function or the group that it runs."""


BEFORE_COLLECTION = 250_000
"""Objects that are made before Python looks for garbage: twice what a cold search makes, nearly all of it modules that
stay. To walk through them twenty times cost it 70 ms of 530."""


class _Commands(Mapping[str, Any]):
    """The commands by name, each made when it is asked for: `core3d search` does not wait for what the others need."""

    def __getitem__(self, name: str) -> Any:
        file, _, attribute = COMMANDS[name].partition(".")
        command = getattr(import_module(f"{__name__}.{file}"), attribute)
        holder = typer.Typer(add_completion=False)
        holder.callback()(lambda: None)  # one command alone would not be a group
        if isinstance(command, typer.Typer):
            holder.add_typer(command, name=name)
        else:
            holder.command(name)(command)
        group = typer.main.get_command(holder)
        return cast(TyperGroup, group).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Core3D(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast(Any, _Commands())


app = typer.Typer(
    name="core3d",
    cls=_Core3D,
    help="Make 3D scans searchable: index a folder of scenes, then ask for objects in words.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def version(show_version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if show_version:
        from core3d_search.version import __version__

        typer.echo(f"core3d {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; the entry point of the installed `core3d`."""
    gc.set_threshold(BEFORE_COLLECTION)
    atexit.register(gc.freeze)  # what is left at the end goes with the process: nobody walks through it once more
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
