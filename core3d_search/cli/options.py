"""Options that several commands share, so that they read and behave the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

Database = Annotated[
    str | None,
    typer.Option("--db", envvar="CORE3D_DB", help="Database file or URL.", show_default="core3d.db", metavar="FILE"),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else.")]
Scenes = Annotated[
    list[str] | None, typer.Option("--scene", help="Only this scene; repeat for several.", metavar="NAME")
]

THRESHOLD = 0.45
"""The Searcher's own (a test compares them): importing it here would slow down `--help`."""
