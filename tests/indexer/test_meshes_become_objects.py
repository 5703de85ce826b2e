"""Meshes through the pipeline: nodes, whole models and libraries become named objects that a search finds."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from mesh_samples import BLUE, GREEN, RED, box
from PIL import Image

from core3d_search import Searcher, plugins
from core3d_search.errors import InputError
from core3d_search.indexer.config import resolve
from core3d_search.indexer.frames import ReadOptions
from core3d_search.indexer.known_objects import with_names
from core3d_search.indexer.perceive import SceneResult
from core3d_search.indexer.pipeline import Outcome, index_scenes
from core3d_search.indexer.readers import find_scenes, fingerprint
from core3d_search.indexer.readers.library import VIEWS, LibraryReader
from core3d_search.indexer.readers.mesh import MeshReader
from core3d_search.store import Store


@pytest.fixture
def furniture(tmp_path: Path) -> Path:
    scene = trimesh.Scene()
    scene.add_geometry(box((0.5, 0.5, 0.5), (0, 0.25, 0), RED), node_name="Kitchen_Chair.001", geom_name="seat")
    scene.add_geometry(box((1.2, 0.7, 0.8), (2, 0.35, 0), BLUE), node_name="table", geom_name="top")
    scene.add_geometry(box((0.3, 0.3, 0.3), (4, 0.15, 0), GREEN), node_name="Cube.003", geom_name="block")
    scene.export(tmp_path / "furniture.glb")
    return tmp_path / "furniture.glb"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A red stool, a blue bench named by a catalogue, and a file that is no model."""
    folder = tmp_path / "assets"
    for name, size, color in (("OldStool", (0.4, 0.5, 0.4), RED), ("b17", (1.2, 0.5, 0.4), BLUE)):
        (folder / name).mkdir(parents=True)
        box(size, (5, 5, 5), color).export(folder / name / "model.glb")
    (folder / "broken.stl").write_bytes(b"")
    (folder / "catalog.json").write_text(json.dumps([{"path": "b17/model.glb", "name": "Garden bench"}]))
    return folder


