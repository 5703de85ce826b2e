"""Scenes are found at any depth, once each, whatever links and hidden folders lie around."""

import pytest

from core3d_search.errors import InputError
from core3d_search.indexer import readers
from core3d_search.indexer.readers import find_scenes


def test_scenes_are_found_at_any_depth_in_the_order_of_their_paths(frames_scene, tmp_path):
    for place in ("house/first floor/bath", "house/attic", "garage"):
        frames_scene(tmp_path / place)
    assert [scene.name for scene in find_scenes(tmp_path)] == ["garage", "attic", "bath"]


def test_a_scene_is_not_searched_for_further_scenes(frames_scene, tmp_path):
    frames_scene(frames_scene(tmp_path / "attic") / "old" / "copy")
    assert [scene.name for scene in find_scenes(tmp_path)] == ["attic"]


def test_hidden_folders_are_left_alone(frames_scene, tmp_path):
    frames_scene(tmp_path / "attic")
    frames_scene(tmp_path / ".trash" / "cellar")
    assert [scene.name for scene in find_scenes(tmp_path)] == ["attic"]


def test_links_in_circles_end(frames_scene, tmp_path):
    frames_scene(tmp_path / "house" / "attic")
    (tmp_path / "house" / "again").symlink_to(tmp_path)
    assert [scene.name for scene in find_scenes(tmp_path)] == ["attic"]


def test_a_tree_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "MAX_FOLDERS", 5)
    for i in range(6):
        (tmp_path / f"{i}").mkdir()
    with pytest.raises(InputError, match="more than 5 folders"):
        find_scenes(tmp_path)
