"""Killed indexers leave a whole database, and a database that is not whole does not pass."""

import itertools
import random
import sys
from pathlib import Path

import pytest

from core3d_search import plugins
from core3d_search.store import Store

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

import kills


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(plugins.BUILT_IN["core3d.masks"], "equal-colors", "kills:EqualColors")
    monkeypatch.setitem(plugins.BUILT_IN["core3d.encoders"], "mean-colors", "kills:MeanColors")


def test_an_indexed_scene_has_the_four_boxes_and_its_versions_differ(tmp_path):
    kills.write_scenes(tmp_path)
    states = set()
    for versions in ((0, 0, 0), (1, 0, 0)):
        kills.indexed(tmp_path, str(tmp_path / "x.db"), versions)
        states.add(kills.state(str(tmp_path / "x.db")))
        with Store.open(tmp_path / "x.db") as store:
            assert all(scene.object_count >= 4 for scene in store.scenes())
    assert len(states) == 2


def test_a_child_that_is_killed_says_so_and_one_that_is_done_does_not(tmp_path):
    kills.write_scenes(tmp_path)
    database = str(tmp_path / "x.db")
    kills.indexed(tmp_path, database, (0, 0, 0))
    assert kills.killed(tmp_path, database, (1, 1, 1), 60, 0.0)
    assert not kills.killed(tmp_path, database, (1, 1, 1), 10**6, 0.0)


@pytest.mark.slow
def test_a_short_campaign_ends_well_and_counts_its_kills(tmp_path):
    told = kills.campaign(tmp_path, lambda name: str(tmp_path / f"{name}.db"), 6, random.Random(3))
    assert sum(told.values()) == 6


def test_half_a_scene_would_be_noticed(tmp_path, monkeypatch):
    def half(folder, database, versions, at, after_s):
        kills.indexed(folder, database, (1, 1, 1))
        with Store.open(database) as store, store.database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM objects WHERE id = (SELECT max(id) FROM objects)")
        return True

    monkeypatch.setattr(kills, "killed", half)
    states = {versions: str(versions) for versions in itertools.product(range(2), repeat=kills.SCENES)}
    monkeypatch.setattr(kills, "without_kills", lambda folder, named: (states, 0.1))
    with pytest.raises(AssertionError, match="11 objects where 12 were written"):
        kills.campaign(tmp_path, lambda name: str(tmp_path / f"{name}.db"), 1, random.Random(3))
