"""docs/extending.md does what it says: its reader is found by entry point, passes the contract and is indexed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core3d_search import plugins, testing
from core3d_search.testing.drawing import TABLE_SCENE, draw_solids

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
READER, CONTRACT = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
(PROJECT,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def site(tmp_path) -> Path:
    """A folder as pip would leave it: the reader's module and the metadata of its package."""
    site = tmp_path / "site"
    metadata = site / "npz_reader-1.dist-info"
    metadata.mkdir(parents=True)
    (site / "npz_reader.py").write_text(READER, encoding="utf-8")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: npz-reader\nVersion: 1\n", encoding="utf-8")
    group, line = re.search(r'entry-points\."([^"]+)"\]\n(.*)', PROJECT).groups()
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{line.replace(chr(34), '')}\n", encoding="utf-8")
    return site


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=site, env=environment, capture_output=True, text=True, check=False
    )


def test_the_reader_has_no_more_than_forty_lines_and_indexes_a_scan(site):
    assert len([line for line in READER.splitlines() if line.strip()]) <= 40
    scan = site / "scans" / "table"
    scan.mkdir(parents=True)
    for i in range(3):
        frame, _ = draw_solids(TABLE_SCENE, eye=(0.4 + i / 10, -1.7, 1.4), target=(0, 0, 0.4), index=i)
        parts = {key: getattr(frame, key) for key in ("rgb", "depth", "intrinsics")}
        np.savez(scan / f"{i:03}.npz", pose=frame.world_from_camera, **parts)
    done = run(site, "core3d_search.cli", "index", "scans", "--db", "core3d.db")
    assert done.returncode == 0, done.stderr
    (scene,) = json.loads(run(site, "core3d_search.cli", "scenes", "--db", "core3d.db", "--json").stdout)["scenes"]
    assert (scene["scene"], scene["format"], scene["frame_count"]) == ("table", "npz", 3)
    assert scene["object_count"] >= 1


def test_the_reader_passes_the_contract_by_the_test_on_the_page(site):
    (site / "test_npz_reader.py").write_text(CONTRACT, encoding="utf-8")
    done = run(site, "pytest", "-q", "-p", "no:cacheprovider", "test_npz_reader.py")
    assert done.returncode == 0, done.stdout
    checks = [name for name in dir(testing.ReaderContract) if name.startswith("test_")]
    assert f"{len(checks)} passed" in done.stdout


def test_every_group_and_contract_is_named():
    for group in plugins.BUILT_IN:
        assert f"`{group}`" in PAGE
    for contract in testing.__all__:
        assert f"`{contract}`" in PAGE
