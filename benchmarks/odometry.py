"""How far poses that are estimated from images drift, against the true poses of a recording.

    python benchmarks/odometry.py SCENE [--frames 100]

Printed: the error of the last frame's pose, seen from the first, in % of the path and in degrees; the root mean square
error of the cameras' places after the best rigid fit (ATE); what the estimate says itself; CPU seconds a frame; and
the poses' SHA-256, the same in every run.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path

import numpy as np

from core3d_search.indexer.poses.estimate import apart, estimate_poses
from core3d_search.indexer.poses.keypoints import rigid_fits
from core3d_search.indexer.readers import find_scenes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scene", type=Path)
    parser.add_argument("--frames", type=int, default=100)
    arguments = parser.parse_args()
    (reader,) = find_scenes(arguments.scene)
    count = min(arguments.frames, len(reader))
    true = np.stack([reader[position].world_from_camera for position in range(count)])
    started = time.process_time()
    found = estimate_poses(lambda position: reader[position], count)
    seconds = time.process_time() - started
    known = np.flatnonzero(np.isfinite(found.poses[:, 0, 0]))
    first, last = known[0], known[-1]
    metres, degrees = apart(
        np.linalg.inv(found.poses[first]) @ found.poses[last], np.linalg.inv(true[first]) @ true[last]
    )
    path = float(np.linalg.norm(np.diff(true[known][:, :3, 3], axis=0), axis=1).sum())
    places, wanted = found.poses[known][:, :3, 3], true[known][:, :3, 3]
    turn, shift = rigid_fits(places[None], wanted[None])
    off = np.linalg.norm(places @ turn[0].T + shift[0] - wanted, axis=1)
    print(found.told())
    print(f"frames placed          {len(known)} of {count}")
    print(f"drift at the last      {metres:.3f} m = {metres / path:.2%} of {path:.2f} m, {degrees:.2f} degrees")
    print(f"ATE                    {np.sqrt((off**2).mean()):.3f} m")
    print(f"CPU seconds a frame    {seconds / count:.2f}")
    print(f"SHA-256 of the poses   {hashlib.sha256(found.poses.tobytes()).hexdigest()[:16]}")


if __name__ == "__main__":
    main()
