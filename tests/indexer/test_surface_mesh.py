"""The surface that frames see, fused: it lies where the drawn solids are, in their colours, and faces the cameras."""

from datetime import datetime, timezone

import numpy as np
import pytest
from fakes import NounEncoder, thing
from format_writers import frames_folder

from core3d_search.errors import InputError, MissingDependencyError, StoreError
from core3d_search.indexer import surface_mesh
from core3d_search.indexer.surface_mesh import fused_surface
from core3d_search.open3d import load_open3d
from core3d_search.store import EmbeddingModel, FrameRecord, RunRecord, SceneRecord, Store

GREY, RED = (120, 120, 120), (200, 30, 30)
SOLIDS = [((-3, -3, -0.1), (3, 3, 0), GREY), ((-0.2, -0.2, 0.0), (0.2, 0.2, 0.4), RED)]
VOXEL_M = 0.02


@pytest.fixture
def store(draw, tmp_path):
    """A database of a scan of a red block on grey ground, seen from four sides; the third frame was not used."""
    eyes = [(1.2, 0.3, 1.0), (-1.2, 0.2, 0.9), (0.1, 1.2, 1.1), (0.2, -1.3, 0.9)]
    frames = [draw(SOLIDS, eye, (0, 0, 0.2), size=(120, 160))[0] for eye in eyes]
    folder = tmp_path / "block"
    frames_folder(folder, frames)
    run = RunRecord(datetime.now(timezone.utc), 1.0, "f", {}, "c", "none", "m", model=EmbeddingModel.of(NounEncoder()))
    records = [FrameRecord(number, skip_reason="blurred" if number == 2 else None) for number in range(4)]
    with Store.open(tmp_path / "core3d.db", create=True) as store:
        scene = SceneRecord("block", str(folder), "frames", (0.0, 0.0, 1.0))
        store.write_scene(scene, records, run, [thing("block", "box", (0, 0, 0.2), (0.4, 0.4, 0.4), RED)])
        yield store


@pytest.fixture
def loads():
    try:
        load_open3d("this test")
    except MissingDependencyError as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("loads")
def test_the_surface_lies_on_the_solids_and_faces_who_saw_it(store):
    surface = fused_surface(store, "block", VOXEL_M)
    block = surface.part((surface.vertices[surface.triangles][..., 2] > 0.05).all(axis=1))
    beyond = np.abs(block.vertices) - (0.2, 0.2, 0.4)
    assert np.abs(beyond.max(axis=1)).max() < 1.5 * VOXEL_M, "on one of the block's sides"
    assert np.abs(np.median(block.colors, axis=0) - RED).max() < 40
    corners = block.vertices[block.triangles]
    outwards = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    middles = corners.mean(axis=1) - (0, 0, 0.2)
    assert ((outwards * middles).sum(axis=1) > 0).mean() > 0.99


@pytest.mark.usefixtures("loads")
def test_frames_that_were_not_used_are_left_out(store, monkeypatch):
    taken = []
    add = surface_mesh._Volume.add
    monkeypatch.setattr(surface_mesh._Volume, "add", lambda self, frame: (taken.append(frame.index), add(self, frame)))
    fused_surface(store, "block", VOXEL_M)
    assert taken == [0, 1, 3]


@pytest.mark.usefixtures("loads")
def test_what_cannot_be_fused_is_told(store, monkeypatch, tmp_path):
    with pytest.raises(StoreError, match="attic"):
        fused_surface(store, "attic", VOXEL_M)
    monkeypatch.setattr(surface_mesh, "RANGE_M", 0.1)
    with pytest.raises(InputError, match=r"'block' have no depth within 0\.1 m"):
        fused_surface(store, "block", VOXEL_M)
    (tmp_path / "block").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="not at"):
        fused_surface(store, "block", VOXEL_M)


def test_a_mesh_is_a_glb(core3d, tmp_path):
    code, _, err = core3d("export", "attic", tmp_path / "attic.ply", "--mesh")
    assert code == 1
    assert ".glb" in err
