"""What the build of the documentation generates: the page of the command line, from the commands themselves."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from mkdocs.structure.files import File, Files


def on_files(files: Files, config: Any) -> Files:
    """Add cli.md."""
    files.append(File.generated(config, "cli.md", content=command_line_reference()))
    return files


def command_line_reference() -> str:
    """Return every command with its arguments and options, as Markdown, from the Typer application."""
    line = [sys.executable, "-m", "typer", "core3d_search.cli", "utils", "docs", "--name", "core3d"]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout
