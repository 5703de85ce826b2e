"""The steps by themselves: objects without store or encoder, and the embeddings that they are given afterwards."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core3d_search.encoders import Calibration
from core3d_search.errors import InputError
from core3d_search.indexer.config import CropConfig, resolve
from core3d_search.indexer.crops import embed_detections
from core3d_search.indexer.describe import describe, embedded_members
from core3d_search.indexer.detections import Detections, PackedMask, tight_boxes
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.journal import Journal
from core3d_search.indexer.perceive import perceive
from core3d_search.indexer.planes import Structure

BOX = ((-0.2, -0.2, 0.0), (0.2, 0.2, 0.3), (200, 30, 30))
BLOCK = ((0.6, -0.2, 0.0), (1.0, 0.2, 0.5), (30, 30, 200))
CONFIG = resolve(overrides=["structure.enabled=false"])


class Scene:
    """Two solids from three sides; frame 2 cannot be read."""

    name, up = "two solids", np.array([0, 0, 1.0])

    def __init__(self, draw: Callable[..., Any]) -> None:
        eyes = [(1.5, -1.2, 1.0), (1.2, -1.5, 1.0), None, (0.9, -1.6, 1.1)]
        self.drawn = [draw([BOX, BLOCK], eye, (0.4, 0, 0.2), index) if eye else None for index, eye in enumerate(eyes)]
        self.reads: list[int] = []

    def __len__(self) -> int:
        return len(self.drawn)

    def __getitem__(self, position: int) -> Frame:
        self.reads.append(position)
        if (drawn := self.drawn[position]) is None:
            raise InputError(f"frame {position} is torn")
        return drawn[0]


class TrueMasks:
    """The generator that knows which pixel is whose."""

    name, checksum, leaves_structure_out = "true", "0", False

    def __init__(self, scene: Scene) -> None:
        self.scene, self.told = scene, None

    def for_scene(self, structure: Structure) -> TrueMasks:
        self.told = structure
        return self

    def generate(self, frame: Frame) -> Detections:
        owner = self.scene.drawn[frame.index][1]
        return Detections.from_masks(np.stack([owner == 0, owner == 1]), [0.9, 0.8], [2, 2])


class MeanColor:
    """An encoder whose embedding is the direction of a crop's mean colour."""

    model_id = checksum = "mean-color"
    dimension, vocabulary = 3, ("red", "blue")
    calibration = Calibration(6.0, 0.0, ("gray",))

    def encode_images(self, images):
        means = np.stack([image.reshape(-1, 3).mean(axis=0) + np.array([0, 1, 0]) for image in images])
        return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)

    def encode_texts(self, texts):
        colors = {"red": (1, 0, 0), "blue": (0, 0, 1), "gray": (0.58, 0.58, 0.58)}
        return np.array([colors[text] for text in texts], np.float32)


@pytest.fixture
def scene(draw: Callable[..., Any]) -> Scene:
    return Scene(draw)


def test_objects_come_without_an_encoder_and_a_torn_frame_is_noted(scene: Scene) -> None:
    generator, journal, heard = TrueMasks(scene), Journal(), []
    result = perceive(scene, generator, CONFIG, journal, progress=lambda *told: heard.append(told))
    assert [one.observation_count for one in result.objects] == [3, 3]
    assert np.array_equal(generator.told.up, [0, 0, 1])
    assert [note.skip_reason for note in result.frames] == [None, None, "frame 2 is torn", None]
    assert (journal.mask_count, journal.used_count) == (6, 3)
    assert heard[-1] == ("two solids", "frames", 4, 4, 1)


