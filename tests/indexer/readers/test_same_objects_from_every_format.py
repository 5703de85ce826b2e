"""One generated room, written in every format and indexed: the same objects come out, as near as the format allows."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from format_writers import UNIT_M, WRITERS

from core3d_search.encoders import load_encoder
from core3d_search.geometry import box_corners, box_iou
from core3d_search.indexer.config import resolve
from core3d_search.indexer.frames import Frame, ReadOptions
from core3d_search.indexer.masks.progressive import make_generator
from core3d_search.indexer.pipeline import index_scene
from core3d_search.indexer.readers import find_scenes
from core3d_search.store import Store
from core3d_search.synthetic import generate_room, render_room

pytestmark = pytest.mark.slow
CONFIG = resolve(overrides=["thumbnails.enabled=false"])
TURNED = ("ScanNet, exported",)
"""Written in a world turned by an odd angle: the grid that points are thinned to lies otherwise on every surface."""
LOSSLESS, LOSSY = "frames with a CSV of poses", "frames"


@dataclass(frozen=True, eq=False)
class Indexed:
    """What was found in a scene: labels and corners (8, 3) of boxes in the room's world; whether colours were exact."""

    labels: list
    boxes: list
    exact_colors: bool


@pytest.fixture(scope="module")
def room_frames():
    """Four frames of a room; depths are whole millimetres, which every format keeps."""
    return [
        Frame(f.index, f.rgb, np.round(f.depth, 3).astype(np.float32), f.intrinsics, f.world_from_camera)
        for f in render_room(generate_room(7), frames=4, width=480, height=360, noise=False)
    ]


@pytest.fixture(scope="module")
def indexed(room_frames, tmp_path_factory):
    """Index what a writer writes; each is written once."""
    generator, encoder, known = make_generator(CONFIG.masks), load_encoder(CONFIG.encoder.name), {}

    def index(what):
        if what not in known:
            folder = tmp_path_factory.mktemp("written")
            _, written_from_room = WRITERS[what][1](folder, room_frames)
            said = ReadOptions(scale=UNIT_M) if what.startswith("COLMAP, text") else None
            (reader,) = find_scenes(folder, options=said)
            with Store.open(tmp_path_factory.mktemp("db") / "core3d.db", create=True) as store:
                objects = store.objects(index_scene(reader, store, generator, encoder, CONFIG).scene)
            turn = written_from_room[:3, :3].T
            boxes = [
                replace(o.box, center=turn @ (o.box.center - written_from_room[:3, 3]), rotation=turn @ o.box.rotation)
                for o in objects
            ]
            exact = all(np.array_equal(reader[f.index].rgb, f.rgb) for f in room_frames)
            known[what] = Indexed([o.label for o in objects], boxes, exact)
        return known[what]

    return index


@pytest.mark.parametrize("what", WRITERS)
def test_every_format_gives_the_same_objects(what, indexed):
    found = indexed(what)
    expected = indexed(LOSSLESS if found.exact_colors else LOSSY)
    assert len(expected.boxes) > 30
    off = np.array([nearest_m(box, label, found) for box, label in zip(expected.boxes, expected.labels, strict=True)])
    if what in TURNED:
        assert alike(expected, found) >= 0.8
        return
    assert len(found.boxes) == len(expected.boxes)
    assert (off < 0.005).mean() >= 0.95  # points that lie on a border of the grid fall to either side
    assert (off < 0.05).all()  # two cells of the grid


def test_jpeg_changes_few_objects(indexed):
    assert not indexed(LOSSY).exact_colors
    assert alike(indexed(LOSSLESS), indexed(LOSSY)) >= 0.8


def nearest_m(box, label, found):
    """Return how far the corners of the nearest box of the same label lie, in metres."""
    own = box_corners(box)
    off = [np.inf]
    for other, other_label in zip(found.boxes, found.labels, strict=True):
        if other_label == label:
            apart = np.linalg.norm(own[:, None] - box_corners(other), axis=-1)
            off.append(max(apart.min(0).max(), apart.min(1).max()))
    return min(off)


def alike(expected, found):
    """Return the part of the boxes that overlap one of the others by half."""
    return np.mean([max(box_iou(box, other) for other in found.boxes) >= 0.5 for box in expected.boxes])
