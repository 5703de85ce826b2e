"""Prints what commands found: JSON for programs, short lines for people."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer


def print_json(value: Any) -> None:
    """Write a document (core3d_search/search/documents, docs/json.md) to stdout; what has no class of its own there,
    a dataclass or mapping, gets its version here."""
    from core3d_search.search.documents import to_json, versioned
    from core3d_search.search.documents.form import Versioned

    if not isinstance(value, Versioned):
        value = versioned(vars(value) if dataclasses.is_dataclass(value) else value)
    typer.echo(to_json(value, indent=2))


def print_table(columns: list[str], rows: list[list[str]], right: Collection[str] = ()) -> None:
    """Write a table to stdout; the columns named in `right` are right-aligned."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    Console().print(table)


def shown(text: str, longest: int = 200) -> str:
    """Return a text from a scan as it may be shown: one line, without control characters, of bounded length."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return clean if len(clean) <= longest else clean[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}"


def refuse_overwriting(path: Path, force: bool) -> None:
    """Raise InputError where a file is there already, unless `force`."""
    from core3d_search.errors import InputError

    if path.exists() and not force:
        raise InputError(f"{path} is there already; choose another name, or --force to overwrite it")


def write_picture(picture: Any, path: Path) -> None:
    """Write (h, w, 3) uint8 RGB as the kind of picture that the ending says; raises InputError where that fails."""
    from PIL import Image

    from core3d_search.errors import InputError

    try:
        Image.fromarray(picture).save(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be written as a picture ({error}): name a .png in a folder that is there"
        ) from error


def metres(values: Any) -> str:
    """Return coordinates as `1.20, 0.45, 0.80`."""
    return ", ".join(f"{value:.2f}" for value in values)


@contextmanager
def download_bar(name: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show on stderr how much of a download is done; give the function that is told bytes done, and in all."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(name, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
