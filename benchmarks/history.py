"""Where the figures of the README come from: `history.jsonl`, one line a figure, appended by `--record`.

A line holds `what` and `figure` as the README's table has them, the `command`, the `commit` (`changed` where files
differed from it), the `machine` and the `date`. The last line of a `what` is the one that counts; earlier ones tell
how it was before.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

HISTORY = Path(__file__).with_name("history.jsonl")


def add_record_option(parser: argparse.ArgumentParser) -> None:
    """Give a benchmark the option `--record`."""
    parser.add_argument("--record", action="store_true", help=f"append the README's figures to {HISTORY.name}")


def record(figures: dict[str, str], path: Path = HISTORY) -> None:
    """Append a line for each of `figures`: what was measured, and the figure as the README writes it."""
    commit, changed = _commit()
    arguments = [argument for argument in sys.argv[1:] if argument != "--record"]
    shared = {
        "command": " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *arguments]),
        "commit": commit,
        "changed": changed,
        "machine": machine(),
        "date": datetime.now(timezone.utc).date().isoformat(),
    }
    with path.open("a", encoding="utf-8") as file:
        for what, figure in figures.items():
            file.write(json.dumps({"what": what, "figure": figure} | shared, ensure_ascii=False) + "\n")


def machine() -> str:
    """Return processor, cores that may be used, memory, GPU where there is one, and the versions that matter."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = [f"{_processor()}, {cores} cores"]
    if hasattr(os, "sysconf"):
        parts.append(f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB")
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        parts.append(torch.cuda.get_device_name())
    return ", ".join([*parts, f"Python {platform.python_version()}", platform.system()])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> tuple[str, bool]:
    """Return the commit of the checkout and whether files differ from it; "unknown" outside a repository."""

    def git(*line: str) -> str:
        done = subprocess.run(["git", *line], cwd=HISTORY.parent, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    try:
        commit, status = git("rev-parse", "HEAD"), git("status", "--porcelain", "--", "..", f":!{HISTORY.name}")
    except (OSError, subprocess.CalledProcessError):
        return "unknown", False
    return commit, bool(status)
