"""Fusion alone at scale: seconds, peak memory and duplicates, on a long walk past boxes that are exactly known.

    python benchmarks/fusion.py --frames 100 500 2000 --masks 40

A walker goes round a hall full of boxes and sees in every frame the `--masks` nearest ahead of him: of each the sides
that face the camera, cut off where the image ends, with the noise of a depth camera. The whole scan is looked at
`--rounds` times. Each number of frames is measured in a process of its own, so that the peak is its own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core3d_search.geometry import thin
from core3d_search.indexer.config import resolve
from core3d_search.indexer.detections import PackedMask
from core3d_search.indexer.fusion import fuse
from core3d_search.indexer.lifting import Observation
from core3d_search.indexer.surfaces import depth_noise

VOXEL_M = 0.025
HALF_VIEW = np.radians(40)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, nargs="+", default=[100, 500, 2000])
    parser.add_argument("--masks", type=int, default=40, help="masks a frame")
    parser.add_argument("--boxes", type=int, default=300, help="boxes in the hall")
    parser.add_argument("--rounds", type=int, default=1, help="how often the same images are given")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        measure(arguments.frames[0], arguments.masks, arguments.boxes, arguments.rounds)
        return
    print(f"{'frames':>8}{'observations':>14}{'seconds':>9}{'CPU s':>8}{'ms a frame':>12}{'peak MiB':>10}", end="")
    print(f"{'input MiB':>11}{'boxes seen':>12}{'objects':>9}", flush=True)
    for frames in arguments.frames:
        options = ["--masks", arguments.masks, "--boxes", arguments.boxes, "--rounds", arguments.rounds, "--alone"]
        subprocess.run([sys.executable, __file__, "--frames", str(frames), *map(str, options)], check=True)


def measure(frames: int, masks: int, boxes: int, rounds: int) -> None:
    """Make one walk, fuse it and print a line."""
    observations, cameras, seen = walk(frames, masks, boxes, np.random.default_rng(0))
    once = list(observations)
    for again in range(1, rounds):
        cameras |= {number + again * frames: cameras[number] for number in range(frames)}
        observations += [replace(one, frame=one.frame + again * frames) for one in once]
    held = peak_mib()
    started, cpu = time.perf_counter(), time.process_time()
    objects = fuse(observations, cameras, resolve().fusion, (0, 0, 1))
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(
        f"{frames * rounds:>8}{len(observations):>14}{seconds:>9.1f}{cpu:>8.1f}{1000 * cpu / frames / rounds:>12.1f}"
        f"{peak_mib():>10.0f}{held:>11.0f}{seen:>12}{len(objects):>9}",
        flush=True,
    )


def walk(
    frames: int, masks: int, boxes: int, random: np.random.Generator
) -> tuple[list[Observation], dict[int, npt.NDArray[np.float64]], int]:
    """Return what is observed along the walk, the cameras by frame, and how many boxes at least 4 frames show."""
    side = 1.3 * np.sqrt(boxes)  # metres: so dense that a frame sees the number asked for
    cells = random.permutation(int(np.sqrt(boxes)) ** 2 + 2 * int(np.sqrt(boxes)))[:boxes]
    rows = int(np.sqrt(boxes)) + 1
    low = np.stack([cells // rows, cells % rows, np.zeros(boxes)], axis=1) * side / rows + [0.3, 0.3, 0]
    surfaces = [surface(corner, random.uniform(0.15, 0.5, 3)) for corner in low]
    observations, cameras = [], {}
    shown = np.zeros(boxes, int)
    for frame in range(frames):
        angle = 2 * np.pi * frame / frames * 3
        radius = side * (0.2 + 0.25 * frame / frames)
        eye = np.array([np.cos(angle) * radius + side / 2, np.sin(angle) * radius + side / 2, 1.5])
        heading = angle + np.pi / 2 + 0.8 * np.sin(frame / 7)
        axis = np.array([np.cos(heading), np.sin(heading), -0.3]) / np.hypot(1, 0.3)
        cameras[frame] = camera(eye, axis)
        towards = low - eye
        ahead = np.flatnonzero(np.arctan2(np.linalg.norm(np.cross(towards, axis), axis=1), towards @ axis) < HALF_VIEW)
        nearest = ahead[np.argsort(np.linalg.norm(towards[ahead], axis=1), kind="stable")][:masks]
        for box in nearest:
            observation = look(frame, eye, axis, *surfaces[box], random)
            if observation is not None:
                observations.append(observation)
                shown[box] += 1
    return observations, cameras, int((shown >= 4).sum())


def surface(low: npt.NDArray[np.float64], extent: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], ...]:
    """Return (P, 3) points on the sides and the top of a box, 1.5 cm apart, and their outward normals."""
    points, normals = [], []
    for axis, side in ((0, -1), (0, 1), (1, -1), (1, 1), (2, 1)):
        steps = [np.arange(0, extent[a], 0.015) for a in range(3) if a != axis]
        grid = np.stack(np.meshgrid(*steps), -1).reshape(-1, 2)
        points.append(low + np.insert(grid, axis, extent[axis] * (side > 0), axis=1))
        normals.append(np.tile(np.eye(3)[axis] * side, (len(grid), 1)))
    return np.concatenate(points), np.concatenate(normals)


def camera(eye: npt.NDArray[np.float64], axis: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return world_from_camera (4, 4) of a level camera at `eye` that looks along `axis`."""
    right = np.cross(axis, (0, 0, 1.0)) / np.linalg.norm(np.cross(axis, (0, 0, 1.0)))
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = np.stack([right, np.cross(axis, right), axis], axis=1), eye
    return pose


def look(
    frame: int,
    eye: npt.NDArray[np.float64],
    axis: npt.NDArray[np.float64],
    points: npt.NDArray[np.float64],
    normals: npt.NDArray[np.float64],
    random: np.random.Generator,
) -> Observation | None:
    """Return what a frame sees of one box, or None where that is next to nothing."""
    rays = points - eye
    depth = rays @ axis
    visible = (np.einsum("ij,ij->i", normals, rays) < 0) & (depth > np.cos(HALF_VIEW) * np.linalg.norm(rays, axis=1))
    if not visible.any():
        return None
    seen, distance = points[visible], float(np.median(depth[visible]))
    noisy = seen + axis * random.normal(0, depth_noise(distance), (len(seen), 1))
    thinned, colors = thin(noisy.astype(np.float32), VOXEL_M, np.full((len(noisy), 3), 90, np.uint8))
    if len(thinned) < 10:
        return None
    box = np.array([0, 0, 8, 8], np.float32)
    mask = PackedMask((0, 0, 8, 8), np.zeros(8, np.uint8))
    return Observation(frame, box, 1.0, 2, thinned, colors, mask, 64, False, distance)


def peak_mib() -> float:
    """Return the most memory that this process has used so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
