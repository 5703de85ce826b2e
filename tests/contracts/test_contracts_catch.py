"""The contracts can fail: implementations that each break one promise are caught by the check of that promise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

READERS = """
from pathlib import Path
import numpy as np, pytest
from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.readers.frames_folder import FramesFolderReader
from core3d_search.testing import ReaderContract
from contracts.test_our_readers import TestFramesFolderReader as Sound

def changed(**changes):
    class Broken(FramesFolderReader):
        def __getitem__(self, i):
            frame = super().__getitem__(i)
            parts = {k: getattr(frame, k) for k in ("index", "rgb", "depth", "intrinsics", "world_from_camera")}
            return Frame(**(parts | {key: change(parts[key]) for key, change in changes.items()}))
    return Broken

class Greedy(FramesFolderReader):
    @classmethod
    def recognises(cls, path):
        return True

class Silent(FramesFolderReader):
    def __getitem__(self, i):
        try:
            return super().__getitem__(i)
        except InputError:
            return super().__getitem__(0)

class Writes(FramesFolderReader):
    def __getitem__(self, i):
        (self.source / "cache.bin").write_bytes(b"1")
        return super().__getitem__(i)
"""

MASKS = """
import numpy as np, pytest
from core3d_search.indexer.detections import Detections
from core3d_search.testing import MaskGeneratorContract

class Halves:
    name, checksum, leaves_structure_out = "halves", "0" * 64, False
    calls = 0
    def for_scene(self, structure):
        return self
    def generate(self, frame):
        left = np.zeros(frame.depth.shape, bool)
        left[:, : left.shape[1] // 2] = True
        return self.give(left)
    def give(self, left):
        return Detections.from_masks([left, ~left], [0.5, 0.5], [2, 2])

class Overconfident(Halves):
    def give(self, left):
        return Detections.from_masks([left, ~left], [0.5, 1.5], [2, 2])

class Forgetful(Halves):
    def give(self, left):
        self.calls += 1
        return Detections.from_masks([left, ~left], [0.5, 0.1 + self.calls % 8 / 10], [2, 2])

class Twice(Halves):
    def give(self, left):
        return Detections.from_masks([left, left], [0.5, 0.5], [2, 2])

class Empty(Halves):
    def give(self, left):
        return Detections.from_masks([left, left & ~left], [0.5, 0.5], [2, 2])
"""

MALFORMED = {
    "masks_are_aligned_with_the_frame",
    "a_black_frame_without_depth_is_answered",
    "knowing_the_structure_of_a_scene_makes_it_no_other_generator",
}

BROKEN = [
    (READERS, "changed(depth=lambda d: d * 1000)", {"every_frame_is_metric_registered_and_posed"}),
    (READERS, "changed(world_from_camera=lambda p: p * [1, 1, -1, 1])", {"every_frame_is_metric_registered_and_posed"}),
    (READERS, "Greedy", {"recognises_its_own_and_nothing_else"}),
    (READERS, "Silent", {"a_spoilt_frame_is_an_error_of_that_frame_alone"}),
    (READERS, "Writes", {"reading_leaves_the_scene_alone"}),
    (MASKS, "Halves", set()),
    (MASKS, "Overconfident", MALFORMED),
    (MASKS, "Forgetful", {"the_same_frame_gives_the_same_masks_whatever_came_between"}),
    (MASKS, "Twice", {"no_mask_of_a_level_is_given_twice"}),
    (MASKS, "Empty", MALFORMED),
]  # fmt: skip


@pytest.fixture(scope="module")
def failed(tmp_path_factory) -> dict[int, set[str]]:
    """The checks that fail, for each entry of BROKEN: all of them run in one pytest of their own."""
    folder = tmp_path_factory.mktemp("broken")
    for number, (prelude, subject, _) in enumerate(BROKEN):
        base, fixture, value = ("Sound", "reader_class", subject)
        if prelude is MASKS:
            base, fixture, value = ("MaskGeneratorContract", "generator", f"{subject}()")
        (folder / f"test_broken_{number}.py").write_text(
            f"{prelude}\nclass TestBroken({base}):\n"
            f"    @pytest.fixture\n    def {fixture}(self):\n        return {value}\n"
            + ("\ndel Sound, ReaderContract\n" if prelude is READERS else ""),
            encoding="utf-8",
        )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    line = [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", "--import-mode=importlib", "."]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    found: dict[int, set[str]] = {number: set() for number in range(len(BROKEN))}
    for number, name in re.findall(r"^FAILED test_broken_(\d+)\.py::TestBroken::test_(\w+)", done.stdout, re.MULTILINE):
        found[int(number)].add(name)
    assert "error" not in done.stdout.splitlines()[-1], done.stdout
    return found


@pytest.mark.parametrize("number", range(len(BROKEN)), ids=[subject for _, subject, _ in BROKEN])
def test_a_broken_promise_is_caught_by_its_own_check(failed, number):
    assert failed[number] == BROKEN[number][2]
