"""OpenLex3D's three files as its README describes them, and the call of its scorer."""

import stat

import numpy as np
import pytest
from fakes import ATTIC

from core3d_search.errors import InputError
from core3d_search.evaluation.openlex3d import pcd, score, scorer_command, write_predictions


def read_pcd(content):
    """The fields of a binary PCD file, read from its own header."""
    head, _, body = content.partition(b"DATA binary\n")
    lines = dict(line.split(" ", 1) for line in head.decode().splitlines() if not line.startswith("#"))
    kinds = {("F", "4"): "<f4", ("U", "4"): "<u4"}
    fields = zip(lines["FIELDS"].split(), lines["TYPE"].split(), lines["SIZE"].split(), strict=True)
    rows = np.frombuffer(body, [(name, kinds[kind, size]) for name, kind, size in fields])
    assert len(rows) == int(lines["POINTS"]) == int(lines["WIDTH"])
    return rows


def test_index_leads_from_each_point_to_the_embedding_of_its_object(tmp_path):
    files = write_predictions(ATTIC, tmp_path / "attic")
    assert [file.name for file in files] == ["embeddings.npy", "index.npy", "point_cloud.pcd"]
    embeddings, index = (np.load(file, allow_pickle=False) for file in files[:2])
    cloud = read_pcd(files[2].read_bytes())
    assert embeddings.shape == (len(ATTIC), len(ATTIC[0].embedding))
    assert len(index) == len(cloud)
    for number, one in enumerate(ATTIC):
        own = index == number
        assert np.allclose(np.stack([cloud[axis][own] for axis in "xyz"], 1), one.points)
        assert (embeddings[index[own]] == one.embedding).all()


def test_colours_are_packed_as_point_cloud_library_does():
    rows = read_pcd(pcd(np.zeros((1, 3), np.float32), np.array([[1, 2, 255]], np.uint8)))
    assert rows["rgb"].tolist() == [0x0102FF]


def test_a_scene_without_objects_is_refused(tmp_path):
    with pytest.raises(InputError, match="index the scene first"):
        write_predictions([], tmp_path)


def test_the_scorer_is_called_where_it_is_installed_and_told_of_where_not(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert score("replica", "office0", tmp_path) is None
    fake = tmp_path / "ol3_evaluate"
    fake.write_text('#!/bin/sh\necho "$@"\n')
    fake.chmod(fake.stat().st_mode | stat.S_IEXEC)
    said = score("replica", "office0", tmp_path)
    assert f"evaluation.predictions_path={tmp_path.resolve()}" in said
    assert "dataset.scene=office0" in said
    assert scorer_command("replica", "office0", tmp_path)[0] == "ol3_evaluate"
    fake.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    with pytest.raises(InputError, match="ended with 3: broken"):
        score("replica", "office0", tmp_path)
