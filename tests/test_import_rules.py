"""The import rules hold, and each of them fails where a line that breaks it is planted in a copy of the package."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("importlinter", reason="needs the extra dev")

ROOT = Path(__file__).resolve().parents[1]
ARROWS = "Arrows point one way, and every module stands in a layer"
LINT = "from importlinter.cli import lint_imports_command as lint; lint()"


@pytest.fixture
def copy(tmp_path) -> Path:
    """A checkout with the package's Python files and the import rules."""
    package = ROOT / "core3d_search"
    shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> str:
    """Return what lint-imports says of the package in `folder`, its exit status in the last line."""
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    return " ".join(done.stdout.split()) + f"\nexit {done.returncode}"


def plant(folder: Path, module: str, line: str) -> None:
    path = folder / "core3d_search" / module
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text(encoding="utf-8") if path.exists() else "") + f"\n\n{line}\n", encoding="utf-8")


def test_the_package_keeps_every_rule(copy):
    said = lint(copy)
    assert said.endswith("exit 0"), said


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("relations/soft.py", "import core3d_search.cli", ARROWS),
        ("query/grammar.py", "from core3d_search.relations import soft", ARROWS),
        ("errors.py", "from core3d_search import datatypes", ARROWS),
        ("encoders/__init__.py", "from core3d_search.store import Store", ARROWS),
        ("synthetic/room.py", "def f():\n    from core3d_search.indexer import frames", ARROWS),
        ("store/extra.py", "import core3d_search.vectors.exact", ARROWS),
        ("search/extra.py", "import torch", "torch stays in its adapters"),
        ("indexer/fusion.py", "def f():\n    import torch.nn.functional", "torch stays in its adapters"),
        ("indexer/extra.py", "import open3d as o3d", "Open3D stays in its adapters"),
        ("vectors/extra.py", "import faiss", "FAISS stays in its adapter"),
        ("search/extra.py", "def f():\n    import open_clip", "OpenCLIP stays in its adapter"),
        ("search/extra.py", "from fastapi import FastAPI", "What serves stays in the server"),
        ("query/cursor.py", "from core3d_search.query import grammar", "No circles in query"),
        ("__init__.py", "import core3d_search.testing", "Nothing that is shipped imports the contracts for tests"),
    ],
)
def test_a_planted_import_breaks_its_rule(copy, module, line, broken):
    plant(copy, module, line)
    said = lint(copy)
    assert f"{broken} BROKEN" in said
    assert said.count(" BROKEN") == 1
    assert said.endswith("exit 1")


@pytest.mark.parametrize("module", ["loose.py", "attic/__init__.py"])
def test_a_module_in_no_layer_is_refused(copy, module):
    plant(copy, module, "CONSTANT = 1")
    said = lint(copy)
    name = module.removesuffix(".py").removesuffix("/__init__")
    assert f"not listed as layers: - core3d_search.{name} " in said
    assert said.endswith("exit 1")


def test_the_server_may_ask_the_search_and_not_the_other_way(copy):
    plant(copy, "server/__init__.py", "import core3d_search.search.searcher")
    assert lint(copy).endswith("exit 0")
    plant(copy, "search/searcher.py", "import core3d_search.server")
    assert f"{ARROWS} BROKEN" in lint(copy)
