"""Scenes a minute on one machine and on two of a Ray cluster, each of one core, in one run.

    python benchmarks/ray_cluster.py                 8 scenes of 12 frames; needs pip install 'core3d-search[ray]'

Both clusters stand on this machine, beside a head that works on nothing, so that it needs two free cores. Time is wall
time from the first task to the last row in the database; a scene of two frames goes before, to load models.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from core3d_search.indexer.config import resolve
from core3d_search.indexer.ray_cluster import index_on_ray
from core3d_search.indexer.readers import find_scenes
from core3d_search.store import Store
from core3d_search.synthetic import generate_room, write_room

HERE = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--frames", type=int, default=12, help="frames a scene, 480 x 360")
    parser.add_argument("--machines", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    os.environ |= {"PYTHONPATH": os.pathsep.join([str(HERE), *sys.path]), "RAY_USAGE_STATS_ENABLED": "0"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(3000, 3000 + options.scenes):
            write_room(generate_room(seed), folder / "scenes" / f"{seed}", frames=options.frames, width=480, height=360)
        write_room(generate_room(2999), folder / "first" / "2999", frames=2, width=480, height=360)
        seconds = {count: measured(folder, count) for count in options.machines}
    print(f"{'machines':>8s} {'seconds':>8s} {'scenes/min':>11s} {'ratio':>6s}")
    one = seconds[options.machines[0]]
    for count, taken in seconds.items():
        print(f"{count:8d} {taken:8.1f} {60 * options.scenes / taken:11.1f} {one / taken:6.2f}")


def measured(folder: Path, machines: int) -> float:
    """Return the seconds that all scenes take on so many machines."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(machines):
        cluster.add_node(num_cpus=1, include_dashboard=False)
    os.environ["RAY_ADDRESS"] = cluster.address  # which "auto" connects to
    config = resolve()
    try:
        with Store.open(folder / f"{machines}.db", create=True) as store:
            list(index_on_ray(find_scenes(folder / "first"), store, config, "auto"))
            began = time.perf_counter()
            for outcome in index_on_ray(find_scenes(folder / "scenes"), store, config, "auto"):
                if outcome.error is not None:
                    raise outcome.error
            return time.perf_counter() - began
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
