"""What `core3d index` says of a scene that fails, of a database that cannot be written, and when it is stopped."""

import json

import numpy as np
import pytest
from format_writers import frames_folder
from typer.testing import CliRunner

from core3d_search.cli import app
from core3d_search.indexer import pipeline
from core3d_search.indexer.frames import Frame


@pytest.fixture
def scenes(tmp_path):
    """Two scenes of one frame."""
    rgb, depth = np.zeros((24, 32, 3), np.uint8), np.full((24, 32), 2, np.float32)
    frame = Frame(0, rgb, depth, np.array([[20.0, 0, 16], [0, 20, 12], [0, 0, 1]]), np.eye(4))
    for name in ("attic", "barn"):
        (tmp_path / "scans" / name).mkdir(parents=True)
        frames_folder(tmp_path / "scans" / name, [frame])
    return tmp_path / "scans"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_stop_says_what_is_kept(scenes, tmp_path, monkeypatch):
    index_scene = pipeline.index_scene

    def stopped_at_the_second(reader, *arguments, **options):
        if reader.name == "barn":
            raise KeyboardInterrupt
        return index_scene(reader, *arguments, **options)

    monkeypatch.setattr(pipeline, "index_scene", stopped_at_the_second)
    result = run("index", scenes, "--db", tmp_path / "core3d.db")
    assert result.exit_code == 130
    assert "1 of 2 scenes are done and kept" in result.stderr
    listed = json.loads(run("scenes", "--db", tmp_path / "core3d.db", "--json").stdout)
    assert [row["scene"] for row in listed["scenes"]] == ["attic"]


def test_few_objects_are_told(scenes, tmp_path):
    assert "found; core3d check tells" in run("index", scenes / "attic", "--db", tmp_path / "core3d.db").stderr


def test_a_database_that_cannot_be_written_is_told_before_the_first_frame(scenes, tmp_path, monkeypatch):
    run("index", scenes / "attic", "--db", tmp_path / "core3d.db")
    monkeypatch.setattr("core3d_search.store.database.may_write", lambda path: False)
    monkeypatch.setattr(pipeline, "index_scene", lambda *arguments, **options: pytest.fail("a scene was begun"))
    assert "cannot be written" in str(run("index", scenes, "--db", tmp_path / "core3d.db").exception)


def test_two_scenes_of_one_name_are_told_before_the_database_is_made(scenes, tmp_path):
    (scenes / "barn" / "scene.json").write_text('{"name": "attic"}')
    result = run("index", scenes, "--db", tmp_path / "core3d.db")
    assert "share a name: attic" in str(result.exception)
    assert not (tmp_path / "core3d.db").exists()


def test_a_scene_named_in_markup_is_shown_as_it_is_written(scenes, tmp_path):
    (scenes / "barn" / "scene.json").write_text('{"name": "[/red]barn[bold]"}')
    result = run("index", scenes / "barn", "--db", tmp_path / "core3d.db")
    assert result.exit_code == 0, result.stderr
    assert "[/red]barn[bold]: " in result.stderr
    assert "[/red]barn[bold]" in run("scenes", "--db", tmp_path / "core3d.db").stdout
