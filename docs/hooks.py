"""What the build of the documentation generates and mends: the page of the command line, and links to the code."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

from mkdocs.structure.files import File, Files

TO_THE_CODE = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)[^)]*\)")


def on_files(files: Files, config: Any) -> Files:
    """Add cli.md."""
    files.append(File.generated(config, "cli.md", content=command_line_reference()))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page whose links to files beside docs/, which the site does not hold, are the names of those files."""
    return TO_THE_CODE.sub(lambda link: f"{link[1]} (`{link[2]}`)" if link[2] not in link[1] else link[1], markdown)


def command_line_reference() -> str:
    """Return every command with its arguments and options, as Markdown, from the Typer application."""
    line = [sys.executable, "-m", "typer", "core3d_search.cli", "utils", "docs", "--name", "core3d"]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout
