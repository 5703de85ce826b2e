"""`core3d doctor`: is this machine ready, and if not, what to do."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import typer

from core3d_search.cli import options, output
from core3d_search.open3d import SYSTEM_LIBRARIES

MARKS = {"ok": "ok", "note": "--", "fault": "!!"}

PACKAGES = ("numpy", "torch", "torchvision", "open_clip_torch", "open3d", "sqlalchemy", "alembic", "scikit-image")
CLASHES = (("faiss-gpu", "faiss-cpu"), ("open3d", "open3d-cpu"))
"""Distributions that install the same files: with both present, neither can be trusted."""


@dataclass(frozen=True)
class Finding:
    """One line of the report: `state` is "ok", "note" (works, with a remark) or "fault" (with the remedy)."""

    topic: str
    state: str
    text: str


def doctor(as_json: options.Json = False) -> None:
    """Check versions, devices, clashing packages, system libraries and weights; exit code 1 where one is at fault."""
    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            typer.echo(f"{MARKS[finding.state]}  {finding.topic}: {finding.text}")
    if as_json:
        output.print_json({"findings": findings})
    if any(finding.state == "fault" for finding in findings):
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Yield what was found, in order; heavy imports run in processes of their own, so a broken one cannot harm us."""
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    for name in PACKAGES:
        yield _package(name)
    yield _one_of("faiss-gpu", "faiss-cpu")
    for pair in CLASHES:
        yield from _clash(*pair)
    for check in (_torch, _torchvision, _open3d, _faiss):
        yield check()
    yield from _weights()


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _package(name: str) -> Finding:
    found = _installed(name)
    if found is None:
        return Finding(name, "fault", f"not installed; run: pip install {name}")
    return Finding(name, "ok", found)


def _one_of(*names: str) -> Finding:
    found = [f"{name} {v}" for name in names if (v := _installed(name))]
    if not found:
        return Finding("faiss", "fault", f"none of {', '.join(names)} is installed; run: pip install {names[-1]}")
    return Finding("faiss", "ok", ", ".join(found))


def _clash(first: str, second: str) -> Iterator[Finding]:
    if _installed(first) and _installed(second):
        remedy = f"pip uninstall -y {first} {second} && pip install {first}"
        yield Finding(first, "fault", f"{first} and {second} overwrite each other's files; run: {remedy}")


def _probe(topic: str, code: str, explain: Callable[[str], str]) -> Finding:
    """Run `code` in a fresh interpreter: its output is the finding, its error is explained."""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    if run.returncode == 0:
        return Finding(topic, "ok", run.stdout.strip())
    lines = run.stderr.strip().splitlines() or [f"exit status {run.returncode}"]
    return Finding(topic, "fault", f"{lines[-1]}; {explain(run.stderr)}")


def _torch() -> Finding:
    code = (
        "import torch; c = torch.cuda; n = c.device_count() if c.is_available() else 0;"
        "g = [c.get_device_name(i) for i in range(n)];"
        "g += ['Apple GPU (MPS)'] if torch.backends.mps.is_available() else [];"
        "print(', '.join(g) or f'no GPU; CPU with {torch.get_num_threads()} threads')"
    )
    return _probe("torch devices", code, lambda _: "reinstall: pip install --force-reinstall torch torchvision")


def _torchvision() -> Finding:
    def explain(error: str) -> str:
        if "nms" in error:
            return "torch and torchvision come from different builds; install both from one place in one command"
        return "run: pip install torchvision"

    return _probe("torchvision", "import torchvision; print('loads beside this torch')", explain)


def _open3d() -> Finding:
    def explain(error: str) -> str:
        if ".so" in error:
            return f"only what needs it stops; to mend it on Debian/Ubuntu: {SYSTEM_LIBRARIES}"
        return "run: pip install open3d"

    found = _probe("open3d", "import open3d; print('loads')", explain)
    if found.state == "fault" and SYSTEM_LIBRARIES in found.text and _installed("embreex"):
        return Finding(found.topic, "note", found.text)  # demo, index and search do without it
    return found


def _faiss() -> Finding:
    code = "import faiss; n = faiss.get_num_gpus() if hasattr(faiss, 'get_num_gpus') else 0; print(f'{n} GPUs')"
    return _probe("faiss devices", code, lambda _: "reinstall: pip install --force-reinstall faiss-cpu")


def _weights() -> Iterator[Finding]:
    from core3d_search.encoders.builtin import BuiltinEncoder
    from core3d_search.errors import ModelError
    from core3d_search.weights import weights_folder

    try:
        encoder = BuiltinEncoder()
        yield Finding("weights built-in", "ok", f"{encoder.model_id}, {encoder.checksum[:12]}, inside the package")
    except ModelError as error:
        yield Finding("weights built-in", "fault", str(error))
    folder = weights_folder()
    files = sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []
    text = f"in {folder}: {', '.join(files)}" if files else f"none in {folder}; fetched there on first use"
    yield Finding("weights of other models", "ok" if files else "note", text)
    if found := _installed("transformers"):
        yield Finding("sam, sam-hq, sam2", "ok", f"transformers {found}; weights come from its own cache")
    else:
        yield Finding("sam, sam-hq, sam2", "note", "not installed; run: pip install 'core3d-search[sam]'")
