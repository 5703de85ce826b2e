"""Print the coverage of each package and fail where one has sunk below its floor.

    PYTEST_ADDOPTS="--cov=core3d_search --cov-report=" python -m pytest && python .ci/coverage_floors.py

Floors are in percent of lines and branches, a little below what the tests reach; raise one when its package rises.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

FLOORS = {
    "cli": 85,
    "client": 85,
    "encoders": 94,
    "evaluation": 90,
    "exports": 95,
    "indexer": 90,
    "meshes": 85,
    "migrations": 95,
    "query": 92,
    "relations": 93,
    "schema": 90,
    "search": 93,
    "server": 80,
    "store": 95,
    "synthetic": 94,
    "testing": 90,
    "the ground": 92,
    "vectors": 94,
    "viewer": 90,
}


def main() -> int:
    """Return 0 where every package reaches its floor, 1 where one does not or has none."""
    totals, covered = measured()
    failures = []
    print(f"{'package':<14}{'statements and branches':>24}{'covered':>10}{'floor':>8}")
    for package in sorted(totals):
        percent, floor = 100 * covered[package] / totals[package], FLOORS.get(package)
        print(f"{package:<14}{totals[package]:>24}{percent:>9.1f}%{floor if floor is not None else 'none':>8}")
        if floor is None:
            failures.append(f"{package} has no floor: add one to FLOORS in {Path(__file__).name}")
        elif percent < floor:
            failures.append(f"{package} is covered to {percent:.1f} %, below its floor of {floor} %")
    failures += [f"{package} has a floor but no code" for package in sorted(FLOORS.keys() - totals.keys())]
    print(*failures, sep="\n", file=sys.stderr)
    return int(bool(failures))


def measured() -> tuple[Counter[str], Counter[str]]:
    """Return how many statements and branches each package has, and how many of them ran."""
    totals: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)], check=True)
        files = json.loads(report.read_text(encoding="utf-8"))["files"]
    for name, file in files.items():
        parts = Path(name).parts
        inside = parts[parts.index("core3d_search") + 1 :]
        package = inside[0] if len(inside) > 1 else "the ground"
        summary = file["summary"]
        totals[package] += summary["num_statements"] + summary.get("num_branches", 0)
        covered[package] += summary["covered_lines"] + summary.get("covered_branches", 0)
    return totals, covered


if __name__ == "__main__":
    sys.exit(main())
