"""`core3d weights`: model files on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Model files: convert official checkpoints.", no_args_is_help=True)


@app.callback()
def weights() -> None:
    """Model files: convert official checkpoints."""


@app.command("convert")
def convert(
    source: Annotated[Path, typer.Argument(help="A Semantic-SAM checkpoint (.pth).")],
    target: Annotated[Path, typer.Argument(help="Where the .safetensors file is written.")],
) -> None:
    """Convert an official Semantic-SAM checkpoint to safetensors: smaller, and nothing in it can run."""
    from core3d_search.indexer.masks.semantic_sam.adapter import convert_checkpoint

    convert_checkpoint(source, target)
    typer.echo(f"{target} written", err=True)