def test_an_object_is_described_by_the_sum_over_its_observations(scene: Scene) -> None:
    config = replace(CONFIG, crops=CropConfig(huge_weight=0))
    result = perceive(scene, TrueMasks(scene), config, Journal())
    objects = describe(result, scene, MeanColor(), config, Journal().clock)
    assert sorted(one.label for one in objects) == ["blue", "red"]
    for one, fused in zip(objects, result.objects, strict=True):
        number = ["red", "blue"].index(one.label)
        seen = [scene.drawn[result.observations[member].frame] for member in fused.members]
        looks = [
            embed_detections(frame, TrueMasks(scene).generate(frame)[number : number + 1], MeanColor(), config.crops)[0]
            for frame, _ in seen
        ]
        total = np.sum(looks, axis=0)
        assert one.embedding == pytest.approx(total / np.linalg.norm(total), abs=1e-6)


def test_the_best_views_alone_are_embedded(scene: Scene) -> None:
    result = perceive(scene, TrueMasks(scene), CONFIG, Journal())
    one = replace(CONFIG, crops=replace(CONFIG.crops, views=1))
    for fused in result.objects:
        assert len(embedded_members(fused, result, 1)) == 1
        assert list(embedded_members(fused, result, 0)) == list(fused.members)
    crops: list[int] = []
    encoder = MeanColor()
    encode = encoder.encode_images
    encoder.encode_images = lambda images: crops.append(len(images)) or encode(images)
    describe(result, scene, encoder, one, Journal().clock)
    assert sum(crops) == 2 * 2  # objects, crops of a view


def test_only_frames_that_show_an_object_are_read_again(scene: Scene) -> None:
    result = perceive(scene, TrueMasks(scene), CONFIG, Journal())
    scene.reads.clear()
    describe(result, scene, MeanColor(), CONFIG, Journal().clock)
    assert scene.reads == [0, 1, 3]


def test_fusion_may_compare_looks_where_an_encoder_is_given(scene: Scene) -> None:
    wary = replace(CONFIG, fusion=replace(CONFIG.fusion, min_similarity=0.9))
    result = perceive(scene, TrueMasks(scene), wary, Journal(), encoder=MeanColor())
    assert [one.observation_count for one in result.objects] == [3, 3]
    with pytest.raises(InputError, match="observations must be embedded before fusion"):
        perceive(scene, TrueMasks(scene), wary, Journal())


def test_perceiving_loads_neither_store_nor_encoder() -> None:
    code = "import core3d_search.indexer.perceive, sys; print([m for m in ('sqlalchemy', 'torch') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 20))
def test_a_packed_mask_is_the_mask(seed: int, height: int, width: int) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < 0.2
    (box,) = tight_boxes(mask[None])
    packed = PackedMask.of(mask, box)
    assert np.array_equal(packed.in_image(height, width), mask)
    assert packed.bits.nbytes <= height * width / 8 + 1


class Watched(TrueMasks):
    """Tells how many frames it was given at once."""

    def __init__(self, scene: Scene, several: bool) -> None:
        super().__init__(scene)
        self.takes_several, self.now, self.most = several, 0, 0
        self.both = threading.Barrier(2)

    def generate(self, frame: Frame) -> Detections:
        self.now += 1
        self.most = max(self.most, self.now)
        if self.takes_several and frame.index < 2:
            self.both.wait(10)  # neither goes on before the other has come
        self.now -= 1
        return super().generate(frame)


@pytest.mark.parametrize("several", [False, True])
def test_frames_side_by_side_give_what_one_after_the_other_gives(
    draw: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, several: bool
) -> None:
    scene = Scene(draw)
    alone = perceive(scene, TrueMasks(scene), CONFIG, Journal())
    monkeypatch.setattr("core3d_search.indexer.perceive.thread_count", lambda: 3)
    watched, journal = Watched(scene, several), Journal()
    beside = perceive(scene, watched, CONFIG, journal)
    assert (watched.most > 1) == several
    assert [note.position for note in journal.frames] == [0, 1, 2, 3]
    assert [note.position for note in journal.skipped] == [2]
    assert [one.members for one in beside.objects] == [one.members for one in alone.objects]
    for one, other in zip(beside.objects, alone.objects, strict=True):
        assert np.array_equal(one.points, other.points)
    assert {"read", "masks", "granularity", "lift", "fuse"} <= set(journal.clock.seconds)
