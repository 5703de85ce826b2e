"""The visit that ends early finds what ranking every scene finds."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import NOUNS, NounEncoder, thing, write_objects
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core3d_search import Searcher, parse, plugins, vectors
from core3d_search.datatypes import Hit
from core3d_search.search import bounds, candidates, visits
from core3d_search.search.answers import counted
from core3d_search.search.ranking import over_scenes
from core3d_search.search.scoring import THRESHOLD
from core3d_search.search.ties import order
from core3d_search.store import Store
from core3d_search.vectors.exact import ExactIndex

TEXTS = (
    "chair",
    "red chair",
    "chair near window",
    "mug on the table next to the window",
    "lamp not near a table",
    "largest table",
    "largest table in each scene",
    "something to sit on",
    "tall lamp",
    "anything near the window",
    "2:chair - lamp",
    "chair left of the table",
    "white mug on the table",
    "chair under a lamp near the sofa",
    "chair wider than 1 m",
    "sofa without a window",
    "round table",
    "chair near a red table",
    "stool with a mug on it",
    "office chair",
    "lamp above the office chair",
    "mug near the lamp near the chair",
    "white chair by the name of oak chair",
)
COLORS = ((200, 20, 20), (20, 40, 200), (240, 240, 240))


def vague(scene: str, generator: np.random.Generator):
    """Return an object that looks like a mixture of nouns, as a real encoder would have it.

    Some chairs bear labels that are merely like a chair's, and a few of them have these from the scene's own file.
    """
    noun = NOUNS[int(generator.integers(5))]
    label = ("chair", "office chair", "oak chair")[int(generator.integers(3))] if noun == "chair" else noun
    item = thing(
        scene,
        label,
        generator.uniform(-3, 3, 3),
        generator.uniform(0.1, 1.5, 3),
        COLORS[int(generator.integers(3))],
    )
    mixed = item.embedding + generator.uniform(0, 0.9) * np.abs(generator.normal(size=len(NOUNS)))
    if label == "oak chair" and generator.random() < 0.3:
        object.__setattr__(item, "label_score", 1.0)
    object.__setattr__(item, "embedding", (mixed / np.linalg.norm(mixed)).astype(np.float32))
    return item


@pytest.fixture(scope="module", params=["exact", "mapped"])
def searcher(tmp_path_factory, request):
    """Forty scenes of one to nine vague objects; some of them equal, so that there are ties; some lie on their side."""
    patched = pytest.MonkeyPatch()
    patched.setattr(vectors, "MAPPED_FROM", 0 if request.param == "mapped" else 10**9)
    patched.setattr(bounds, "FIRST_REFINED", 8)
    patched.setattr(visits, "FIRST_RANKED", 3)
    patched.setitem(plugins.BUILT_IN["core3d.encoders"], "nouns", "fakes:NounEncoder")
    patched.setattr(candidates, "FIRST_BATCH", 4)
    patched.setattr(NounEncoder, "calibration", candidates_calibration())
    path = tmp_path_factory.mktemp("first") / "core3d.db"
    generator = np.random.default_rng(5)
    with Store.open(path, create=True) as store:
        for number in range(40):
            twin = np.random.default_rng(number // 4) if number % 4 < 2 else generator
            name = f"room-{number:02}"
            up = (0, 0, 1) if number % 3 else (0, -1, 0)
            write_objects(store, name, [vague(name, twin) for _ in range(int(twin.integers(1, 10)))], up)
    with Searcher.open(path) as opened:
        yield opened
    patched.undo()


def candidates_calibration():
    from core3d_search.encoders import Calibration

    return Calibration(scale=9.0, margin=0.15, neutral_phrases=("anything", "window lamp"))


def exhaustive(searcher: Searcher, text: str, k: int, threshold: float) -> list[Hit]:
    """Rank every scene, then sort: the oracle."""
    now = searcher._current()
    question = now.question(text, None, None, None)
    groups = [now.rivals(question)] if over_scenes(question.query) else [[scene] for scene in now.filled]
    hits = [hit for scenes in groups for hit in now.fitting_together(scenes, question, threshold)]
    hits.sort(key=order)
    return hits[:k]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(TEXTS), st.integers(1, 30), st.sampled_from((0.0, THRESHOLD, 0.7)))
def test_the_first_hits_are_those_of_exhaustive_ranking(searcher, text: str, k: int, threshold: float) -> None:
    found = searcher.search(text, k=k, threshold=threshold)
    expected = exhaustive(searcher, text, k, threshold)
    assert [(hit.object_id, hit.score) for hit in found] == [(hit.object_id, hit.score) for hit in expected]


def test_filters_leave_the_first_k_that_pass_them(searcher) -> None:
    every = exhaustive(searcher, "chair", 999, 0.0)
    mugs = [hit.object_id for hit in every if hit.label == "mug"]
    assert len(mugs) > 8
    assert [hit.object_id for hit in searcher.search("chair", k=8, label="MUG", threshold=0)] == mugs[:8]
    large = [hit.object_id for hit in every if hit.box.extent.max() >= 1.4]
    assert [hit.object_id for hit in searcher.search("chair", k=8, min_size=1.4, threshold=0)] == large[:8]
    assert searcher.search("chair", label="sofa", threshold=0) == []


@pytest.mark.parametrize("threshold", [0.0, THRESHOLD, 0.81, 0.91])
@pytest.mark.parametrize(
    "text", ["chair", "office chair", "mug", "red chair", "chair near window", "something to sit on"]
)
def test_counts_are_those_of_exhaustive_ranking(searcher, text: str, threshold: float) -> None:
    counts = searcher.count(text, threshold=threshold)
    fitting = [hit.scene for hit in counted(parse(text), exhaustive(searcher, text, 10**6, threshold))]
    assert counts == {scene: fitting.count(scene) for scene in searcher._current().filled}


def test_scenes_that_cannot_win_are_not_looked_at(searcher, monkeypatch) -> None:
    now, visited = searcher._current(), []
    fitting = now.fitting
    monkeypatch.setattr(now, "fitting", lambda scene, *rest: visited.append(scene) or fitting(scene, *rest))
    searcher.search("chair near the window", k=1)
    in_memory = isinstance(next(iter(now.spaces.values())).index, ExactIndex)
    assert 0 < len(visited) < (40 if in_memory else 12), "boxes are beside mapped vectors only"


def test_a_count_reads_only_whose_score_is_near_the_threshold(searcher, monkeypatch) -> None:
    now = searcher._current()
    if isinstance(next(iter(now.spaces.values())).index, ExactIndex):
        pytest.skip("columns are beside mapped vectors only")
    read, objects_with = [], searcher.store.objects_with
    monkeypatch.setattr(searcher.store, "objects_with", lambda ids: read.extend(ids) or objects_with(ids))
    assert sum(searcher.count("mug").values()) > 8
    assert len(read) < 4


def test_objects_that_cannot_win_are_not_looked_at(searcher, monkeypatch) -> None:
    ranked, read = [], searcher.store.objects_with
    monkeypatch.setattr(searcher.store, "objects_with", lambda ids: ranked.extend(ids) or read(ids))
    assert len(searcher.search("mug", k=1)) == 1
    assert 0 < len(set(ranked)) == len(ranked) < 40
    ranked.clear()
    assert searcher.search("giraffe", threshold=0.99) == []
    assert len(ranked) < 40