def index(readers: list, db: Path, monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    monkeypatch.setitem(plugins.BUILT_IN["core3d.encoders"], "nouns", "fakes:NounEncoder")
    with Store.open(str(db), create=True) as store:
        return list(index_scenes(readers, store, resolve("built-in", ["encoder.name=nouns"])))


def middle_of(picture: bytes) -> str:
    """Return the strongest channel in the middle quarter of a picture."""
    image = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), float)
    height, width, _ = image.shape
    middle = image[height * 3 // 8 : height * 5 // 8, width * 3 // 8 : width * 5 // 8]
    return ("red", "green", "blue")[int(middle.mean((0, 1)).argmax())]


def test_each_named_node_is_an_object_with_its_exact_box(
    furniture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = MeshReader.open(furniture, ReadOptions(objects="nodes"))
    (outcome,) = index([reader], tmp_path / "a.db", monkeypatch)
    assert outcome.error is None
    with Store.open(str(tmp_path / "a.db")) as store:
        found = {item.label: item for item in store.objects("furniture", with_points=True)}
        assert set(store.thumbnails("furniture")) == {item.id for item in found.values()}
    assert set(found) == {"kitchen chair 001", "table"}, "Cube.003 names nothing"
    assert found["table"].label_score == 1
    np.testing.assert_allclose(found["table"].box.center, (2, 0.35, 0), atol=0.02)
    np.testing.assert_allclose(sorted(found["table"].box.extent), (0.7, 0.8, 1.2), atol=0.04)
    assert np.allclose(np.median(found["table"].colors, axis=0), BLUE[:3], atol=2)


def test_a_hit_by_name_says_so(furniture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index([MeshReader.open(furniture, ReadOptions(objects="nodes"))], tmp_path / "a.db", monkeypatch)
    with Searcher.open(str(tmp_path / "a.db")) as searcher:
        best = searcher.search("kitchen chair")[0]
        assert best.label == "kitchen chair 001"
        assert best.reasons[0].text == "kitchen chair, by its name 'kitchen chair 001'"
        assert [hit.label for hit in searcher.search("red chair")] == ["kitchen chair 001"]
        assert [hit.label for hit in searcher.search("desk")][:1] != ["kitchen chair 001"]


def test_a_single_thing_is_one_object_called_as_its_file(
    furniture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (reader,) = find_scenes(furniture)
    assert (reader.format, reader.name) == ("mesh", "furniture")
    index([reader], tmp_path / "a.db", monkeypatch)
    with Store.open(str(tmp_path / "a.db")) as store:
        (only,) = store.objects("furniture")
    assert only.label == "furniture"
    np.testing.assert_allclose(sorted(only.box.extent), (0.7, 0.8, 4.4), atol=0.05)


def test_a_library_is_one_scene_with_an_object_a_model(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = LibraryReader.open(library)
    assert len(reader) == 3 * VIEWS
    (outcome,) = index([reader], tmp_path / "a.db", monkeypatch)
    assert outcome.report is not None
    assert len(outcome.report.skipped) == VIEWS
    assert "broken.stl" in outcome.report.skipped[0].reason
    with Store.open(str(tmp_path / "a.db")) as store:
        found = {item.label: item for item in store.objects("assets")}
        pictures = {label: store.thumbnail(item.id) for label, item in found.items()}
    assert middle_of(pictures["old stool"]) == "red"
    assert middle_of(pictures["garden bench b 17"]) == "blue"
    assert set(found) == {"old stool", "garden bench b 17"}
    for item in found.values():
        assert item.box.center[2] == pytest.approx(0.25, abs=0.02), "it stands on the ground, z up"
    away = np.linalg.norm(found["old stool"].box.center - found["garden bench b 17"].box.center)
    assert away >= 3.9, "no model is near another"


def test_frames_of_a_library_show_the_model_where_it_stands(library: Path) -> None:
    reader = LibraryReader.open(library)
    for position in (VIEWS, 2 * VIEWS + 2):  # the broken one stands first
        frame, shown = reader[position], reader.part_image(position)
        rows, columns = np.nonzero(shown >= 0)
        rays = np.stack([columns, rows, np.ones_like(rows)], -1) @ np.linalg.inv(frame.intrinsics).T
        local = rays * frame.depth[rows, columns][:, None]
        world = local @ frame.world_from_camera[:3, :3].T + frame.world_from_camera[:3, 3]
        points, _ = reader.part_surface(position // VIEWS)
        assert (world >= points.min(0) - 0.01).all()
        assert (world <= points.max(0) + 0.01).all()


def test_objects_that_masks_found_take_the_name_of_what_they_show(furniture: Path) -> None:
    reader = MeshReader.open(furniture, ReadOptions(objects="nodes"))
    from core3d_search.indexer.journal import Journal
    from core3d_search.indexer.known_objects import perceive_parts

    config = resolve("built-in")
    known = perceive_parts(reader, reader, config, Journal())
    nameless = [type(item)(**{**vars(item), "name": ""}) for item in known.objects]
    named = with_names(SceneResult(known.structure, known.frames, known.observations, nameless), reader, reader, config)
    assert [item.name for item in named.objects] == [item.name for item in known.objects]


def test_what_is_said_about_objects_is_part_of_the_fingerprint(furniture: Path) -> None:
    plain, told = MeshReader.open(furniture), MeshReader.open(furniture, ReadOptions(objects="nodes"))
    assert fingerprint(plain) != fingerprint(told)
    assert fingerprint(plain) == fingerprint(MeshReader.open(furniture))


def test_the_mesh_of_a_scan_is_no_scene_beside_it(furniture: Path) -> None:
    mesh = furniture.with_name("room0_mesh.ply")
    trimesh.creation.box().export(mesh)
    assert MeshReader.recognises(mesh)
    (furniture.parent / "room0").mkdir()
    assert not MeshReader.recognises(mesh)
    with pytest.raises(InputError):
        LibraryReader.open(furniture.parent / "room0")


def test_a_model_far_from_zero_is_found_where_its_file_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far = (500_000.25, 4_000_000.5, 100.0)
    box((0.6, 0.8, 1.0), far, RED).export(tmp_path / "cabinet.obj", digits=8)
    (reader,) = find_scenes(tmp_path / "cabinet.obj")
    index([reader], tmp_path / "a.db", monkeypatch)
    with Searcher.open(str(tmp_path / "a.db")) as searcher:
        (only,) = searcher.search("cabinet")
    np.testing.assert_allclose(only.box.center, far, atol=0.02)
    np.testing.assert_allclose(sorted(only.box.extent), (0.6, 0.8, 1.0), atol=0.03)
