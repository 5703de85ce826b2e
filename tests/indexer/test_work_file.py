"""What an interrupted run keeps: exactly the frames that were done, for exactly the same input."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from fakes import NounEncoder
from hypothesis import given
from hypothesis import strategies as st

from core3d_search.errors import InputError
from core3d_search.indexer.config import resolve
from core3d_search.indexer.detections import PackedMask
from core3d_search.indexer.journal import FrameNote, Journal
from core3d_search.indexer.lifting import Observation
from core3d_search.indexer.masks.progressive import make_generator
from core3d_search.indexer.pipeline import index_scene
from core3d_search.indexer.readers import find_scenes
from core3d_search.indexer.work_file import WorkFile, kept_beside, packed, place_of, unpacked
from core3d_search.store import Store
from core3d_search.synthetic import generate_room, write_room

CONFIG = resolve(overrides=["frames.longest_side_px=160"])


def observed(seed: int, count: int, embedded: bool = False) -> list[Observation]:
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        points = rng.normal(size=(rng.integers(1, 9), 3)).astype(np.float32)
        colors = rng.integers(0, 256, points.shape).astype(np.uint8)
        mask = rng.random((12, 9)) < 0.5
        box = np.array([0, 0, 9, 12], np.float32)
        look = rng.normal(size=4).astype(np.float32) if embedded else None
        real = rng.random(3).tolist()
        found.append(
            Observation(
                5, box, real[0], 1 + number % 6, points, colors, PackedMask.of(mask, box), int(mask.sum()),
                bool(number % 2), real[1], real[2], look,
            )
        )  # fmt: skip
    return found


def note(position: int) -> FrameNote:
    return FrameNote(position, 12, 9, np.eye(3), np.eye(4) * position)


@given(st.integers(0, 1000), st.integers(0, 4), st.booleans())
def test_a_frame_comes_back_to_the_last_bit(seed: int, count: int, embedded: bool) -> None:
    before = observed(seed, count, embedded)
    told, after = unpacked(5, packed(note(5), before))
    assert (told.position, told.height, told.width, told.skip_reason) == (5, 12, 9, None)
    assert np.array_equal(told.world_from_camera, np.eye(4) * 5)
    for one, other in zip(before, after, strict=True):
        for field in fields(Observation):
            a, b = getattr(one, field.name), getattr(other, field.name)
            if isinstance(a, PackedMask):
                assert np.array_equal(a.in_image(12, 9), b.in_image(12, 9))
            else:
                assert type(a) is type(b)
                assert np.array_equal(a, b)


def test_frames_outlive_the_process_and_another_input_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "one.work"
    work = WorkFile(path, "key")
    journal = Journal(work)
    journal.add(note(3), observed(1, 2), 4)
    journal.add(FrameNote(4, skip_reason="torn"))
    work.close()
    again = Journal(WorkFile(path, "key"))
    assert [again.resume(position) for position in (2, 3, 4)] == [False, True, False]  # a torn frame is tried again
    assert (again.resumed_count, again.mask_count, len(again.observations)) == (1, 4, 2)


def test_another_input_or_a_damaged_file_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "one.work"
    work = WorkFile(path, "key")
    work.add(note(3), [], 0)
    work.close()
    other = WorkFile(path, "another key")
    assert list(other.frames()) == []
    other.close()
    path.write_bytes(b"not a database, " * 100)
    assert list(WorkFile(path, "key").frames()) == []


def test_two_processes_do_not_work_on_one_scene(tmp_path: Path) -> None:
    first = WorkFile(tmp_path / "one.work", "key")
    first.add(note(0), [], 0)
    with pytest.raises(InputError, match="another process indexes this scene"):
        WorkFile(tmp_path / "one.work", "key")
    first.close()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_room(generate_room(7), tmp_path_factory.mktemp("rooms") / "den", frames=6, width=160, height=120)


def indexed(room: Path, database: Path, progress=None) -> tuple[str, int]:
    """Index `room` and return the checksum of what is stored, and how many frames an earlier run had done."""
    (reader,) = find_scenes(room)
    options = {} if progress is None else {"progress": progress}
    with Store.open(database, create=True) as store:
        report = index_scene(reader, store, make_generator(CONFIG.masks), NounEncoder(), CONFIG, **options)
        return store.content_checksum(), report.resumed


def test_an_interrupted_run_goes_on_where_it_stopped(room: Path, tmp_path: Path) -> None:
    whole, _ = indexed(room, tmp_path / "whole.db")
    database = tmp_path / "core3d.db"

    def interrupt(scene, stage, done, total, skipped=0):
        if stage == "frames" and done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        indexed(room, database, interrupt)
    assert kept_beside(database) == [(place_of(database, find_scenes(room)[0].name), 4)]
    assert indexed(room, database) == (whole, 4)
    assert kept_beside(database) == []


KILLED = """
import sys
sys.path[:0] = [{tests!r}]
from pathlib import Path
from indexer.test_work_file import indexed
indexed(Path({room!r}), Path({database!r}), lambda scene, stage, done, total, skipped=0: print(stage, done, flush=True))
"""


@pytest.mark.slow
def test_a_run_killed_at_random_moments_gives_the_same_objects(room: Path, tmp_path: Path) -> None:
    whole, _ = indexed(room, tmp_path / "whole.db")
    rng = random.Random(0)
    tests = str(Path(__file__).resolve().parents[1])
    for number in range(5):
        database = tmp_path / f"{number}.db"
        code = KILLED.format(tests=tests, room=str(room), database=str(database))
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
            goal = rng.randint(0, 5)
            done = 0
            for line in process.stdout:
                done += line.startswith("frames")
                if done > goal:
                    break
            time.sleep(rng.random() * 0.3)
            os.kill(process.pid, signal.SIGKILL)
        kept = sum(count for _, count in kept_beside(database))
        checksum, resumed = indexed(room, database)
        assert checksum == whole
        assert resumed == kept
