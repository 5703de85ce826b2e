"""How well `core3d check` names what is wrong: every fault planted in good scenes, one at a time.

    python benchmarks/check.py SCENE [SCENE ...] [--show]

Each SCENE must be good. A mesh is rendered first, into a folder of frames as a scan would be. Printed: for each fault
how often its code came first, the scenes that failed, and seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core3d_search.errors import InputError
from core3d_search.indexer.checks.scene import check_scene
from core3d_search.indexer.frames import Frame, ReadOptions
from core3d_search.indexer.readers import find_scenes
from core3d_search.indexer.readers.files import MissingFileError
from core3d_search.indexer.readers.frames_folder import FramesFolderReader
from core3d_search.indexer.readers.mesh import MeshReader


class Planted:
    """A reader whose frames are those of another with one fault in them."""

    def __init__(self, reader: Any, spoil: Callable[[Frame, list[Any]], Frame], up: Any = None) -> None:
        self._reader, self._spoil = reader, spoil
        self._poses = [pose_of(reader, position) for position in range(len(reader))]
        self.format, self.layout, self.source, self.options = reader.format, "", reader.source, reader.options
        self.suffixes, self.name = (), reader.name
        self.up = reader.up if up is None else up

    def __len__(self) -> int:
        return len(self._reader)

    def __getitem__(self, position: int) -> Frame:
        return self._spoil(self._reader[position], self._poses)

    def files(self) -> list[Path]:
        return self._reader.files()


def pose_of(reader: Any, position: int) -> Any:
    try:
        return reader[position].world_from_camera
    except InputError:
        return np.eye(4)


def moved(frame: Frame, pose: Any) -> Frame:
    return replace(frame, world_from_camera=pose)


def scaled(frame: Frame, factor: float) -> Frame:
    pose = frame.world_from_camera.copy()
    pose[:3, 3] *= factor
    return moved(frame, pose)


def transposed(frame: Frame) -> Frame:
    pose = frame.world_from_camera.copy()
    pose[:3, :3] = pose[:3, :3].T
    return moved(frame, pose)


def shuffled(frame: Frame, poses: list[Any]) -> Frame:
    return moved(frame, poses[np.random.default_rng(5).permutation(len(poses))[frame.index]])


def camera(frame: Frame, factor: float) -> Frame:
    return replace(frame, intrinsics=np.diag([factor, factor, 1.0]) @ frame.intrinsics)


def shifted(frame: Frame, share: float) -> Frame:
    return replace(frame, rgb=np.roll(frame.rgb, round(share * frame.rgb.shape[1]), axis=1))


def missing(frame: Frame) -> Frame:
    if frame.index % 3 == 1:
        raise MissingFileError(f"depth/{frame.index:05}.png is missing")
    return frame


def deep(frame: Frame, factor: float) -> Frame:
    return replace(frame, depth=frame.depth * np.float32(factor))


def thin(frame: Frame) -> Frame:
    return deep(frame, float(frame.index % 5 == 0))


FAULTS: dict[str, tuple[str, Callable[[Frame, list[Any]], Frame]]] = {
    "poses inverted": ("poses-inverted", lambda f, _: moved(f, np.linalg.inv(f.world_from_camera))),
    "OpenGL axes": ("axes-opengl", lambda f, _: moved(f, f.world_from_camera @ np.diag([1.0, -1, -1, 1]))),
    "rotations transposed": ("rotation-transposed", lambda f, _: transposed(f)),
    "millimetres": ("translation-scale", lambda f, _: scaled(f, 1000)),
    "centimetres": ("translation-scale", lambda f, _: scaled(f, 100)),
    "kilometres": ("translation-scale", lambda f, _: scaled(f, 0.001)),
    "depth x 5": ("depth-scale", lambda f, _: deep(f, 5)),
    "depth x 10": ("depth-scale", lambda f, _: deep(f, 10)),
    "depth x 0.2": ("depth-scale", lambda f, _: deep(f, 0.2)),
    "depth x 0.1": ("depth-scale", lambda f, _: deep(f, 0.1)),
    "camera of 4 x": ("intrinsics", lambda f, _: camera(f, 4)),
    "camera of 2 x": ("intrinsics", lambda f, _: camera(f, 2)),
    "camera of 1/2": ("intrinsics", lambda f, _: camera(f, 0.5)),
    "poses shuffled": ("poses-shuffled", shuffled),
    "poses constant": ("poses-constant", lambda f, poses: moved(f, poses[0])),
    "colour shifted 4 %": ("registration", lambda f, _: shifted(f, 0.04)),
    "no depth": ("empty-depth", lambda f, _: deep(f, 0)),
    "four of five without depth": ("empty-depth", lambda f, _: thin(f)),
    "a third missing": ("missing-files", lambda f, _: missing(f)),
}


def scanned(reader: Any, folder: Path) -> Any:
    """Return a reader of the scan that a mesh's frames make, written to `folder` in millimetres; others as they are."""
    if not isinstance(reader, MeshReader):
        return reader
    scan = folder / reader.name
    for part in ("color", "depth", "pose"):
        (scan / part).mkdir(parents=True)
    for frame in (reader[position] for position in range(len(reader))):
        Image.fromarray(frame.rgb).save(scan / "color" / f"{frame.index:05}.jpg", quality=92)
        millimetres = np.round(frame.depth * 1000).astype(np.uint16)
        Image.fromarray(millimetres).save(scan / "depth" / f"{frame.index:05}.png")
        np.savetxt(scan / "pose" / f"{frame.index:05}.txt", frame.world_from_camera)
        np.savetxt(scan / "intrinsics.txt", frame.intrinsics)
    up = reader.up.tolist()
    return FramesFolderReader.open(scan, ReadOptions(up=(up[0], up[1], up[2])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="+", type=Path)
    parser.add_argument("--show", action="store_true", help="print the evidence of each")
    arguments = parser.parse_args()
    right: dict[str, int] = defaultdict(int)
    asked: dict[str, int] = defaultdict(int)
    wrong: list[str] = []
    seconds: list[float] = []

    def ask(reader: Any, what: str, code: str) -> None:
        start = time.process_time()
        checked = check_scene(reader)
        seconds.append(time.process_time() - start)
        first = checked.faults[0].code if checked.faults else "good"
        asked[what] += 1
        right[what] += first == code
        if first != code:
            wrong.append(f"{reader.name}: {what}: {first}, agreeing {checked.agreeing}")
        if arguments.show:
            evidence = [f"{f.code}: {f.evidence} -> {f.fix}" for f in checked.faults]
            print(f"{reader.name}: {what}: {checked.verdict} {evidence}")

    kept = tempfile.TemporaryDirectory()  # gone with the process
    folder = Path(kept.name)
    for path in arguments.scenes:
        for found in find_scenes(path):
            reader = scanned(found, folder)
            ask(reader, "good", "good")
            for what, (code, spoil) in FAULTS.items():
                ask(Planted(reader, spoil), what, code)
            if reader.up is not None:
                sideways = np.roll(reader.up, 1)
                ask(Planted(reader, lambda f, _: f, sideways), "up sideways", "up")
                ask(Planted(reader, lambda f, _: f, -reader.up), "up upside down", "up")
    for what, count in asked.items():
        print(f"{what:28} {right[what]:3} of {count}")
    planted = sum(asked.values()) - asked["good"]
    named = sum(right.values()) - right["good"]
    print(f"{'all faults':28} {named:3} of {planted} ({named / planted:.1%}); good {right['good']} of {asked['good']}")
    print(f"CPU seconds a check: median {np.median(seconds):.1f}, most {max(seconds):.1f}")
    print(*wrong, sep="\n")


if __name__ == "__main__":
    main()
