"""Options that several commands share, so that they read and behave the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core3d_search.query.llm import LlmParser

Database = Annotated[
    str | None,
    typer.Option("--db", envvar="CORE3D_DB", help="Database file or URL.", show_default="core3d.db", metavar="FILE"),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else.")]
Scenes = Annotated[
    list[str] | None, typer.Option("--scene", help="Only this scene; repeat for several.", metavar="NAME")
]
LlmUrl = Annotated[
    str | None,
    typer.Option(
        "--llm",
        envvar="CORE3D_LLM_URL",
        help="Let an LLM read the text: the address of an OpenAI-compatible endpoint. Its key is $CORE3D_LLM_KEY.",
        metavar="URL",
    ),
]
LlmModel = Annotated[
    str | None,
    typer.Option("--llm-model", envvar="CORE3D_LLM_MODEL", help="The model to ask there.", metavar="NAME"),
]

THRESHOLD = 0.38
"""The Searcher's own (a test compares them): importing it here would slow down `--help`."""


def llm_parser(url: str | None, model: str | None) -> LlmParser | None:
    """Return the parser that `--llm` and `--llm-model` ask for; None without an address."""
    if url is None:
        return None
    if model is None:
        raise typer.BadParameter("--llm needs --llm-model NAME (or $CORE3D_LLM_MODEL)")
    from core3d_search.cli.llm import OnceParser

    return OnceParser(url, model)
